//! Signatures in the answer, with real keys.

use cie_conformance::scenario::model::{KeyReference, PublicKeySource};
use cie_crypto::hash::{HashAlgorithm, sha256};
use cie_crypto::rsa::PrivateKey;
use cie_crypto::{iso9796, pkcs1};
use rstest::rstest;
use serde_json::{Value, json};

use crate::bench::{Bench, said};

/// The key all signatures here are made with, 1536 bits, published.
fn key() -> PrivateKey {
    let pem = include_str!("../../../emulator/crypto/tests/data/rsa-1536-pkcs1.pem");
    PrivateKey::from_pem(pem).expect("a key")
}

fn bench(signature: Vec<u8>) -> Bench {
    let source = PublicKeySource::Key(KeyReference::Sign);
    Bench {
        data: signature,
        signed: Some(b"what was sent".to_vec()),
        ..Bench::default().key(source, key().public().clone())
    }
}

fn type1(message: &[u8]) -> Vec<u8> {
    pkcs1::sign_type1(&key(), message).expect("a signature")
}

fn digest(algorithm: HashAlgorithm, message: &[u8]) -> Vec<u8> {
    pkcs1::sign_digest(&key(), algorithm, message).expect("a signature")
}

fn iso(hashed: &[u8]) -> Vec<u8> {
    let m1 = vec![7; key().size() - 34];
    iso9796::sign_block(&key(), &m1, &sha256(&[&m1, hashed])).expect("a signature")
}

#[rstest]
#[case::bare(json!({}), type1(b"what was sent"), None)]
#[case::bare_of_other_data(json!({}), type1(b"what was sunt"),
    Some("the signature verifies with key sign (81) and is of other data, from byte 10 of 13"))]
#[case::given_message(json!({"over": "0102"}), type1(&[1, 2]), None)]
#[case::short(json!({}), vec![1, 2], Some("the signature has 2 bytes; one of key sign (81) has 192 bytes"))]
#[case::nothing_came(json!({}), vec![], Some("the signature has 0 bytes; one of key sign (81) has 192 bytes"))]
#[case::no_block(json!({}), vec![1; 192],
    Some("the signature does not verify with key sign (81): no block of type 1 comes out, so another key or padding made it"))]
#[case::not_below(json!({}), vec![0xFF; 192],
    Some("the signature does not verify with key sign (81): as a number it is not below the modulus, so another key made it"))]
#[case::with_digest(json!({"scheme": "pkcs1", "digest": "sha256"}), digest(HashAlgorithm::Sha256, b"what was sent"), None)]
#[case::other_digest(json!({"scheme": "pkcs1", "digest": "sha256"}), digest(HashAlgorithm::Sha1, b"what was sent"),
    Some("the signature does not verify with key sign (81): it is a signature with SHA-1, expected SHA-256"))]
#[case::digest_of_other_data(json!({"scheme": "pkcs1", "digest": "sha512"}), digest(HashAlgorithm::Sha512, b"else"),
    Some("the signature does not verify with key sign (81): it is a signature with SHA-512, of another message"))]
#[case::no_digest_info(json!({"scheme": "pkcs1"}), type1(b"what was sent"),
    Some("the signature does not verify with key sign (81): its block holds 13 bytes without a DigestInfo"))]
#[case::recovery(json!({"scheme": "iso9796_2"}), iso(b"what was sent"), None)]
#[case::recovery_of_other_data(json!({"scheme": "iso9796_2"}), iso(b"else"),
    Some("the signature does not verify with key sign (81): header and trailer are right, and the SHA-256 inside is of another message"))]
#[case::recovery_without_block(json!({"scheme": "iso9796_2"}), type1(b"what was sent"),
    Some("the signature does not verify with key sign (81): no block with header 6A and trailer BC comes out, so another key or padding made it"))]
#[case::must_not(json!({"valid": false}), vec![1; 192], None)]
#[case::must_not_and_does(json!({"valid": false}), type1(b"what was sent"),
    Some("the signature verifies with key sign (81), it must not"))]
fn signatures(#[case] fields: Value, #[case] signature: Vec<u8>, #[case] message: Option<&str>) {
    let mut expect = json!({"verifies_with": {"key": "sign"}});
    for (name, value) in fields.as_object().expect("fields") {
        expect[name] = value.clone();
    }
    let found = said(&bench(signature), json!({"signature": expect}));
    assert_eq!(found, Vec::from_iter(message));
}

#[test]
fn what_was_signed_must_be_known() {
    let bench = Bench {
        signed: None,
        ..bench(vec![1; 192])
    };
    assert_eq!(
        said(
            &bench,
            json!({"signature": {"verifies_with": {"key": "sign"}}})
        ),
        [
            "what was signed is not known: this step asks for no signature; name the message with `over`"
        ]
    );
}
