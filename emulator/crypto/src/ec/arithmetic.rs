//! Points and scalars of the RustCrypto curves, and their multiples: the pure half of the backend.

use primeorder::elliptic_curve::group::Group as _;
use primeorder::elliptic_curve::ops::MulByGeneratorVartime as _;
use primeorder::elliptic_curve::sec1::{FromSec1Point, ToSec1Point};
use primeorder::{AffinePoint, FieldBytes, PrimeCurveParams, PrimeField, ProjectivePoint};

/// See [`Multiples::point`](crate::backend::Multiples::point).
pub(crate) fn multiply<C: PrimeCurveParams>(point: &[u8], scalar: &[u8]) -> Option<Vec<u8>> {
    let point = affine::<C>(point)?;
    let factor = number::<C>(scalar)?;
    encode::<C>(ProjectivePoint::<C>::from(point) * factor)
}

/// See [`Multiples::generator`](crate::backend::Multiples::generator).
pub(crate) fn multiply_generator<C: PrimeCurveParams>(scalar: &[u8]) -> Option<Vec<u8>> {
    let factor = number::<C>(scalar)?;
    encode::<C>(ProjectivePoint::<C>::mul_by_generator(&factor))
}

/// See [`Multiples::sum`](crate::backend::Multiples::sum).
pub(crate) fn sum_of_multiples<C: PrimeCurveParams>(
    first: &[u8],
    point: &[u8],
    second: &[u8],
) -> Option<Vec<u8>> {
    let point = ProjectivePoint::<C>::from(affine::<C>(point)?);
    let (first, second) = (residue::<C>(first)?, residue::<C>(second)?);
    encode::<C>(ProjectivePoint::<C>::mul_by_generator_and_mul_add_vartime(
        &first, &second, &point,
    ))
}

/// The point of a complete uncompressed encoding, if it is on the curve.
pub(super) fn affine<C: PrimeCurveParams>(encoded: &[u8]) -> Option<AffinePoint<C>> {
    AffinePoint::<C>::from_sec1_bytes(encoded).ok()
}

/// `None` for the point at infinity.
pub(super) fn encode<C: PrimeCurveParams>(point: ProjectivePoint<C>) -> Option<Vec<u8>> {
    let affine = AffinePoint::<C>::from(point);
    let encoded = affine.to_sec1_point(false);
    let bytes = encoded.as_bytes();
    (bytes.first() == Some(&0x04)).then(|| bytes.to_vec())
}

/// A number of the field's length as a residue; `None` for zero and from the order up.
pub(super) fn number<C: PrimeCurveParams>(bytes: &[u8]) -> Option<C::Scalar> {
    residue::<C>(bytes).filter(|scalar| !bool::from(primeorder::Field::is_zero(scalar)))
}

fn residue<C: PrimeCurveParams>(bytes: &[u8]) -> Option<C::Scalar> {
    let bytes = FieldBytes::<C>::try_from(bytes).ok()?;
    Option::<C::Scalar>::from(C::Scalar::from_repr(bytes))
}
