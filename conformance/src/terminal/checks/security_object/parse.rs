//! The positions of the security object: children are counted, tags compared, nothing is searched for. That is how clients read
//! it, so an object that any CMS library would accept may still be wrong for them.

use cie_crypto::hash::HashAlgorithm;
use cie_emulator::wire::tlv::{self, Tlv};

const SIGNED_DATA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
const CONTENT_TYPE: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x03";
const MESSAGE_DIGEST: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04";
const SHA1_WITH_RSA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05";
const RSA_PSS: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A";
const SHA256_WITH_RSA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B";
const SHA1: &[u8] = b"\x2B\x0E\x03\x02\x1A";
const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
const LDS_SECURITY_OBJECT: &[u8] = b"\x67\x81\x08\x01\x01\x01";

/// What is not where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {detail}")]
pub struct ParseError {
    /// Where, as a path of names.
    pub path: &'static str,
    /// What was found there.
    pub detail: String,
}

/// The variants in circulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// SHA-1, RSA PKCS#1, LDS version 0: travel documents of the first generation only.
    Sha1,
    /// SHA-256, RSA PKCS#1, LDS version 0; with RSASSA-PSS in travel documents only.
    Sha256,
    /// SHA-512, RSASSA-PSS, LDS version 1.
    PssSha512,
}

impl Variant {
    /// The hash algorithm of content, attributes and files.
    #[must_use]
    pub const fn algorithm(self) -> HashAlgorithm {
        match self {
            Self::Sha1 => HashAlgorithm::Sha1,
            Self::Sha256 => HashAlgorithm::Sha256,
            Self::PssSha512 => HashAlgorithm::Sha512,
        }
    }

    pub(super) const fn lds_version(self) -> u8 {
        match self {
            Self::Sha1 | Self::Sha256 => 0,
            Self::PssSha512 => 1,
        }
    }

    const fn oid(self) -> &'static [u8] {
        match self {
            Self::Sha1 => SHA1,
            Self::Sha256 => SHA256,
            Self::PssSha512 => SHA512,
        }
    }
}

/// How the attributes are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureScheme {
    Pkcs1(HashAlgorithm),
    PssSha256,
    PssSha512,
}

/// The parts of a security object, taken from their positions; nothing verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityObject {
    /// Which variant.
    pub variant: Variant,
    /// The LDS security object, its SEQUENCE with header.
    pub lds: Vec<u8>,
    /// Its version.
    pub lds_version: u8,
    /// Number and hash of each listed file, in their order.
    pub hashes: Vec<(u8, Vec<u8>)>,
    /// The first certificate, DER.
    pub certificate: Vec<u8>,
    /// Name of the signer's issuer, DER.
    pub signer_issuer: Vec<u8>,
    /// Serial number of the signer's certificate, the bytes of its INTEGER.
    pub signer_serial: Vec<u8>,
    /// The signed attributes as they are hashed: a SET OF.
    pub signed_attributes: Vec<u8>,
    /// Value of the attribute messageDigest.
    pub message_digest: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// Whether nothing but zeros comes after the object.
    pub only_zeros_follow: bool,
    pub(super) scheme: SignatureScheme,
}

impl SecurityObject {
    /// Whether it lists data groups, 1 to 16, and is the travel document's: the IAS application's files have other numbers.
    #[must_use]
    pub fn is_document(&self) -> bool {
        let group = |(number, _): &(u8, Vec<u8>)| (1..=16).contains(number);
        !self.hashes.is_empty() && self.hashes.iter().all(group)
    }

    /// Reads EF.1006, or EF.SOD of the travel document.
    ///
    /// # Errors
    /// [`ParseError`] naming the first position that is wrong.
    pub fn parse(file: &[u8]) -> Result<Self, ParseError> {
        let read = Tlv::read(file).map_err(|error| wrong("EF.SOD", error.to_string()));
        let (outer, rest) = read?;
        let content_info = child("ContentInfo", outer, 0, 0x30)?;
        equal(
            "ContentInfo.contentType",
            child("ContentInfo.contentType", content_info, 0, 0x06)?,
            SIGNED_DATA,
        )?;
        let content = child("ContentInfo.content", content_info, 1, 0xA0)?;
        let signed_data = child("SignedData", content, 0, 0x30)?;
        equal(
            "SignedData.version",
            child("SignedData.version", signed_data, 0, 0x02)?,
            &[3],
        )?;
        let variant = digest_algorithm(signed_data)?;
        let lds = encapsulated(signed_data)?;
        let certificates = child("SignedData.certificates", signed_data, 3, 0xA0)?;
        let certificate = child("SignedData.certificates[0]", certificates, 0, 0x30)?;
        let infos = child("SignedData.signerInfos", signed_data, 4, 0x31)?;
        let signer = SignerInfo::parse(child("SignerInfo", infos, 0, 0x30)?, variant)?;
        let (lds_version, hashes) = lds_content(lds, variant)?;
        Ok(Self {
            variant,
            lds: lds.to_vec(),
            lds_version,
            hashes,
            certificate: certificate.raw.to_vec(),
            signer_issuer: signer.issuer.to_vec(),
            signer_serial: signer.serial.to_vec(),
            signed_attributes: signer.attributes,
            message_digest: signer.message_digest.to_vec(),
            signature: signer.signature.to_vec(),
            only_zeros_follow: rest.iter().all(|byte| *byte == 0),
            scheme: signer.scheme,
        })
    }
}

struct SignerInfo<'a> {
    issuer: &'a [u8],
    serial: &'a [u8],
    attributes: Vec<u8>,
    message_digest: &'a [u8],
    scheme: SignatureScheme,
    signature: &'a [u8],
}

impl<'a> SignerInfo<'a> {
    fn parse(info: Tlv<'a>, variant: Variant) -> Result<Self, ParseError> {
        equal(
            "SignerInfo.version",
            child("SignerInfo.version", info, 0, 0x02)?,
            &[1],
        )?;
        let sid = child("SignerInfo.sid", info, 1, 0x30)?;
        let digest = child("SignerInfo.digestAlgorithm", info, 2, 0x30)?;
        let digest = child("SignerInfo.digestAlgorithm", digest, 0, 0x06)?;
        equal("SignerInfo.digestAlgorithm", digest, variant.oid())?;
        let attributes = child("SignerInfo.signedAttrs", info, 3, 0xA0)?;
        let content_type = attribute(
            "signedAttrs[0] contentType",
            attributes,
            0,
            CONTENT_TYPE,
            0x06,
        )?;
        equal(
            "signedAttrs[0] contentType",
            content_type,
            LDS_SECURITY_OBJECT,
        )?;
        let digest = attribute(
            "signedAttrs[1] messageDigest",
            attributes,
            1,
            MESSAGE_DIGEST,
            0x04,
        )?;
        let algorithm = child("SignerInfo.signatureAlgorithm", info, 4, 0x30)?;
        Ok(Self {
            issuer: child("SignerInfo.sid.issuer", sid, 0, 0x30)?.raw,
            serial: child("SignerInfo.sid.serialNumber", sid, 1, 0x02)?.value,
            attributes: tlv::object(0x31, attributes.value),
            message_digest: digest.value,
            scheme: scheme(algorithm, variant)?,
            signature: child("SignerInfo.signature", info, 5, 0x04)?.value,
        })
    }
}

fn digest_algorithm(signed_data: Tlv<'_>) -> Result<Variant, ParseError> {
    let path = "SignedData.digestAlgorithms";
    let algorithms = child(path, signed_data, 1, 0x31)?;
    let oid = child(path, child(path, algorithms, 0, 0x30)?, 0, 0x06)?;
    match oid.value {
        SHA1 => Ok(Variant::Sha1),
        SHA256 => Ok(Variant::Sha256),
        SHA512 => Ok(Variant::PssSha512),
        other => Err(wrong(
            path,
            format!("neither SHA-1, SHA-256 nor SHA-512: {}", hex::encode(other)),
        )),
    }
}

fn encapsulated(signed_data: Tlv<'_>) -> Result<&[u8], ParseError> {
    let path = "SignedData.encapContentInfo";
    let info = child(path, signed_data, 2, 0x30)?;
    equal(path, child(path, info, 0, 0x06)?, LDS_SECURITY_OBJECT)?;
    let content = child(path, info, 1, 0xA0)?;
    Ok(child("encapContentInfo.eContent", content, 0, 0x04)?.value)
}

fn attribute<'a>(
    path: &'static str,
    attributes: Tlv<'a>,
    index: usize,
    oid: &[u8],
    tag: u32,
) -> Result<Tlv<'a>, ParseError> {
    let attribute = child(path, attributes, index, 0x30)?;
    equal(path, child(path, attribute, 0, 0x06)?, oid)?;
    child(path, child(path, attribute, 1, 0x31)?, 0, tag)
}

fn scheme(algorithm: Tlv<'_>, variant: Variant) -> Result<SignatureScheme, ParseError> {
    let path = "SignerInfo.signatureAlgorithm";
    let oid = child(path, algorithm, 0, 0x06)?.value;
    match (variant, oid) {
        (Variant::Sha256, SHA256_WITH_RSA) => Ok(SignatureScheme::Pkcs1(HashAlgorithm::Sha256)),
        (Variant::Sha256, RSA_PSS) => {
            pss_hash(path, algorithm, SHA256)?;
            Ok(SignatureScheme::PssSha256)
        }
        (Variant::Sha1 | Variant::Sha256, SHA1_WITH_RSA) => {
            Ok(SignatureScheme::Pkcs1(HashAlgorithm::Sha1))
        }
        (Variant::PssSha512, RSA_PSS) => {
            pss_hash(path, algorithm, SHA512)?;
            Ok(SignatureScheme::PssSha512)
        }
        (variant, other) => {
            let found = hex::encode(other);
            Err(wrong(
                path,
                format!("{found} does not belong to the variant {variant:?}"),
            ))
        }
    }
}

fn pss_hash(path: &'static str, algorithm: Tlv<'_>, wanted: &[u8]) -> Result<(), ParseError> {
    let parameters = child(path, algorithm, 1, 0x30)?;
    let hash = child(path, child(path, parameters, 0, 0xA0)?, 0, 0x30)?;
    equal(path, child(path, hash, 0, 0x06)?, wanted)
}

/// Number and hash of each file.
type FileHashes = Vec<(u8, Vec<u8>)>;

/// Version and hashes of the LDS security object.
fn lds_content(lds: &[u8], variant: Variant) -> Result<(u8, FileHashes), ParseError> {
    let path = "LDSSecurityObject";
    let object =
        Tlv::read_only(lds, tlv::Tag(0x30)).map_err(|error| wrong(path, error.to_string()))?;
    let version = child("LDSSecurityObject.version", object, 0, 0x02)?.value;
    let [version] = version else {
        return Err(wrong("LDSSecurityObject.version", "not one byte"));
    };
    let algorithm = child("LDSSecurityObject.hashAlgorithm", object, 1, 0x30)?;
    let oid = child("LDSSecurityObject.hashAlgorithm", algorithm, 0, 0x06)?;
    equal("LDSSecurityObject.hashAlgorithm", oid, variant.oid())?;
    let list = child("LDSSecurityObject.dataGroupHashValues", object, 2, 0x30)?;
    let mut hashes = Vec::new();
    for entry in list.children() {
        let path = "DataGroupHash";
        let entry = entry.map_err(|error| wrong(path, error.to_string()))?;
        let number = child("DataGroupHash.dataGroupNumber", entry, 0, 0x02)?.value;
        let [number] = number else {
            return Err(wrong(
                "DataGroupHash.dataGroupNumber",
                "clients read one byte, with no leading zero",
            ));
        };
        let hash = child("DataGroupHash.dataGroupHashValue", entry, 1, 0x04)?;
        hashes.push((*number, hash.value.to_vec()));
    }
    Ok((*version, hashes))
}

fn wrong(path: &'static str, detail: impl Into<String>) -> ParseError {
    ParseError {
        path,
        detail: detail.into(),
    }
}

fn child<'a>(
    path: &'static str,
    parent: Tlv<'a>,
    index: usize,
    tag: u32,
) -> Result<Tlv<'a>, ParseError> {
    let mut children = parent.children();
    let found = children
        .nth(index)
        .ok_or_else(|| wrong(path, format!("there is no object at position {index}")))?
        .map_err(|error| wrong(path, error.to_string()))?;
    match found.tag.0 == tag {
        true => Ok(found),
        false => Err(wrong(
            path,
            format!("tag {} at position {index}, expected {tag:02X}", found.tag),
        )),
    }
}

fn equal(path: &'static str, object: Tlv<'_>, expected: &[u8]) -> Result<(), ParseError> {
    match object.value == expected {
        true => Ok(()),
        false => {
            let (found, expected) = (hex::encode(object.value), hex::encode(expected));
            Err(wrong(path, format!("{found}, expected {expected}")))
        }
    }
}
