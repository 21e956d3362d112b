//! The arithmetic in Rust: windowed Montgomery powers by crypto-bigint, points by the RustCrypto crates with tables of the
//! generators of the curves that have them.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, MontyForm, MontyMultiplier, Odd};

use super::Multiples;
#[cfg(not(feature = "openssl"))]
use super::{RsaNumbers, WholeRsa};
use crate::ec::{Curve, arithmetic, on};

/// See [`name`](super::name).
#[cfg(not(feature = "openssl"))]
pub(super) const NAME: &str = "pure Rust";

/// Montgomery parameters.
#[derive(Clone)]
pub(crate) struct Powers(BoxedMontyParams);

impl super::Powers for Powers {
    fn new(modulus: Odd<BoxedUint>) -> Self {
        Self(BoxedMontyParams::new(modulus))
    }

    fn public(modulus: Odd<BoxedUint>) -> Self {
        Self(BoxedMontyParams::new_vartime(modulus))
    }

    fn params(&self) -> &BoxedMontyParams {
        &self.0
    }

    fn power_public(&self, base: &BoxedUint, exponent: &BoxedUint) -> BoxedUint {
        let bits = exponent.bits_vartime();
        // Above a few machine words the windowed power is quicker than one multiplication per set bit.
        if bits > 64 || bits == 0 {
            return self.power_secret(base, exponent, bits);
        }
        let base = BoxedMontyForm::new(base.clone(), &self.0);
        let mut multiplier = <BoxedMontyForm as MontyForm>::Multiplier::from(&self.0);
        let mut power = base.clone();
        for bit in (0..bits - 1).rev() {
            multiplier.square_assign(&mut power);
            if exponent.bit_vartime(bit) {
                multiplier.mul_assign(&mut power, &base);
            }
        }
        power.retrieve()
    }

    fn power_secret(&self, base: &BoxedUint, exponent: &BoxedUint, bits: u32) -> BoxedUint {
        BoxedMontyForm::new(base.clone(), &self.0)
            .pow_bounded_exp(exponent, bits)
            .retrieve()
    }
}

/// Never made: two powers are all there is.
#[cfg(not(feature = "openssl"))]
pub(crate) enum Rsa {}

#[cfg(not(feature = "openssl"))]
impl WholeRsa for Rsa {
    fn new(_numbers: &RsaNumbers<'_>) -> Option<Self> {
        None
    }

    fn apply(&self, _block: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }
}

/// Multiples of points of every curve.
pub(crate) enum Points {}

impl Multiples for Points {
    fn point(curve: Curve, point: &[u8], scalar: &[u8]) -> Option<Vec<u8>> {
        on!(curve, C => arithmetic::multiply::<C>(point, scalar))
    }

    fn generator(curve: Curve, scalar: &[u8]) -> Option<Vec<u8>> {
        on!(curve, C => arithmetic::multiply_generator::<C>(scalar))
    }

    fn sum(curve: Curve, first: &[u8], point: &[u8], second: &[u8]) -> Option<Vec<u8>> {
        on!(curve, C => arithmetic::sum_of_multiples::<C>(first, point, second))
    }
}
