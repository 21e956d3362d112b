//! The public half: recovery and verification.

use std::fmt;
use std::sync::Arc;

use crypto_bigint::BoxedUint;

use super::RsaError;
use super::encoding;
use crate::modular::{self, Modulus};

/// An RSA public key, with the Montgomery parameters of its modulus. Cheap to clone.
#[derive(Clone)]
pub struct PublicKey {
    inner: Arc<Inner>,
}

struct Inner {
    modulus: Modulus,
    exponent: BoxedUint,
    modulus_bytes: Vec<u8>,
    exponent_bytes: Vec<u8>,
}

impl PublicKey {
    /// A key from big-endian numbers; leading zeros are dropped. The modulus is odd, of 512 to 4096 bits; the exponent is odd,
    /// at least three, and not longer than the modulus.
    ///
    /// # Errors
    /// [`RsaError::ModulusSize`], [`RsaError::ModulusEven`], [`RsaError::Exponent`].
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, RsaError> {
        let modulus_bytes = modular::minimal(modulus).to_vec();
        let bits = modular::integer(&modulus_bytes).bits_vartime();
        if !(512..=4096).contains(&bits) {
            return Err(RsaError::ModulusSize(bits));
        }
        let modulus = Modulus::public(&modulus_bytes).ok_or(RsaError::ModulusEven)?;
        let exponent_bytes = modular::minimal(exponent).to_vec();
        check_exponent(&exponent_bytes, modulus_bytes.len())?;
        let exponent = modular::integer(&exponent_bytes);
        Ok(Self {
            inner: Arc::new(Inner {
                modulus,
                exponent,
                modulus_bytes,
                exponent_bytes,
            }),
        })
    }

    /// The modulus, big-endian, without leading zeros.
    #[must_use]
    pub fn modulus(&self) -> &[u8] {
        &self.inner.modulus_bytes
    }

    /// The exponent, big-endian, without leading zeros.
    #[must_use]
    pub fn exponent(&self) -> &[u8] {
        &self.inner.exponent_bytes
    }

    /// Length of the modulus in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.inner.modulus_bytes.len()
    }

    /// Length of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.inner.modulus.bits()
    }

    /// The block to the power of the exponent: exactly [`size`](Self::size) bytes. A shorter block counts as padded with zeros
    /// on the left.
    ///
    /// # Errors
    /// [`RsaError::BlockTooLarge`].
    pub fn apply(&self, block: &[u8]) -> Result<Vec<u8>, RsaError> {
        let base = self
            .inner
            .modulus
            .element(block)
            .ok_or(RsaError::BlockTooLarge)?;
        let power = self.inner.modulus.pow_public(&base, &self.inner.exponent);
        Ok(modular::encode(&power, self.size()))
    }

    /// PKCS#1 `RSAPublicKey` in DER (RFC 8017 appendix A.1.1).
    #[must_use]
    pub fn to_pkcs1_der(&self) -> Vec<u8> {
        encoding::public_to_der(self.modulus(), self.exponent())
    }

    /// A key from PKCS#1 `RSAPublicKey` in DER, with nothing after it.
    ///
    /// # Errors
    /// [`RsaError::Encoding`], and those of [`new`](Self::new).
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, RsaError> {
        let (modulus, exponent) = encoding::public_from_der(der)?;
        Self::new(modulus, exponent)
    }

    pub(super) fn ring(&self) -> &Modulus {
        &self.inner.modulus
    }
}

/// Refuses an exponent, without leading zeros, that no key of `size` bytes can have.
pub(super) fn check_exponent(exponent: &[u8], size: usize) -> Result<(), RsaError> {
    let odd = exponent.last().is_some_and(|byte| byte % 2 == 1);
    match odd && exponent != [1] && exponent.len() <= size {
        true => Ok(()),
        false => Err(RsaError::Exponent),
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.modulus() == other.modulus() && self.exponent() == other.exponent()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} bits)", self.bits())
    }
}
