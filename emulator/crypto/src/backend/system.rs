//! The arithmetic by the machine's OpenSSL, where it was measured to be quicker: powers, RSA keys with short public exponents
//! as a whole, the curves secp256r1 and secp521r1. Whatever OpenSSL refuses, the pure implementation does.
//!
//! Exponents are marked for OpenSSL's constant-time paths; its private RSA operation is blinded with random numbers of its
//! own, which do not show in the result.

use std::sync::{Arc, LazyLock};

use crypto_bigint::modular::BoxedMontyParams;
use crypto_bigint::{BoxedUint, Odd};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcGroupRef, EcPoint, EcPointRef, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::Private;
use openssl::rsa::Padding;
use zeroize::{Zeroize, Zeroizing};

use super::{Multiples, Powers as _, RsaNumbers, WholeRsa, pure};
use crate::ec::Curve;

/// See [`name`](super::name).
pub(super) const NAME: &str = "OpenSSL";

/// A modulus for both implementations.
#[derive(Clone)]
pub(crate) struct Powers {
    pure: pure::Powers,
    modulus: Option<Arc<BigNum>>,
}

impl Powers {
    fn with(pure: pure::Powers) -> Self {
        let modulus = pure.params().modulus().as_ref().to_be_bytes();
        let modulus = BigNum::from_slice(&modulus).ok().map(Arc::new);
        Self { pure, modulus }
    }

    fn power(&self, base: &BoxedUint, exponent: &BoxedUint, secret: bool) -> Option<BoxedUint> {
        let modulus = self.modulus.as_deref()?;
        let mut base = Cleared::new(base)?;
        let mut exponent = Cleared::new(exponent)?;
        if secret {
            base.0.set_const_time();
            exponent.0.set_const_time();
        }
        let mut power = Cleared(BigNum::new().ok()?);
        let mut context = BigNumContext::new().ok()?;
        (power.0)
            .mod_exp(&base.0, &exponent.0, modulus, &mut context)
            .ok()?;
        let bytes = Zeroizing::new(power.0.to_vec());
        let width = self.params().bits_precision();
        Some(BoxedUint::from_be_slice_truncated(&bytes, width))
    }
}

impl super::Powers for Powers {
    fn new(modulus: Odd<BoxedUint>) -> Self {
        Self::with(pure::Powers::new(modulus))
    }

    fn public(modulus: Odd<BoxedUint>) -> Self {
        Self::with(pure::Powers::public(modulus))
    }

    fn params(&self) -> &BoxedMontyParams {
        self.pure.params()
    }

    fn power_public(&self, base: &BoxedUint, exponent: &BoxedUint) -> BoxedUint {
        self.power(base, exponent, false)
            .unwrap_or_else(|| self.pure.power_public(base, exponent))
    }

    fn power_secret(&self, base: &BoxedUint, exponent: &BoxedUint, bits: u32) -> BoxedUint {
        self.power(base, exponent, true)
            .unwrap_or_else(|| self.pure.power_secret(base, exponent, bits))
    }
}

/// A number that is overwritten when it is dropped.
struct Cleared(BigNum);

impl Cleared {
    fn new(number: &BoxedUint) -> Option<Self> {
        let mut bytes = number.to_be_bytes();
        let number = BigNum::from_slice(&bytes).ok().map(Self);
        bytes.zeroize();
        number
    }
}

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// A key with OpenSSL's own Chinese remainder theorem, its parameters kept.
pub(crate) struct Rsa(openssl::rsa::Rsa<Private>);

/// OpenSSL raises every result to the public exponent to see whether the machine made a mistake: with an exponent longer
/// than this many bytes that would cost more than the two powers.
const SHORT_EXPONENT: usize = 8;

impl WholeRsa for Rsa {
    fn new(numbers: &RsaNumbers<'_>) -> Option<Self> {
        if numbers.public_exponent.len() > SHORT_EXPONENT {
            return None;
        }
        let number = |bytes: &[u8]| BigNum::from_slice(bytes).ok();
        let secret = |bytes: &[u8]| {
            let mut number = BigNum::from_slice(bytes).ok()?;
            number.set_const_time();
            Some(number)
        };
        let key = openssl::rsa::Rsa::from_private_components(
            number(numbers.modulus)?,
            number(numbers.public_exponent)?,
            secret(numbers.exponent)?,
            secret(numbers.p)?,
            secret(numbers.q)?,
            secret(numbers.exponent_p)?,
            secret(numbers.exponent_q)?,
            secret(numbers.q_inverse)?,
        );
        key.ok().map(Self)
    }

    fn apply(&self, block: &[u8]) -> Option<Vec<u8>> {
        let mut power = vec![0; block.len()];
        let length = (self.0)
            .private_encrypt(block, &mut power, Padding::NONE)
            .ok()?;
        (length == power.len()).then_some(power)
    }
}

/// Multiples of points of every curve.
pub(crate) enum Points {}

/// The curves that OpenSSL is quicker on, with the precomputation it has for them.
fn group(curve: Curve) -> Option<&'static EcGroup> {
    static P256: LazyLock<Option<EcGroup>> =
        LazyLock::new(|| EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).ok());
    static P521: LazyLock<Option<EcGroup>> =
        LazyLock::new(|| EcGroup::from_curve_name(Nid::SECP521R1).ok());
    match curve {
        Curve::P256 => P256.as_ref(),
        Curve::P521 => P521.as_ref(),
        Curve::BrainpoolP256r1 | Curve::P384 | Curve::BrainpoolP384r1 => None,
    }
}

/// Runs `compute` on a curve of OpenSSL's; `None` when the curve is none of them or something failed.
fn on_group(
    curve: Curve,
    compute: impl FnOnce(&EcGroupRef, &mut EcPointRef, &mut BigNumContext) -> Result<(), ErrorStack>,
) -> Option<Vec<u8>> {
    let group = group(curve)?;
    let mut context = BigNumContext::new().ok()?;
    let mut result = EcPoint::new(group).ok()?;
    compute(group, &mut result, &mut context).ok()?;
    if result.is_infinity(group) {
        return None;
    }
    result
        .to_bytes(group, PointConversionForm::UNCOMPRESSED, &mut context)
        .ok()
}

fn scalar(bytes: &[u8]) -> Result<Cleared, ErrorStack> {
    let mut number = BigNum::from_slice(bytes)?;
    number.set_const_time();
    Ok(Cleared(number))
}

impl Multiples for Points {
    fn point(curve: Curve, point: &[u8], factor: &[u8]) -> Option<Vec<u8>> {
        on_group(curve, |group, result, context| {
            let point = EcPoint::from_bytes(group, point, context)?;
            result.mul2(group, &point, &scalar(factor)?.0, context)
        })
        .or_else(|| pure::Points::point(curve, point, factor))
    }

    fn generator(curve: Curve, factor: &[u8]) -> Option<Vec<u8>> {
        on_group(curve, |group, result, context| {
            result.mul_generator2(group, &scalar(factor)?.0, context)
        })
        .or_else(|| pure::Points::generator(curve, factor))
    }

    fn sum(curve: Curve, first: &[u8], point: &[u8], second: &[u8]) -> Option<Vec<u8>> {
        on_group(curve, |group, result, context| {
            let point = EcPoint::from_bytes(group, point, context)?;
            let first = BigNum::from_slice(first)?;
            let second = BigNum::from_slice(second)?;
            result.mul_full(group, &first, &point, &second, context)
        })
        .or_else(|| pure::Points::sum(curve, first, point, second))
    }
}
