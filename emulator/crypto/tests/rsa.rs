//! RSA keys and the raw operation: encodings, refusals, and equality of the ways to compute the same power.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use cie_crypto::rsa::{PrivateKey, PublicKey, RsaError};
use common::{KEY, TERMINAL_CA, TERMINAL_CA_EXPONENT, field, session};
use proptest::prelude::*;
use rstest::rstest;

#[test]
fn the_three_encodings_of_a_key_are_one_key() {
    let pkcs8 = PrivateKey::from_pem(include_str!("data/rsa-1536-pkcs8.pem")).unwrap();
    assert_eq!(KEY.public(), pkcs8.public());
    assert_eq!(
        hex::encode(KEY.public().to_pkcs1_der()),
        include_str!("data/rsa-1536-public.hex")
    );
    let block = [0x55; 100];
    assert_eq!(KEY.apply(&block).unwrap(), pkcs8.apply(&block).unwrap());
}

#[test]
fn public_key_in_der() {
    let key = PublicKey::new(&session("ICC_N"), &[0, 1, 0, 1]).unwrap();
    let der = key.to_pkcs1_der();
    assert_eq!(
        der[..9],
        [0x30, 0x82, 0x01, 0x0A, 0x02, 0x82, 0x01, 0x01, 0x00]
    );
    assert_eq!(der[9..265], session("ICC_N"));
    assert_eq!(der[265..], [0x02, 0x03, 0x01, 0x00, 0x01]);
    assert_eq!(PublicKey::from_pkcs1_der(&der), Ok(key));
    let longer = [&der[..], &[0]].concat();
    assert_eq!(PublicKey::from_pkcs1_der(&longer), Err(RsaError::Encoding));
}

#[test]
fn leading_zeros_of_numbers_and_blocks_do_not_matter() {
    let modulus = [&[0, 0][..], KEY.public().modulus()].concat();
    let exponent = [&[0; 250][..], KEY.public().exponent()].concat();
    let key = PublicKey::new(&modulus, &exponent).unwrap();
    assert_eq!(&key, KEY.public());
    assert_eq!(key.exponent(), [1, 0, 1]);
    let block = [0x42; 20];
    let wide = [&[0; 300][..], &block].concat();
    let power = key.apply(&block).unwrap();
    assert_eq!(power.len(), key.size());
    assert_eq!(key.apply(&wide).unwrap(), power);
}

#[rstest]
#[case::too_short(&[0xFF; 63], &[3], RsaError::ModulusSize(504))]
#[case::too_long(&[0xFF; 513], &[3], RsaError::ModulusSize(4104))]
#[case::empty(&[], &[3], RsaError::ModulusSize(0))]
#[case::even_modulus(&[0xFE; 64], &[3], RsaError::ModulusEven)]
#[case::even_exponent(&[0xFF; 64], &[1, 0, 0], RsaError::Exponent)]
#[case::exponent_one(&[0xFF; 64], &[0, 1], RsaError::Exponent)]
#[case::no_exponent(&[0xFF; 64], &[], RsaError::Exponent)]
#[case::exponent_longer_than_modulus(&[0xFF; 64], &[0xFF; 65], RsaError::Exponent)]
fn refused_public_keys(
    #[case] modulus: &[u8],
    #[case] exponent: &[u8],
    #[case] expected: RsaError,
) {
    assert_eq!(PublicKey::new(modulus, exponent), Err(expected));
}

#[test]
fn the_shortest_and_the_longest_modulus_work() {
    for size in [64, 512] {
        let key = PublicKey::new(&vec![0xFF; size], &[3]).unwrap();
        // 2^(8·size) = 1 modulo 2^(8·size) − 1, so the cube of 2^k is 2^(3k).
        let power = key.apply(&[0x01, 0x00]).unwrap();
        assert_eq!(power[size - 4..], [0x01, 0, 0, 0]);
        assert!(power[..size - 4].iter().all(|&byte| byte == 0));
    }
}

#[test]
fn the_block_must_be_below_the_modulus() {
    let modulus = KEY.public().modulus().to_vec();
    let mut below = modulus.clone();
    *below.last_mut().unwrap() -= 1;
    for block in [
        modulus.clone(),
        vec![0xFF; modulus.len()],
        vec![1; modulus.len() + 1],
    ] {
        assert_eq!(KEY.public().apply(&block), Err(RsaError::BlockTooLarge));
        assert_eq!(KEY.apply(&block), Err(RsaError::BlockTooLarge));
    }
    // n − 1 is −1, and an odd power of −1 is −1.
    assert_eq!(KEY.public().apply(&below).unwrap(), below);
    assert_eq!(KEY.apply(&below).unwrap(), below);
    assert_eq!(KEY.apply(&[]).unwrap(), vec![0; modulus.len()]);
    assert_eq!(KEY.apply(&[1]).unwrap().last(), Some(&1));
}

fn primes() -> (Vec<u8>, Vec<u8>) {
    (field(&TERMINAL_CA, "p"), field(&TERMINAL_CA, "q"))
}

#[test]
fn numbers_that_do_not_belong_together_are_refused() {
    let (p, q) = primes();
    let mut composite = p.clone();
    *composite.last_mut().unwrap() ^= 2;
    let inconsistent = Err(RsaError::Inconsistent);
    let outcome = |key: Result<PrivateKey, RsaError>| key.map(|_| ());
    assert_eq!(
        outcome(PrivateKey::from_primes(&p, &p, &[1, 0, 1])),
        inconsistent
    );
    assert_eq!(
        outcome(PrivateKey::from_primes(&composite, &q, &[1, 0, 1])),
        inconsistent
    );
    assert_eq!(
        outcome(PrivateKey::from_primes(&p, &[2], &[1, 0, 1])),
        inconsistent
    );
    assert_eq!(
        outcome(PrivateKey::from_primes(&p, &[], &[1, 0, 1])),
        inconsistent
    );
    // An even exponent shares a factor with p − 1.
    assert_eq!(
        outcome(PrivateKey::with_exponent(&p, &q, &[6])),
        inconsistent
    );
    assert_eq!(
        outcome(PrivateKey::from_primes(
            &vec![0xFF; 100_000],
            &q,
            &[1, 0, 1]
        )),
        Err(RsaError::ModulusSize(800_000))
    );
    let mut wrong = session("ICC_D");
    wrong[7] ^= 1;
    assert_eq!(
        outcome(PrivateKey::from_modulus_and_exponent(
            &session("ICC_N"),
            &wrong
        )),
        inconsistent
    );
}

#[test]
fn primes_of_different_length_in_either_order() {
    let (p, _) = primes();
    // 2^521 − 1 and 2^127 − 1 are Mersenne primes; the second is too short to be of use.
    let mut mersenne = vec![0xFF; 66];
    mersenne[0] = 0x01;
    let one = PrivateKey::from_primes(&p, &mersenne, &[1, 0, 1]).unwrap();
    let other = PrivateKey::from_primes(&mersenne, &p, &[1, 0, 1]).unwrap();
    let block = [0x33; 150];
    let power = one.apply(&block).unwrap();
    assert_eq!(power, other.apply(&block).unwrap());
    assert_eq!(
        one.public().apply(&power).unwrap()[power.len() - 150..],
        block
    );
    let short = [&[0x7F][..], &[0xFF; 15]].concat();
    assert!(matches!(
        PrivateKey::from_primes(&p, &short, &[1, 0, 1]),
        Err(RsaError::ModulusSize(_))
    ));
}

#[rstest]
#[case::none(vec![])]
#[case::even(vec![1, 0])]
#[case::longer_than_the_modulus(vec![1; 257])]
fn refused_private_exponents(#[case] exponent: Vec<u8>) {
    let refused = PrivateKey::from_modulus_and_exponent(&session("ICC_N"), &exponent);
    assert_eq!(refused.map(|_| ()), Err(RsaError::Exponent));
}

#[rstest]
#[case::nothing("")]
#[case::not_pem("RSA PRIVATE KEY")]
#[case::wrong_label("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n")]
#[case::empty_sequence("-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n")]
#[case::empty_envelope("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n")]
fn refused_pem(#[case] pem: &str) {
    assert_eq!(
        PrivateKey::from_pem(pem).map(|_| ()),
        Err(RsaError::Encoding)
    );
}

#[test]
fn debug_shows_only_the_size() {
    assert_eq!(format!("{:?}", *KEY), "PrivateKey(1536 bits)");
    assert_eq!(format!("{:?}", KEY.public()), "PublicKey(1536 bits)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn remainders_and_the_plain_power_agree(block in proptest::collection::vec(any::<u8>(), 0..256)) {
        let (p, q) = primes();
        let exponent = hex::decode(TERMINAL_CA_EXPONENT).unwrap();
        let by_remainders = PrivateKey::with_exponent(&p, &q, &exponent).unwrap();
        let plain = PublicKey::new(&field(&TERMINAL_CA, "N"), &exponent).unwrap();
        let mut block = block;
        if let Some(top) = block.first_mut() { *top &= 0x7F; }
        let power = by_remainders.apply(&block).unwrap();
        prop_assert_eq!(&power, &plain.apply(&block).unwrap());
        let back = by_remainders.public().apply(&power).unwrap();
        prop_assert_eq!(&back[256 - block.len()..], &block[..]);
    }

    #[test]
    fn any_odd_modulus_squares_like_the_definition(
        modulus in proptest::collection::vec(any::<u8>(), 64..140),
        base in 2_u32..0x1000,
    ) {
        let mut modulus = modulus;
        modulus[0] |= 1;
        *modulus.last_mut().unwrap() |= 1;
        prop_assume!(modulus.len() > 64 || modulus[0] >= 0x80);
        let key = PublicKey::new(&modulus, &[3]).unwrap();
        let cube = u64::from(base).pow(3).to_be_bytes();
        let power = key.apply(&base.to_be_bytes()).unwrap();
        prop_assert_eq!(&power[power.len() - 8..], &cube[..]);
        prop_assert!(power[..power.len() - 8].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn bytes_that_are_no_key_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(PublicKey::from_pkcs1_der(&bytes).is_err());
        prop_assert!(PrivateKey::from_pkcs1_der(&bytes).is_err());
    }

    #[test]
    fn a_damaged_key_is_refused_or_another_one(at in 0_usize..200, bit in 0_u8..8) {
        let mut der = KEY.public().to_pkcs1_der();
        let at = at % der.len();
        der[at] ^= 1 << bit;
        prop_assert_ne!(PublicKey::from_pkcs1_der(&der), Ok(KEY.public().clone()));
    }
}
