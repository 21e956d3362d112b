//! The digests in a security object (ICAO 9303-10 §4.6.2.3) against the files they cover. Signatures are not looked at: who
//! signed is a question for whoever trusts somebody.

use super::Verdict;
use crate::apps::emrtd;
use crate::card::Image;
use crate::files::{DedicatedFile, ElementaryFile, FileId};
use crate::wire::tlv::{Tag, Tlv};
use cie_crypto::hash::HashAlgorithm;

/// EF.SOD of the document application.
pub(super) const DOCUMENT_SOD: FileId = FileId(0x011D);

/// The file of the IAS side that stands under this number in its security object.
pub(super) const fn ias_file(number: u8) -> Option<FileId> {
    match number {
        0xA1 => Some(FileId::EF_ID_SERVIZI),
        0xA2 => Some(FileId::EF_SERIALE),
        0xA3 => Some(FileId::EF_CERT_CIE),
        0xA4 => Some(FileId::EF_INT_KPUB),
        0xA5 => Some(FileId::EF_SERVIZI_INT_KPUB),
        0x1B => Some(FileId::EF_DH),
        _ => None,
    }
}

/// The file of a data group.
pub(super) const fn data_group(number: u8) -> Option<FileId> {
    match number {
        1..=16 => Some(FileId::data_group(number)),
        _ => None,
    }
}

/// The document application, if the card has one.
pub(super) fn document(image: &Image) -> Option<&DedicatedFile> {
    image
        .files
        .by_df_name(&emrtd::AID)
        .and_then(|df| image.files.df(df))
}

/// Compares each digest with the file of its number; `ordered` is one that was made wrong on purpose.
pub(super) fn check<'a>(
    sod: &[u8],
    ordered: Option<u8>,
    file: impl Fn(u8) -> Option<&'a ElementaryFile>,
) -> Result<(Verdict, String), String> {
    let digests = read(sod).ok_or("it cannot be read")?;
    let mut wrong = Vec::new();
    for (number, digest) in &digests {
        let file = file(*number).ok_or_else(|| {
            format!("it has a digest for file {number:02X}, which the card has not")
        })?;
        let hash = algorithm(digest.len())
            .ok_or_else(|| format!("a digest of {} bytes is of no known kind", digest.len()))?;
        let whole = hash.digest(&[&file.contents]);
        // A file may be padded behind its only object; the digest is that of the object.
        let object = Tlv::read(&file.contents).map(|(object, _)| hash.digest(&[object.raw]));
        let right = whole == *digest || object.ok().as_deref() == Some(digest);
        match right {
            false if ordered == Some(*number) => wrong.push(file.name),
            false => return Err(format!("its digest for {} is another one", file.name)),
            true => {}
        }
    }
    let matching = digests.len().saturating_sub(wrong.len());
    let text = format!("{matching} digests match their files");
    Ok(match wrong.first() {
        None => (Verdict::Sound, text),
        Some(name) => {
            let text = format!("{text}; that of {name} is wrong, as its persona orders");
            (Verdict::Note, text)
        }
    })
}

fn algorithm(length: usize) -> Option<HashAlgorithm> {
    [
        HashAlgorithm::Sha1,
        HashAlgorithm::Sha224,
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ]
    .into_iter()
    .find(|hash| hash.digest_len() == length)
}

/// Number and digest of each file: `77 { ContentInfo { OID, [0] { SignedData { version, algorithms, { OID, [0] { OCTET STRING
/// { LDSSecurityObject { version, algorithm, list } } } }, … } } } }`.
fn read(sod: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let (file, _) = Tlv::read(sod).ok()?;
    let content_info = nth(file, 0)?;
    let signed_data = nth(nth(content_info, 1)?, 0)?;
    let encapsulated = nth(signed_data, 2)?;
    let octets = nth(nth(encapsulated, 1)?, 0)?;
    let (lds, _) = Tlv::read(octets.value).ok()?;
    nth(lds, 2)?
        .children()
        .map(|group| {
            let group = group.ok()?;
            let (number, digest) = (nth(group, 0)?, nth(group, 1)?);
            match (number.value, digest.tag) {
                ([number], Tag(0x04)) => Some((*number, digest.value)),
                _ => None,
            }
        })
        .collect()
}

fn nth<'a>(object: Tlv<'a>, index: usize) -> Option<Tlv<'a>> {
    object.children().nth(index)?.ok()
}
