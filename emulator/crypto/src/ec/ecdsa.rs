//! ECDSA with the plain signature format `r ‖ s` (BSI TR-03111 §4.2.1 and §5.2.1), over a hash that the caller made.

use primeorder::elliptic_curve::ops::{Invert, Reduce};
use primeorder::elliptic_curve::point::AffineCoordinates;
use primeorder::{AffinePoint, FieldBytes, PrimeCurveParams, PrimeField, ProjectivePoint};

use super::curve::on;
use super::{Point, Scalar, affine, number};
use crate::random::RandomSource;
use primeorder::elliptic_curve::group::Group as _;

/// Signs `hash` (its leftmost bytes, as many as the order has): `r ‖ s`, each [`Curve::size`](super::Curve::size) bytes.
/// The ephemeral key comes from `random`, so one seed gives one signature.
#[must_use]
pub fn sign(key: &Scalar, hash: &[u8], random: &mut dyn RandomSource) -> Vec<u8> {
    loop {
        let ephemeral = Scalar::random(key.curve, random);
        let signature = on!(key.curve, C => sign_with::<C>(&key.bytes, &ephemeral.bytes, hash));
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
    on!(key.curve, C => verify_parts::<C>(&key.encoded, hash, r, s)).unwrap_or(false)
}

fn sign_with<C: PrimeCurveParams>(key: &[u8], ephemeral: &[u8], hash: &[u8]) -> Option<Vec<u8>> {
    let key = number::<C>(key)?;
    let ephemeral = number::<C>(ephemeral)?;
    let r = x_of::<C>(ProjectivePoint::<C>::generator() * ephemeral);
    let inverse = Option::<C::Scalar>::from(ephemeral.invert())?;
    let s = inverse * (digest::<C>(hash) + r * key);
    let zero = |scalar: &C::Scalar| bool::from(primeorder::Field::is_zero(scalar));
    (!zero(&r) && !zero(&s)).then(|| [r.to_repr().as_slice(), s.to_repr().as_slice()].concat())
}

fn verify_parts<C: PrimeCurveParams>(key: &[u8], hash: &[u8], r: &[u8], s: &[u8]) -> Option<bool> {
    let key = ProjectivePoint::<C>::from(affine::<C>(key)?);
    let r = number::<C>(r)?;
    let inverse = Option::<C::Scalar>::from(number::<C>(s)?.invert())?;
    let point =
        ProjectivePoint::<C>::generator() * (digest::<C>(hash) * inverse) + key * (r * inverse);
    Some(x_of::<C>(point) == r)
}

/// The x-coordinate modulo the order; zero for the point at infinity, which equals no r.
fn x_of<C: PrimeCurveParams>(point: ProjectivePoint<C>) -> C::Scalar {
    let affine = AffinePoint::<C>::from(point);
    if bool::from(affine.is_identity()) {
        return <C::Scalar as primeorder::Field>::ZERO;
    }
    <C::Scalar as Reduce<FieldBytes<C>>>::reduce(&affine.x())
}

/// The leftmost bytes of the hash as a number modulo the order.
fn digest<C: PrimeCurveParams>(hash: &[u8]) -> C::Scalar {
    let mut bytes = FieldBytes::<C>::default();
    let size = bytes.len();
    let used = &hash[..hash.len().min(size)];
    bytes[size - used.len()..].copy_from_slice(used);
    <C::Scalar as Reduce<FieldBytes<C>>>::reduce(&bytes)
}
