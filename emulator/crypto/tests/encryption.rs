//! Encryption to a public key: what another implementation encrypted opens, round trips, lengths at their limits, damage.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use cie_crypto::encryption::{EncryptionError, EncryptionScheme, decrypt, encrypt};
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::random::Seeded;
use common::KEY;
use proptest::prelude::*;
use rstest::rstest;

const PKCS1: EncryptionScheme = EncryptionScheme::Pkcs1;
const SHA1: EncryptionScheme = EncryptionScheme::Oaep(HashAlgorithm::Sha1);
const SHA256: EncryptionScheme = EncryptionScheme::Oaep(HashAlgorithm::Sha256);

#[rstest]
#[case::pkcs1("pkcs1 ", PKCS1)]
#[case::oaep_sha1("oaep-sha1 ", SHA1)]
#[case::oaep_sha256("oaep-sha256 ", SHA256)]
fn what_another_implementation_encrypted_opens(
    #[case] prefix: &str,
    #[case] scheme: EncryptionScheme,
) {
    let lines = include_str!("data/rsa-1536-encryptions.txt").lines();
    let line = lines
        .filter_map(|line| line.strip_prefix(prefix))
        .next()
        .unwrap();
    let ciphertext = hex::decode(line.trim()).unwrap();
    assert_eq!(decrypt(&KEY, scheme, &ciphertext).unwrap(), b"1732");
}

/// A key of 192 bytes takes 11 less than that, or two hashes and two bytes less.
#[rstest]
#[case::pkcs1(PKCS1, 181)]
#[case::oaep_sha1(SHA1, 150)]
#[case::oaep_sha256(SHA256, 126)]
fn the_longest_message_passes_and_one_byte_more_does_not(
    #[case] scheme: EncryptionScheme,
    #[case] limit: usize,
) {
    let (message, mut random) = (vec![0; limit + 1], Seeded::new(1));
    let ciphertext = encrypt(KEY.public(), scheme, &message[..limit], &mut random).unwrap();
    assert_eq!(
        decrypt(&KEY, scheme, &ciphertext).unwrap(),
        message[..limit]
    );
    let length = limit + 1;
    assert_eq!(
        encrypt(KEY.public(), scheme, &message, &mut random),
        Err(EncryptionError::MessageLength { length, limit })
    );
}

#[test]
fn a_key_without_room_for_two_hashes_is_refused() {
    let scheme = EncryptionScheme::Oaep(HashAlgorithm::Sha512);
    let short = cie_crypto::rsa::PublicKey::new(&[0xFF; 64], &[1, 0, 1]).unwrap();
    assert_eq!(
        encrypt(&short, scheme, b"", &mut Seeded::new(1)),
        Err(EncryptionError::KeyTooShort(64))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn encryption_is_undone(seed: u64, message in prop::collection::vec(any::<u8>(), 0..=126), which in 0..3_usize) {
        let scheme = [PKCS1, SHA1, SHA256][which];
        let ciphertext = encrypt(KEY.public(), scheme, &message, &mut Seeded::new(seed)).unwrap();
        prop_assert_eq!(ciphertext.len(), KEY.size());
        prop_assert_eq!(decrypt(&KEY, scheme, &ciphertext).unwrap(), message);
    }

    #[test]
    fn damage_never_gives_the_message(at in 0..192_usize, bit in 0..8_u32, which in 0..3_usize) {
        let scheme = [PKCS1, SHA1, SHA256][which];
        let mut ciphertext = encrypt(KEY.public(), scheme, b"1732", &mut Seeded::new(5)).unwrap();
        ciphertext[at] ^= 1 << bit;
        prop_assert_ne!(decrypt(&KEY, scheme, &ciphertext), Ok(b"1732".to_vec()));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), which in 0..3_usize) {
        let opened = decrypt(&KEY, [PKCS1, SHA1, SHA256][which], &bytes);
        prop_assert!(bytes.len() == KEY.size() || opened == Err(EncryptionError::Block));
    }
}
