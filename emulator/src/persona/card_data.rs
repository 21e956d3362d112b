//! Personalisation: everything a card needs to know about its holder, computed once from a persona. The result is data; the
//! card decides who may read which part of it.

use crate::apps::ias::TerminalCa;
use crate::crypto::dh::Group;
use crate::crypto::rsa::PrivateKey;
use crate::wire::tlv;

use super::codes::{self, Code, Letter, Receipt};
use super::document::Document;
use super::draw::Draw;
use super::error::PersonaError;
use super::keys::{self, Role};
use super::security_object::{SALT_LENGTH, SecurityObject};
use super::trust::{self, Trust};
use super::{CodesSource, DocumentNumber, Holder, Persona, certificate};

/// The contents of a complete card. File contents of the IAS application carry no padding and none ends in `00`, because the newest phone library
/// strips trailing zeros before it reads DER.
#[derive(Clone)]
pub struct CardData {
    /// Id of the persona this card was made for.
    pub persona_id: String,
    /// The holder.
    pub holder: Holder,
    /// Document number (NUN), 9 characters.
    pub document_number: DocumentNumber,
    /// Services identifier (NIS), 12 ASCII digits.
    pub nis: [u8; 12],
    /// SN.ICC of the device authentication, 8 bytes: the end of EF.SN.ICC.
    pub sn_icc: [u8; 8],

    /// EF.SN.ICC (D003), 12 bytes.
    pub ef_sn_icc: [u8; 12],
    /// EF.DH (D004): the Diffie-Hellman parameters, the same bytes as the combined GET DATA answer.
    pub ef_dh: Vec<u8>,
    /// EF.ID_Servizi (1001): the NIS, 12 ASCII digits.
    pub ef_id_servizi: [u8; 12],
    /// EF.Seriale (1002): the document number, 9 ASCII characters.
    pub ef_seriale: [u8; 9],
    /// EF.Cert_CIE (1003): the citizen certificate of key 81, X.509 version 3 in DER.
    pub ef_cert_cie: Vec<u8>,
    /// EF.Int.Kpub (1004): public key 82, PKCS#1 in DER, 270 bytes.
    pub ef_int_kpub: Vec<u8>,
    /// EF.Servizi_Int.Kpub (1005): public key 83, PKCS#1 in DER, 270 bytes.
    pub ef_servizi_int_kpub: Vec<u8>,
    /// EF.SOD (1006): digests of the files above, signed by the synthetic document signer.
    pub ef_sod: Vec<u8>,
    /// EF.CIE.Kpub (1007): public key 81, PKCS#1 in DER, 270 bytes.
    pub ef_cie_kpub: Vec<u8>,

    /// Zero bytes that the image puts behind the certificate in EF.Cert_CIE.
    pub certificate_padding: u16,
    /// The travel document.
    pub document: Document,

    /// Key 81: the holder's signature.
    pub signature_key: PrivateKey,
    /// Key 82: device authentication.
    pub device_key: PrivateKey,
    /// Key 83: services authentication.
    pub services_key: PrivateKey,
    /// Key 84: what terminals' certificates are verified with.
    pub terminal_ca: TerminalCa,

    /// PIN at delivery.
    pub pin: Code,
    /// PUK, for the life of the card.
    pub puk: Code,
    /// First halves of the codes.
    pub receipt: Receipt,
    /// Second halves of the codes.
    pub letter: Letter,
}

impl CardData {
    /// The elementary files of the IAS side with their identifiers: D003 and D004 of the MF, 1001 to 1007 of the CIE application.
    pub fn files(&self) -> [(u16, &[u8]); 9] {
        [
            (0xD003, &self.ef_sn_icc),
            (0xD004, &self.ef_dh),
            (0x1001, &self.ef_id_servizi),
            (0x1002, &self.ef_seriale),
            (0x1003, &self.ef_cert_cie),
            (0x1004, &self.ef_int_kpub),
            (0x1005, &self.ef_servizi_int_kpub),
            (0x1006, &self.ef_sod),
            (0x1007, &self.ef_cie_kpub),
        ]
    }
}

impl std::fmt::Debug for CardData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardData")
            .field("persona_id", &self.persona_id)
            .field("document_number", &self.document_number)
            .finish_non_exhaustive()
    }
}

/// Certificate serial numbers (and salts) tried until no file ends in `00`; each try fails about once in 128.
const ATTEMPTS: u32 = 64;

/// Makes the card of a persona. The same persona gives the same bytes; it costs three RSA signatures and the loading of three
/// keys.
pub fn personalise(persona: &Persona) -> Result<CardData, PersonaError> {
    check(persona)?;
    let trust = Trust::embedded()?;
    let signature_key = keys::card_key(Role::Signature, persona.seed)?;
    let device_key = keys::card_key(Role::Device, persona.seed)?;
    let services_key = keys::card_key(Role::Services, persona.seed)?;
    let files = PlainFiles {
        ef_dh: ef_dh(Group::rfc5114_2048_256()),
        ef_id_servizi: *persona.nis.as_bytes(),
        ef_seriale: *persona.document_number.as_bytes(),
        ef_int_kpub: device_key.public().to_pkcs1_der(),
        ef_servizi_int_kpub: services_key.public().to_pkcs1_der(),
    };
    let (ef_cert_cie, ef_sod) = signed_files(persona, &signature_key, &files, trust)?;
    let document = Document::new(persona, trust)?;
    let (pin, puk) = codes(persona, &document, trust)?;
    Ok(CardData {
        persona_id: persona.id.clone(),
        holder: persona.holder.clone(),
        document_number: persona.document_number,
        nis: *persona.nis.as_bytes(),
        sn_icc: persona.sn_icc.sn_icc(),
        ef_sn_icc: *persona.sn_icc.as_bytes(),
        ef_dh: files.ef_dh,
        ef_id_servizi: files.ef_id_servizi,
        ef_seriale: files.ef_seriale,
        ef_cert_cie,
        ef_int_kpub: files.ef_int_kpub,
        ef_servizi_int_kpub: files.ef_servizi_int_kpub,
        ef_sod,
        ef_cie_kpub: signature_key.public().to_pkcs1_der(),
        certificate_padding: persona.certificate_padding,
        document,
        signature_key,
        device_key,
        services_key,
        terminal_ca: keys::terminal_ca()?.clone(),
        receipt: Receipt::new(persona.document_number, &pin, &puk),
        letter: Letter::new(persona.document_number, &pin, &puk),
        pin,
        puk,
    })
}

/// What the field types cannot promise: that the parts agree.
fn check(persona: &Persona) -> Result<(), PersonaError> {
    let contradiction = |what: String| {
        Err(PersonaError::Contradiction {
            id: persona.id.clone(),
            what,
        })
    };
    if !persona.sn_icc.matches(persona.nis) {
        return contradiction(format!(
            "bytes 5 to 10 of EF.SN.ICC must spell the NIS {}; change one of them",
            persona.nis
        ));
    }
    if persona.expires <= persona.issued {
        return contradiction(format!(
            "it expires on {} but is issued on {}; swap or change them",
            persona.expires, persona.issued
        ));
    }
    Ok(())
}

/// The files the security object covers, besides the certificate.
struct PlainFiles {
    ef_dh: Vec<u8>,
    ef_id_servizi: [u8; 12],
    ef_seriale: [u8; 9],
    ef_int_kpub: Vec<u8>,
    ef_servizi_int_kpub: Vec<u8>,
}

/// EF.Cert_CIE and EF.SOD, neither ending in `00`.
fn signed_files(
    persona: &Persona,
    signature_key: &PrivateKey,
    files: &PlainFiles,
    trust: &Trust,
) -> Result<(Vec<u8>, Vec<u8>), PersonaError> {
    let mut serials = Draw::new(persona.seed, "certificate serial number");
    let mut salts = Draw::new(persona.seed, "security object salt");
    for _ in 0..ATTEMPTS {
        let serial = serials.bytes();
        let certificate = certificate::issue(persona, signature_key.public(), serial, trust)?;
        if certificate.ends_with(&[0]) {
            continue;
        }
        let sod = ef_sod(persona, files, &certificate, trust, &salts.bytes())?;
        if !sod.ends_with(&[0]) {
            return Ok((certificate, sod));
        }
    }
    Err(PersonaError::Exhausted {
        id: persona.id.clone(),
        attempts: ATTEMPTS,
    })
}

/// The digests in the order found on cards.
fn ef_sod(
    persona: &Persona,
    files: &PlainFiles,
    certificate: &[u8],
    trust: &Trust,
    salt: &[u8; SALT_LENGTH],
) -> Result<Vec<u8>, PersonaError> {
    SecurityObject::new(persona.sod)
        .with(0xA5, &files.ef_servizi_int_kpub)?
        .with(0x1B, &files.ef_dh)?
        .with(0xA4, &files.ef_int_kpub)?
        .with(0xA3, certificate)?
        .with(0xA2, &files.ef_seriale)?
        .with(0xA1, &files.ef_id_servizi)?
        .sign(
            trust.document_signer(persona.sod),
            trust.document_signer_key(),
            salt,
        )
}

/// `70 { BFA101 { A3 { 97 g, 98 p, 99 q } } }`: order and nesting are those of the GET DATA answer, which clients walk by
/// position.
fn ef_dh(group: &Group) -> Vec<u8> {
    let parameters = tlv::constructed(
        0xA3,
        &[
            &tlv::object(0x97, group.g()),
            &tlv::object(0x98, group.p()),
            &tlv::object(0x99, group.q()),
        ],
    );
    tlv::object(0x70, &tlv::object(0xBF_A101, &parameters))
}

fn codes(
    persona: &Persona,
    document: &Document,
    trust: &Trust,
) -> Result<(Code, Code), PersonaError> {
    match persona.codes {
        CodesSource::ManualSample => Ok(codes::manual_sample()?),
        CodesSource::Seeded => {
            let signer = trust::to_der(trust.document_signer(persona.sod))?;
            let printed = public_text(persona, document);
            Ok(codes::seeded(persona.seed, &[printed.as_bytes(), &signer])?)
        }
    }
}

/// Every digit of the persona that anyone may read: on the card's face, in plain files, or as written in the certificate and
/// security objects. Separated by spaces, so that no half is found across two of them.
fn public_text(persona: &Persona, document: &Document) -> String {
    let (birth, issued, expires) = (persona.holder.birth_date, persona.issued, persona.expires);
    let italian =
        |date: super::Date| format!("{:02}{:02}{:04}", date.day(), date.month(), date.year());
    [
        persona.nis.to_string(),
        hex::encode_upper(persona.sn_icc.as_bytes()),
        persona.document_number.to_string(),
        persona
            .holder
            .fiscal_code
            .map_or_else(String::new, |code| code.to_string()),
        birth.compact(),
        italian(birth),
        italian(issued),
        italian(expires),
        format!("{}000000Z", issued.compact()),
        format!("{}235959Z", expires.compact()),
        "0107 040000".to_owned(),
        document.can.to_string(),
        document.mrz.as_str().to_owned(),
        persona.holder.residence.street.to_string(),
    ]
    .join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Seeds whose first certificate serial number gives a file that ends in `00`. They depend on the published keys: after
    /// replacing one of those, look for new seeds here.
    #[rstest]
    #[case::certificate(204, true)]
    #[case::security_object(13, false)]
    fn another_serial_number_is_drawn_when_a_file_ends_in_zero(
        #[case] seed: u64,
        #[case] in_certificate: bool,
    ) {
        let persona = Persona::generate(seed).unwrap();
        let key = keys::card_key(Role::Signature, seed).unwrap();
        let serial = Draw::new(seed, "certificate serial number").bytes();
        let trust = Trust::embedded().unwrap();
        let first = certificate::issue(&persona, key.public(), serial, trust).unwrap();
        assert_eq!(first.ends_with(&[0]), in_certificate);
        let card = personalise(&persona).unwrap();
        assert_ne!(card.ef_cert_cie, first);
        assert!(!card.ef_cert_cie.ends_with(&[0]) && !card.ef_sod.ends_with(&[0]));
    }
}
