//! The signature formats: PKCS#1 type 1 and v1.5, PSS, ISO/IEC 9796-2, against signatures of another implementation, round
//! trips, and damage.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use cie_crypto::hash::{HashAlgorithm, sha1, sha256};
use cie_crypto::iso9796::{self, Iso9796Error, Recovered, Trailer};
use cie_crypto::pkcs1::{self, Pkcs1Error};
use cie_crypto::pss::{self, PssError};
use cie_crypto::rsa::PrivateKey;
use common::KEY;
use proptest::prelude::*;
use rstest::rstest;

fn recorded(lines: &str, prefix: &str) -> Vec<u8> {
    let line = lines
        .lines()
        .find_map(|line| line.strip_prefix(prefix))
        .unwrap();
    hex::decode(line.trim()).unwrap()
}

#[rstest]
#[case::sha1("sha1", HashAlgorithm::Sha1)]
#[case::sha224("sha224", HashAlgorithm::Sha224)]
#[case::sha256("sha256", HashAlgorithm::Sha256)]
#[case::sha384("sha384", HashAlgorithm::Sha384)]
#[case::sha512("sha512", HashAlgorithm::Sha512)]
fn pkcs1_equals_the_other_implementation(#[case] name: &str, #[case] algorithm: HashAlgorithm) {
    let expected = recorded(
        include_str!("data/rsa-1536-pkcs1-signatures.txt"),
        &format!("{name} "),
    );
    assert_eq!(
        pkcs1::sign_digest(&KEY, algorithm, b"message").unwrap(),
        expected
    );
    assert_eq!(
        pkcs1::verify_digest(KEY.public(), algorithm, b"message", &expected),
        Ok(())
    );
    let other = pkcs1::verify_digest(KEY.public(), algorithm, b"massage", &expected);
    assert_eq!(other, Err(Pkcs1Error::Mismatch));
}

#[rstest]
#[case::sha1(HashAlgorithm::Sha1, "sha1 20 ", 20)]
#[case::sha256(HashAlgorithm::Sha256, "sha256 32 ", 32)]
#[case::sha512(HashAlgorithm::Sha512, "sha512 64 ", 64)]
#[case::no_salt(HashAlgorithm::Sha384, "sha384 0 ", 0)]
fn pss_of_the_other_implementation(
    #[case] algorithm: HashAlgorithm,
    #[case] prefix: &str,
    #[case] salt_len: usize,
) {
    let signature = recorded(include_str!("data/rsa-1536-pss-signatures.txt"), prefix);
    assert!(pss::verify(
        KEY.public(),
        algorithm,
        salt_len,
        b"message",
        &signature
    ));
    assert!(!pss::verify(
        KEY.public(),
        algorithm,
        salt_len,
        b"massage",
        &signature
    ));
    assert!(!pss::verify(
        KEY.public(),
        algorithm,
        salt_len + 1,
        b"message",
        &signature
    ));
    assert!(!pss::verify(
        KEY.public(),
        algorithm,
        salt_len,
        b"message",
        &signature[1..]
    ));
}

#[test]
fn pss_with_a_modulus_of_1025_bits() {
    let key = PrivateKey::from_pem(include_str!("data/rsa-1025-pkcs1.pem")).unwrap();
    let signature = recorded(
        include_str!("data/rsa-1025-pss-signatures.txt"),
        "sha256 32 ",
    );
    assert!(pss::verify(
        key.public(),
        HashAlgorithm::Sha256,
        32,
        b"message",
        &signature
    ));
    let own = pss::sign(&key, HashAlgorithm::Sha256, b"message", &[9; 32]).unwrap();
    assert!(pss::verify(
        key.public(),
        HashAlgorithm::Sha256,
        32,
        b"message",
        &own
    ));
}

#[test]
fn pss_without_room_is_refused() {
    // 192 bytes hold 64 of hash, two fixed bytes and at most 126 of salt.
    assert!(pss::sign(&KEY, HashAlgorithm::Sha512, b"", &[0; 126]).is_ok());
    let refused = pss::sign(&KEY, HashAlgorithm::Sha512, b"", &[0; 127]);
    assert_eq!(refused, Err(PssError::KeyTooShort(192)));
    let signature = pss::sign(&KEY, HashAlgorithm::Sha512, b"", &[]).unwrap();
    assert!(!pss::verify(
        KEY.public(),
        HashAlgorithm::Sha512,
        5000,
        b"",
        &signature
    ));
}

#[rstest]
#[case::empty(0)]
#[case::one_too_long(182)]
fn type_1_message_lengths(#[case] length: usize) {
    let refused = pkcs1::sign_type1(&KEY, &vec![1; length]);
    assert_eq!(
        refused,
        Err(Pkcs1Error::MessageLength { length, limit: 181 })
    );
}

#[rstest]
#[case::header(vec![0, 2])]
#[case::short_filler(vec![0, 1, 255, 255, 255, 255, 255, 255, 255, 0, 65])]
#[case::broken_filler(vec![0, 1, 255, 255, 255, 254])]
#[case::no_end([&[0, 1][..], &[255; 190]].concat())]
fn type_1_blocks_that_are_none(#[case] start: Vec<u8>) {
    let mut block = start;
    block.resize(192, 0x41);
    let signature = KEY.apply(&block).unwrap();
    assert_eq!(
        pkcs1::recover_type1(KEY.public(), &signature),
        Err(Pkcs1Error::Block)
    );
}

#[rstest]
#[case::header(0, 0x4A)]
#[case::trailer(191, 0xCC)]
fn iso9796_blocks_that_are_none(#[case] at: usize, #[case] value: u8) {
    let mut block = vec![0x11; 192];
    block[0] = 0x6A;
    block[191] = 0xBC;
    let good = KEY.apply(&block).unwrap();
    assert!(iso9796::recover_block(KEY.public(), &good).is_ok());
    block[at] = value;
    let signature = KEY.apply(&block).unwrap();
    assert_eq!(
        iso9796::recover_block(KEY.public(), &signature),
        Err(Iso9796Error::Block)
    );
}

#[test]
fn iso9796_recoverable_part_fills_the_block() {
    let refused = iso9796::sign_block(&KEY, &[0; 157], &[0; 32]);
    assert_eq!(
        refused,
        Err(Iso9796Error::RecoverableLength {
            length: 157,
            expected: 158
        })
    );
}

#[rstest]
#[case::sha1_implicit(sha1(&[b"m"]).to_vec(), Trailer::Implicit, 170)]
#[case::sha256_explicit(sha256(&[b"m"]).to_vec(), Trailer::Explicit(0x34), 157)]
fn iso9796_for_active_authentication(
    #[case] hash: Vec<u8>,
    #[case] trailer: Trailer,
    #[case] room: usize,
) {
    let m1 = vec![0xAB; room];
    let signature = iso9796::sign_with_trailer(&KEY, &m1, &hash, trailer).unwrap();
    let recovered = iso9796::recover_with_trailer(KEY.public(), &signature, hash.len(), trailer);
    assert_eq!(recovered, Ok((m1, hash)));
    let short = iso9796::recover_with_trailer(KEY.public(), &signature, 500, trailer);
    assert_eq!(short, Err(Iso9796Error::Block));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn type_1_round_trip(message in proptest::collection::vec(any::<u8>(), 1..=181)) {
        let signature = pkcs1::sign_type1(&KEY, &message).unwrap();
        prop_assert_eq!(signature.len(), 192);
        prop_assert_eq!(pkcs1::recover_type1(KEY.public(), &signature), Ok(message));
    }

    #[test]
    fn pss_round_trip(message: Vec<u8>, salt in proptest::collection::vec(any::<u8>(), 0..64)) {
        let signature = pss::sign(&KEY, HashAlgorithm::Sha512, &message, &salt).unwrap();
        prop_assert!(pss::verify(KEY.public(), HashAlgorithm::Sha512, salt.len(), &message, &signature));
    }

    #[test]
    fn iso9796_round_trip(m1 in proptest::collection::vec(any::<u8>(), 158), hash: [u8; 32]) {
        let signature = iso9796::sign_block(&KEY, &m1, &hash).unwrap();
        prop_assert_eq!(iso9796::recover_block(KEY.public(), &signature), Ok(Recovered { m1, hash }));
    }

    #[test]
    fn damage_never_panics_and_never_verifies(at in 0_usize..192, bit in 0_u8..8) {
        let mut signature = pss::sign(&KEY, HashAlgorithm::Sha256, b"m", &[1; 32]).unwrap();
        signature[at] ^= 1 << bit;
        prop_assert!(!pss::verify(KEY.public(), HashAlgorithm::Sha256, 32, b"m", &signature));
        prop_assert!(pkcs1::verify_digest(KEY.public(), HashAlgorithm::Sha256, b"m", &signature).is_err());
        prop_assert!(pkcs1::recover_type1(KEY.public(), &signature).is_err());
        prop_assert!(iso9796::recover_block(KEY.public(), &signature).is_err());
    }
}
