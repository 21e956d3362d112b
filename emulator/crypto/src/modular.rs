//! Arithmetic modulo one odd number with its Montgomery parameters kept, and big-endian encodings of fixed length.
//! What RSA and Diffie-Hellman share; not public, because a number without a protocol is not a primitive.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, NonZero, Odd};
use zeroize::Zeroizing;

use crate::backend::{Powers as _, chosen};

/// `bytes` without leading zeros.
pub(crate) fn minimal(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .position(|&byte| byte != 0)
        .unwrap_or(bytes.len());
    &bytes[start..]
}

/// An integer as wide as `bytes` (at least one limb), whatever its value.
pub(crate) fn integer(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_truncated(bytes, bit_length(bytes).max(64))
}

/// Length of `bytes` in bits, leading zeros counted.
pub(crate) fn bit_length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len())
        .unwrap_or(u32::MAX / 8)
        .saturating_mul(8)
}

/// `value` as exactly `size` bytes; the value must fit.
pub(crate) fn encode(value: &BoxedUint, size: usize) -> Vec<u8> {
    let bytes = Zeroizing::new(Vec::from(value.to_be_bytes()));
    let mut out = vec![0; size];
    let common = size.min(bytes.len());
    out[size - common..].copy_from_slice(&bytes[bytes.len() - common..]);
    out
}

/// An odd modulus with its Montgomery parameters. Its elements are numbers below it, as wide as it is.
#[derive(Clone)]
pub(crate) struct Modulus {
    powers: chosen::Powers,
    bits: u32,
}

impl Modulus {
    /// `None` when the number is even or one. Time depends on the value only through its length.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        Self::with(bytes, chosen::Powers::new)
    }

    /// The same for a modulus that everybody may know.
    pub(crate) fn public(bytes: &[u8]) -> Option<Self> {
        Self::with(bytes, chosen::Powers::public)
    }

    fn with(bytes: &[u8], powers: fn(Odd<BoxedUint>) -> chosen::Powers) -> Option<Self> {
        let value = integer(minimal(bytes));
        let bits = value.bits();
        let odd = Option::<Odd<BoxedUint>>::from(value.into_odd())?;
        (bits > 1).then(|| Self {
            powers: powers(odd),
            bits,
        })
    }

    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    /// Length of the modulus in bytes.
    pub(crate) fn size(&self) -> usize {
        self.bits.div_ceil(8) as usize
    }

    pub(crate) fn value(&self) -> &BoxedUint {
        self.powers.params().modulus().as_ref()
    }

    /// The number as an element; `None` when it is not below the modulus.
    pub(crate) fn element(&self, bytes: &[u8]) -> Option<BoxedUint> {
        let bytes = minimal(bytes);
        if bytes.len() > self.size() {
            return None;
        }
        let width = self.powers.params().bits_precision();
        let value = BoxedUint::from_be_slice_truncated(bytes, width);
        (value < *self.value()).then_some(value)
    }

    /// Any number reduced, in constant time.
    pub(crate) fn reduce(&self, value: &BoxedUint) -> BoxedUint {
        let modulus: &NonZero<BoxedUint> = self.powers.params().modulus().as_nz_ref();
        value.rem(modulus)
    }

    /// An element in Montgomery form, for everything that is no power.
    pub(crate) fn form(&self, element: BoxedUint) -> BoxedMontyForm {
        BoxedMontyForm::new(element, self.powers.params())
    }

    /// What [`form`](Self::form) is made with.
    pub(crate) fn params(&self) -> &BoxedMontyParams {
        self.powers.params()
    }

    /// A power with a public exponent: its bits show in the time taken.
    pub(crate) fn pow_public(&self, base: &BoxedUint, exponent: &BoxedUint) -> BoxedUint {
        self.powers.power_public(base, exponent)
    }

    /// A power with an exponent of at most `bits` bits, of which only their number shows in the time taken.
    pub(crate) fn pow_secret(
        &self,
        base: &BoxedUint,
        exponent: &BoxedUint,
        bits: u32,
    ) -> BoxedUint {
        self.powers.power_secret(base, exponent, bits)
    }
}
