//! Certificates as cards send them, read as far as expectations ask. What a signature covers is taken as it was sent, never
//! encoded anew; what should be in a certificate is not known here.

use cie_crypto::rsa::PublicKey;
use cie_emulator::wire::tlv::{Objects, Tag, Tlv};
use const_oid::ObjectIdentifier;
use der::asn1::Any;
use der::{Decode, Tagged};
use x509_cert::certificate::{CertificateInner, Raw, Version};
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::algorithm::SignedWith;
use super::words;

/// A certificate that could be read. Oddities that do not keep it from being read are no reason to refuse it.
pub(super) struct Certificate<'a> {
    inner: CertificateInner<Raw>,
    /// What the signature covers.
    signed: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads one certificate with nothing but zeros after it (files may be longer than what is in them).
    ///
    /// # Errors
    /// Why not, as the end of a sentence.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        if bytes.is_empty() {
            return Err("there are no data".to_owned());
        }
        let (outer, rest) = Tlv::read(bytes).map_err(|error| error.to_string())?;
        if outer.tag != Tag(0x30) {
            return Err(format!("it begins with tag {}, not 30", outer.tag));
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(format!("{} follow it", words::count(rest.len())));
        }
        let inner =
            CertificateInner::<Raw>::from_der(outer.raw).map_err(|error| error.to_string())?;
        let signed = Objects::new(outer.value)
            .flatten()
            .next()
            .map_or(&[][..], |signed| signed.raw);
        Ok(Self { inner, signed })
    }

    /// Its version as people count.
    pub(super) fn version(&self) -> u32 {
        match self.inner.tbs_certificate().version() {
            Version::V1 => 1,
            Version::V2 => 2,
            Version::V3 => 3,
        }
    }

    /// Whom it is about.
    pub(super) fn subject(&self) -> &Name {
        self.inner.tbs_certificate().subject()
    }

    /// Who issued it.
    pub(super) fn issuer(&self) -> &Name {
        self.inner.tbs_certificate().issuer()
    }

    /// First and last day, `YYYY-MM-DD`, UTC. Days of this form are in order as texts.
    pub(super) fn validity(&self) -> (String, String) {
        let validity = self.inner.tbs_certificate().validity();
        (day_of(&validity.not_before), day_of(&validity.not_after))
    }

    /// The usages by the names of the language, sorted; `None` without the extension.
    pub(super) fn key_usage(&self) -> Result<Option<Vec<&'static str>>, String> {
        let found = self.inner.tbs_certificate().get_extension::<KeyUsage>();
        let found = found.map_err(|error| error.to_string())?;
        Ok(found.map(|(_, usage)| usage_names(&usage)))
    }

    /// The certified key.
    pub(super) fn key(&self) -> Result<PublicKey, String> {
        let info = self.inner.tbs_certificate().subject_public_key_info();
        PublicKey::from_pkcs1_der(info.subject_public_key.raw_bytes())
            .map_err(|_| format!("it is no RSA key (algorithm {})", info.algorithm.oid))
    }

    /// The algorithm of its signature.
    pub(super) fn signed_with(&self) -> SignedWith {
        SignedWith::new(self.inner.signature_algorithm())
    }

    /// Whether the issuer's key made the signature.
    pub(super) fn verify(&self, key: &PublicKey) -> Result<(), String> {
        let inner = self.inner.tbs_certificate().signature();
        if inner != self.inner.signature_algorithm() {
            return Err(
                "the algorithm inside is another than that of the signature (RFC 5280 §4.1.1.2)"
                    .to_owned(),
            );
        }
        self.signed_with()
            .verify(key, self.signed, self.inner.signature().raw_bytes())
    }
}

/// The values of an attribute, in the order of the name.
pub(super) fn values(name: &Name, oid: ObjectIdentifier) -> Vec<String> {
    name.iter()
        .filter(|attribute| attribute.oid == oid)
        .map(|attribute| text(&attribute.value))
        .collect()
}

/// A string of any of the types names are made of (RFC 5280 §4.1.2.4).
fn text(value: &Any) -> String {
    match value.tag() {
        der::Tag::BmpString => {
            let units: Vec<u16> = value
                .value()
                .chunks_exact(2)
                .map(|pair| {
                    pair.iter()
                        .fold(0, |unit, byte| unit << 8 | u16::from(*byte))
                })
                .collect();
            String::from_utf16_lossy(&units)
        }
        der::Tag::TeletexString => value.value().iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(value.value()).into_owned(),
    }
}

fn day_of(time: &Time) -> String {
    let time = time.to_date_time();
    format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.day())
}

fn usage_names(usage: &KeyUsage) -> Vec<&'static str> {
    let mut names: Vec<&str> = usage
        .0
        .into_iter()
        .map(|bit| match bit {
            KeyUsages::DigitalSignature => "digital_signature",
            KeyUsages::NonRepudiation => "non_repudiation",
            KeyUsages::KeyEncipherment => "key_encipherment",
            KeyUsages::DataEncipherment => "data_encipherment",
            KeyUsages::KeyAgreement => "key_agreement",
            KeyUsages::KeyCertSign => "key_cert_sign",
            KeyUsages::CRLSign => "crl_sign",
            KeyUsages::EncipherOnly => "encipher_only",
            KeyUsages::DecipherOnly => "decipher_only",
        })
        .collect();
    names.sort_unstable();
    names
}
