//! Card verifiable certificates of Terminal Authentication version 1 (TR-03110-3 appendix C and D): read, and verified with
//! the key of whoever issued them. Which certificates follow each other is decided elsewhere.

use crate::wire::tlv::{Objects, Tag, Tlv};
use cie_crypto::ec::{Curve, Point, ecdsa};
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::rsa::PublicKey;
use cie_crypto::{pkcs1, pss};
use core::fmt;
use thiserror::Error;

/// A day of a certificate, from 2000 to 2099.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CvDate([u8; 6]);

impl CvDate {
    /// From year, month and day; `None` outside 2000 to 2099, months 1 to 12 and days 1 to 31.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let year = u8::try_from(year.checked_sub(2000)?).ok()?;
        if year > 99 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        Some(Self([
            year / 10,
            year % 10,
            month / 10,
            month % 10,
            day / 10,
            day % 10,
        ]))
    }

    /// From the value of DO `5F25` or `5F24`: YYMMDD, one digit in each byte.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [y, ear, m, onth, d, ay] = *bytes else {
            return None;
        };
        if bytes.iter().any(|digit| *digit > 9) {
            return None;
        }
        let number = |tens: u8, ones: u8| tens.saturating_mul(10).saturating_add(ones);
        let year = u16::from(number(y, ear)).saturating_add(2000);
        Self::new(year, number(m, onth), number(d, ay))
    }

    /// The value of DO `5F25` or `5F24`.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Debug for CvDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [y, ear, m, onth, d, ay] = self.0;
        write!(f, "20{y}{ear}-{m}{onth}-{d}{ay}")
    }
}

/// How RSA signatures of terminals and authorities are padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaPadding {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1,
    /// RSASSA-PSS, salt as long as the hash.
    Pss,
}

/// A public key of Terminal Authentication with its signature algorithm (TR-03110-3 §A.6.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CvPublicKey {
    /// `id-TA-RSA-…`.
    Rsa {
        /// The key.
        key: PublicKey,
        /// Padding.
        padding: RsaPadding,
        /// Hash.
        hash: HashAlgorithm,
    },
    /// `id-TA-ECDSA-…`, plain signature format.
    Ecdsa {
        /// The key.
        key: Point,
        /// Hash.
        hash: HashAlgorithm,
    },
}

/// The arc of `id-TA`: 0.4.0.127.0.7.2.2.2.
const ID_TA: [u8; 8] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02];

impl CvPublicKey {
    /// Value of the object identifier, without tag and length; `None` for a hash the standard gives no identifier.
    #[must_use]
    pub fn oid(&self) -> Option<[u8; 10]> {
        let (arc, algorithm) = match self {
            Self::Rsa { padding, hash, .. } => match (padding, hash) {
                (RsaPadding::Pkcs1, HashAlgorithm::Sha1) => (1, 1),
                (RsaPadding::Pkcs1, HashAlgorithm::Sha256) => (1, 2),
                (RsaPadding::Pss, HashAlgorithm::Sha1) => (1, 3),
                (RsaPadding::Pss, HashAlgorithm::Sha256) => (1, 4),
                (RsaPadding::Pkcs1, HashAlgorithm::Sha512) => (1, 5),
                (RsaPadding::Pss, HashAlgorithm::Sha512) => (1, 6),
                (_, HashAlgorithm::Sha224 | HashAlgorithm::Sha384) => return None,
            },
            Self::Ecdsa { hash, .. } => match hash {
                HashAlgorithm::Sha1 => (2, 1),
                HashAlgorithm::Sha224 => (2, 2),
                HashAlgorithm::Sha256 => (2, 3),
                HashAlgorithm::Sha384 => (2, 4),
                HashAlgorithm::Sha512 => (2, 5),
            },
        };
        let [a, b, c, d, e, f, g, h] = ID_TA;
        Some([a, b, c, d, e, f, g, h, arc, algorithm])
    }

    /// Whether `signature` is one of `message` under this key.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa {
                key,
                padding: RsaPadding::Pkcs1,
                hash,
            } => pkcs1::verify_digest(key, *hash, message, signature).is_ok(),
            Self::Rsa {
                key,
                padding: RsaPadding::Pss,
                hash,
            } => pss::verify(key, *hash, hash.digest_len(), message, signature),
            Self::Ecdsa { key, hash } => ecdsa::verify(key, &hash.digest(&[message]), signature),
        }
    }

    /// The curve of an elliptic key, which the certificates below it inherit.
    const fn curve(&self) -> Option<Curve> {
        match self {
            Self::Rsa { .. } => None,
            Self::Ecdsa { key, .. } => Some(key.curve()),
        }
    }

    /// Reads the value of DO `7F49`; domain parameters of a curve are not looked at, `curve` is the one the chain is on.
    fn read(value: &[u8], curve: Option<Curve>) -> Result<Self, CvError> {
        let mut oid: &[u8] = &[];
        let (mut modulus, mut exponent, mut point): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        for object in Objects::new(value) {
            let object = object.map_err(|_| CvError::Malformed)?;
            match object.tag.0 {
                0x06 => oid = object.value,
                0x81 => modulus = object.value,
                0x82 => exponent = object.value,
                0x86 => point = object.value,
                _ => {}
            }
        }
        let algorithm = oid.strip_prefix(&ID_TA).ok_or(CvError::Algorithm)?;
        let rsa = |padding, hash| {
            let key = PublicKey::new(modulus, exponent).map_err(|_| CvError::Malformed)?;
            Ok(Self::Rsa { key, padding, hash })
        };
        let ecdsa = |hash| {
            let curve = curve.ok_or(CvError::Algorithm)?;
            let key = Point::decode(curve, point).map_err(|_| CvError::Malformed)?;
            Ok(Self::Ecdsa { key, hash })
        };
        match *algorithm {
            [1, 1] => rsa(RsaPadding::Pkcs1, HashAlgorithm::Sha1),
            [1, 2] => rsa(RsaPadding::Pkcs1, HashAlgorithm::Sha256),
            [1, 3] => rsa(RsaPadding::Pss, HashAlgorithm::Sha1),
            [1, 4] => rsa(RsaPadding::Pss, HashAlgorithm::Sha256),
            [1, 5] => rsa(RsaPadding::Pkcs1, HashAlgorithm::Sha512),
            [1, 6] => rsa(RsaPadding::Pss, HashAlgorithm::Sha512),
            [2, 1] => ecdsa(HashAlgorithm::Sha1),
            [2, 2] => ecdsa(HashAlgorithm::Sha224),
            [2, 3] => ecdsa(HashAlgorithm::Sha256),
            [2, 4] => ecdsa(HashAlgorithm::Sha384),
            [2, 5] => ecdsa(HashAlgorithm::Sha512),
            _ => Err(CvError::Algorithm),
        }
    }
}

/// Why a certificate is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CvError {
    /// Not the objects of a certificate.
    #[error("not the body and signature of a card verifiable certificate")]
    Malformed,
    /// A signature algorithm that Terminal Authentication does not have, or not on this chain.
    #[error("the certificate's key is for an algorithm that this chain does not use")]
    Algorithm,
    /// The signature is not its issuer's.
    #[error("the signature is not that of the key it was verified with")]
    Signature,
}

/// The role of a certificate's holder (TR-03110-3 §C.1.5, the two highest bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Country verifying certification authority.
    Cvca,
    /// Document verifier, domestic or foreign.
    DocumentVerifier,
    /// Inspection system: a terminal.
    InspectionSystem,
}

/// A certificate whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CvCertificate {
    /// Who issued it.
    pub authority: Vec<u8>,
    /// Whom it is for.
    pub holder: Vec<u8>,
    /// The holder's key.
    pub key: CvPublicKey,
    /// The holder's role.
    pub role: Role,
    /// What the holder may read: bit 1 EF.DG3, bit 2 EF.DG4.
    pub rights: u8,
    /// First day.
    pub effective: CvDate,
    /// Last day.
    pub expires: CvDate,
}

/// Object identifier of the authorisation of inspection systems, `id-IS` (0.4.0.127.0.7.3.1.2.1).
const ID_IS: [u8; 9] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02, 0x01];

impl CvCertificate {
    /// Reads body (`7F4E`) and signature (`5F37`) and verifies them with the issuer's key.
    ///
    /// # Errors
    /// [`CvError`].
    pub fn verify(data: &[u8], issuer: &CvPublicKey) -> Result<Self, CvError> {
        let (body, rest) = Tlv::read(data).map_err(|_| CvError::Malformed)?;
        let signature = Tlv::read_only(rest, Tag(0x5F37)).map_err(|_| CvError::Malformed)?;
        if body.tag != Tag(0x7F4E) {
            return Err(CvError::Malformed);
        }
        let certificate = Self::read_body(body, issuer.curve())?;
        match issuer.verifies(body.raw, signature.value) {
            true => Ok(certificate),
            false => Err(CvError::Signature),
        }
    }

    fn read_body(body: Tlv<'_>, curve: Option<Curve>) -> Result<Self, CvError> {
        let mut objects = body.children();
        let mut next = |tag: u32| match objects.next() {
            Some(Ok(object)) if object.tag.0 == tag => Ok(object.value),
            _ => Err(CvError::Malformed),
        };
        let version = next(0x5F29)?;
        let authority = next(0x42)?.to_vec();
        let key = next(0x7F49)?;
        let holder = next(0x5F20)?.to_vec();
        let (role, rights) = authorisation(next(0x7F4C)?)?;
        let effective = CvDate::from_bytes(next(0x5F25)?).ok_or(CvError::Malformed)?;
        let expires = CvDate::from_bytes(next(0x5F24)?).ok_or(CvError::Malformed)?;
        if version != [0] || authority.len() > 16 || holder.len() > 16 || holder.is_empty() {
            return Err(CvError::Malformed);
        }
        Ok(Self {
            authority,
            holder,
            key: CvPublicKey::read(key, curve)?,
            role,
            rights,
            effective,
            expires,
        })
    }
}

fn authorisation(template: &[u8]) -> Result<(Role, u8), CvError> {
    let mut objects = Objects::new(template);
    match (objects.next(), objects.next(), objects.next()) {
        (Some(Ok(oid)), Some(Ok(bits)), None)
            if oid.tag.0 == 0x06 && oid.value == ID_IS && bits.tag.0 == 0x53 =>
        {
            let [bits] = *bits.value else {
                return Err(CvError::Malformed);
            };
            let role = match bits >> 6 {
                0b11 => Role::Cvca,
                0b00 => Role::InspectionSystem,
                _ => Role::DocumentVerifier,
            };
            Ok((role, bits & 0x03))
        }
        _ => Err(CvError::Malformed),
    }
}
