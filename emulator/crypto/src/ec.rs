//! Elliptic curves of ICAO 9303-11 §9.5.1: points in their uncompressed encoding (BSI TR-03111 §3.2.1), multiplication of
//! any point, addition, ECDH and ECDSA. The arithmetic comes from the RustCrypto crates; every point here is on its curve
//! and none is the point at infinity, because nothing else can be made.

pub(crate) mod arithmetic;
mod curve;
pub mod ecdsa;

pub(crate) use curve::on;
pub use curve::{Curve, DomainParameters};

use core::fmt;

use primeorder::ProjectivePoint;
use primeorder::elliptic_curve::group::Group as _;
use zeroize::Zeroizing;

use crate::backend::{Multiples as _, chosen};
use crate::random::RandomSource;
use arithmetic::{affine, encode};

/// Why a point or a scalar was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EcError {
    /// Not `04 ‖ x ‖ y` with two coordinates of the field's length.
    #[error(
        "{length} bytes, beginning with {first:02X?}, are no uncompressed point of {curve}; send 04, x and y"
    )]
    Encoding {
        /// The curve.
        curve: Curve,
        /// Length of the encoding in bytes.
        length: usize,
        /// Its first byte.
        first: Option<u8>,
    },
    /// The coordinates do not satisfy the curve's equation.
    #[error("the point is not on {0}; end the key agreement")]
    NotOnCurve(Curve),
    /// A sum or product came out as the point at infinity, which no protocol accepts.
    #[error("the result is the point at infinity; end the key agreement")]
    Infinity,
    /// A scalar that is not between 1 and n−1.
    #[error("a scalar of {0} lies between 1 and the order of its generator; draw another")]
    Scalar(Curve),
    /// Two points or a point and a scalar of different curves.
    #[error("a point of {0} and one of {1} have no sum; take one curve for the whole protocol")]
    DifferentCurves(Curve, Curve),
}

/// A point of a curve, not the point at infinity.
#[derive(Clone, PartialEq, Eq)]
pub struct Point {
    curve: Curve,
    /// `04 ‖ x ‖ y`; on the curve, by construction.
    encoded: Vec<u8>,
}

/// A number from 1 to n−1: a private key, or a nonce as a number.
#[derive(Clone)]
pub struct Scalar {
    curve: Curve,
    /// As long as the order.
    bytes: Zeroizing<Vec<u8>>,
}

impl Point {
    /// Reads `04 ‖ x ‖ y`, coordinates of exactly [`Curve::size`] bytes, and checks that the point is on the curve.
    ///
    /// # Errors
    /// [`EcError::Encoding`], [`EcError::NotOnCurve`].
    pub fn decode(curve: Curve, encoded: &[u8]) -> Result<Self, EcError> {
        if encoded.first() != Some(&0x04) || encoded.len() != 1 + 2 * curve.size() {
            return Err(EcError::Encoding {
                curve,
                length: encoded.len(),
                first: encoded.first().copied(),
            });
        }
        match on!(curve, C => affine::<C>(encoded).is_some()) {
            true => Ok(Self {
                curve,
                encoded: encoded.to_vec(),
            }),
            false => Err(EcError::NotOnCurve(curve)),
        }
    }

    /// The curve's generator.
    #[must_use]
    pub fn generator(curve: Curve) -> Self {
        let encoded = on!(curve, C => encode::<C>(ProjectivePoint::<C>::generator()));
        // The generator is not the point at infinity, so there is always an encoding.
        let encoded = encoded.unwrap_or_default();
        Self { curve, encoded }
    }

    /// The curve it is on.
    #[must_use]
    pub const fn curve(&self) -> Curve {
        self.curve
    }

    /// `04 ‖ x ‖ y`, 1 + 2 × [`Curve::size`] bytes.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// The x-coordinate, [`Curve::size`] bytes: the shared secret of ECDH, and the compressed form of TR-03110.
    #[must_use]
    pub fn x(&self) -> &[u8] {
        let size = self.curve.size();
        self.encoded.get(1..=size).unwrap_or_default()
    }

    /// This point times `scalar`.
    ///
    /// # Errors
    /// [`EcError::DifferentCurves`]; [`EcError::Infinity`] never, since the orders of these curves are prime.
    pub fn mul(&self, scalar: &Scalar) -> Result<Self, EcError> {
        self.same_curve(scalar.curve)?;
        self.with(chosen::Points::point(
            self.curve,
            &self.encoded,
            &scalar.bytes,
        ))
    }

    /// This point plus another.
    ///
    /// # Errors
    /// [`EcError::Infinity`] when they are each other's negative, [`EcError::DifferentCurves`].
    pub fn add(&self, other: &Self) -> Result<Self, EcError> {
        self.same_curve(other.curve)?;
        let encoded = on!(self.curve, C => {
            let one = affine::<C>(&self.encoded).ok_or(EcError::NotOnCurve(self.curve))?;
            let two = affine::<C>(&other.encoded).ok_or(EcError::NotOnCurve(self.curve))?;
            encode::<C>(ProjectivePoint::<C>::from(one) + ProjectivePoint::<C>::from(two))
        });
        self.with(encoded)
    }

    /// Generic mapping (ICAO 9303-11 §4.4.3.3.1): the new generator `nonce · G + shared`, from the nonce as a big-endian
    /// number of at most the order's length and the shared point of the mapping exchange.
    ///
    /// # Errors
    /// [`EcError::Scalar`] when the nonce is a multiple of the order, [`EcError::Infinity`].
    pub fn map_nonce(nonce: &[u8], shared: &Self) -> Result<Self, EcError> {
        let nonce = Scalar::new(shared.curve, nonce)?;
        nonce.public().add(shared)
    }

    fn with(&self, encoded: Option<Vec<u8>>) -> Result<Self, EcError> {
        let encoded = encoded.ok_or(EcError::Infinity)?;
        Ok(Self {
            curve: self.curve,
            encoded,
        })
    }

    fn same_curve(&self, other: Curve) -> Result<(), EcError> {
        match self.curve == other {
            true => Ok(()),
            false => Err(EcError::DifferentCurves(self.curve, other)),
        }
    }
}

impl Scalar {
    /// A scalar from a big-endian number with or without leading zeros.
    ///
    /// # Errors
    /// [`EcError::Scalar`] unless it is between 1 and n−1.
    pub fn new(curve: Curve, number: &[u8]) -> Result<Self, EcError> {
        let value = crate::modular::minimal(number);
        let size = curve.size();
        if value.is_empty() || value.len() > size {
            return Err(EcError::Scalar(curve));
        }
        let mut bytes = Zeroizing::new(vec![0; size]);
        bytes[size - value.len()..].copy_from_slice(value);
        match on!(curve, C => arithmetic::number::<C>(&bytes).is_some()) {
            true => Ok(Self { curve, bytes }),
            false => Err(EcError::Scalar(curve)),
        }
    }

    /// A private key: drawn with one `fill` of [`Curve::size`] bytes for each candidate, cut to the bit length of the order, and
    /// drawn again when out of range.
    #[must_use]
    pub fn random(curve: Curve, random: &mut dyn RandomSource) -> Self {
        let mut candidate = Zeroizing::new(vec![0; curve.size()]);
        // A source that fails this often gives no random bytes (say, a constant in a test): one is as good as any other then.
        for _ in 0..128 {
            random.fill(&mut candidate);
            candidate[0] &= curve.top_mask();
            if let Ok(scalar) = Self::new(curve, &candidate) {
                return scalar;
            }
        }
        let mut bytes = Zeroizing::new(vec![0; curve.size()]);
        if let Some(last) = bytes.last_mut() {
            *last = 1;
        }
        Self { curve, bytes }
    }

    /// The curve whose order bounds it.
    #[must_use]
    pub const fn curve(&self) -> Curve {
        self.curve
    }

    /// Big-endian, [`Curve::size`] bytes. This is the secret itself.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.bytes.clone()
    }

    /// The public key: the generator times this scalar.
    #[must_use]
    pub fn public(&self) -> Point {
        let encoded = chosen::Points::generator(self.curve, &self.bytes);
        // In range by construction and the order is prime, so there is always an encoding.
        Point {
            curve: self.curve,
            encoded: encoded.unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Point({})", self.curve)
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scalar({})", self.curve)
    }
}
