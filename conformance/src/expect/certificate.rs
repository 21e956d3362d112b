//! Expectations about an X.509 certificate (RFC 5280): of the answer, and of the signer inside a security object.

use cie_crypto::rsa::PublicKey;
use const_oid::db::rfc4519;
use x509_cert::name::Name;

use super::algorithm::{SignedWith, algorithm_name};
use super::x509::{Certificate, values};
use super::{Judge, side_by_side, words};
use crate::report::model::{Failure, FailureKind};
use crate::scenario::model::{
    Algorithm, CertificateExpect, DistinguishedName, KeyUsage, PublicKeySource,
};
use crate::scenario::{At, Span};

/// Which certificate is spoken of.
#[derive(Clone, Copy)]
pub(super) struct About {
    /// `the certificate`.
    pub(super) name: &'static str,
    /// Which expectation it belongs to.
    pub(super) kind: FailureKind,
}

impl Judge<'_, '_> {
    pub(super) fn certificate(&mut self, expected: &At<CertificateExpect>) {
        let about = About {
            name: "the certificate",
            kind: FailureKind::Certificate,
        };
        match Certificate::read(self.observation.data) {
            Ok(certificate) => self.certificate_fits(about, &expected.value, &certificate),
            Err(reason) => self.say(
                expected.span.as_ref(),
                about.kind,
                format!("the data are no X.509 certificate: {reason}"),
            ),
        }
    }

    pub(super) fn certificate_fits(
        &mut self,
        about: About,
        expected: &CertificateExpect,
        certificate: &Certificate<'_>,
    ) {
        if let Some(version) = &expected.version {
            let found = certificate.version();
            let same = version.value == found;
            self.field(
                about,
                "version",
                version,
                same,
                &version.value.to_string(),
                &found.to_string(),
            );
        }
        if let Some(subject) = &expected.subject {
            self.name(about, "subject", subject, certificate.subject());
        }
        if let Some(issuer) = &expected.issuer {
            self.name(about, "issuer", issuer, certificate.issuer());
        }
        if let Some(day) = &expected.valid_at {
            self.valid_at(about, day, certificate);
        }
        if let Some(usage) = &expected.key_usage {
            self.key_usage(about, usage, certificate);
        }
        if let Some(algorithm) = &expected.algorithm {
            self.signed_with(about, algorithm, &certificate.signed_with());
        }
        self.certified_key(about, expected, certificate);
        if let Some(issuer) = &expected.issued_by {
            self.issued_by(about, issuer, certificate);
        }
    }

    /// A field with two values that can be told.
    fn field<T>(
        &mut self,
        about: About,
        what: &str,
        expected: &At<T>,
        same: bool,
        wanted: &str,
        found: &str,
    ) {
        if !same {
            let message = format!("{}: {what} is {found}, expected {wanted}", about.name);
            let failure = side_by_side(about.kind, message, wanted.to_owned(), found.to_owned());
            self.miss(expected.span.as_ref(), failure);
        }
    }

    fn name(&mut self, about: About, whose: &str, expected: &At<DistinguishedName>, name: &Name) {
        let DistinguishedName {
            common_name,
            surname,
            given_name,
            serial_number,
            country,
            organization,
            organizational_unit,
        } = &expected.value;
        let parts = [
            (common_name, rfc4519::CN, "common name"),
            (surname, rfc4519::SURNAME, "surname"),
            (given_name, rfc4519::GIVEN_NAME, "given name"),
            (serial_number, rfc4519::SERIAL_NUMBER, "serial number"),
            (country, rfc4519::COUNTRY_NAME, "country"),
            (organization, rfc4519::ORGANIZATION_NAME, "organization"),
            (
                organizational_unit,
                rfc4519::ORGANIZATIONAL_UNIT_NAME,
                "organizational unit",
            ),
        ];
        for (wanted, oid, part) in parts {
            let Some(wanted) = wanted else { continue };
            let found = values(name, oid);
            let what = format!("{part} of the {whose}");
            match found.as_slice() {
                [] => self.say(
                    expected.span.as_ref(),
                    about.kind,
                    format!(
                        "{}: the {whose} has no {part}, expected {wanted}",
                        about.name
                    ),
                ),
                found if found.contains(wanted) => {}
                found => self.field(about, &what, expected, false, wanted, &found.join(" and ")),
            }
        }
    }

    fn valid_at(&mut self, about: About, day: &At<String>, certificate: &Certificate<'_>) {
        let wanted = match day.value.as_str() {
            "run" => self.surroundings.today(),
            other => other.to_owned(),
        };
        if !is_day(&wanted) {
            let message = format!("\"{wanted}\" is no day; write it as YYYY-MM-DD, or `run`");
            self.unknown(day.span.as_ref(), message);
            return;
        }
        let (from, to) = certificate.validity();
        if wanted < from || to < wanted {
            let found = format!("{from} to {to}");
            let message = format!(
                "{} is valid from {from} to {to}, not on {wanted}",
                about.name
            );
            let failure = side_by_side(about.kind, message, wanted, found);
            self.miss(day.span.as_ref(), failure);
        }
    }

    fn key_usage(
        &mut self,
        about: About,
        expected: &At<Vec<KeyUsage>>,
        certificate: &Certificate<'_>,
    ) {
        let found = match certificate.key_usage() {
            Ok(found) => found,
            Err(error) => {
                let message = format!("{}: the key usage cannot be read: {error}", about.name);
                self.say(expected.span.as_ref(), about.kind, message);
                return;
            }
        };
        let mut wanted: Vec<&str> = expected
            .value
            .iter()
            .map(|usage| usage_name(*usage))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let list = |names: &[&str]| match names {
            [] => "nothing".to_owned(),
            names => names.join(", "),
        };
        let (same, shown) = match &found {
            Some(found) => (*found == wanted, list(found)),
            None => (false, "not stated".to_owned()),
        };
        self.field(about, "key usage", expected, same, &list(&wanted), &shown);
    }

    /// The algorithm of a signature, of a certificate or a security object.
    pub(super) fn signed_with(
        &mut self,
        about: About,
        expected: &At<Algorithm>,
        found: &SignedWith,
    ) {
        let wanted = algorithm_name(expected.value);
        let same = found.is(expected.value);
        self.field(
            about,
            "the signature algorithm",
            expected,
            same,
            wanted,
            &found.name(),
        );
    }

    fn certified_key(
        &mut self,
        about: About,
        expected: &CertificateExpect,
        certificate: &Certificate<'_>,
    ) {
        let spans = [
            expected.key_bits.as_ref().map(|at| at.span.as_ref()),
            expected.key.as_ref().map(|at| at.span.as_ref()),
        ];
        let Some(span) = spans.into_iter().flatten().next() else {
            return;
        };
        let found = match certificate.key() {
            Ok(found) => found,
            Err(reason) => {
                let message = format!("the key of {} cannot be used: {reason}", about.name);
                self.say(span, about.kind, message);
                return;
            }
        };
        if let Some(bits) = &expected.key_bits {
            let same = bits.value.contains(u64::from(found.bits()));
            let (wanted, got) = (
                format!("{} bits", bits.value),
                format!("{} bits", found.bits()),
            );
            self.field(about, "the key's size", bits, same, &wanted, &got);
        }
        if let Some(source) = &expected.key {
            match self.surroundings.public_key(&source.value) {
                Err(reason) => self.unknown(source.span.as_ref(), reason),
                Ok(wanted) => {
                    if let Some(failure) = other_key(about, source, &wanted, &found) {
                        self.miss(source.span.as_ref(), failure);
                    }
                }
            }
        }
    }

    pub(super) fn issued_by(
        &mut self,
        about: About,
        issuer: &At<PublicKeySource>,
        certificate: &Certificate<'_>,
    ) {
        let span: Option<&Span> = issuer.span.as_ref();
        match self.surroundings.public_key(&issuer.value) {
            Err(reason) => self.unknown(span, reason),
            Ok(key) => {
                if let Err(reason) = certificate.verify(&key) {
                    let message = format!(
                        "the signature of {} does not verify with {}: {reason}",
                        about.name,
                        words::key(&issuer.value)
                    );
                    self.say(span, about.kind, message);
                }
            }
        }
    }
}

fn other_key(
    about: About,
    source: &At<PublicKeySource>,
    wanted: &PublicKey,
    found: &PublicKey,
) -> Option<Failure> {
    let name = words::key(&source.value);
    if wanted == found {
        return None;
    }
    if wanted.modulus() == found.modulus() {
        let message = format!(
            "the key of {} has the modulus of {name} and another exponent",
            about.name
        );
        return Some(side_by_side(
            about.kind,
            message,
            words::hex(wanted.exponent()),
            words::hex(found.exponent()),
        ));
    }
    let message = format!(
        "the key of {} is not {name}: the modulus is another",
        about.name
    );
    Some(Failure::compare(
        about.kind,
        &message,
        &words::hex(wanted.modulus()),
        &words::hex(found.modulus()),
    ))
}

fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn usage_name(usage: KeyUsage) -> &'static str {
    match usage {
        KeyUsage::DigitalSignature => "digital_signature",
        KeyUsage::NonRepudiation => "non_repudiation",
        KeyUsage::KeyEncipherment => "key_encipherment",
        KeyUsage::KeyAgreement => "key_agreement",
        KeyUsage::KeyCertSign => "key_cert_sign",
        KeyUsage::CrlSign => "crl_sign",
    }
}
