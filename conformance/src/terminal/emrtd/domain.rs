//! Domain parameters of the document's key agreements: groups modulo a prime and elliptic curves behind one face
//! (ICAO 9303-11 §9.5). The terminal's own values are made here, the card's are checked before they are used.

use cie_crypto::dh::Group;
use cie_crypto::ec::{Curve, Point, Scalar};
use cie_crypto::hash;
use cie_crypto::random::RandomSource;
use zeroize::Zeroizing;

use super::DocumentError;
use super::error::{card_point, card_value};

/// Domain parameters with a generator: the standard's, or the one that a mapping has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// A group modulo a prime.
    Prime(Group),
    /// A curve with a generator.
    Curve(Point),
}

/// A private key of the terminal with its public half.
#[derive(Clone)]
pub struct KeyPair {
    /// The number, big-endian.
    pub private: Zeroizing<Vec<u8>>,
    /// The number of the group, as long as the prime, or the uncompressed point.
    pub public: Vec<u8>,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({} bytes public)", self.public.len())
    }
}

/// Draws tried for a key with a property that one key in some hundred has.
const DRAWS: usize = 20_000;

impl Domain {
    /// The standardised parameters with this id (ICAO 9303-11 table 6).
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] for an id that this judge cannot compute with.
    pub fn standardised(id: u8) -> Result<Self, DocumentError> {
        if let Some(group) = Group::from_domain_parameter_id(id) {
            return Ok(Self::Prime(group.clone()));
        }
        let curve = Curve::from_domain_parameter_id(id).ok_or_else(|| {
            DocumentError::Terminals(format!(
                "domain parameters {id} are none that this judge can compute with: 0, 1, 2, 12, 13, 15, 16 and 18 are"
            ))
        })?;
        Ok(Self::Curve(Point::generator(curve)))
    }

    /// A fresh key whose public value begins with a byte other than zero, so that every encoding of it is the same.
    #[must_use]
    pub fn fresh(&self, random: &mut dyn RandomSource) -> KeyPair {
        self.fresh_with(random, |public| public.first() != Some(&0))
    }

    /// A fresh key whose public value fits; the last one drawn when none does.
    pub fn fresh_with(
        &self,
        random: &mut dyn RandomSource,
        fits: impl Fn(&[u8]) -> bool,
    ) -> KeyPair {
        let mut pair = self.draw(random);
        for _ in 0..DRAWS {
            if fits(&pair.public) {
                break;
            }
            pair = self.draw(random);
        }
        pair
    }

    fn draw(&self, random: &mut dyn RandomSource) -> KeyPair {
        match self {
            Self::Prime(group) => {
                let private = group.random_exponent(random);
                KeyPair {
                    public: group.public_value(&private),
                    private,
                }
            }
            Self::Curve(generator) => {
                let private = Scalar::random(generator.curve(), random);
                // Both are of one curve of prime order: there is always a point.
                let public = generator
                    .mul(&private)
                    .map(|point| point.encoded().to_vec());
                KeyPair {
                    private: private.to_bytes(),
                    public: public.unwrap_or_default(),
                }
            }
        }
    }

    /// The shared secret with the card's value: as long as the prime, or the x-coordinate.
    ///
    /// # Errors
    /// [`DocumentError::Broken`] when the value is none of these parameters.
    pub fn agree(&self, private: &[u8], card: &[u8]) -> Result<Zeroizing<Vec<u8>>, DocumentError> {
        match self {
            Self::Prime(group) => group.shared_secret(private, card).map_err(card_value),
            Self::Curve(generator) => {
                let point = shared_point(generator.curve(), private, card)?;
                Ok(Zeroizing::new(point.x().to_vec()))
            }
        }
    }

    /// Generic mapping: the same parameters with the generator of nonce and shared secret (ICAO 9303-11 §4.4.3.3.1).
    ///
    /// # Errors
    /// [`DocumentError::Broken`] when the card's value is none of these parameters.
    pub fn mapped(&self, nonce: &[u8], private: &[u8], card: &[u8]) -> Result<Self, DocumentError> {
        match self {
            Self::Prime(group) => {
                let shared = group.shared_secret(private, card).map_err(card_value)?;
                group
                    .map_nonce(nonce, &shared)
                    .map(Self::Prime)
                    .map_err(card_value)
            }
            Self::Curve(generator) => {
                let shared = shared_point(generator.curve(), private, card)?;
                Point::map_nonce(nonce, &shared)
                    .map(Self::Curve)
                    .map_err(card_point)
            }
        }
    }

    /// Bytes of a public value: the prime's length, or the uncompressed point's.
    #[must_use]
    pub fn public_length(&self) -> usize {
        match self {
            Self::Prime(group) => group.size(),
            Self::Curve(generator) => 1 + 2 * generator.curve().size(),
        }
    }

    /// The prime, big-endian.
    #[must_use]
    pub fn prime(&self) -> Vec<u8> {
        match self {
            Self::Prime(group) => group.p().to_vec(),
            Self::Curve(generator) => generator.curve().parameters().p,
        }
    }

    /// Tag of a public value in an authentication token: 84 for a number, 86 for a point (ICAO 9303-11 §9.4).
    #[must_use]
    pub const fn token_tag(&self) -> u32 {
        match self {
            Self::Prime(_) => 0x84,
            Self::Curve(_) => 0x86,
        }
    }

    /// The short form of a public value that terminal authentication signs: SHA-1 of a number, the x-coordinate of a point
    /// (TR-03110 part 3 §A.2.2.3).
    #[must_use]
    pub fn compressed(&self, public: &[u8]) -> Vec<u8> {
        match self {
            Self::Prime(_) => hash::sha1(&[public]).to_vec(),
            Self::Curve(generator) => {
                let size = generator.curve().size();
                public.get(1..=size).unwrap_or_default().to_vec()
            }
        }
    }
}

fn shared_point(curve: Curve, private: &[u8], card: &[u8]) -> Result<Point, DocumentError> {
    let private = Scalar::new(curve, private).map_err(DocumentError::terminals)?;
    let card = Point::decode(curve, card).map_err(card_point)?;
    card.mul(&private).map_err(card_point)
}
