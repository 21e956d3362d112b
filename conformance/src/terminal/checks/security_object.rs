//! The document security object of the IAS application, EF.1006, and that of the travel document, EF.SOD: a CMS SignedData (RFC 5652) around an LDS security object
//! (ICAO 9303-10 §4.6.2), held to the positions at which clients look for its parts, in each of its variants.

mod parse;

use std::collections::BTreeMap;

use cie_crypto::hash::HashAlgorithm;
use cie_crypto::{ct, pkcs1, pss};

use super::certificate::Certificate;
use super::{Findings, first_object};

use parse::SignatureScheme;
pub use parse::{ParseError, SecurityObject, Variant};

/// The six files that may be listed: number, name, file identifier.
pub const LISTED: [(u8, &str, u16); 6] = [
    (0xA1, "EF.ID_Servizi", 0x1001),
    (0xA2, "EF.Seriale", 0x1002),
    (0xA3, "EF.Cert_CIE", 0x1003),
    (0xA4, "EF.Int.Kpub", 0x1004),
    (0xA5, "EF.Servizi_Int.Kpub", 0x1005),
    (0x1B, "EF.DH", 0xD004),
];

/// The part of a file that its hash covers: twelve bytes of `A1`, nine of `A2`, the first BER-TLV object of the others.
#[must_use]
pub fn hashed_part(number: u8, file: &[u8]) -> Option<&[u8]> {
    match number {
        0xA1 => file.get(..12),
        0xA2 => file.get(..9),
        _ => first_object(file).map(|(object, _)| object),
    }
}

/// Checks EF.1006 against the contents of files, keyed by their number in it (`A1`, ...). A file that is listed but not given
/// yields no finding. No chain of certificates is followed: which authority to trust is not known here.
#[must_use]
pub fn check(file: &[u8], files: &BTreeMap<u8, Vec<u8>>) -> (Option<SecurityObject>, Findings) {
    let mut findings = Findings::default();
    let object = match SecurityObject::parse(file) {
        Ok(object) => object,
        Err(error) => {
            findings.note("sod-structure", false, error.to_string());
            return (None, findings);
        }
    };
    findings.note("sod-structure", true, format!("{:?}", object.variant));
    findings.note(
        "sod-padding",
        object.only_zeros_follow,
        "only zeros may follow the object",
    );
    digests(&object, &mut findings);
    match Certificate::parse(&object.certificate) {
        Ok(certificate) => signer(&object, &certificate, &mut findings),
        Err(why) => {
            findings.note(
                "sod-certificate",
                false,
                format!("not a certificate: {why}"),
            );
        }
    }
    match object.is_document() {
        true => data_groups(&object, files, &mut findings),
        false => listed_files(&object, files, &mut findings),
    }
    (Some(object), findings)
}

fn digests(object: &SecurityObject, findings: &mut Findings) {
    let algorithm = object.variant.algorithm();
    let digest = algorithm.digest(&[&object.lds]);
    findings.note(
        "sod-message-digest",
        ct::eq(&digest, &object.message_digest),
        "the attribute messageDigest is the hash of the LDS security object",
    );
    findings.note(
        "sod-lds-version",
        object.lds_version == object.variant.lds_version(),
        format!(
            "LDS version {}, expected {}",
            object.lds_version,
            object.variant.lds_version()
        ),
    );
    let lengths = object
        .hashes
        .iter()
        .all(|(_, hash)| hash.len() == algorithm.digest_len());
    findings.note(
        "sod-hash-length",
        lengths,
        format!("every hash has {} bytes", algorithm.digest_len()),
    );
}

fn signer(object: &SecurityObject, certificate: &Certificate, findings: &mut Findings) {
    findings.note(
        "sod-certificate",
        certificate.is_version_3(),
        "X.509 version 3 is required",
    );
    findings.note(
        "sod-signer-issuer",
        certificate.issuer() == object.signer_issuer,
        "the signer's issuer is the certificate's",
    );
    findings.note(
        "sod-signer-serial",
        certificate.serial_number() == object.signer_serial,
        "the signer's serial number is the certificate's",
    );
    let Some(key) = certificate.public_key() else {
        findings.note("sod-signature", false, "the certificate has no RSA key");
        return;
    };
    let signed = &object.signed_attributes;
    let good = match object.scheme {
        SignatureScheme::Pkcs1(algorithm) => {
            pkcs1::verify_digest(&key, algorithm, signed, &object.signature).is_ok()
        }
        SignatureScheme::PssSha256 => {
            pss::verify(&key, HashAlgorithm::Sha256, 32, signed, &object.signature)
        }
        SignatureScheme::PssSha512 => {
            pss::verify(&key, HashAlgorithm::Sha512, 64, signed, &object.signature)
        }
    };
    findings.note(
        "sod-signature",
        good,
        "the signature over the attributes verifies with the certificate's key",
    );
}

/// The travel document's list: ascending, each data group once, whole files hashed (ICAO 9303-10 §4.6.2).
fn data_groups(object: &SecurityObject, files: &BTreeMap<u8, Vec<u8>>, findings: &mut Findings) {
    let numbers: Vec<u8> = object.hashes.iter().map(|(number, _)| *number).collect();
    findings.note(
        "sod-data-groups",
        numbers.is_sorted_by(|a, b| a < b) && numbers.len() >= 2,
        "at least two data groups, ascending, none twice",
    );
    let algorithm = object.variant.algorithm();
    for (number, hash) in &object.hashes {
        if let Some(file) = files.get(number) {
            let equal = ct::eq(&algorithm.digest(&[file]), hash);
            findings.note("sod-hash", equal, format!("the hash of EF.DG{number}"));
        }
    }
}

fn listed_files(object: &SecurityObject, files: &BTreeMap<u8, Vec<u8>>, findings: &mut Findings) {
    let mut numbers: Vec<u8> = object.hashes.iter().map(|(number, _)| *number).collect();
    let known = |number: &u8| LISTED.iter().any(|(listed, ..)| listed == number);
    let unknown: Vec<u8> = numbers
        .iter()
        .copied()
        .filter(|number| !known(number))
        .collect();
    findings.note(
        "sod-services-hash",
        object.variant != Variant::Sha1,
        "the services' security object is not hashed with SHA-1",
    );
    findings.note(
        "sod-known-files",
        unknown.is_empty(),
        format!("unknown files: {unknown:02X?}"),
    );
    let total = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    findings.note(
        "sod-listed-once",
        numbers.len() == total,
        "no file is listed twice",
    );
    let needed = [0xA1, 0xA5].iter().all(|number| numbers.contains(number));
    findings.note(
        "sod-services-files",
        needed,
        "A1 and A5 are listed: services depend on them",
    );
    let algorithm = object.variant.algorithm();
    for (number, hash) in &object.hashes {
        let Some(file) = files.get(number) else {
            continue;
        };
        let part = hashed_part(*number, file);
        let equal = part.is_some_and(|part| ct::eq(&algorithm.digest(&[part]), hash));
        findings.note("sod-hash", equal, format!("the hash of file {number:02X}"));
    }
}
