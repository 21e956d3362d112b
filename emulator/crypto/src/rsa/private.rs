//! The private half: signing, by the Chinese remainder theorem when the primes are known.

use std::fmt;
use std::sync::Arc;

use crypto_bigint::BoxedUint;
use zeroize::Zeroizing;

use super::crt::{Crt, Primes};
use super::public::check_exponent;
use super::{PublicKey, RsaError, encoding};
use crate::modular::{self, Modulus};

/// An RSA private key with the Montgomery parameters of its moduli. Cheap to clone; `Debug` shows only the size.
///
/// Every constructor raises one number to the private and then to the public exponent, so a key whose numbers do not belong
/// together is refused when it is made, not when a signature fails. Exponents are wiped on drop; the primes, and with the
/// feature `openssl` its copy of the key, stay inside what the arithmetic libraries keep and do not wipe.
#[derive(Clone)]
pub struct PrivateKey {
    inner: Arc<Inner>,
}

struct Inner {
    public: PublicKey,
    operation: Operation,
}

enum Operation {
    Crt(Box<Crt>),
    Plain(Zeroizing<BoxedUint>),
}

impl PrivateKey {
    /// The usual key: the primes and the public exponent, all big-endian.
    ///
    /// # Errors
    /// [`RsaError::Inconsistent`] when the exponent has no inverse or the numbers are not two different primes, and those of
    /// [`PublicKey::new`].
    pub fn from_primes(p: &[u8], q: &[u8], public_exponent: &[u8]) -> Result<Self, RsaError> {
        let primes = Primes::new(p, q)?;
        let public = PublicKey::new(&primes.product(), public_exponent)?;
        let exponent = primes.inverse(public.exponent())?;
        let crt = primes.into_crt(&exponent, &public)?;
        Self::checked(public, Operation::Crt(Box::new(crt)))
    }

    /// A key that raises to the given exponent, whatever its role: for a terminal's published private exponent, or for a
    /// full-length public exponent when the primes happen to be known. [`public`](Self::public) is the key that undoes it,
    /// with the inverse modulo lcm(p−1, q−1).
    ///
    /// # Errors
    /// As [`from_primes`](Self::from_primes).
    pub fn with_exponent(p: &[u8], q: &[u8], exponent: &[u8]) -> Result<Self, RsaError> {
        let primes = Primes::new(p, q)?;
        let inverse = primes.inverse(modular::minimal(exponent))?;
        let inverse = Zeroizing::new(Vec::from(inverse.to_be_bytes()));
        let public = PublicKey::new(&primes.product(), &inverse)?;
        let exponent = Zeroizing::new(modular::integer(exponent));
        let crt = primes.into_crt(&exponent, &public)?;
        Self::checked(public, Operation::Crt(Box::new(crt)))
    }

    /// A key of which only the modulus and the private exponent are known: no Chinese remainder theorem, so about four times
    /// slower. The public exponent is found among the usual ones (65537, 3, 17, 5, 257).
    ///
    /// # Errors
    /// [`RsaError::Inconsistent`] when none of them belongs to the private exponent, and those of [`PublicKey::new`].
    pub fn from_modulus_and_exponent(modulus: &[u8], exponent: &[u8]) -> Result<Self, RsaError> {
        let exponent = modular::minimal(exponent);
        let usual: [&[u8]; 5] = [&[1, 0, 1], &[3], &[17], &[5], &[1, 1]];
        for public_exponent in usual {
            let public = PublicKey::new(modulus, public_exponent)?;
            check_exponent(exponent, public.size())?;
            let operation = Operation::Plain(Zeroizing::new(modular::integer(exponent)));
            match Self::checked(public, operation) {
                Err(RsaError::Inconsistent) => {}
                outcome => return outcome,
            }
        }
        Err(RsaError::Inconsistent)
    }

    /// A key from PKCS#1 `RSAPrivateKey` in DER (two primes, RFC 8017 appendix A.1.2).
    ///
    /// # Errors
    /// [`RsaError::Encoding`], and those of [`from_primes`](Self::from_primes).
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, RsaError> {
        let parsed = encoding::private_from_der(der)?;
        let key = Self::from_primes(
            parsed.prime1.as_bytes(),
            parsed.prime2.as_bytes(),
            parsed.public_exponent.as_bytes(),
        )?;
        match key.public().modulus() == parsed.modulus.as_bytes() {
            true => Ok(key),
            false => Err(RsaError::Inconsistent),
        }
    }

    /// A key from PEM: `RSA PRIVATE KEY` (PKCS#1) or `PRIVATE KEY` (PKCS#8), not encrypted.
    ///
    /// # Errors
    /// [`RsaError::Encoding`], and those of [`from_primes`](Self::from_primes).
    pub fn from_pem(pem: &str) -> Result<Self, RsaError> {
        Self::from_pkcs1_der(&encoding::pkcs1_from_pem(pem)?)
    }

    /// The key that undoes this one.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.inner.public
    }

    /// Both primes, big-endian, in clear: for whoever must keep the key itself. `None` for a key made without them.
    #[must_use]
    pub fn reveal_primes(&self) -> Option<[Zeroizing<Vec<u8>>; 2]> {
        let minimal = |prime: &Modulus| {
            let bytes = Zeroizing::new(Vec::from(prime.value().to_be_bytes()));
            Zeroizing::new(modular::minimal(&bytes).to_vec())
        };
        match &self.inner.operation {
            Operation::Plain(_) => None,
            Operation::Crt(crt) => {
                let (p, q) = crt.primes();
                Some([minimal(p), minimal(q)])
            }
        }
    }

    /// Length of the modulus in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.inner.public.size()
    }

    /// The block to the power of the private exponent: exactly [`size`](Self::size) bytes. A shorter block counts as padded
    /// with zeros on the left. The time does not depend on the exponent or the primes; the pure backend does not check the
    /// result against faults of the machine, OpenSSL does.
    ///
    /// # Errors
    /// [`RsaError::BlockTooLarge`].
    pub fn apply(&self, block: &[u8]) -> Result<Vec<u8>, RsaError> {
        let ring = self.inner.public.ring();
        let base = ring.element(block).ok_or(RsaError::BlockTooLarge)?;
        Ok(match &self.inner.operation {
            Operation::Plain(exponent) => {
                let power = ring.pow_secret(&base, exponent, exponent.bits_precision());
                modular::encode(&power, self.size())
            }
            Operation::Crt(crt) => crt.apply(&base, self.size()),
        })
    }

    /// As [`apply`](Self::apply), for a key with primes, without the backend's own operation.
    #[cfg(all(test, feature = "openssl"))]
    pub(crate) fn apply_in_halves(&self, block: &[u8]) -> Vec<u8> {
        match (
            &self.inner.operation,
            self.inner.public.ring().element(block),
        ) {
            (Operation::Crt(crt), Some(base)) => modular::encode(&crt.power(&base), self.size()),
            _ => Vec::new(),
        }
    }

    fn checked(public: PublicKey, operation: Operation) -> Result<Self, RsaError> {
        let key = Self {
            inner: Arc::new(Inner { public, operation }),
        };
        // Any number will do that is neither a small power nor shares a factor with the modulus by construction.
        let mut probe = vec![0x5A; key.size()];
        probe[0] = 0;
        match key.public().apply(&key.apply(&probe)?)? == probe {
            true => Ok(key),
            false => Err(RsaError::Inconsistent),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} bits)", self.public().bits())
    }
}
