//! The document security object (EF.SOD): the digests of a card's files, signed by the document signer, ICAO 9303-10 §4.6.2 in
//! the two generations found in the IAS application and the three of travel documents. It hashes what it is given; which files, in which order and how trimmed, is the
//! caller's business.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNED_DATA};
use const_oid::db::rfc5912::{
    ID_MGF_1, ID_RSASSA_PSS, ID_SHA_1, ID_SHA_224, ID_SHA_256, ID_SHA_384, ID_SHA_512,
    SHA_1_WITH_RSA_ENCRYPTION, SHA_224_WITH_RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION,
    SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
use der::asn1::{Any, OctetString, PrintableString, SetOfVec};
use der::{Decode, Encode, Tagged};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;

use crate::crypto::hash::HashAlgorithm;
use crate::crypto::rsa::PrivateKey;
use crate::crypto::{pkcs1, pss};
use crate::wire::tlv;

use super::cms::{
    ContentInfo, DataGroupHash, EncapsulatedContentInfo, IssuerAndSerialNumber,
    LDS_SECURITY_OBJECT, LdsSecurityObject, LdsVersionInfo, RsassaPssParameters, SignedData,
    SignerInfo,
};
use super::document::DocumentSod;
use super::error::PersonaError;
use super::{SodVariant, trust};

/// Length of the longest salt of a PSS signature in bytes; a salt is as long as the hash.
pub(super) const SALT_LENGTH: usize = 64;

/// Tag of the file around the CMS structure (application 23).
const EF_SOD: u32 = 0x77;

/// How an object is hashed and signed.
#[derive(Clone, Copy)]
struct Scheme {
    hash: HashAlgorithm,
    padding: Padding,
    /// Whether it is an object of version 1, which states the versions of LDS and Unicode.
    states_versions: bool,
}

/// The signature scheme of PKCS#1.
#[derive(Clone, Copy)]
enum Padding {
    Pkcs1,
    Pss,
}

impl From<SodVariant> for Scheme {
    fn from(variant: SodVariant) -> Self {
        let (hash, padding, states_versions) = match variant {
            SodVariant::V0 => (HashAlgorithm::Sha256, Padding::Pkcs1, false),
            SodVariant::Pss => (HashAlgorithm::Sha512, Padding::Pss, true),
        };
        Self {
            hash,
            padding,
            states_versions,
        }
    }
}

impl From<DocumentSod> for Scheme {
    /// EF.COM of these documents says LDS 1.7, which goes with version 0 of the object.
    fn from(sod: DocumentSod) -> Self {
        let (hash, padding) = match sod {
            DocumentSod::Sha1 => (HashAlgorithm::Sha1, Padding::Pkcs1),
            DocumentSod::Sha256 => (HashAlgorithm::Sha256, Padding::Pkcs1),
            DocumentSod::Pss => (HashAlgorithm::Sha256, Padding::Pss),
        };
        Self {
            hash,
            padding,
            states_versions: false,
        }
    }
}

/// A security object being filled.
pub struct SecurityObject {
    scheme: Scheme,
    digests: Vec<DataGroupHash>,
}

impl SecurityObject {
    /// An empty object of a generation of the IAS application.
    pub fn new(variant: SodVariant) -> Self {
        Self::with_scheme(variant.into())
    }

    /// An empty object of a generation of travel documents.
    pub fn of_document(sod: DocumentSod) -> Self {
        Self::with_scheme(sod.into())
    }

    fn with_scheme(scheme: Scheme) -> Self {
        Self {
            scheme,
            digests: Vec::new(),
        }
    }

    /// Appends the digest of `data` under a data group number: 1 to 16 for travel documents, A1 to A5 and 1B for this card's
    /// own files. Digests stand in the order of these calls.
    pub fn with(mut self, number: u8, data: &[u8]) -> Result<Self, PersonaError> {
        let digest = OctetString::new(self.scheme.hash.digest(&[data])).map_err(encoding)?;
        self.digests.push(DataGroupHash {
            number: i8::from_be_bytes([number]),
            digest,
        });
        Ok(self)
    }

    /// The content of EF.SOD, tag `77` around the CMS structure signed with `key`, whose certificate is put into it. The first
    /// bytes of `salt`, as many as the hash has, are used by PSS only.
    pub fn sign(
        self,
        certificate: &Certificate,
        key: &PrivateKey,
        salt: &[u8; SALT_LENGTH],
    ) -> Result<Vec<u8>, PersonaError> {
        let scheme = self.scheme;
        let der = trust::to_der(certificate)?;
        let content = self.lds_security_object().map_err(encoding)?;
        let attributes = signed_attributes(scheme.hash, &content).map_err(encoding)?;
        // RFC 5652 §5.4: what is signed is the attributes as a SET OF, not with the implicit tag they are stored under.
        let message = attributes.to_der().map_err(encoding)?;
        let signature = sign(scheme, key, &message, salt)?;
        let signer = signer_info(scheme, certificate, attributes, signature).map_err(encoding)?;
        let object = content_info(scheme.hash, content, &der, &signer).map_err(encoding)?;
        Ok(tlv::object(EF_SOD, &object.to_der().map_err(encoding)?))
    }

    fn lds_security_object(self) -> der::Result<Vec<u8>> {
        let (version, lds_version_info) = match self.scheme.states_versions {
            false => (0, None),
            true => (1, Some(version_info()?)),
        };
        LdsSecurityObject {
            version,
            hash_algorithm: bare(digest_oid(self.scheme.hash)),
            data_group_hashes: self.digests,
            lds_version_info,
        }
        .to_der()
    }
}

fn encoding(error: der::Error) -> PersonaError {
    PersonaError::Encode {
        object: "the security object",
        reason: error.to_string(),
    }
}

fn digest_oid(hash: HashAlgorithm) -> ObjectIdentifier {
    match hash {
        HashAlgorithm::Sha1 => ID_SHA_1,
        HashAlgorithm::Sha224 => ID_SHA_224,
        HashAlgorithm::Sha256 => ID_SHA_256,
        HashAlgorithm::Sha384 => ID_SHA_384,
        HashAlgorithm::Sha512 => ID_SHA_512,
    }
}

fn pkcs1_oid(hash: HashAlgorithm) -> ObjectIdentifier {
    match hash {
        HashAlgorithm::Sha1 => SHA_1_WITH_RSA_ENCRYPTION,
        HashAlgorithm::Sha224 => SHA_224_WITH_RSA_ENCRYPTION,
        HashAlgorithm::Sha256 => SHA_256_WITH_RSA_ENCRYPTION,
        HashAlgorithm::Sha384 => SHA_384_WITH_RSA_ENCRYPTION,
        HashAlgorithm::Sha512 => SHA_512_WITH_RSA_ENCRYPTION,
    }
}

/// LDS 1.7 and Unicode 4.0.0, as cards of this generation state.
fn version_info() -> der::Result<LdsVersionInfo> {
    Ok(LdsVersionInfo {
        lds_version: PrintableString::new("0107")?,
        unicode_version: PrintableString::new("040000")?,
    })
}

/// An algorithm without parameters, not even NULL: how cards write their hash algorithms.
fn bare(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    }
}

fn signature_algorithm(scheme: Scheme) -> der::Result<AlgorithmIdentifierOwned> {
    let (oid, parameters) = match scheme.padding {
        Padding::Pkcs1 => (pkcs1_oid(scheme.hash), Any::null()),
        Padding::Pss => {
            let hash = bare(digest_oid(scheme.hash));
            let parameters = RsassaPssParameters {
                mask_generation: AlgorithmIdentifierOwned {
                    oid: ID_MGF_1,
                    parameters: Some(Any::encode_from(&hash)?),
                },
                hash_algorithm: hash,
                salt_length: u8::try_from(scheme.hash.digest_len()).unwrap_or(u8::MAX),
            };
            (ID_RSASSA_PSS, Any::encode_from(&parameters)?)
        }
    };
    Ok(AlgorithmIdentifierOwned {
        oid,
        parameters: Some(parameters),
    })
}

/// contentType, then messageDigest: DER orders them so, and readers rely on it.
fn signed_attributes(hash: HashAlgorithm, content: &[u8]) -> der::Result<SetOfVec<Attribute>> {
    let digest = OctetString::new(hash.digest(&[content]))?;
    SetOfVec::try_from(vec![
        attribute(ID_CONTENT_TYPE, &LDS_SECURITY_OBJECT)?,
        attribute(ID_MESSAGE_DIGEST, &digest)?,
    ])
}

fn attribute<T: Tagged + der::EncodeValue>(
    oid: ObjectIdentifier,
    value: &T,
) -> der::Result<Attribute> {
    Ok(Attribute {
        oid,
        values: SetOfVec::try_from(vec![Any::encode_from(value)?])?,
    })
}

fn sign(
    scheme: Scheme,
    key: &PrivateKey,
    message: &[u8],
    salt: &[u8; SALT_LENGTH],
) -> Result<Vec<u8>, PersonaError> {
    let failed = |reason: String| PersonaError::Encode {
        object: "the signature of the security object",
        reason,
    };
    match scheme.padding {
        Padding::Pkcs1 => {
            pkcs1::sign_digest(key, scheme.hash, message).map_err(|error| failed(error.to_string()))
        }
        Padding::Pss => {
            let salt = salt.get(..scheme.hash.digest_len()).unwrap_or(salt);
            pss::sign(key, scheme.hash, message, salt).map_err(|error| failed(error.to_string()))
        }
    }
}

fn signer_info(
    scheme: Scheme,
    certificate: &Certificate,
    signed_attributes: SetOfVec<Attribute>,
    signature: Vec<u8>,
) -> der::Result<Vec<u8>> {
    let signer = certificate.tbs_certificate();
    SignerInfo {
        version: 1,
        sid: IssuerAndSerialNumber {
            issuer: signer.issuer().clone(),
            serial_number: signer.serial_number().clone(),
        },
        digest_algorithm: bare(digest_oid(scheme.hash)),
        signed_attributes,
        signature_algorithm: signature_algorithm(scheme)?,
        signature: OctetString::new(signature)?,
    }
    .to_der()
}

fn content_info(
    hash: HashAlgorithm,
    content: Vec<u8>,
    certificate: &[u8],
    signer: &[u8],
) -> der::Result<ContentInfo> {
    let digest_algorithms = SetOfVec::try_from(vec![bare(digest_oid(hash))])?;
    Ok(ContentInfo {
        content_type: ID_SIGNED_DATA,
        content: SignedData {
            version: 3,
            digest_algorithms,
            encap_content_info: EncapsulatedContentInfo {
                content_type: LDS_SECURITY_OBJECT,
                content: OctetString::new(content)?,
            },
            certificates: SetOfVec::try_from(vec![Any::from_der(certificate)?])?,
            signer_infos: SetOfVec::try_from(vec![Any::from_der(signer)?])?,
        },
    })
}
