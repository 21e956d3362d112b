//! The elementary files of the LDS application that hold data about the holder, ICAO 9303-10 §4 and §5: EF.COM, the data
//! groups 1, 2, 3, 11, 12 and 15, EF.CVCA. Each is built whole from its parts; what a card contains is decided elsewhere.

use crate::persona::{BirthPlace, Date, FiscalCode, Holder};
use crate::wire::tlv;

use super::mrz::Mrz;
use super::values::{AddressLine, Residence};

/// Tags of the data groups 1 to 16 (ICAO 9303-10 §4.6.1).
const TAGS: [u8; 16] = [
    0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70,
];

/// The tag of data group `number`, 1 to 16.
pub(super) fn tag(number: u8) -> Option<u8> {
    TAGS.get(usize::from(number).checked_sub(1)?).copied()
}

/// EF.COM (ICAO 9303-10 §4.6.1): LDS 1.7, Unicode 4.0.0, and the tags of the data groups in `numbers`.
pub(super) fn ef_com(numbers: &[u8]) -> Vec<u8> {
    let tags: Vec<u8> = numbers.iter().filter_map(|number| tag(*number)).collect();
    tlv::constructed(
        0x60,
        &[
            &tlv::object(0x5F01, b"0107"),
            &tlv::object(0x5F36, b"040000"),
            &tlv::object(0x5C, &tags),
        ],
    )
}

/// EF.DG1: the machine readable zone.
pub(super) fn dg1(mrz: &Mrz) -> Vec<u8> {
    tlv::object(0x61, &tlv::object(0x5F1F, mrz.as_bytes()))
}

/// The patron header of a biometric template (ISO/IEC 19785-3): type, subtype and format of ISO/IEC JTC 1/SC 37.
fn biometric_template(kind: u8, subtype: Option<u8>, format: u8, record: &[u8]) -> Vec<u8> {
    let subtype = subtype.map_or_else(Vec::new, |subtype| tlv::object(0x82, &[subtype]));
    let header = tlv::constructed(
        0xA1,
        &[
            &tlv::object(0x80, &[1, 1]),
            &tlv::object(0x81, &[kind]),
            &subtype,
            &tlv::object(0x87, &[1, 1]),
            &tlv::object(0x88, &[0, format]),
        ],
    );
    tlv::constructed(0x7F60, &[&header, &tlv::object(0x5F2E, record)])
}

fn biometric_group(tag: u32, templates: &[Vec<u8>]) -> Vec<u8> {
    let count = u8::try_from(templates.len()).unwrap_or(u8::MAX);
    let group = [tlv::object(0x02, &[count]), templates.concat()].concat();
    tlv::object(tag, &tlv::object(0x7F61, &group))
}

fn four(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()
}

/// EF.DG2: one full frontal face image in JPEG 2000, ISO/IEC 19794-5:2005 without feature points. Readers count on the
/// picture standing 46 bytes into the record.
pub(super) fn dg2(picture: &[u8], width: u16, height: u16) -> Vec<u8> {
    let block = picture.len().saturating_add(20 + 12);
    let record = [
        // Facial record header: format, version, length of the record, one image.
        &b"FAC\0"[..],
        b"010\0",
        &four(block.saturating_add(14)),
        &[0, 1],
        // Facial information: length of the block, no feature points; gender, eyes, hair, properties, expression, pose
        // unspecified.
        &four(block),
        &[0; 16],
        // Image information: full frontal, JPEG 2000, size, sRGB, still camera; device and quality unspecified.
        &[1, 1],
        &width.to_be_bytes(),
        &height.to_be_bytes(),
        &[1, 2, 0, 0, 0, 0],
        picture,
    ]
    .concat();
    biometric_group(0x75, &[biometric_template(0x02, None, 0x08, &record)])
}

/// A picture of a finger.
pub(super) struct Finger<'a> {
    /// Position of ISO/IEC 19794-4: 2 is the right index finger, 7 the left one.
    pub(super) position: u8,
    /// JPEG 2000.
    pub(super) picture: &'a [u8],
    /// Size in pixels.
    pub(super) width: u16,
    /// Size in pixels.
    pub(super) height: u16,
}

/// EF.DG3: fingers, one template each, ISO/IEC 19794-4:2005. None of them gives the form with zero instances.
pub(super) fn dg3(fingers: &[Finger<'_>]) -> Vec<u8> {
    let templates: Vec<Vec<u8>> = fingers.iter().map(finger_template).collect();
    biometric_group(0x63, &templates)
}

fn finger_template(finger: &Finger<'_>) -> Vec<u8> {
    let block = finger.picture.len().saturating_add(14);
    let [_, _, length @ ..] = (block as u64).saturating_add(32).to_be_bytes();
    let record = [
        // General header: format, version, length (6 bytes), device, acquisition level 31, one finger, pixels per inch.
        &b"FIR\0"[..],
        b"010\0",
        &length,
        &[0, 0, 0, 31, 1, 1],
        // 500 pixels per inch scanned and stored, 8 bits, JPEG 2000.
        &[1, 0xF4, 1, 0xF4, 1, 0xF4, 1, 0xF4, 8, 4, 0, 0],
        // Finger header: length, position, view 1 of 1, quality unspecified, live plain.
        &four(block),
        &[finger.position, 1, 1, 0xFE, 0],
        &finger.width.to_be_bytes(),
        &finger.height.to_be_bytes(),
        &[0],
        finger.picture,
    ]
    .concat();
    // Pointer finger of the right or the left hand (ISO/IEC 19785-3, biometric subtype).
    let subtype = if finger.position <= 5 { 0x09 } else { 0x0A };
    biometric_template(0x08, Some(subtype), 0x07, &record)
}

/// `5C <tags>` and the elements in the same order, as data groups 11 and 12 are built.
fn listed(group: u32, elements: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let tags: Vec<u8> = elements
        .iter()
        .flat_map(|(tag, _)| u16::try_from(*tag).unwrap_or(0).to_be_bytes())
        .collect();
    let values: Vec<u8> = elements
        .iter()
        .flat_map(|(tag, value)| tlv::object(*tag, value))
        .collect();
    tlv::object(group, &[tlv::object(0x5C, &tags), values].concat())
}

/// EF.DG11: full name, date and place of birth, residence, and the fiscal code where there is one.
pub(super) fn dg11(holder: &Holder, residence: &Residence) -> Vec<u8> {
    let mut elements = vec![
        (0x5F0E, full_name(holder).into_bytes()),
        (0x5F2B, holder.birth_date.compact().into_bytes()),
        (0x5F11, birth_place(&holder.birth_place).into_bytes()),
        (0x5F42, address(residence).into_bytes()),
    ];
    if let Some(code) = holder.fiscal_code.as_ref().map(FiscalCode::as_str) {
        elements.push((0x5F10, code.as_bytes().to_vec()));
    }
    listed(0x6B, &elements)
}

/// The name in national characters, UTF-8: fillers between its words, two between surname and given names.
fn full_name(holder: &Holder) -> String {
    let words = |text: &str| text.replace(' ', "<");
    format!(
        "{}<<{}",
        words(holder.surname.as_str()),
        words(holder.given_names.as_str())
    )
}

fn birth_place(place: &BirthPlace) -> String {
    match place.province {
        Some(province) => format!("{}<{province}", place.name),
        None => place.name.to_string(),
    }
}

fn address(residence: &Residence) -> String {
    let Residence {
        street,
        city,
        province,
    } = residence;
    format!("{street}<{city}<{province}")
}

/// EF.DG12: issuing office and day of issue.
pub(super) fn dg12(authority: &AddressLine, issued: Date) -> Vec<u8> {
    listed(
        0x6C,
        &[
            (0x5F19, authority.as_str().as_bytes().to_vec()),
            (0x5F26, issued.compact().into_bytes()),
        ],
    )
}

/// EF.DG15: the public key of Active Authentication, a `SubjectPublicKeyInfo` in DER.
pub(super) fn dg15(public_key_info: &[u8]) -> Vec<u8> {
    tlv::object(0x6F, public_key_info)
}

/// EF.CVCA (BSI TR-03110-3 §A.1.5): the reference of the trust anchor of Terminal Authentication, filled with zeros to 36
/// bytes.
pub(super) fn ef_cvca(authority_reference: &str) -> Vec<u8> {
    let mut file = tlv::object(0x42, authority_reference.as_bytes());
    file.resize(36, 0);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example with the start of a JP2 file and sixteen zeros for a picture.
    #[test]
    fn worked_face() {
        let picture = "0000000C6A5020200D0A870A00000014667479706A703220000000006A7032200000002D6A703268000000166968647200000000000000000000000000000000";
        let expected = "75818D7F6181890201017F608182A10F8002010181010287020101880200085F2E6E46414300303130000000006E00010000006000000000000000000000000000000000010101E0025801020000000000";
        let file = dg2(&hex::decode(picture).unwrap(), 480, 600);
        assert_eq!(
            hex::encode_upper(&file),
            format!("{expected}{}", &picture[2..])
        );
    }

    #[test]
    fn a_data_group_has_a_number_from_1_to_16() {
        assert_eq!(
            (tag(0), tag(1), tag(16), tag(17)),
            (None, Some(0x61), Some(0x70), None)
        );
    }
}
