//! ECDSA with the plain signature format `r ‖ s` (BSI TR-03111 §4.2.1 and §5.2.1), over a hash that the caller made.

use primeorder::elliptic_curve::ops::{Invert, Reduce};
use primeorder::{FieldBytes, PrimeCurveParams, PrimeField};

use super::arithmetic::number;
use super::curve::on;
use super::{Point, Scalar};
use crate::backend::{Multiples as _, chosen};
use crate::random::RandomSource;

/// Signs `hash` (its leftmost bytes, as many as the order has): `r ‖ s`, each [`Curve::size`](super::Curve::size) bytes.
/// The ephemeral key comes from `random`, so one seed gives one signature.
#[must_use]
pub fn sign(key: &Scalar, hash: &[u8], random: &mut dyn RandomSource) -> Vec<u8> {
    loop {
        let ephemeral = Scalar::random(key.curve, random);
        let signature = on!(key.curve, C => sign_with::<C>(key, &ephemeral, hash));
        // Nothing comes out once in 2^256 draws.
        if let Some(signature) = signature {
            return signature;
        }
    }
}

/// Whether `signature`, `r ‖ s` of exactly twice the order's length, is one of `hash` under `key`.
#[must_use]
pub fn verify(key: &Point, hash: &[u8], signature: &[u8]) -> bool {
    if signature.len() != 2 * key.curve.size() {
        return false;
    }
    let (r, s) = signature.split_at(key.curve.size());
    on!(key.curve, C => verify_parts::<C>(key, hash, r, s)).unwrap_or(false)
}

fn sign_with<C: PrimeCurveParams>(
    key: &Scalar,
    ephemeral: &Scalar,
    hash: &[u8],
) -> Option<Vec<u8>> {
    let r = x_of::<C>(ephemeral.public().x())?;
    let key = number::<C>(&key.bytes)?;
    let inverse = Option::<C::Scalar>::from(number::<C>(&ephemeral.bytes)?.invert())?;
    let s = inverse * (digest::<C>(hash) + r * key);
    let zero = |scalar: &C::Scalar| bool::from(primeorder::Field::is_zero(scalar));
    (!zero(&r) && !zero(&s)).then(|| [r.to_repr().as_slice(), s.to_repr().as_slice()].concat())
}

fn verify_parts<C: PrimeCurveParams>(key: &Point, hash: &[u8], r: &[u8], s: &[u8]) -> Option<bool> {
    let r = number::<C>(r)?;
    let inverse = Option::<C::Scalar>::from(number::<C>(s)?.invert())?;
    let first = (digest::<C>(hash) * inverse).to_repr();
    let second = (r * inverse).to_repr();
    // The point at infinity has no x, so it equals no r.
    let encoded = chosen::Points::sum(key.curve, &first, &key.encoded, &second)?;
    let x = encoded.get(1..=key.curve.size())?;
    Some(x_of::<C>(x)? == r)
}

/// An x-coordinate modulo the order.
fn x_of<C: PrimeCurveParams>(x: &[u8]) -> Option<C::Scalar> {
    let x = FieldBytes::<C>::try_from(x).ok()?;
    Some(<C::Scalar as Reduce<FieldBytes<C>>>::reduce(&x))
}

/// The leftmost bytes of the hash as a number modulo the order.
fn digest<C: PrimeCurveParams>(hash: &[u8]) -> C::Scalar {
    let mut bytes = FieldBytes::<C>::default();
    let size = bytes.len();
    let used = &hash[..hash.len().min(size)];
    bytes[size - used.len()..].copy_from_slice(used);
    <C::Scalar as Reduce<FieldBytes<C>>>::reduce(&bytes)
}
