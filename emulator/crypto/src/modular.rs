//! Arithmetic modulo one odd number with its Montgomery parameters kept, and big-endian encodings of fixed length.
//! What RSA and Diffie-Hellman share; not public, because a number without a protocol is not a primitive.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, MontyForm, MontyMultiplier, NonZero, Odd};
use zeroize::Zeroizing;

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

/// An odd modulus with its Montgomery parameters.
#[derive(Clone)]
pub(crate) struct Modulus {
    params: BoxedMontyParams,
    bits: u32,
}

impl Modulus {
    /// `None` when the number is even or one. Time depends on the value only through its length.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let bytes = minimal(bytes);
        let value = integer(bytes);
        let bits = value.bits();
        let odd = Option::<Odd<BoxedUint>>::from(value.into_odd())?;
        (bits > 1).then(|| Self {
            params: BoxedMontyParams::new(odd),
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
        self.params.modulus().as_ref()
    }

    /// The number as a residue; `None` when it is not below the modulus.
    pub(crate) fn residue(&self, bytes: &[u8]) -> Option<BoxedMontyForm> {
        let bytes = minimal(bytes);
        if bytes.len() > self.size() {
            return None;
        }
        let value = BoxedUint::from_be_slice_truncated(bytes, self.params.bits_precision());
        (value < *self.value()).then(|| BoxedMontyForm::new(value, &self.params))
    }

    /// Any number reduced, in constant time.
    pub(crate) fn reduce(&self, value: &BoxedUint) -> BoxedMontyForm {
        let modulus: &NonZero<BoxedUint> = self.params.modulus().as_nz_ref();
        BoxedMontyForm::new(value.rem(modulus), &self.params)
    }

    /// A power with a public exponent: its bits show in the time taken.
    pub(crate) fn pow_public(&self, base: &BoxedMontyForm, exponent: &BoxedUint) -> BoxedMontyForm {
        let bits = exponent.bits_vartime();
        // Above a few machine words the windowed power is quicker than one multiplication per set bit.
        if bits > 64 || bits == 0 {
            return base.pow_bounded_exp(exponent, bits);
        }
        let mut multiplier = <BoxedMontyForm as MontyForm>::Multiplier::from(&self.params);
        let mut power = base.clone();
        for bit in (0..bits - 1).rev() {
            multiplier.square_assign(&mut power);
            if exponent.bit_vartime(bit) {
                multiplier.mul_assign(&mut power, base);
            }
        }
        power
    }
}
