//! The boundary to the arithmetic that takes time: powers modulo one number, RSA private operations, and multiples of points.
//! Two implementations stand behind it and give the same bytes: `pure`, in Rust, which builds anywhere and is always there,
//! and `system`, the machine's OpenSSL, with the cargo feature `openssl`.
//!
//! What does not pass through here was measured to be as quick in Rust: ciphers, MACs, hashes, the other curves. Where
//! OpenSSL refuses or fails, the pure implementation answers.

pub(crate) mod pure;
#[cfg(feature = "openssl")]
pub(crate) mod system;

#[cfg(not(feature = "openssl"))]
pub(crate) use pure as chosen;
#[cfg(feature = "openssl")]
pub(crate) use system as chosen;

use crypto_bigint::modular::BoxedMontyParams;
use crypto_bigint::{BoxedUint, Odd};

use crate::ec::Curve;

/// Powers modulo one odd number above one. Numbers given and returned are below it and as wide as it is.
pub(crate) trait Powers: Clone {
    /// Time depends on the modulus only through its length.
    fn new(modulus: Odd<BoxedUint>) -> Self;

    /// The same for a modulus that everybody may know.
    fn public(modulus: Odd<BoxedUint>) -> Self;

    /// The Montgomery parameters, for everything that is no power.
    fn params(&self) -> &BoxedMontyParams;

    /// The base to the exponent; the exponent shows in the time taken.
    fn power_public(&self, base: &BoxedUint, exponent: &BoxedUint) -> BoxedUint;

    /// The base to the lowest `bits` bits of the exponent, which are all it has; only their number shows in the time taken.
    fn power_secret(&self, base: &BoxedUint, exponent: &BoxedUint, bits: u32) -> BoxedUint;
}

/// The numbers of an RSA key with two primes, big-endian.
#[cfg_attr(
    not(feature = "openssl"),
    allow(dead_code, reason = "the pure implementation has no whole operation")
)]
pub(crate) struct RsaNumbers<'a> {
    pub(crate) modulus: &'a [u8],
    pub(crate) public_exponent: &'a [u8],
    pub(crate) exponent: &'a [u8],
    pub(crate) p: &'a [u8],
    pub(crate) q: &'a [u8],
    pub(crate) exponent_p: &'a [u8],
    pub(crate) exponent_q: &'a [u8],
    pub(crate) q_inverse: &'a [u8],
}

/// The private operation of one RSA key as a whole, where that is quicker than two powers and their combination.
pub(crate) trait WholeRsa: Sized {
    /// `None` when two powers are better.
    fn new(numbers: &RsaNumbers<'_>) -> Option<Self>;

    /// A block as long as the modulus and below it, to the private exponent; as long again. `None` when it failed.
    fn apply(&self, block: &[u8]) -> Option<Vec<u8>>;
}

/// Multiples of points, uncompressed; scalars as long as the order, between 1 and one less than it (in `sum`, zero too).
pub(crate) trait Multiples {
    /// The point times the scalar.
    fn point(curve: Curve, point: &[u8], scalar: &[u8]) -> Option<Vec<u8>>;

    /// The generator times the scalar.
    fn generator(curve: Curve, scalar: &[u8]) -> Option<Vec<u8>>;

    /// The generator times the first scalar plus the point times the second; the scalars show in the time taken. `None` for
    /// the point at infinity.
    fn sum(curve: Curve, first: &[u8], point: &[u8], second: &[u8]) -> Option<Vec<u8>>;
}

/// Which implementation this build computes with, for reports: `pure Rust` or `OpenSSL`.
#[must_use]
pub const fn name() -> &'static str {
    chosen::NAME
}

#[cfg(all(test, feature = "openssl"))]
mod tests;
