//! Diffie-Hellman over MODP groups with a subgroup of prime order (ANSI X9.42, RFC 5114): public values, shared secrets and
//! private exponents, with encodings of fixed length. Groups are data: any consistent p, g, q will do.

mod fixed_base;
mod rfc5114;

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use crypto_bigint::{BoxedUint, NonZero};
use zeroize::{Zeroize, Zeroizing};

use crate::modular::{self, Modulus};
use crate::random::RandomSource;
use fixed_base::FixedBase;

/// Why a group or a peer's value was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DhError {
    /// p is even or has fewer than 512 or more than 8192 bits.
    #[error("the modulus p is even or not of 512 to 8192 bits; check the domain parameters")]
    Modulus,
    /// g is not between 1 and p−1.
    #[error("the generator g is not between 1 and p−1; check the domain parameters")]
    Generator,
    /// q is even, below 3, or not below p.
    #[error("the order q is even, below three, or not below p; check the domain parameters")]
    Order,
    /// The peer's public value is not between 1 and p−1.
    #[error("the peer's public value is not between 1 and p−1; end the key agreement")]
    PeerOutOfRange,
}

/// Domain parameters with the Montgomery parameters of p. Cheap to clone; the published groups are one object in the whole
/// process, with a table of powers of the generator that is made when it is first wanted.
#[derive(Clone)]
pub struct Group {
    inner: Arc<Inner>,
}

struct Inner {
    modulus: Modulus,
    generator: BoxedUint,
    p: Vec<u8>,
    g: Vec<u8>,
    q: Vec<u8>,
    order: NonZero<BoxedUint>,
    /// `None` for groups that are used for one agreement, or for few: the table costs as much as an exponentiation.
    powers: Option<OnceLock<FixedBase>>,
}

static RFC5114: LazyLock<[Group; 3]> = LazyLock::new(|| {
    rfc5114::GROUPS.map(|constants| {
        let table = Some(OnceLock::new());
        Group::build(constants.p, constants.g, constants.q, table)
            .expect("the published constants pass every check")
    })
});

impl Group {
    /// The 2048-bit group with a 256-bit subgroup of RFC 5114 §2.3 (ICAO 9303-11 §9.5.1, domain parameter id 2).
    #[must_use]
    pub fn rfc5114_2048_256() -> &'static Self {
        let [_, _, group] = &*RFC5114;
        group
    }

    /// The group with this standardised domain parameter id (ICAO 9303-11 table 6): 0 has 1024 bits and an order of 160, 1
    /// 2048 and 224, 2 2048 and 256; `None` for ids of curves.
    #[must_use]
    pub fn from_domain_parameter_id(id: u8) -> Option<&'static Self> {
        RFC5114.get(usize::from(id))
    }

    /// The standardised domain parameter id, for a group that has one.
    #[must_use]
    pub fn domain_parameter_id(&self) -> Option<u8> {
        (0..)
            .zip(&*RFC5114)
            .find_map(|(id, group)| (group == self).then_some(id))
    }

    /// Generic mapping (ICAO 9303-11 §4.4.3.3.1): the same group with the generator `g^nonce · shared`, from the nonce and
    /// the shared secret of the mapping exchange, both big-endian.
    ///
    /// # Errors
    /// [`DhError::PeerOutOfRange`] when `shared` is no shared secret of this group, [`DhError::Generator`] when the result
    /// is 1 or p−1.
    pub fn map_nonce(&self, nonce: &[u8], shared: &[u8]) -> Result<Self, DhError> {
        let inner = &self.inner;
        let shared = within(&inner.modulus, shared).ok_or(DhError::PeerOutOfRange)?;
        let power = inner.modulus.form(self.generator_power(nonce));
        let mapped = power.mul(&inner.modulus.form(shared));
        let g = modular::encode(&mapped.retrieve(), self.size());
        let generator = within(&inner.modulus, &g).ok_or(DhError::Generator)?;
        Ok(Self {
            inner: Arc::new(Inner {
                modulus: inner.modulus.clone(),
                generator,
                p: inner.p.clone(),
                g,
                q: inner.q.clone(),
                order: inner.order.clone(),
                powers: None,
            }),
        })
    }

    /// Whether `peer` lies in the subgroup of order q: `peer^q = 1`. One exponentiation.
    #[must_use]
    pub fn is_in_subgroup(&self, peer: &[u8]) -> bool {
        within(&self.inner.modulus, peer).is_some_and(|peer| {
            let power = (self.inner.modulus).pow_public(&peer, self.inner.order.as_ref());
            power.is_one().into()
        })
    }

    /// A group from big-endian numbers; leading zeros are dropped. Ranges are checked, primality is not. The numbers of a
    /// published group give that group.
    ///
    /// # Errors
    /// [`DhError::Modulus`], [`DhError::Generator`], [`DhError::Order`].
    pub fn new(p: &[u8], g: &[u8], q: &[u8]) -> Result<Self, DhError> {
        let numbers = [p, g, q].map(modular::minimal);
        let published = rfc5114::GROUPS
            .iter()
            .position(|group| [group.p, group.g, group.q].map(modular::minimal) == numbers);
        match published.and_then(|index| RFC5114.get(index)) {
            Some(group) => Ok(group.clone()),
            None => Self::build(p, g, q, None),
        }
    }

    fn build(
        p: &[u8],
        g: &[u8],
        q: &[u8],
        powers: Option<OnceLock<FixedBase>>,
    ) -> Result<Self, DhError> {
        // Nothing longer than the limit may cost more than a look at its length.
        let p = Some(modular::minimal(p))
            .filter(|p| p.len() <= 1024)
            .ok_or(DhError::Modulus)?;
        let modulus = Modulus::public(p)
            .filter(|p| p.bits() >= 512)
            .ok_or(DhError::Modulus)?;
        let size = modulus.size();
        let generator = within(&modulus, g).ok_or(DhError::Generator)?;
        let q = modular::minimal(q);
        let order = modulus
            .element(q)
            .filter(|_| Modulus::public(q).is_some())
            .ok_or(DhError::Order)?;
        let order = BoxedUint::from_be_slice_truncated(
            q,
            modular::bit_length(q).max(order.bits_precision()),
        );
        let order = Option::from(order.into_nz()).ok_or(DhError::Order)?;
        let g = modular::encode(&generator, size);
        Ok(Self {
            inner: Arc::new(Inner {
                modulus,
                generator,
                p: p.to_vec(),
                g,
                q: q.to_vec(),
                order,
                powers,
            }),
        })
    }

    /// The modulus, [`size`](Self::size) bytes.
    #[must_use]
    pub fn p(&self) -> &[u8] {
        &self.inner.p
    }

    /// The generator, [`size`](Self::size) bytes, zeros on the left where needed.
    #[must_use]
    pub fn g(&self) -> &[u8] {
        &self.inner.g
    }

    /// The order of the subgroup, as long as its value needs.
    #[must_use]
    pub fn q(&self) -> &[u8] {
        &self.inner.q
    }

    /// Length of p in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.inner.p.len()
    }

    /// Whether g has order q: `g^q = 1`. One exponentiation; worth it once for parameters of unknown origin.
    #[must_use]
    pub fn generator_has_order(&self) -> bool {
        let power = self
            .inner
            .modulus
            .pow_public(&self.inner.generator, self.inner.order.as_ref());
        power.is_one().into()
    }

    /// g to the power of `exponent`: exactly [`size`](Self::size) bytes. The time depends on the length of the exponent, not on
    /// its value.
    #[must_use]
    pub fn public_value(&self, exponent: &[u8]) -> Vec<u8> {
        let mut power = self.generator_power(exponent);
        let encoded = modular::encode(&power, self.size());
        power.zeroize();
        encoded
    }

    /// The generator to the exponent: by the table where there is one and it reaches so far.
    fn generator_power(&self, exponent: &[u8]) -> BoxedUint {
        let Inner { modulus, q, .. } = &*self.inner;
        // An exponent that is longer than q only by zeros is still one of its length.
        let exponent = match exponent.len().checked_sub(q.len()) {
            Some(more) if exponent[..more].iter().all(|&byte| byte == 0) => &exponent[more..],
            _ => exponent,
        };
        match &self.inner.powers {
            Some(table) if exponent.len() <= q.len() => table
                .get_or_init(|| {
                    FixedBase::new(modulus, &self.inner.generator, modular::bit_length(q))
                })
                .power(modulus, exponent),
            _ => power(modulus, &self.inner.generator, exponent),
        }
    }

    /// `peer` to the power of `exponent`: exactly [`size`](Self::size) bytes. The peer's value may have leading zeros or lack
    /// them.
    ///
    /// # Errors
    /// [`DhError::PeerOutOfRange`] unless 1 < peer < p−1.
    pub fn shared_secret(
        &self,
        exponent: &[u8],
        peer: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DhError> {
        let peer = within(&self.inner.modulus, peer).ok_or(DhError::PeerOutOfRange)?;
        let mut secret = power(&self.inner.modulus, &peer, exponent);
        let encoded = Zeroizing::new(modular::encode(&secret, self.size()));
        secret.zeroize();
        Ok(encoded)
    }

    /// A private exponent in 1..q, as long as [`q`](Self::q). Candidates are drawn with one `fill` each, cut to the bit length
    /// of q, and drawn again when out of range.
    #[must_use]
    pub fn random_exponent(&self, random: &mut dyn RandomSource) -> Zeroizing<Vec<u8>> {
        let q = &self.inner.q;
        let top_mask = q.first().map_or(0, |top| 0xFF >> top.leading_zeros());
        let mut candidate = Zeroizing::new(vec![0; q.len()]);
        // A source that fails this often gives no random bytes (say, a constant in a test): its value is folded into the range
        // instead of asking for ever.
        for _ in 0..128 {
            random.fill(&mut candidate);
            candidate[0] &= top_mask;
            let zero = candidate.iter().all(|&byte| byte == 0);
            if !zero && candidate.as_slice() < q.as_slice() {
                return candidate;
            }
        }
        let one = BoxedUint::one();
        let range = self.inner.order.wrapping_sub(&one);
        let folded = Option::<NonZero<BoxedUint>>::from(range.into_nz())
            .map(|range| modular::integer(&candidate).rem(&range).wrapping_add(&one))
            .unwrap_or(one);
        Zeroizing::new(modular::encode(&folded, q.len()))
    }
}

/// A number strictly between 1 and p−1.
fn within(modulus: &Modulus, bytes: &[u8]) -> Option<BoxedUint> {
    let value = modulus.element(bytes)?;
    let upper = modulus.value().wrapping_sub(BoxedUint::one());
    (value > BoxedUint::one() && value < upper).then_some(value)
}

fn power(modulus: &Modulus, base: &BoxedUint, exponent: &[u8]) -> BoxedUint {
    let integer = Zeroizing::new(modular::integer(exponent));
    modulus.pow_secret(base, &integer, modular::bit_length(exponent))
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.p() == other.p() && self.g() == other.g() && self.q() == other.q()
    }
}

impl Eq for Group {}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Group({} bits)", self.inner.modulus.bits())
    }
}
