//! The private half: signing, by the Chinese remainder theorem when the primes are known.

use std::fmt;
use std::sync::Arc;

use crypto_bigint::modular::BoxedMontyForm;
use crypto_bigint::{BoxedUint, Lcm, NonZero};
use zeroize::{Zeroize, Zeroizing};

use super::public::check_exponent;
use super::{PublicKey, RsaError, encoding};
use crate::modular::{self, Modulus};

/// An RSA private key with the Montgomery parameters of its moduli. Cheap to clone; `Debug` shows only the size.
///
/// Every constructor raises one number to the private and then to the public exponent, so a key whose numbers do not belong
/// together is refused when it is made, not when a signature fails. Exponents are wiped on drop; the primes stay inside
/// parameters that the arithmetic library shares and does not wipe.
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
    Plain { exponent: BoxedUint },
}

struct Crt {
    p: Modulus,
    q: Modulus,
    exponent_p: BoxedUint,
    exponent_q: BoxedUint,
    q_inverse: BoxedMontyForm,
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
        Self::checked(public, primes.into_crt(&exponent)?)
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
        Self::checked(public, primes.into_crt(&exponent)?)
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
            let operation = Operation::Plain {
                exponent: modular::integer(exponent),
            };
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
            Operation::Plain { .. } => None,
            Operation::Crt(crt) => Some([minimal(&crt.p), minimal(&crt.q)]),
        }
    }

    /// Length of the modulus in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.inner.public.size()
    }

    /// The block to the power of the private exponent: exactly [`size`](Self::size) bytes. A shorter block counts as padded
    /// with zeros on the left. The time does not depend on the exponent or the primes; the result is not checked against
    /// faults of the machine.
    ///
    /// # Errors
    /// [`RsaError::BlockTooLarge`].
    pub fn apply(&self, block: &[u8]) -> Result<Vec<u8>, RsaError> {
        let base = self
            .inner
            .public
            .ring()
            .residue(block)
            .ok_or(RsaError::BlockTooLarge)?;
        let power = match &self.inner.operation {
            Operation::Plain { exponent } => base.pow(exponent).retrieve(),
            Operation::Crt(crt) => crt.pow(&base.retrieve()),
        };
        Ok(modular::encode(&power, self.size()))
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

impl Crt {
    fn pow(&self, base: &BoxedUint) -> BoxedUint {
        let in_p = self
            .p
            .reduce(base)
            .pow_bounded_exp(&self.exponent_p, self.p.bits());
        let in_q = self
            .q
            .reduce(base)
            .pow_bounded_exp(&self.exponent_q, self.q.bits())
            .retrieve();
        let difference = in_p.sub(&self.p.reduce(&in_q));
        let lift = difference.mul(&self.q_inverse).retrieve();
        // lift < p and in_q < q, so lift·q + in_q < p·q: the product's width holds the sum.
        crypto_bigint::ConcatenatingMul::concatenating_mul(&lift, self.q.value())
            .wrapping_add(&in_q)
    }
}

/// Two odd numbers that are meant to be primes.
struct Primes {
    p: Modulus,
    q: Modulus,
}

impl Primes {
    fn new(p: &[u8], q: &[u8]) -> Result<Self, RsaError> {
        // Nothing longer than the longest modulus may cost more than a look at its length.
        for prime in [p, q] {
            if modular::minimal(prime).len() > 512 {
                return Err(RsaError::ModulusSize(modular::bit_length(prime)));
            }
        }
        let p = Modulus::new(p).ok_or(RsaError::Inconsistent)?;
        let q = Modulus::new(q).ok_or(RsaError::Inconsistent)?;
        let bits = p.bits() + q.bits();
        // One bit of slack: the product may be one bit shorter than the sum of the lengths.
        if !(512..=4097).contains(&bits) || p.bits() < 128 || q.bits() < 128 {
            return Err(RsaError::ModulusSize(bits));
        }
        Ok(Self { p, q })
    }

    fn product(&self) -> Vec<u8> {
        let product =
            crypto_bigint::ConcatenatingMul::concatenating_mul(self.p.value(), self.q.value());
        Vec::from(product.to_be_bytes())
    }

    /// The inverse modulo lcm(p−1, q−1).
    fn inverse(&self, exponent: &[u8]) -> Result<Zeroizing<BoxedUint>, RsaError> {
        let order = minus_one(&self.p).lcm(&minus_one(&self.q));
        let order = nonzero(order)?;
        let exponent = Zeroizing::new(Zeroizing::new(modular::integer(exponent)).rem(&order));
        let inverse = Option::<BoxedUint>::from(exponent.invert_mod(&order));
        inverse.map(Zeroizing::new).ok_or(RsaError::Inconsistent)
    }

    fn into_crt(self, exponent: &BoxedUint) -> Result<Operation, RsaError> {
        let exponent_p = exponent.rem(&nonzero(minus_one(&self.p))?);
        let exponent_q = exponent.rem(&nonzero(minus_one(&self.q))?);
        let q_inverse =
            Option::from(self.p.reduce(self.q.value()).invert()).ok_or(RsaError::Inconsistent)?;
        Ok(Operation::Crt(Box::new(Crt {
            p: self.p,
            q: self.q,
            exponent_p,
            exponent_q,
            q_inverse,
        })))
    }
}

fn minus_one(modulus: &Modulus) -> BoxedUint {
    modulus.value().wrapping_sub(BoxedUint::one())
}

fn nonzero(value: BoxedUint) -> Result<NonZero<BoxedUint>, RsaError> {
    Option::from(value.into_nz()).ok_or(RsaError::Inconsistent)
}

impl Drop for Operation {
    fn drop(&mut self) {
        match self {
            Self::Plain { exponent } => exponent.zeroize(),
            Self::Crt(crt) => {
                crt.exponent_p.zeroize();
                crt.exponent_q.zeroize();
                crt.q_inverse.zeroize();
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} bits)", self.public().bits())
    }
}
