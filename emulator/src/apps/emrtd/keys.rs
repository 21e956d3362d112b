//! What the document side knows besides its files: the passwords printed on the card, the protocols it offers, its static
//! keys, and the authority that certifies terminals. Personalisation fills these; nothing here speaks APDUs.

use super::password::{Can, MrzInformation};
use super::terminal_certificate::{CvDate, CvPublicKey};
use cie_crypto::dh::Group;
use cie_crypto::ec::{Curve, Scalar};
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::iso9796::Trailer;
use cie_crypto::rsa::PrivateKey;
use cie_crypto::suite::Suite;
use core::fmt;
use zeroize::Zeroizing;

/// Keys and parameters of the document application.
#[derive(Clone, Debug)]
pub struct Keys {
    /// What BAC, and PACE with password 1, prove knowledge of.
    pub mrz: MrzInformation,
    /// What PACE with password 2 proves knowledge of.
    pub can: Can,
    /// What EF.CardAccess offers, in its order; empty on a card without PACE.
    pub pace: Vec<PaceOffer>,
    /// The keys of EF.DG14, in its order.
    pub chip_authentication: Vec<ChipAuthenticationKey>,
    /// The key of EF.DG15, if there is one; a CIE has none.
    pub active_authentication: Option<ActiveAuthenticationKey>,
    /// Who certifies the terminals that may read EF.DG3; without it Terminal Authentication is not supported.
    pub terminal_authentication: Option<Cvca>,
}

/// A group modulo a prime, or a curve (ICAO 9303-11 table 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Diffie-Hellman modulo a prime.
    Modular(Group),
    /// Diffie-Hellman on a curve.
    Elliptic(Curve),
}

impl Domain {
    /// The domain with this standardised id: 0 to 2 modular, 12, 13, 15, 16, 18 elliptic; `None` for the others.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        let modular = Group::from_domain_parameter_id(id)
            .cloned()
            .map(Self::Modular);
        modular.or_else(|| Curve::from_domain_parameter_id(id).map(Self::Elliptic))
    }

    /// The standardised id; `None` for a group of one's own.
    #[must_use]
    pub fn id(&self) -> Option<u8> {
        match self {
            Self::Modular(group) => group.domain_parameter_id(),
            Self::Elliptic(curve) => Some(curve.domain_parameter_id()),
        }
    }
}

/// One PACE protocol with its domain parameters: a PACEInfo. The mapping is always the generic one; integrated and chip
/// authentication mapping are not implemented, and were not found on any CIE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceOffer {
    /// Domain parameters; they decide between DH and ECDH.
    pub domain: Domain,
    /// Cipher and MAC of the session.
    pub suite: Suite,
}

impl PaceOffer {
    /// An offer by the standardised domain parameters' id; `None` for an id that [`Domain::from_id`] does not know.
    #[must_use]
    pub fn new(parameter_id: u8, suite: Suite) -> Option<Self> {
        let domain = Domain::from_id(parameter_id)?;
        Some(Self { domain, suite })
    }

    /// Value of the object identifier `id-PACE-{DH,ECDH}-GM-…`, without tag and length.
    #[must_use]
    pub const fn oid(&self) -> [u8; 10] {
        let mapping = match self.domain {
            Domain::Modular(_) => 1,
            Domain::Elliptic(_) => 2,
        };
        let suite = self.suite.oid_suffix();
        [
            0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04, mapping, suite,
        ]
    }
}

/// A static private key in a domain.
#[derive(Clone)]
pub enum StaticKey {
    /// An exponent in a group modulo a prime.
    Modular {
        /// The group.
        group: Group,
        /// The exponent, big-endian.
        exponent: Zeroizing<Vec<u8>>,
    },
    /// A scalar of a curve.
    Elliptic(Scalar),
}

impl StaticKey {
    /// The public key: as long as the prime, or an uncompressed point.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        match self {
            Self::Modular { group, exponent } => group.public_value(exponent),
            Self::Elliptic(scalar) => scalar.public().encoded().to_vec(),
        }
    }
}

impl fmt::Debug for StaticKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Modular { group, .. } => write!(f, "StaticKey({group:?})"),
            Self::Elliptic(scalar) => write!(f, "StaticKey({})", scalar.curve()),
        }
    }
}

/// A key of Chip Authentication version 1 with its protocol: a ChipAuthenticationInfo and its public key info.
#[derive(Clone, Debug)]
pub struct ChipAuthenticationKey {
    /// The key id, big-endian as in DO `84`, where EF.DG14 gives one.
    pub key_id: Option<Vec<u8>>,
    /// Cipher and MAC of the session it opens.
    pub suite: Suite,
    /// The private key.
    pub key: StaticKey,
}

impl ChipAuthenticationKey {
    /// Value of the object identifier `id-CA-{DH,ECDH}-…`, without tag and length.
    #[must_use]
    pub const fn oid(&self) -> [u8; 10] {
        let agreement = match self.key {
            StaticKey::Modular { .. } => 1,
            StaticKey::Elliptic(_) => 2,
        };
        let suite = self.suite.oid_suffix();
        [
            0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, agreement, suite,
        ]
    }
}

/// The key of Active Authentication (ICAO 9303-11 §6.1).
#[derive(Clone, Debug)]
pub enum ActiveAuthenticationKey {
    /// ISO/IEC 9796-2 scheme 1.
    Rsa {
        /// The private key; its modulus starts with a byte above `6A`.
        key: PrivateKey,
        /// Hash of the message.
        hash: HashAlgorithm,
        /// End of the block: implicit (`BC`) for SHA-1 only, explicit for every hash.
        trailer: Trailer,
    },
    /// ECDSA with the plain signature format.
    Ecdsa {
        /// The private key.
        key: Scalar,
        /// Hash of the challenge.
        hash: HashAlgorithm,
    },
}

/// The country verifying certification authority a card trusts (TR-03110-3 appendix C), and the card's idea of today.
#[derive(Clone, Debug)]
pub struct Cvca {
    /// Certification authority reference, up to 16 characters, as in EF.CVCA.
    pub reference: Vec<u8>,
    /// Its public key.
    pub key: CvPublicKey,
    /// Last day of its validity.
    pub expires: CvDate,
    /// The card's current date: certificates that expired before it are refused. A real card moves it forward with every
    /// certificate it accepts; this one keeps the date it was personalised with, so that a run can be repeated.
    pub today: CvDate,
}
