//! The synthetic authorities behind the cards, embedded from `fixtures/trust/`: a country signer and its document signer for
//! security objects, a root and its issuing sub-CA for citizen certificates. Published keys, marked SPECIMEN; no real
//! authority's key or name is here, and none may be added.

use std::sync::OnceLock;

use der::{DecodePem, Encode};
use include_dir::{Dir, include_dir};
use x509_cert::Certificate;

use crate::crypto::rsa::PrivateKey;

use super::SodVariant;
use super::error::PersonaError;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/trust");
static EMBEDDED: OnceLock<Trust> = OnceLock::new();

/// The certificates and keys of the synthetic authorities.
pub struct Trust {
    country_signer: Certificate,
    document_signer_v0: Certificate,
    document_signer_pss: Certificate,
    document_signer_key: PrivateKey,
    citizen_root: Certificate,
    citizen_issuer: Certificate,
    citizen_issuer_key: PrivateKey,
}

impl Trust {
    /// The embedded authorities, read once per process.
    pub fn embedded() -> Result<&'static Self, PersonaError> {
        match EMBEDDED.get() {
            Some(trust) => Ok(trust),
            None => {
                let trust = Self::read()?;
                Ok(EMBEDDED.get_or_init(|| trust))
            }
        }
    }

    fn read() -> Result<Self, PersonaError> {
        Ok(Self {
            country_signer: certificate("country-signer.pem")?,
            document_signer_v0: certificate("document-signer-v0.pem")?,
            document_signer_pss: certificate("document-signer-pss.pem")?,
            document_signer_key: key("document-signer-key.pem")?,
            citizen_root: certificate("citizen-root.pem")?,
            citizen_issuer: certificate("citizen-issuer.pem")?,
            citizen_issuer_key: key("citizen-issuer-key.pem")?,
        })
    }

    /// The country signer: trust anchor of every security object.
    pub fn country_signer(&self) -> &Certificate {
        &self.country_signer
    }

    /// The document signer of a generation of security objects. Both certificates are of the same key; the country signer
    /// signed each with the algorithm of its generation.
    pub fn document_signer(&self, variant: SodVariant) -> &Certificate {
        match variant {
            SodVariant::V0 => &self.document_signer_v0,
            SodVariant::Pss => &self.document_signer_pss,
        }
    }

    /// The document signer's key.
    pub fn document_signer_key(&self) -> &PrivateKey {
        &self.document_signer_key
    }

    /// The root above the citizens' issuing sub-CA: trust anchor of every citizen certificate.
    pub fn citizen_root(&self) -> &Certificate {
        &self.citizen_root
    }

    /// The sub-CA that issues citizen certificates.
    pub fn citizen_issuer(&self) -> &Certificate {
        &self.citizen_issuer
    }

    /// The key of the sub-CA that issues citizen certificates.
    pub fn citizen_issuer_key(&self) -> &PrivateKey {
        &self.citizen_issuer_key
    }
}

/// A certificate in DER.
pub(super) fn to_der(certificate: &Certificate) -> Result<Vec<u8>, PersonaError> {
    certificate.to_der().map_err(|error| PersonaError::Encode {
        object: "a certificate",
        reason: error.to_string(),
    })
}

fn certificate(name: &str) -> Result<Certificate, PersonaError> {
    Certificate::from_pem(text(name)?).map_err(|error| unusable(name, &error.to_string()))
}

fn key(name: &str) -> Result<PrivateKey, PersonaError> {
    PrivateKey::from_pem(text(name)?).map_err(|error| unusable(name, &error.to_string()))
}

fn text(name: &str) -> Result<&'static str, PersonaError> {
    FILES
        .get_file(name)
        .and_then(|file| file.contents_utf8())
        .ok_or_else(|| unusable(name, "it is missing"))
}

fn unusable(name: &str, reason: &str) -> PersonaError {
    PersonaError::Fixture {
        file: format!("trust/{name}"),
        reason: reason.to_owned(),
    }
}
