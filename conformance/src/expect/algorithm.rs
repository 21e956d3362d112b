//! Signature algorithms as certificates and security objects name them (RFC 8017, RFC 4055), and verifying with them. The
//! card's own raw signatures are in `signature`.

use cie_crypto::hash::HashAlgorithm;
use cie_crypto::pkcs1;
use cie_crypto::pss;
use cie_crypto::rsa::PublicKey;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ID_MGF_1, ID_RSASSA_PSS, ID_SHA_1, ID_SHA_224, ID_SHA_256, ID_SHA_384, ID_SHA_512,
    SHA_1_WITH_RSA_ENCRYPTION, SHA_224_WITH_RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION,
    SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
use der::{Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;

use super::signature::{hash_name, why_pkcs1};
use crate::scenario::model::Algorithm;

/// How something was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignedWith {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1(HashAlgorithm),
    /// RSASSA-PSS with MGF1 over the same hash.
    Pss {
        /// The hash.
        hash: HashAlgorithm,
        /// Length of the salt in bytes.
        salt: usize,
    },
    /// Something this judge cannot verify, in words.
    Other(String),
}

/// RFC 4055 §3.1; absent fields have their default values.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt: Option<u16>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

impl SignedWith {
    /// Reads an identifier.
    pub(super) fn new(identifier: &AlgorithmIdentifierOwned) -> Self {
        match identifier.oid {
            SHA_1_WITH_RSA_ENCRYPTION => Self::Pkcs1(HashAlgorithm::Sha1),
            SHA_224_WITH_RSA_ENCRYPTION => Self::Pkcs1(HashAlgorithm::Sha224),
            SHA_256_WITH_RSA_ENCRYPTION => Self::Pkcs1(HashAlgorithm::Sha256),
            SHA_384_WITH_RSA_ENCRYPTION => Self::Pkcs1(HashAlgorithm::Sha384),
            SHA_512_WITH_RSA_ENCRYPTION => Self::Pkcs1(HashAlgorithm::Sha512),
            ID_RSASSA_PSS => Self::pss(identifier),
            other => Self::Other(format!("algorithm {other}")),
        }
    }

    fn pss(identifier: &AlgorithmIdentifierOwned) -> Self {
        let parameters = match &identifier.parameters {
            None => Ok(None),
            Some(parameters) => parameters
                .to_der()
                .and_then(|der| PssParameters::from_der(&der))
                .map(Some),
        };
        let parameters = match parameters {
            Ok(parameters) => parameters,
            Err(error) => {
                return Self::Other(format!("RSASSA-PSS with unreadable parameters ({error})"));
            }
        };
        let (hash, mask, salt) =
            parameters.map_or((None, None, None), |read| (read.hash, read.mask, read.salt));
        let hash = hash.map_or(Ok(HashAlgorithm::Sha1), |hash| digest(hash.oid));
        let mask = mask.map_or(Ok(HashAlgorithm::Sha1), |mask| mask_digest(&mask));
        match (hash, mask) {
            (Ok(hash), Ok(mask)) if hash == mask => Self::Pss {
                hash,
                salt: usize::from(salt.unwrap_or(20)),
            },
            (Ok(hash), Ok(mask)) => Self::Other(format!(
                "RSASSA-PSS with {} and a mask of {}",
                hash_name(hash),
                hash_name(mask)
            )),
            (Err(other), _) | (_, Err(other)) => Self::Other(format!("RSASSA-PSS with {other}")),
        }
    }

    /// Whether it is what the language calls by this name.
    pub(super) fn is(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::RsaSha1 => *self == Self::Pkcs1(HashAlgorithm::Sha1),
            Algorithm::RsaSha256 => *self == Self::Pkcs1(HashAlgorithm::Sha256),
            Algorithm::RsaSha512 => *self == Self::Pkcs1(HashAlgorithm::Sha512),
            Algorithm::PssSha256 => {
                matches!(self, Self::Pss { hash, .. } if *hash == HashAlgorithm::Sha256)
            }
            Algorithm::PssSha512 => {
                matches!(self, Self::Pss { hash, .. } if *hash == HashAlgorithm::Sha512)
            }
        }
    }

    /// In words: `RSA with SHA-256`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Pkcs1(hash) => format!("RSA with {}", hash_name(*hash)),
            Self::Pss { hash, .. } => format!("RSASSA-PSS with {}", hash_name(*hash)),
            Self::Other(name) => name.clone(),
        }
    }

    /// Verifies; the error says how far the signature got.
    pub(super) fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), String> {
        if signature.len() != key.size() {
            return Err(format!(
                "it has {} bytes, one of this key has {}",
                signature.len(),
                key.size()
            ));
        }
        match self {
            Self::Pkcs1(hash) => pkcs1::verify_digest(key, *hash, message, signature)
                .map_err(|error| why_pkcs1(key, *hash, signature, error)),
            Self::Pss { hash, salt } => match pss::verify(key, *hash, *salt, message, signature) {
                true => Ok(()),
                false => Err(format!(
                    "it is no RSASSA-PSS signature with {} and a salt of {salt} bytes of these data by this key",
                    hash_name(*hash)
                )),
            },
            Self::Other(name) => Err(format!("{name} is nothing this judge can verify")),
        }
    }
}

/// In words, as [`SignedWith::name`] tells it.
pub(super) fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RsaSha1 => "RSA with SHA-1",
        Algorithm::RsaSha256 => "RSA with SHA-256",
        Algorithm::RsaSha512 => "RSA with SHA-512",
        Algorithm::PssSha256 => "RSASSA-PSS with SHA-256",
        Algorithm::PssSha512 => "RSASSA-PSS with SHA-512",
    }
}

/// A hash by its identifier.
fn digest(oid: ObjectIdentifier) -> Result<HashAlgorithm, String> {
    match oid {
        ID_SHA_1 => Ok(HashAlgorithm::Sha1),
        ID_SHA_224 => Ok(HashAlgorithm::Sha224),
        ID_SHA_256 => Ok(HashAlgorithm::Sha256),
        ID_SHA_384 => Ok(HashAlgorithm::Sha384),
        ID_SHA_512 => Ok(HashAlgorithm::Sha512),
        other => Err(format!("the unknown hash algorithm {other}")),
    }
}

fn mask_digest(mask: &AlgorithmIdentifierOwned) -> Result<HashAlgorithm, String> {
    if mask.oid != ID_MGF_1 {
        return Err(format!("the unknown mask generation {}", mask.oid));
    }
    let parameters = mask.parameters.as_ref().map(Encode::to_der);
    match parameters {
        Some(Ok(der)) => AlgorithmIdentifierOwned::from_der(&der)
            .map_err(|error| format!("an unreadable mask generation ({error})"))
            .and_then(|inner| digest(inner.oid)),
        Some(Err(_)) | None => Ok(HashAlgorithm::Sha1),
    }
}
