//! Whether a card agrees with itself: files with keys, the certificate with its key, numbers with each other, security objects
//! with what they cover.

use super::super::card_file::Snapshot;
use super::digests;
use super::{Finding, Verdict};
use crate::card::Image;
use crate::files::{ElementaryFile, FileId};
use crate::wire::tlv::Tlv;
use cie_crypto::rsa::PublicKey;
use der::Decode as _;
use x509_cert::Certificate;

type Found = Result<String, String>;

pub(super) fn check(findings: &mut Vec<Finding>, card: &Snapshot) {
    let image = &card.image;
    findings.push(Finding::new("keys", keys(image)));
    findings.push(Finding::new("certificate", certificate(image)));
    findings.push(Finding::new("numbers", numbers(card)));
    let ias = |number| digests::ias_file(number).and_then(|id| file(image, id));
    let sod = digests::check(contents(image, FileId::EF_SOD), None, ias);
    findings.push(finding("EF.SOD", sod));
    if let Some(document) = digests::document(image) {
        let group = |number| {
            let id = digests::data_group(number)?;
            document.files.iter().find(|ef| ef.file_id == id)
        };
        let sod = document
            .files
            .iter()
            .find(|ef| ef.file_id == digests::DOCUMENT_SOD);
        let sod = sod.map_or(&[][..], |ef| &ef.contents);
        let ordered = card.persona.document.wrong_hash_of;
        findings.push(finding(
            "document EF.SOD",
            digests::check(sod, ordered, group),
        ));
    }
}

fn finding(what: &'static str, result: Result<(Verdict, String), String>) -> Finding {
    let (verdict, text) = result.unwrap_or_else(|text| (Verdict::Wrong, text));
    Finding {
        what,
        verdict,
        text,
    }
}

fn file(image: &Image, id: FileId) -> Option<&ElementaryFile> {
    // MF and CIE come first; the document's files have identifiers of their own.
    image
        .files
        .dedicated_files()
        .iter()
        .flat_map(|df| &df.files)
        .find(|ef| ef.file_id == id)
}

fn contents(image: &Image, id: FileId) -> &[u8] {
    file(image, id).map_or(&[], |ef| &ef.contents)
}

/// A DER object without what may stand behind it in a padded file.
fn object(contents: &[u8]) -> &[u8] {
    Tlv::read(contents).map_or(contents, |(object, _)| object.raw)
}

fn keys(image: &Image) -> Found {
    let pairs = [
        (FileId::EF_CIE_KPUB, &image.ias.signature),
        (FileId::EF_INT_KPUB, &image.ias.device),
        (FileId::EF_SERVIZI_INT_KPUB, &image.ias.services),
    ];
    for (id, key) in pairs {
        if object(contents(image, id)) != key.public().to_pkcs1_der() {
            return Err(format!(
                "file {id} does not hold the public half of its key"
            ));
        }
    }
    Ok("the public keys in files 1004, 1005 and 1007 are those of keys 82, 83 and 81".to_owned())
}

fn certificate(image: &Image) -> Found {
    let der = object(contents(image, FileId::EF_CERT_CIE));
    let certificate =
        Certificate::from_der(der).map_err(|error| format!("EF.Cert_CIE is none: {error}"))?;
    let body = certificate.tbs_certificate();
    let certified = body
        .subject_public_key_info()
        .subject_public_key
        .as_bytes()
        .and_then(|key| PublicKey::from_pkcs1_der(key).ok());
    let key = image.ias.signature.public();
    match certified {
        Some(found) if found.modulus() == key.modulus() && found.exponent() == key.exponent() => {
            Ok(format!("{} certifies key 81", body.issuer()))
        }
        _ => Err("EF.Cert_CIE certifies another key than key 81".to_owned()),
    }
}

fn numbers(card: &Snapshot) -> Found {
    let image = &card.image;
    let persona = &card.persona;
    let agree = [
        (
            contents(image, FileId::EF_ID_SERVIZI) == persona.nis.as_bytes(),
            "EF.ID_Servizi is not the NIS of its holder",
        ),
        (
            contents(image, FileId::EF_SERIALE) == persona.document_number.as_bytes(),
            "EF.Seriale is not the number of the document",
        ),
        (
            contents(image, FileId::EF_SN_ICC).ends_with(&image.ias.serial_number),
            "EF.SN.ICC does not end in the number that device authentication gives",
        ),
    ];
    match agree.iter().find(|(right, _)| !right) {
        None => Ok("NIS, document number and serial number agree with the files".to_owned()),
        Some((_, what)) => Err((*what).to_owned()),
    }
}
