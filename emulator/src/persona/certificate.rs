//! The holder's certificate, EF.Cert_CIE: X.509 version 3 for key 81, issued by the synthetic sub-CA, RFC 5280. Not the card
//! verifiable certificates of terminals, which the card only verifies.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{CN, COUNTRY_NAME, GIVEN_NAME, SERIAL_NUMBER, SURNAME};
use const_oid::db::rfc5280::ID_KP_CLIENT_AUTH;
use const_oid::db::rfc5912::{RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION};
use der::asn1::{Any, BitString, PrintableStringRef, Utf8StringRef};
use der::{DateTime, Decode, Document, Encode};
use signature::{Keypair, Signer};
use spki::{
    AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, EncodePublicKey,
    SignatureBitStringEncoding, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};
use x509_cert::TbsCertificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use crate::crypto::hash::HashAlgorithm;
use crate::crypto::pkcs1;
use crate::crypto::rsa::{PrivateKey, PublicKey};

use super::error::PersonaError;
use super::trust::{self, Trust};
use super::{Date, Persona};

/// The certificate of `key` for the holder of `persona`, in DER. The serial number is 16 bytes, positive.
pub(super) fn issue(
    persona: &Persona,
    key: &PublicKey,
    serial: [u8; 16],
    trust: &Trust,
) -> Result<Vec<u8>, PersonaError> {
    let profile = CitizenProfile {
        issuer: trust.citizen_issuer().tbs_certificate().subject().clone(),
        subject: subject(persona).map_err(encoding)?,
    };
    let builder = CertificateBuilder::new(
        profile,
        positive(serial).map_err(encoding)?,
        validity(persona).map_err(encoding)?,
        public_key_info(key).map_err(encoding)?,
    )
    .map_err(encoding)?;
    let certificate = builder
        .build(&IssuerSigner(trust.citizen_issuer_key()))
        .map_err(encoding)?;
    trust::to_der(&certificate)
}

/// An encoder's complaint, whichever library layer it comes from.
fn encoding(error: impl std::error::Error) -> PersonaError {
    PersonaError::Encode {
        object: "the citizen certificate",
        reason: error.to_string(),
    }
}

/// A number of exactly 16 bytes whose first is neither zero nor negative, so that every certificate is equally long.
fn positive(mut serial: [u8; 16]) -> der::Result<SerialNumber> {
    serial[0] = serial[0] & 0x3F | 0x40;
    SerialNumber::new(&serial)
}

/// `C=IT, serialNumber=IDCIT-<document number>, SN, GN, CN=<fiscal code>`, one attribute per level, in this order. Who has no
/// fiscal code is named by the document number once more.
fn subject(persona: &Persona) -> der::Result<Name> {
    let holder = &persona.holder;
    let number = format!("IDCIT-{}", persona.document_number);
    let common_name = match &holder.fiscal_code {
        Some(code) => code.as_str(),
        None => &number,
    };
    let attributes = [
        printable(COUNTRY_NAME, "IT")?,
        printable(SERIAL_NUMBER, &number)?,
        utf8(SURNAME, holder.surname.as_str())?,
        utf8(GIVEN_NAME, holder.given_names.as_str())?,
        utf8(CN, common_name)?,
    ];
    let mut names = RdnSequence::default();
    for attribute in attributes {
        names.push(RelativeDistinguishedName::try_from(vec![attribute])?);
    }
    Name::from_der(&names.to_der()?)
}

fn printable(oid: ObjectIdentifier, text: &str) -> der::Result<AttributeTypeAndValue> {
    let value = Any::encode_from(&PrintableStringRef::new(text)?)?;
    Ok(AttributeTypeAndValue { oid, value })
}

fn utf8(oid: ObjectIdentifier, text: &str) -> der::Result<AttributeTypeAndValue> {
    let value = Any::encode_from(&Utf8StringRef::new(text)?)?;
    Ok(AttributeTypeAndValue { oid, value })
}

/// From the first second of the day of issue to the last of the day of expiry.
fn validity(persona: &Persona) -> der::Result<Validity> {
    let time = |date: Date, hour, minute, second| {
        DateTime::new(date.year(), date.month(), date.day(), hour, minute, second).map(Time::from)
    };
    Ok(Validity::new(
        time(persona.issued, 0, 0, 0)?,
        time(persona.expires, 23, 59, 59)?,
    ))
}

fn public_key_info(key: &PublicKey) -> der::Result<SubjectPublicKeyInfoOwned> {
    Ok(SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            oid: RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        },
        subject_public_key: BitString::from_bytes(&key.to_pkcs1_der())?,
    })
}

/// What every citizen certificate contains beside its subject.
struct CitizenProfile {
    issuer: Name,
    subject: Name,
}

impl BuilderProfile for CitizenProfile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        spk: SubjectPublicKeyInfoRef<'_>,
        issuer_spk: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let name = tbs.subject();
        Ok(vec![
            AuthorityKeyIdentifier::try_from(issuer_spk)?.to_extension(name, &[])?,
            SubjectKeyIdentifier::try_from(spk)?.to_extension(name, &[])?,
            KeyUsage(KeyUsages::DigitalSignature.into()).to_extension(name, &[])?,
            ExtendedKeyUsage(vec![ID_KP_CLIENT_AUTH]).to_extension(name, &[])?,
        ])
    }
}

/// The sub-CA's key as the certificate builder wants to see it.
struct IssuerSigner<'a>(&'a PrivateKey);

/// A public key that can be written as `SubjectPublicKeyInfo`.
#[derive(Clone)]
struct IssuerKey(PublicKey);

/// An RSA signature, 256 bytes for the keys used here.
struct RsaSignature(Vec<u8>);

impl EncodePublicKey for IssuerKey {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::try_from(public_key_info(&self.0)?.to_der()?)?)
    }
}

impl Keypair for IssuerSigner<'_> {
    type VerifyingKey = IssuerKey;

    fn verifying_key(&self) -> IssuerKey {
        IssuerKey(self.0.public().clone())
    }
}

impl DynSignatureAlgorithmIdentifier for IssuerSigner<'_> {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(AlgorithmIdentifierOwned {
            oid: SHA_256_WITH_RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        })
    }
}

impl Signer<RsaSignature> for IssuerSigner<'_> {
    fn try_sign(&self, message: &[u8]) -> Result<RsaSignature, signature::Error> {
        pkcs1::sign_digest(self.0, HashAlgorithm::Sha256, message)
            .map(RsaSignature)
            .map_err(|_| signature::Error::new())
    }
}

impl SignatureBitStringEncoding for RsaSignature {
    fn to_bitstring(&self) -> der::Result<BitString> {
        BitString::from_bytes(&self.0)
    }
}
