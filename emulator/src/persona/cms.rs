//! The few structures of the Cryptographic Message Syntax (RFC 5652) that a document security object needs, with the ICAO
//! `LDSSecurityObject` (ICAO 9303-10 §4.6.2) inside. Shapes only: no hashing, no signing, no choice of algorithm.

use const_oid::ObjectIdentifier;
use der::Sequence;
use der::asn1::{Any, OctetString, PrintableString, SetOfVec};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

/// id-icao-mrtd-security-ldsSecurityObject.
pub(super) const LDS_SECURITY_OBJECT: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.23.136.1.1.1");

/// RFC 5652 §3.
#[derive(Sequence)]
pub(super) struct ContentInfo {
    pub(super) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(super) content: SignedData,
}

/// RFC 5652 §5.1, without CRLs: readers find the signer infos by position.
#[derive(Sequence)]
pub(super) struct SignedData {
    pub(super) version: u8,
    pub(super) digest_algorithms: SetOfVec<AlgorithmIdentifierOwned>,
    pub(super) encap_content_info: EncapsulatedContentInfo,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    pub(super) certificates: SetOfVec<Any>,
    pub(super) signer_infos: SetOfVec<Any>,
}

/// RFC 5652 §5.2.
#[derive(Sequence)]
pub(super) struct EncapsulatedContentInfo {
    pub(super) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(super) content: OctetString,
}

/// RFC 5652 §5.3, signer identified by issuer and serial number (version 1).
#[derive(Sequence)]
pub(super) struct SignerInfo {
    pub(super) version: u8,
    pub(super) sid: IssuerAndSerialNumber,
    pub(super) digest_algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    pub(super) signed_attributes: SetOfVec<Attribute>,
    pub(super) signature_algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: OctetString,
}

/// RFC 5652 §10.2.4.
#[derive(Sequence)]
pub(super) struct IssuerAndSerialNumber {
    pub(super) issuer: Name,
    pub(super) serial_number: SerialNumber,
}

/// ICAO 9303-10 §4.6.2.3.
#[derive(Sequence)]
pub(super) struct LdsSecurityObject {
    pub(super) version: u8,
    pub(super) hash_algorithm: AlgorithmIdentifierOwned,
    pub(super) data_group_hashes: Vec<DataGroupHash>,
    #[asn1(optional = "true")]
    pub(super) lds_version_info: Option<LdsVersionInfo>,
}

/// Number and digest of one file. The number is written as one raw byte, whatever its sign: cards list file A1 as `02 01 A1`,
/// and readers compare that single byte.
#[derive(Sequence)]
pub(super) struct DataGroupHash {
    pub(super) number: i8,
    pub(super) digest: OctetString,
}

/// Versions of the logical data structure and of Unicode, present from `LDSSecurityObject` version 1.
#[derive(Sequence)]
pub(super) struct LdsVersionInfo {
    pub(super) lds_version: PrintableString,
    pub(super) unicode_version: PrintableString,
}

/// RFC 4055 §3.1, every field present but the trailer, which has its only value.
#[derive(Sequence)]
pub(super) struct RsassaPssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(super) hash_algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    pub(super) mask_generation: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    pub(super) salt_length: u8,
}
