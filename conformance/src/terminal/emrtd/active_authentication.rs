//! Active authentication (ICAO 9303-11 §6.1): the chip signs the terminal's challenge with the key of EF.DG15, by ISO/IEC
//! 9796-2 scheme 1 or by plain ECDSA. The signature is opened here with the primitives' public operations.

use cie_crypto::ct;
use cie_crypto::ec::{Point, ecdsa};
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::iso9796::{Trailer, recover_with_trailer};
use cie_crypto::rsa::PublicKey;
use cie_emulator::wire::tlv::{Tag, Tlv};

use super::DocumentError;
use super::error::{card_objects, require};
use super::security_infos::curve_of;

const CLAUSE: &str = "ICAO 9303-11 §6.1";
const RSA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01";
const EC: &[u8] = b"\x2A\x86\x48\xCE\x3D\x02\x01";
/// `0.4.0.127.0.7.1.1.4.1`: plain ECDSA of TR-03111; the last number is the hash.
const PLAIN_ECDSA: &[u8] = b"\x04\x00\x7F\x00\x07\x01\x01\x04\x01";

/// The chip's key of EF.DG15.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActiveKey {
    /// RSA.
    Rsa(PublicKey),
    /// A point of a curve.
    Curve(Point),
}

impl ActiveKey {
    /// Reads EF.DG15.
    ///
    /// # Errors
    /// [`DocumentError::Broken`] when it holds no key that can be used.
    pub fn parse(file: &[u8]) -> Result<Self, DocumentError> {
        let wrong = |detail: &str| DocumentError::broken("ICAO 9303-10 §4.7.15", detail);
        let outer = Tlv::read_only(file, Tag(0x6F)).map_err(card_objects)?;
        let info = Tlv::read_only(outer.value, Tag(0x30)).map_err(card_objects)?;
        let (algorithm, rest) = Tlv::read(info.value).map_err(card_objects)?;
        let bits = Tlv::read_only(rest, Tag(0x03)).map_err(card_objects)?;
        let key = match bits.value.split_first() {
            Some((0, key)) => key,
            _ => return Err(wrong("the key has unused bits")),
        };
        let (identifier, parameters) = Tlv::read(algorithm.value).map_err(card_objects)?;
        match identifier.value {
            RSA => PublicKey::from_pkcs1_der(key)
                .map(Self::Rsa)
                .map_err(|error| wrong(&error.to_string())),
            EC => {
                let (parameters, _) = Tlv::read(parameters).map_err(card_objects)?;
                let curve = curve_of(parameters)
                    .ok_or_else(|| wrong("the key's curve is none that this judge knows"))?;
                Point::decode(curve, key)
                    .map(Self::Curve)
                    .map_err(|error| wrong(&error.to_string()))
            }
            _ => Err(wrong("the key is neither RSA nor of a curve")),
        }
    }

    /// Checks the chip's answer to a challenge. `algorithm` is the signature algorithm of EF.DG14, which a key of a curve
    /// needs.
    ///
    /// # Errors
    /// [`DocumentError::Broken`] when it is no signature of the challenge by this key.
    pub fn verify(
        &self,
        challenge: &[u8],
        signature: &[u8],
        algorithm: Option<&[u8]>,
    ) -> Result<(), DocumentError> {
        match self {
            Self::Rsa(key) => opens(key, challenge, signature),
            Self::Curve(key) => {
                let hash = algorithm.and_then(plain_ecdsa_hash).ok_or_else(|| {
                    let detail = "EF.DG14 names no plain ECDSA for active authentication";
                    DocumentError::broken("ICAO 9303-11 §9.2.7", detail)
                })?;
                let good = ecdsa::verify(key, &hash.digest(&[challenge]), signature);
                require(CLAUSE, good, || {
                    "the answer is no ECDSA signature of the challenge by the key of EF.DG15"
                        .to_owned()
                })
            }
        }
    }
}

/// The hash of a plain ECDSA algorithm.
fn plain_ecdsa_hash(algorithm: &[u8]) -> Option<HashAlgorithm> {
    match algorithm.strip_prefix(PLAIN_ECDSA)? {
        [1] => Some(HashAlgorithm::Sha1),
        [2] => Some(HashAlgorithm::Sha224),
        [3] => Some(HashAlgorithm::Sha256),
        [4] => Some(HashAlgorithm::Sha384),
        [5] => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

/// The hashes of ISO/IEC 10118 by their number in the trailer.
const TRAILERS: [(Trailer, HashAlgorithm); 6] = [
    (Trailer::Implicit, HashAlgorithm::Sha1),
    (Trailer::Explicit(0x33), HashAlgorithm::Sha1),
    (Trailer::Explicit(0x34), HashAlgorithm::Sha256),
    (Trailer::Explicit(0x35), HashAlgorithm::Sha512),
    (Trailer::Explicit(0x36), HashAlgorithm::Sha384),
    (Trailer::Explicit(0x38), HashAlgorithm::Sha224),
];

/// `6A ‖ M1 ‖ H(M1 ‖ challenge) ‖ trailer` (ISO/IEC 9796-2 scheme 1).
fn opens(key: &PublicKey, challenge: &[u8], signature: &[u8]) -> Result<(), DocumentError> {
    require(CLAUSE, signature.len() == key.size(), || {
        format!(
            "a signature of {} bytes, the key has {}",
            signature.len(),
            key.size()
        )
    })?;
    let opened = TRAILERS.into_iter().find_map(|(trailer, hash)| {
        let parts = recover_with_trailer(key, signature, hash.digest_len(), trailer).ok()?;
        Some((parts, hash))
    });
    let ((m1, digest), hash) = opened.ok_or_else(|| {
        let detail = "the answer does not open to 6A … BC or CC with the key of EF.DG15";
        DocumentError::broken("ISO/IEC 9796-2 scheme 1", detail)
    })?;
    require(
        CLAUSE,
        ct::eq(&hash.digest(&[&m1, challenge]), &digest),
        || "the hash in the signature does not cover this challenge".to_owned(),
    )
}
