//! The curves, by name, by domain parameter id, and as numbers.

use core::fmt;

use primeorder::{FieldBytes, PrimeCurveParams, PrimeField};

/// A curve of ICAO 9303-11 table 6 that the kept crates implement; the 192- and 224-bit ones and brainpoolP320r1 and
/// brainpoolP512r1 are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// secp256r1, domain parameter id 12.
    P256,
    /// brainpoolP256r1, domain parameter id 13.
    BrainpoolP256r1,
    /// secp384r1, domain parameter id 15.
    P384,
    /// brainpoolP384r1, domain parameter id 16.
    BrainpoolP384r1,
    /// secp521r1, domain parameter id 18.
    P521,
}

/// A curve as numbers, big-endian, each [`Curve::size`] bytes long (the generator one more than twice that).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainParameters {
    /// The prime of the field.
    pub p: Vec<u8>,
    /// First coefficient.
    pub a: Vec<u8>,
    /// Second coefficient.
    pub b: Vec<u8>,
    /// The generator, uncompressed.
    pub g: Vec<u8>,
    /// Its order; the cofactor is 1.
    pub n: Vec<u8>,
}

/// Runs `$body` with `$c` standing for the type of the curve.
macro_rules! on {
    ($curve:expr, $c:ident => $body:expr) => {
        match $curve {
            $crate::ec::Curve::P256 => {
                type $c = p256::NistP256;
                $body
            }
            $crate::ec::Curve::BrainpoolP256r1 => {
                type $c = bp256::BrainpoolP256r1;
                $body
            }
            $crate::ec::Curve::P384 => {
                type $c = p384::NistP384;
                $body
            }
            $crate::ec::Curve::BrainpoolP384r1 => {
                type $c = bp384::BrainpoolP384r1;
                $body
            }
            $crate::ec::Curve::P521 => {
                type $c = p521::NistP521;
                $body
            }
        }
    };
}
pub(crate) use on;

impl Curve {
    /// All of them, by domain parameter id.
    pub const ALL: [Self; 5] = [
        Self::P256,
        Self::BrainpoolP256r1,
        Self::P384,
        Self::BrainpoolP384r1,
        Self::P521,
    ];

    /// The standardised domain parameters' id (ICAO 9303-11 table 6).
    #[must_use]
    pub const fn domain_parameter_id(self) -> u8 {
        match self {
            Self::P256 => 12,
            Self::BrainpoolP256r1 => 13,
            Self::P384 => 15,
            Self::BrainpoolP384r1 => 16,
            Self::P521 => 18,
        }
    }

    /// The curve with this id; `None` for ids of groups modulo a prime and of curves that are not here.
    #[must_use]
    pub fn from_domain_parameter_id(id: u8) -> Option<Self> {
        (Self::ALL.into_iter()).find(|curve| curve.domain_parameter_id() == id)
    }

    /// Length of a coordinate, and of the order, in bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::P256 | Self::BrainpoolP256r1 => 32,
            Self::P384 | Self::BrainpoolP384r1 => 48,
            Self::P521 => 66,
        }
    }

    /// The curve as numbers.
    #[must_use]
    pub fn parameters(self) -> DomainParameters {
        on!(self, C => parameters::<C>(super::Point::generator(self).encoded))
    }

    /// Which bits of a scalar's first byte the order uses.
    pub(super) const fn top_mask(self) -> u8 {
        match self {
            Self::P521 => 0x01,
            Self::P256 | Self::BrainpoolP256r1 | Self::P384 | Self::BrainpoolP384r1 => 0xFF,
        }
    }
}

fn parameters<C: PrimeCurveParams>(g: Vec<u8>) -> DomainParameters {
    // Both moduli are odd, so the number before each differs in the last bit only.
    let one_more = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if let Some(last) = bytes.last_mut() {
            *last |= 1;
        }
        bytes
    };
    let field = |element: C::FieldElement| -> FieldBytes<C> { element.to_repr() };
    let minus_one: C::Scalar = -<C::Scalar as primeorder::Field>::ONE;
    DomainParameters {
        p: one_more(&field(-<C::FieldElement as primeorder::Field>::ONE)),
        a: field(C::EQUATION_A).to_vec(),
        b: field(C::EQUATION_B).to_vec(),
        g,
        n: one_more(&minus_one.to_repr()),
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "secp256r1",
            Self::BrainpoolP256r1 => "brainpoolP256r1",
            Self::P384 => "secp384r1",
            Self::BrainpoolP384r1 => "brainpoolP384r1",
            Self::P521 => "secp521r1",
        })
    }
}
