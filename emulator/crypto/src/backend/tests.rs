//! Both implementations give the same bytes for the same numbers.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use crypto_bigint::{BoxedUint, Odd};
use proptest::prelude::*;
use rstest::rstest;

use super::{Multiples as _, Powers as _, WholeRsa as _, pure, system};
use crate::ec::{Curve, Scalar};
use crate::modular;
use crate::random::Seeded;
use crate::rsa::PrivateKey;

fn numbers(bytes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), bytes)
}

fn odd(bytes: &[u8]) -> Odd<BoxedUint> {
    let mut bytes = bytes.to_vec();
    *bytes.first_mut().unwrap() |= 0x80;
    *bytes.last_mut().unwrap() |= 1;
    modular::integer(&bytes).into_odd().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn powers(modulus in numbers(8..300), base in numbers(0..300), exponent in numbers(0..80)) {
        let (one, two) = (pure::Powers::new(odd(&modulus)), system::Powers::new(odd(&modulus)));
        let base = modular::integer(&base).rem(one.params().modulus().as_nz_ref());
        let bits = modular::bit_length(&exponent);
        let exponent = modular::integer(&exponent);
        let expected = one.power_public(&base, &exponent);
        prop_assert_eq!(&one.power_secret(&base, &exponent, bits), &expected);
        prop_assert_eq!(&two.power_public(&base, &exponent), &expected);
        prop_assert_eq!(&two.power_secret(&base, &exponent, bits), &expected);
        prop_assert_eq!(expected.bits_precision(), one.params().bits_precision());
    }
}

/// The numbers of a key of the tests, and what it makes of a block by two powers.
#[test]
fn whole_rsa() {
    let pem = include_str!("../../tests/data/rsa-1536-pkcs1.pem");
    let key = PrivateKey::from_pem(pem).unwrap();
    let plain = key.public().clone();
    let mut seen = 0;
    for seed in 0..40 {
        let mut block = vec![0; key.size()];
        crate::random::RandomSource::fill(&mut Seeded::new(seed), &mut block[1..]);
        let power = key.apply(&block).unwrap();
        assert_eq!(plain.apply(&power).unwrap(), block);
        assert_eq!(key.apply_in_halves(&block), power);
        seen += 1;
    }
    assert_eq!(seen, 40);
}

#[test]
fn a_key_with_a_full_length_exponent_is_no_whole_one() {
    let numbers = super::RsaNumbers {
        modulus: &[0xFF; 128],
        public_exponent: &[0xFF; 128],
        exponent: &[3],
        p: &[0xFF; 64],
        q: &[0xFF; 64],
        exponent_p: &[3],
        exponent_q: &[3],
        q_inverse: &[1],
    };
    assert!(system::Rsa::new(&numbers).is_none());
}

#[rstest]
#[case(Curve::P256)]
#[case(Curve::BrainpoolP256r1)]
#[case(Curve::P384)]
#[case(Curve::BrainpoolP384r1)]
#[case(Curve::P521)]
fn points(#[case] curve: Curve) {
    let mut random = Seeded::new(7);
    for _ in 0..4 {
        let [a, b, c] = [(); 3].map(|()| Scalar::random(curve, &mut random).to_bytes());
        let point = pure::Points::generator(curve, &a);
        assert_eq!(system::Points::generator(curve, &a), point);
        let point = point.unwrap();
        let product = pure::Points::point(curve, &point, &b);
        assert!(product.is_some());
        assert_eq!(system::Points::point(curve, &point, &b), product);
        let sum = pure::Points::sum(curve, &b, &point, &c);
        assert!(sum.is_some());
        assert_eq!(system::Points::sum(curve, &b, &point, &c), sum);
        let zero = vec![0; curve.size()];
        assert_eq!(system::Points::sum(curve, &zero, &point, &b), product);
        assert_eq!(pure::Points::sum(curve, &zero, &point, &b), product);
    }
}

/// The generator times 5 plus its negative times 5.
#[rstest]
#[case(Curve::P256)]
#[case(Curve::P521)]
fn infinity_has_no_encoding(#[case] curve: Curve) {
    let number = |value: u8| [vec![0; curve.size() - 1], vec![value]].concat();
    let order = curve.parameters().n;
    let generator = pure::Points::generator(curve, &number(1)).unwrap();
    let mut minus = order;
    *minus.last_mut().unwrap() -= 5;
    assert_eq!(
        pure::Points::sum(curve, &number(5), &generator, &minus),
        None
    );
    assert_eq!(
        system::Points::sum(curve, &number(5), &generator, &minus),
        None
    );
}
