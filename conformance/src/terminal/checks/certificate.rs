//! The holder's certificate, EF.1003: X.509 version 3 (RFC 5280) with the attributes that clients take names from.

use cie_crypto::rsa::PublicKey;
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::KeyUsage;

use super::{Findings, first_object};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SURNAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.4");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
const GIVEN_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.42");

/// A certificate, parsed as far as the checks need it.
#[derive(Clone, Debug)]
pub struct Certificate {
    inner: x509_cert::Certificate,
}

impl Certificate {
    /// Reads one certificate in DER.
    ///
    /// # Errors
    /// The decoder's words, for a finding.
    pub fn parse(der: &[u8]) -> Result<Self, String> {
        x509_cert::Certificate::from_der(der)
            .map(|inner| Self { inner })
            .map_err(|error| error.to_string())
    }

    /// Whether it is of version 3.
    #[must_use]
    pub fn is_version_3(&self) -> bool {
        self.inner.tbs_certificate().version() == Version::V3
    }

    /// Its RSA key; `None` for another kind of key.
    #[must_use]
    pub fn public_key(&self) -> Option<PublicKey> {
        let info = self.inner.tbs_certificate().subject_public_key_info();
        PublicKey::from_pkcs1_der(info.subject_public_key.as_bytes()?).ok()
    }

    /// An attribute of the subject, whatever string type it has.
    fn subject(&self, oid: ObjectIdentifier) -> Option<String> {
        let subject = self.inner.tbs_certificate().subject();
        let attribute = subject.iter().find(|attribute| attribute.oid == oid)?;
        Some(String::from_utf8_lossy(attribute.value.value()).into_owned())
    }

    /// Given name of the subject.
    #[must_use]
    pub fn given_name(&self) -> Option<String> {
        self.subject(GIVEN_NAME)
    }

    /// Surname of the subject.
    #[must_use]
    pub fn surname(&self) -> Option<String> {
        self.subject(SURNAME)
    }

    /// Serial number attribute of the subject (a document number, not the certificate's).
    #[must_use]
    pub fn document_serial(&self) -> Option<String> {
        self.subject(SERIAL_NUMBER)
    }

    /// Common name of the subject.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        self.subject(COMMON_NAME)
    }

    /// The key usage extension.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        let extension = self.inner.tbs_certificate().get_extension::<KeyUsage>();
        extension.ok().flatten().map(|(_, usage)| usage)
    }

    /// The issuer's name in DER.
    pub(super) fn issuer(&self) -> Vec<u8> {
        self.inner
            .tbs_certificate()
            .issuer()
            .to_der()
            .unwrap_or_default()
    }

    /// The serial number, the bytes of its INTEGER.
    pub(super) fn serial_number(&self) -> &[u8] {
        self.inner.tbs_certificate().serial_number().as_bytes()
    }
}

/// Checks EF.1003; with `key`, the certificate must be of that key. The certificate is returned when it could be read.
#[must_use]
pub fn check(file: &[u8], key: Option<&PublicKey>) -> (Option<Certificate>, Findings) {
    let mut findings = Findings::default();
    let (der, padded) = first_object(file).unwrap_or_default();
    let certificate = match Certificate::parse(der) {
        Ok(certificate) => certificate,
        Err(why) => {
            findings.note(
                "certificate-parses",
                false,
                format!("not a certificate: {why}"),
            );
            return (None, findings);
        }
    };
    findings.note("certificate-parses", true, format!("{} bytes", der.len()));
    findings.note(
        "certificate-padding",
        padded,
        "only zeros may follow the certificate",
    );
    let zero = der.last() == Some(&0);
    findings.note(
        "certificate-end",
        !zero,
        "its last byte is not 00: clients strip trailing zeros",
    );
    findings.note(
        "certificate-version",
        certificate.is_version_3(),
        "X.509 version 3 is required",
    );
    subject(&certificate, &mut findings);
    key_points(&certificate, key, &mut findings);
    (Some(certificate), findings)
}

fn subject(certificate: &Certificate, findings: &mut Findings) {
    let attributes = [
        (
            "certificate-given-name",
            "given name",
            certificate.given_name(),
        ),
        ("certificate-surname", "surname", certificate.surname()),
        (
            "certificate-document-serial",
            "serial number",
            certificate.document_serial(),
        ),
        (
            "certificate-common-name",
            "common name",
            certificate.common_name(),
        ),
    ];
    for (id, name, value) in attributes {
        let present = value.is_some_and(|value| !value.trim().is_empty());
        let message = match present {
            true => format!("the subject has a {name}"),
            false => format!("the subject has no {name}"),
        };
        findings.note(id, present, message);
    }
}

fn key_points(certificate: &Certificate, expected: Option<&PublicKey>, findings: &mut Findings) {
    let usage = certificate.key_usage();
    let signs = usage.is_some_and(|usage| usage.digital_signature() || usage.non_repudiation());
    findings.note(
        "certificate-key-usage",
        signs,
        "digitalSignature or nonRepudiation",
    );
    let key = certificate.public_key();
    let message = match &key {
        Some(key) => format!("RSA, {} bits; 2048 are required", key.bits()),
        None => "not an RSA key".to_owned(),
    };
    let right_size = key.as_ref().is_some_and(|key| key.bits() == 2048);
    findings.note("certificate-key", right_size, message);
    if let Some(expected) = expected {
        let same = key.is_some_and(|key| {
            key.modulus() == expected.modulus() && key.exponent() == expected.exponent()
        });
        findings.note(
            "certificate-key-matches",
            same,
            "the key is the one of signature key 81",
        );
    }
}
