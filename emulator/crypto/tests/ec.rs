//! The curves against published numbers and the openssl program's signatures, and the algebra they must satisfy.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use cie_crypto::ec::{Curve, EcError, Point, Scalar, ecdsa};
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::random::{RandomSource, Seeded};
use proptest::prelude::*;
use rstest::rstest;

fn bytes(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

// SEC 2 v2 §2.4.2, §2.5.1 and §2.6.1, RFC 5639 §3.4 and §3.6: the first bytes of p, a, b, x(G) and n.
#[rstest]
#[case::p256(Curve::P256, 12, 32, ["FFFFFFFF00000001", "FFFFFFFF00000001", "5AC635D8AA3A93E7", "6B17D1F2E12C4247", "FFFFFFFF00000000"])]
#[case::bp256(Curve::BrainpoolP256r1, 13, 32, ["A9FB57DBA1EEA9BC", "7D5A0975FC2C3057", "26DC5C6CE94A4B44", "8BD2AEB9CB7E57CB", "A9FB57DBA1EEA9BC"])]
#[case::p384(Curve::P384, 15, 48, ["FFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF", "B3312FA7E23EE7E4", "AA87CA22BE8B0537", "FFFFFFFFFFFFFFFF"])]
#[case::bp384(Curve::BrainpoolP384r1, 16, 48, ["8CB91E82A3386D28", "7BC382C63D8C150C", "04A8C7DD22CE2826", "1D1C64F068CF45FF", "8CB91E82A3386D28"])]
#[case::p521(Curve::P521, 18, 66, ["01FFFFFFFFFFFFFF", "01FFFFFFFFFFFFFF", "0051953EB9618E1C", "00C6858E06B70404", "01FFFFFFFFFFFFFF"])]
fn published_parameters(
    #[case] curve: Curve,
    #[case] id: u8,
    #[case] size: usize,
    #[case] beginnings: [&str; 5],
) {
    assert_eq!(curve.domain_parameter_id(), id);
    assert_eq!(Curve::from_domain_parameter_id(id), Some(curve));
    let parameters = curve.parameters();
    let numbers = [
        &parameters.p,
        &parameters.a,
        &parameters.b,
        &parameters.g[1..].to_vec(),
        &parameters.n,
    ];
    for (number, beginning) in numbers.into_iter().zip(beginnings) {
        assert_eq!(hex::encode_upper(&number[..8]), beginning);
    }
    let lengths = [&parameters.p, &parameters.a, &parameters.b, &parameters.n].map(Vec::len);
    assert_eq!((lengths, parameters.g.len()), ([size; 4], 1 + 2 * size));
    // The order is the order: n−1 times the generator is its negative, and n is no scalar.
    let mut minus_one = parameters.n.clone();
    *minus_one.last_mut().unwrap() -= 1;
    let generator = Point::generator(curve);
    let negative = generator
        .mul(&Scalar::new(curve, &minus_one).unwrap())
        .unwrap();
    assert_eq!(negative.x(), generator.x());
    assert_eq!(negative.add(&generator), Err(EcError::Infinity));
    assert_eq!(
        Scalar::new(curve, &parameters.n).err(),
        Some(EcError::Scalar(curve))
    );
}

#[rstest]
#[case::nothing("")]
#[case::infinity("00")]
#[case::compressed("026B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296")]
#[case::hybrid(
    "066B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
)]
#[case::short(
    "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51"
)]
#[case::long(
    "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F500"
)]
fn encodings_that_are_none(#[case] encoded: &str) {
    let refused = Point::decode(Curve::P256, &bytes(encoded));
    assert!(
        matches!(refused, Err(EcError::Encoding { .. })),
        "{refused:?}"
    );
}

#[rstest]
#[case::zero([0; 64])]
#[case::all_ones([0xFF; 64])]
#[case::one([1; 64])]
fn points_off_the_curve(#[case] coordinates: [u8; 64]) {
    for curve in [Curve::P256, Curve::BrainpoolP256r1] {
        let encoded = [&[4], &coordinates[..]].concat();
        assert_eq!(
            Point::decode(curve, &encoded),
            Err(EcError::NotOnCurve(curve))
        );
    }
}

// RFC 6979 A.2.5 (P-256, SHA-256, "sample") and A.2.6 (P-384, SHA-384, "sample"): signatures this side did not make.
#[rstest]
#[case::p256(
    Curve::P256,
    HashAlgorithm::Sha256,
    "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
)]
#[case::p384(
    Curve::P384,
    HashAlgorithm::Sha384,
    "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
    "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE4699EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8"
)]
fn published_signatures(
    #[case] curve: Curve,
    #[case] hash: HashAlgorithm,
    #[case] private: &str,
    #[case] signature: &str,
) {
    let key = Scalar::new(curve, &bytes(private)).unwrap().public();
    let mut signature = bytes(signature);
    assert!(ecdsa::verify(&key, &hash.digest(&[b"sample"]), &signature));
    assert!(!ecdsa::verify(&key, &hash.digest(&[b"test"]), &signature));
    signature[5] ^= 1;
    assert!(!ecdsa::verify(&key, &hash.digest(&[b"sample"]), &signature));
}

fn any_curve() -> impl Strategy<Value = Curve> {
    prop::sample::select(Curve::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn both_sides_agree(curve in any_curve(), seed: u64) {
        let mut random = Seeded::new(seed);
        let (one, two) = (Scalar::random(curve, &mut random), Scalar::random(curve, &mut random));
        let secret = two.public().mul(&one).unwrap();
        prop_assert_eq!(&secret, &one.public().mul(&two).unwrap());
        prop_assert_eq!(&Point::decode(curve, secret.encoded()).unwrap(), &secret);
        // The same private keys on the mapped generator, as PACE does it.
        let mut nonce = [0; 16];
        random.fill(&mut nonce);
        let mapped = Point::map_nonce(&nonce, &secret).unwrap();
        let (a, b) = (mapped.mul(&one).unwrap(), mapped.mul(&two).unwrap());
        prop_assert_eq!(a.mul(&two).unwrap().x().to_vec(), b.mul(&one).unwrap().x().to_vec());
    }

    #[test]
    fn a_public_key_is_the_generator_times_the_private_one(curve in any_curve(), seed: u64) {
        let scalar = Scalar::random(curve, &mut Seeded::new(seed));
        prop_assert_eq!(Ok(scalar.public()), Point::generator(curve).mul(&scalar));
    }

    #[test]
    fn signatures_verify_and_nothing_else_does(curve in any_curve(), seed: u64, length in 16_usize..80, bit in 0_usize..500) {
        let mut random = Seeded::new(seed);
        let key = Scalar::random(curve, &mut random);
        let mut hash = vec![0; length];
        random.fill(&mut hash);
        let mut signature = ecdsa::sign(&key, &hash, &mut random);
        prop_assert_eq!(signature.len(), 2 * curve.size());
        prop_assert!(ecdsa::verify(&key.public(), &hash, &signature));
        let at = bit % (8 * signature.len());
        signature[at / 8] ^= 1 << (at % 8);
        prop_assert!(!ecdsa::verify(&key.public(), &hash, &signature));
        prop_assert!(!ecdsa::verify(&key.public(), &hash, &signature[1..]));
    }

    #[test]
    fn any_bytes_are_a_point_or_refused(curve in any_curve(), encoded in prop::collection::vec(any::<u8>(), 0..140)) {
        if let Ok(point) = Point::decode(curve, &encoded) {
            prop_assert_eq!(point.encoded(), &encoded[..]);
        }
    }
}

#[test]
fn a_source_without_randomness_ends() {
    #[derive(Clone)]
    struct Constant(u8);
    impl RandomSource for Constant {
        fn fill(&mut self, out: &mut [u8]) {
            out.fill(self.0);
        }
        fn fork(&self) -> Box<dyn RandomSource> {
            Box::new(self.clone())
        }
    }
    for byte in [0, 0xFF] {
        let scalar = Scalar::random(Curve::BrainpoolP256r1, &mut Constant(byte));
        assert_eq!(scalar.public(), Point::generator(Curve::BrainpoolP256r1));
    }
}
