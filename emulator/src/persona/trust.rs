//! The synthetic authorities behind the cards, embedded from `fixtures/trust/`: a country signer and its document signer for
//! the IAS application's security objects, a country signing CA and its document signers for travel documents, a root and its issuing sub-CA for citizen certificates. Published keys, marked SPECIMEN; no real
//! authority's key or name is here, and none may be added.

use std::sync::OnceLock;

use der::{DecodePem, Encode};
use include_dir::{Dir, include_dir};
use x509_cert::Certificate;
use x509_cert::crl::CertificateList;

use crate::crypto::rsa::{PrivateKey, PublicKey};

use super::SodVariant;
use super::document::DocumentSod;
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
    csca: Certificate,
}

/// Somebody who signs travel documents.
pub struct DocumentSigner {
    /// The certificate, issued by the CSCA and put into every security object.
    pub certificate: Certificate,
    /// Its key, RSA of 2048 bits.
    pub key: PrivateKey,
}

/// Those read so far; a process that makes one kind of document reads one signer.
static DOCUMENT_SIGNERS: [OnceLock<DocumentSigner>; 4] = [const { OnceLock::new() }; 4];

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
            csca: certificate("csca.pem")?,
        })
    }

    /// The country signer: trust anchor of every security object.
    pub fn country_signer(&self) -> &Certificate {
        &self.country_signer
    }

    /// The country signing CA of travel documents (ICAO 9303-12): trust anchor of their security objects.
    pub fn csca(&self) -> &Certificate {
        &self.csca
    }

    /// What the CSCA has revoked: one document signer.
    pub fn csca_revocations(&self) -> Result<CertificateList, PersonaError> {
        const NAME: &str = "csca-crl.pem";
        CertificateList::from_pem(text(NAME)?).map_err(|error| unusable(NAME, &error.to_string()))
    }

    /// The document signer of a kind of travel documents.
    pub fn document_signer_of(&self, sod: DocumentSod) -> Result<&DocumentSigner, PersonaError> {
        match sod {
            DocumentSod::Sha1 => travel_signer(&DOCUMENT_SIGNERS[0], "sha1"),
            DocumentSod::Sha256 => travel_signer(&DOCUMENT_SIGNERS[1], "sha256"),
            DocumentSod::Pss => travel_signer(&DOCUMENT_SIGNERS[2], "pss"),
        }
    }

    /// The document signer on the CSCA's revocation list.
    pub fn revoked_document_signer(&self) -> Result<&DocumentSigner, PersonaError> {
        travel_signer(&DOCUMENT_SIGNERS[3], "revoked")
    }

    /// The key of the authority that Terminal Authentication begins with, called
    /// [`CVCA_REFERENCE`](super::document::CVCA_REFERENCE): RSA of 2048 bits.
    pub fn cvca_key(&self) -> Result<PrivateKey, PersonaError> {
        key("cvca-key.pem")
    }

    /// The public half of [`cvca_key`](Self::cvca_key), read once per process.
    pub fn cvca_public_key(&self) -> Result<&PublicKey, PersonaError> {
        static KEY: OnceLock<PublicKey> = OnceLock::new();
        match KEY.get() {
            Some(key) => Ok(key),
            None => {
                let key = self.cvca_key()?.public().clone();
                Ok(KEY.get_or_init(|| key))
            }
        }
    }

    /// The document signer of a generation of IAS security objects. Both certificates are of the same key; the country signer
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

fn travel_signer(
    slot: &'static OnceLock<DocumentSigner>,
    name: &str,
) -> Result<&'static DocumentSigner, PersonaError> {
    match slot.get() {
        Some(signer) => Ok(signer),
        None => {
            let signer = DocumentSigner {
                certificate: certificate(&format!("travel-signer-{name}.pem"))?,
                key: key(&format!("travel-signer-{name}-key.pem"))?,
            };
            Ok(slot.get_or_init(|| signer))
        }
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
