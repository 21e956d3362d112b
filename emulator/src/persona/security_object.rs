//! The document security object (EF.SOD): the digests of a card's files, signed by the document signer, ICAO 9303-10 §4.6.2 in
//! the two generations found on cards. It hashes what it is given; which files, in which order and how trimmed, is the
//! caller's business.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNED_DATA};
use const_oid::db::rfc5912::{
    ID_MGF_1, ID_RSASSA_PSS, ID_SHA_256, ID_SHA_512, SHA_256_WITH_RSA_ENCRYPTION,
};
use der::asn1::{Any, OctetString, PrintableString, SetOfVec};
use der::{Decode, Encode, Tagged};
use spki::AlgorithmIdentifierOwned;
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
use super::error::PersonaError;
use super::trust::Trust;
use super::{SodVariant, trust};

/// Length of the salt of a PSS signature in bytes: that of the hash.
pub(super) const SALT_LENGTH: usize = 64;

/// Tag of the file around the CMS structure (application 23).
const EF_SOD: u32 = 0x77;

/// A security object being filled.
pub struct SecurityObject {
    variant: SodVariant,
    digests: Vec<DataGroupHash>,
}

impl SecurityObject {
    /// An empty object of a generation.
    pub fn new(variant: SodVariant) -> Self {
        Self {
            variant,
            digests: Vec::new(),
        }
    }

    /// Appends the digest of `data` under a data group number: 1 to 16 for travel documents, A1 to A5 and 1B for this card's
    /// own files. Digests stand in the order of these calls.
    pub fn with(mut self, number: u8, data: &[u8]) -> Result<Self, PersonaError> {
        let digest = OctetString::new(self.hash().digest(&[data])).map_err(encoding)?;
        self.digests.push(DataGroupHash {
            number: i8::from_be_bytes([number]),
            digest,
        });
        Ok(self)
    }

    /// The content of EF.SOD, tag `77` around the signed CMS structure. `salt` is used by the PSS generation only.
    pub fn sign(self, trust: &Trust, salt: &[u8; SALT_LENGTH]) -> Result<Vec<u8>, PersonaError> {
        let variant = self.variant;
        let certificate = trust::to_der(trust.document_signer(variant))?;
        let content = self.lds_security_object().map_err(encoding)?;
        let attributes = signed_attributes(variant, &content).map_err(encoding)?;
        // RFC 5652 §5.4: what is signed is the attributes as a SET OF, not with the implicit tag they are stored under.
        let message = attributes.to_der().map_err(encoding)?;
        let signature = sign(variant, trust.document_signer_key(), &message, salt)?;
        let signer = signer_info(variant, trust, attributes, signature).map_err(encoding)?;
        let object = content_info(variant, content, &certificate, &signer).map_err(encoding)?;
        Ok(tlv::object(EF_SOD, &object.to_der().map_err(encoding)?))
    }

    fn hash(&self) -> HashAlgorithm {
        hash(self.variant)
    }

    fn lds_security_object(self) -> der::Result<Vec<u8>> {
        let (version, lds_version_info) = match self.variant {
            SodVariant::V0 => (0, None),
            SodVariant::Pss => (1, Some(version_info()?)),
        };
        LdsSecurityObject {
            version,
            hash_algorithm: bare(digest_oid(self.variant)),
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

fn hash(variant: SodVariant) -> HashAlgorithm {
    match variant {
        SodVariant::V0 => HashAlgorithm::Sha256,
        SodVariant::Pss => HashAlgorithm::Sha512,
    }
}

fn digest_oid(variant: SodVariant) -> ObjectIdentifier {
    match variant {
        SodVariant::V0 => ID_SHA_256,
        SodVariant::Pss => ID_SHA_512,
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

fn signature_algorithm(variant: SodVariant) -> der::Result<AlgorithmIdentifierOwned> {
    let (oid, parameters) = match variant {
        SodVariant::V0 => (SHA_256_WITH_RSA_ENCRYPTION, Any::null()),
        SodVariant::Pss => {
            let parameters = RsassaPssParameters {
                hash_algorithm: bare(ID_SHA_512),
                mask_generation: AlgorithmIdentifierOwned {
                    oid: ID_MGF_1,
                    parameters: Some(Any::encode_from(&bare(ID_SHA_512))?),
                },
                salt_length: 64,
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
fn signed_attributes(variant: SodVariant, content: &[u8]) -> der::Result<SetOfVec<Attribute>> {
    let digest = OctetString::new(hash(variant).digest(&[content]))?;
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
    variant: SodVariant,
    key: &PrivateKey,
    message: &[u8],
    salt: &[u8; SALT_LENGTH],
) -> Result<Vec<u8>, PersonaError> {
    let failed = |reason: String| PersonaError::Encode {
        object: "the signature of the security object",
        reason,
    };
    match variant {
        SodVariant::V0 => pkcs1::sign_digest(key, HashAlgorithm::Sha256, message)
            .map_err(|error| failed(error.to_string())),
        SodVariant::Pss => pss::sign(key, HashAlgorithm::Sha512, message, salt)
            .map_err(|error| failed(error.to_string())),
    }
}

fn signer_info(
    variant: SodVariant,
    trust: &Trust,
    signed_attributes: SetOfVec<Attribute>,
    signature: Vec<u8>,
) -> der::Result<Vec<u8>> {
    let signer = trust.document_signer(variant).tbs_certificate();
    SignerInfo {
        version: 1,
        sid: IssuerAndSerialNumber {
            issuer: signer.issuer().clone(),
            serial_number: signer.serial_number().clone(),
        },
        digest_algorithm: bare(digest_oid(variant)),
        signed_attributes,
        signature_algorithm: signature_algorithm(variant)?,
        signature: OctetString::new(signature)?,
    }
    .to_der()
}

fn content_info(
    variant: SodVariant,
    content: Vec<u8>,
    certificate: &[u8],
    signer: &[u8],
) -> der::Result<ContentInfo> {
    let digest_algorithms = SetOfVec::try_from(vec![bare(digest_oid(variant))])?;
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
