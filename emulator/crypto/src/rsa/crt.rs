//! Powers by the Chinese remainder theorem, and how the numbers for it follow from two primes and an exponent. Which of the
//! two exponents of a key it is makes no difference: one that is as long as the modulus costs as much as any other.

use crypto_bigint::modular::BoxedMontyForm;
use crypto_bigint::{BoxedUint, ConcatenatingMul, Lcm, NonZero};
use zeroize::{Zeroize, Zeroizing};

use super::{PublicKey, RsaError};
use crate::backend::{RsaNumbers, WholeRsa, chosen};
use crate::modular::{self, Modulus};

/// One exponentiation modulo p·q as two of half the length.
pub(super) struct Crt {
    p: Modulus,
    q: Modulus,
    exponent_p: BoxedUint,
    exponent_q: BoxedUint,
    q_inverse: BoxedMontyForm,
    /// The backend's own operation for the whole key, if it has a quicker one.
    whole: Option<chosen::Rsa>,
}

impl Crt {
    pub(super) fn primes(&self) -> (&Modulus, &Modulus) {
        (&self.p, &self.q)
    }

    /// The power of a number below p·q, as `size` bytes.
    pub(super) fn apply(&self, base: &BoxedUint, size: usize) -> Vec<u8> {
        let whole = self.whole.as_ref();
        whole
            .and_then(|key| key.apply(&modular::encode(base, size)))
            .unwrap_or_else(|| modular::encode(&self.power(base), size))
    }

    /// The same by two powers.
    pub(super) fn power(&self, base: &BoxedUint) -> BoxedUint {
        let (p, q) = (&self.p, &self.q);
        let in_p = p.pow_secret(&p.reduce(base), &self.exponent_p, p.bits());
        let in_q = q.pow_secret(&q.reduce(base), &self.exponent_q, q.bits());
        let difference = p.form(in_p).sub(&p.form(p.reduce(&in_q)));
        let lift = difference.mul(&self.q_inverse).retrieve();
        // lift < p and in_q < q, so lift·q + in_q < p·q: the product's width holds the sum.
        lift.concatenating_mul(q.value()).wrapping_add(&in_q)
    }
}

impl Drop for Crt {
    fn drop(&mut self) {
        self.exponent_p.zeroize();
        self.exponent_q.zeroize();
        self.q_inverse.zeroize();
    }
}

/// Two odd numbers that are meant to be primes.
pub(super) struct Primes {
    p: Modulus,
    q: Modulus,
}

impl Primes {
    pub(super) fn new(p: &[u8], q: &[u8]) -> Result<Self, RsaError> {
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

    pub(super) fn product(&self) -> Vec<u8> {
        Vec::from(
            self.p
                .value()
                .concatenating_mul(self.q.value())
                .to_be_bytes(),
        )
    }

    /// The inverse modulo lcm(p−1, q−1).
    pub(super) fn inverse(&self, exponent: &[u8]) -> Result<Zeroizing<BoxedUint>, RsaError> {
        let order = minus_one(&self.p).lcm(&minus_one(&self.q));
        let order = nonzero(order)?;
        let exponent = Zeroizing::new(Zeroizing::new(modular::integer(exponent)).rem(&order));
        let inverse = Option::<BoxedUint>::from(exponent.invert_mod(&order));
        inverse.map(Zeroizing::new).ok_or(RsaError::Inconsistent)
    }

    /// What raises to `exponent`; `public` undoes it.
    pub(super) fn into_crt(
        self,
        exponent: &BoxedUint,
        public: &PublicKey,
    ) -> Result<Crt, RsaError> {
        let Self { p, q } = self;
        let exponent_p = exponent.rem(&nonzero(minus_one(&p))?);
        let exponent_q = exponent.rem(&nonzero(minus_one(&q))?);
        let q_inverse = Option::<BoxedMontyForm>::from(p.form(p.reduce(q.value())).invert())
            .ok_or(RsaError::Inconsistent)?;
        let bytes = |number: &BoxedUint| Zeroizing::new(Vec::from(number.to_be_bytes()));
        let whole = chosen::Rsa::new(&RsaNumbers {
            modulus: public.modulus(),
            public_exponent: public.exponent(),
            exponent: &bytes(exponent),
            p: &bytes(p.value()),
            q: &bytes(q.value()),
            exponent_p: &bytes(&exponent_p),
            exponent_q: &bytes(&exponent_q),
            q_inverse: &bytes(&q_inverse.retrieve()),
        });
        Ok(Crt {
            p,
            q,
            exponent_p,
            exponent_q,
            q_inverse,
            whole,
        })
    }
}

fn minus_one(modulus: &Modulus) -> BoxedUint {
    modulus.value().wrapping_sub(BoxedUint::one())
}

fn nonzero(value: BoxedUint) -> Result<NonZero<BoxedUint>, RsaError> {
    Option::from(value.into_nz()).ok_or(RsaError::Inconsistent)
}
