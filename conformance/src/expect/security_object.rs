//! Expectations about the document security object (ICAO 9303-10 §4.6.2). Reading and verifying is the business of
//! `terminal::checks`; here its findings are held against what a scenario asks for.

use std::collections::BTreeMap;

use cie_emulator::wire::tlv::Tlv;
use der::Decode;
use spki::AlgorithmIdentifierOwned;

use super::algorithm::SignedWith;
use super::certificate::About;
use super::signature::{algorithm, hash_name};
use super::x509::Certificate;
use super::{Judge, in_words, side_by_side, words};
use crate::report::model::{Failure, FailureKind};
use crate::scenario::model::{Bytes, Digest, SecurityObjectExpect};
use crate::scenario::{At, Span};
use crate::terminal::checks::Findings;
use crate::terminal::checks::security_object::{SecurityObject, check, hashed_part};

const KIND: FailureKind = FailureKind::SecurityObject;
const OBJECT: About = About {
    name: "the security object",
    kind: KIND,
};
const SIGNER: About = About {
    name: "the signer's certificate",
    kind: KIND,
};

impl Judge<'_, '_> {
    pub(super) fn security_object(&mut self, expected: &At<SecurityObjectExpect>) {
        let span = expected.span.as_ref();
        let data = self.observation.data;
        let (object, findings) = check(data, &BTreeMap::new());
        let Some(object) = object else {
            let reasons: Vec<&str> = findings
                .wrong()
                .map(|wrong| wrong.message.as_str())
                .collect();
            let reason = match data.is_empty() {
                true => "there are no data".to_owned(),
                false => reasons.join("; "),
            };
            self.say(
                span,
                KIND,
                format!("the data are no document security object: {reason}"),
            );
            return;
        };
        if !object.only_zeros_follow {
            let message = "something other than zeros follows the security object";
            self.say(span, KIND, message.to_owned());
        }
        let wanted = &expected.value;
        self.lds(wanted, &object);
        if let Some(algorithm) = &wanted.algorithm {
            let unreadable = || SignedWith::Other("unreadable".to_owned());
            let found = signature_algorithm(data).unwrap_or_else(unreadable);
            self.signed_with(OBJECT, algorithm, &found);
        }
        if let Some(valid) = &wanted.signature {
            self.object_signature(valid, &findings);
        }
        self.signer(wanted, span, &object);
        self.hashes(wanted, span, &object);
    }

    fn lds(&mut self, wanted: &SecurityObjectExpect, object: &SecurityObject) {
        if let Some(version) = &wanted.lds_version
            && version.value != u32::from(object.lds_version)
        {
            let (expected, got) = (version.value.to_string(), object.lds_version.to_string());
            let message = format!("the security object: LDS version is {got}, expected {expected}");
            let failure = side_by_side(KIND, message, expected, got);
            self.miss(version.span.as_ref(), failure);
        }
        if let Some(At { value, span }) = &wanted.digest {
            self.digest(*value, span.as_ref(), object);
        }
    }

    fn digest(&mut self, wanted: Digest, span: Option<&Span>, object: &SecurityObject) {
        let (wanted, found) = (algorithm(wanted), object.variant.algorithm());
        if wanted != found {
            let (wanted, found) = (hash_name(wanted), hash_name(found));
            let message =
                format!("the security object: files are hashed with {found}, expected {wanted}");
            self.miss(
                span,
                side_by_side(KIND, message, wanted.to_owned(), found.to_owned()),
            );
        }
    }

    fn object_signature(&mut self, valid: &At<bool>, findings: &Findings) {
        let reasons = broken(findings);
        let message = match (valid.value, reasons.is_empty()) {
            (true, true) | (false, false) => return,
            (true, false) => format!(
                "the signature of the security object does not verify: {}",
                reasons.join("; ")
            ),
            (false, true) => {
                "the signature of the security object verifies with the certificate inside, it must not".to_owned()
            }
        };
        self.say(valid.span.as_ref(), KIND, message);
    }

    fn signer(
        &mut self,
        wanted: &SecurityObjectExpect,
        span: Option<&Span>,
        object: &SecurityObject,
    ) {
        if wanted.signer.is_none() && wanted.signer_issued_by.is_none() {
            return;
        }
        let certificate = match Certificate::read(&object.certificate) {
            Ok(certificate) => certificate,
            Err(reason) => {
                self.say(
                    span,
                    KIND,
                    format!("the signer's certificate cannot be read: {reason}"),
                );
                return;
            }
        };
        if let Some(issuer) = &wanted.signer_issued_by {
            self.issued_by(SIGNER, issuer, &certificate);
        }
        if let Some(expected) = &wanted.signer {
            self.certificate_fits(SIGNER, &expected.value, &certificate);
        }
    }

    fn hashes(
        &mut self,
        wanted: &SecurityObjectExpect,
        span: Option<&Span>,
        object: &SecurityObject,
    ) {
        let mut named = Vec::new();
        for (name, value) in &wanted.hashes {
            match u8::from_str_radix(name, 16) {
                Ok(number) => {
                    named.push(number);
                    self.hash(number, value, object);
                }
                Err(_) => self.unknown(
                    value.span.as_ref(),
                    format!(
                        "\"{name}\" is no number of a file in a security object, such as \"A1\""
                    ),
                ),
            }
        }
        if !wanted.closed {
            return;
        }
        for (number, hash) in &object.hashes {
            if !named.contains(number) {
                let message =
                    format!("hash {number:02X} is there and not named, expected no others");
                let failure = Failure {
                    got: Some(words::hex(hash)),
                    ..in_words(KIND, message)
                };
                self.miss(span, failure);
            }
        }
    }

    fn hash(&mut self, number: u8, value: &At<Bytes>, object: &SecurityObject) {
        let span = value.span.as_ref();
        let found: Vec<&[u8]> = object
            .hashes
            .iter()
            .filter(|(listed, _)| *listed == number)
            .map(|(_, hash)| hash.as_slice())
            .collect();
        if found.is_empty() {
            let there: Vec<String> = object
                .hashes
                .iter()
                .map(|(number, _)| format!("{number:02X}"))
                .collect();
            let message = format!(
                "hash {number:02X} is not there; there are {}",
                there.join(", ")
            );
            self.say(span, KIND, message);
            return;
        }
        let data = match self.surroundings.bytes(&value.value) {
            Ok(data) => data,
            Err(reason) => {
                self.unknown(span, reason);
                return;
            }
        };
        let algorithm = object.variant.algorithm();
        // Files may be longer than what their hash covers: a name with more behind it, zeros after a certificate.
        let digest = algorithm.digest(&[hashed_part(number, &data).unwrap_or(&data)]);
        for hash in found.into_iter().filter(|hash| *hash != digest) {
            let message = format!(
                "hash {number:02X} is not the {} of the {} given{}",
                hash_name(algorithm),
                words::count(data.len()),
                words::origin(&value.value)
            );
            // The hash of a code would give the code away.
            let failure = match words::secret(&value.value) {
                Some(_) => in_words(KIND, message),
                None => Failure::compare(KIND, &message, &words::hex(&digest), &words::hex(hash)),
            };
            self.miss(span, failure);
        }
    }
}

/// What keeps the signature from being valid; empty when it is.
fn broken(findings: &Findings) -> Vec<String> {
    let judged = findings.iter().any(|finding| finding.id == "sod-signature");
    findings
        .wrong()
        .filter_map(|wrong| match wrong.id {
            "sod-message-digest" => {
                Some("messageDigest is not the hash of the LDS security object".to_owned())
            }
            "sod-signer-issuer" => {
                Some("the signer's issuer is not that of the certificate inside".to_owned())
            }
            "sod-signer-serial" => {
                Some("the signer's serial number is not that of the certificate inside".to_owned())
            }
            "sod-signature" => {
                Some("the key of the certificate inside did not sign these attributes".to_owned())
            }
            "sod-certificate" if !judged => Some(format!(
                "the certificate inside cannot be used: {}",
                wrong.message
            )),
            _ => None,
        })
        .collect()
}

/// The signature algorithm of the only signer, at its position (RFC 5652 §5.1 and §5.3, no CRLs).
fn signature_algorithm(file: &[u8]) -> Option<SignedWith> {
    fn child(of: Tlv<'_>, index: usize) -> Option<Tlv<'_>> {
        of.children().nth(index)?.ok()
    }
    let (outer, _) = Tlv::read(file).ok()?;
    let content = child(child(outer, 0)?, 1)?;
    let signer_infos = child(child(content, 0)?, 4)?;
    let algorithm = child(child(signer_infos, 0)?, 4)?;
    let algorithm = AlgorithmIdentifierOwned::from_der(algorithm.raw).ok()?;
    Some(SignedWith::new(&algorithm))
}
