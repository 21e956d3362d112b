//! Key agreement over either kind of domain, as PACE and Chip Authentication use it: a base element, key pairs on it, what
//! two sides share, and the next base of the generic mapping. Encodings are those that go over the wire.

use super::keys::{Domain, StaticKey};
use cie_crypto::dh::Group;
use cie_crypto::ec::{Point, Scalar};
use cie_crypto::hash::sha1;
use cie_crypto::random::RandomSource;
use zeroize::Zeroizing;

/// How often a modular key is drawn again when its public value begins with a zero byte: readers strip such bytes or keep
/// them, and would compute another token. A source that never gives another value is taken at its word.
const DRAWS: usize = 64;

/// The terminal's value is no value of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadKey;

/// A base element with its domain: the standard's generator, or a mapped one.
#[derive(Clone)]
pub(super) enum Base {
    Modular(Group),
    Elliptic(Point),
}

/// A private key and the public one that belongs to it on some base.
#[derive(Clone)]
pub(super) struct KeyPair {
    private: StaticKey,
    /// As long as the prime, or an uncompressed point.
    pub(super) public: Vec<u8>,
}

/// What both sides of an agreement know.
pub(super) enum Shared {
    Modular(Zeroizing<Vec<u8>>),
    Elliptic(Point),
}

impl Base {
    pub(super) fn of(domain: &Domain) -> Self {
        match domain {
            Domain::Modular(group) => Self::Modular(group.clone()),
            Domain::Elliptic(curve) => Self::Elliptic(Point::generator(*curve)),
        }
    }

    /// Draws a key pair on this base.
    pub(super) fn draw(&self, random: &mut dyn RandomSource) -> Result<KeyPair, BadKey> {
        match self {
            Self::Modular(group) => Ok(draw_modular(group, random)),
            Self::Elliptic(point) => {
                let scalar = Scalar::random(point.curve(), random);
                let public = point.mul(&scalar).map_err(|_| BadKey)?;
                Ok(KeyPair {
                    private: StaticKey::Elliptic(scalar),
                    public: public.encoded().to_vec(),
                })
            }
        }
    }

    /// The base of the second agreement (ICAO 9303-11 §4.4.3.3.1).
    pub(super) fn map(&self, nonce: &[u8], shared: &Shared) -> Result<Self, BadKey> {
        match (self, shared) {
            (Self::Modular(group), Shared::Modular(secret)) => {
                let mapped = group.map_nonce(nonce, secret).map_err(|_| BadKey)?;
                Ok(Self::Modular(mapped))
            }
            (Self::Elliptic(_), Shared::Elliptic(point)) => {
                let mapped = Point::map_nonce(nonce, point).map_err(|_| BadKey)?;
                Ok(Self::Elliptic(mapped))
            }
            (Self::Modular(_), Shared::Elliptic(_)) | (Self::Elliptic(_), Shared::Modular(_)) => {
                Err(BadKey)
            }
        }
    }

    /// Tag of a public key of this domain in the data that tokens are made over.
    pub(super) const fn public_key_tag(&self) -> u32 {
        match self {
            Self::Modular(_) => 0x84,
            Self::Elliptic(_) => 0x86,
        }
    }

    /// The short form of a public key (TR-03110-3 §A.2.2.3): SHA-1 of a number as it was sent, x of a point.
    pub(super) fn compress(&self, public: &[u8]) -> Vec<u8> {
        match self {
            Self::Modular(_) => sha1(&[public]).to_vec(),
            Self::Elliptic(point) => {
                let size = point.curve().size();
                public.get(1..=size).unwrap_or_default().to_vec()
            }
        }
    }
}

fn draw_modular(group: &Group, random: &mut dyn RandomSource) -> KeyPair {
    let draw = |random: &mut dyn RandomSource| {
        let exponent = group.random_exponent(random);
        let public = group.public_value(&exponent);
        (exponent, public)
    };
    let mut drawn = draw(random);
    for _ in 0..DRAWS {
        if drawn.1.first() != Some(&0) {
            break;
        }
        drawn = draw(random);
    }
    let (exponent, public) = drawn;
    let group = group.clone();
    KeyPair {
        private: StaticKey::Modular { group, exponent },
        public,
    }
}

impl KeyPair {
    /// The pair of a static key on its domain's own base.
    pub(super) fn of(key: &StaticKey) -> (Base, Self) {
        let base = match key {
            StaticKey::Modular { group, .. } => Base::Modular(group.clone()),
            StaticKey::Elliptic(scalar) => Base::Elliptic(Point::generator(scalar.curve())),
        };
        let pair = Self {
            private: key.clone(),
            public: key.public(),
        };
        (base, pair)
    }

    /// What this side shares with the owner of `peer`, a number of at most the prime's length (leading zeros or none) or an
    /// uncompressed point. The card's own public key is refused. With `strict`, a number must lie in the subgroup.
    pub(super) fn agree(&self, peer: &[u8], strict: bool) -> Result<Shared, BadKey> {
        if peer == self.public {
            return Err(BadKey);
        }
        match &self.private {
            StaticKey::Modular { group, exponent } => {
                let secret = group.shared_secret(exponent, peer).map_err(|_| BadKey)?;
                if strict && !group.is_in_subgroup(peer) {
                    return Err(BadKey);
                }
                Ok(Shared::Modular(secret))
            }
            StaticKey::Elliptic(scalar) => {
                let peer = Point::decode(scalar.curve(), peer).map_err(|_| BadKey)?;
                peer.mul(scalar).map(Shared::Elliptic).map_err(|_| BadKey)
            }
        }
    }
}

impl Shared {
    /// What keys are derived from: as long as the prime, or the x-coordinate.
    pub(super) fn secret(&self) -> &[u8] {
        match self {
            Self::Modular(secret) => secret,
            Self::Elliptic(point) => point.x(),
        }
    }
}
