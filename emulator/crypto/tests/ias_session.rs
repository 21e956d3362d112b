//! One complete IAS session made by an independent model of both halves, checked primitive by primitive.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use cie_crypto::dh::Group;
use cie_crypto::rsa::{PrivateKey, PublicKey};
use cie_crypto::triple_des::{RetailMac, TripleDes};
use cie_crypto::{hash, iso9796, kdf, padding};
use common::{TERMINAL_CA, TERMINAL_CA_EXPONENT, array, field, session};
use rstest::rstest;

#[rstest]
#[case::terminal("x_ifd", "ifdpub")]
#[case::card("x_icc", "iccpub")]
fn public_values(#[case] exponent: &str, #[case] expected: &str) {
    let value = Group::rfc5114_2048_256().public_value(&session(exponent));
    assert_eq!(value, session(expected));
}

#[rstest]
#[case::seen_by_the_terminal("x_ifd", "iccpub")]
#[case::seen_by_the_card("x_icc", "ifdpub")]
fn shared_secret(#[case] exponent: &str, #[case] peer: &str) {
    let group = Group::rfc5114_2048_256();
    let secret = group
        .shared_secret(&session(exponent), &session(peer))
        .unwrap();
    assert_eq!(*secret, session("secret"));
}

#[rstest]
#[case::enc(kdf::ENC, "sessENC")]
#[case::mac(kdf::MAC, "sessMAC")]
fn session_keys(#[case] counter: u32, #[case] expected: &str) {
    assert_eq!(
        kdf::derive_key(&session("secret"), counter).to_vec(),
        session(expected)
    );
}

/// The send sequence counter in front of each command of the transcript.
fn transcript() -> Vec<(u64, [Vec<u8>; 4])> {
    let mut counter = 1_u64;
    let mut rows = Vec::new();
    for row in common::SESSION["log"].as_array().unwrap() {
        let bytes = |at: usize| hex::decode(row[at].as_str().unwrap()).unwrap();
        rows.push((counter, [bytes(1), bytes(2), bytes(4), bytes(5)]));
        counter = match row[0].as_str().unwrap() {
            "INTERNAL AUTH" => u64::from_be_bytes(array(&session("SSC_after"))),
            _ => counter + 2,
        };
    }
    assert!(rows.len() > 10);
    rows
}

#[test]
fn every_command_and_response_carries_the_retail_mac() {
    let mac = RetailMac::new(&array(&session("sessMAC")));
    for (counter, [_, _, command, response]) in transcript() {
        let body = &command[5..command.len() - 1];
        let (objects, code) = body.split_at(body.len() - 10);
        let header = [&command[..4], &[0x80, 0, 0, 0]].concat();
        let expected = mac.mac_padded(&[&(counter + 1).to_be_bytes(), &header, objects]);
        assert_eq!(
            &code[2..],
            expected,
            "command {}",
            hex::encode(&command[..4])
        );

        let body = &response[..response.len() - 2];
        let (objects, code) = body.split_at(body.len() - 10);
        let expected = mac.mac_padded(&[&(counter + 2).to_be_bytes(), objects]);
        assert_eq!(
            &code[2..],
            expected,
            "response to {}",
            hex::encode(&command[..4])
        );
    }
}

#[test]
fn every_cryptogram_is_the_padded_data_in_cbc() {
    let cipher = TripleDes::new(&array(&session("sessENC")));
    let mut seen = 0;
    for (_, [_, data, command, _]) in transcript() {
        if data.is_empty() {
            continue;
        }
        let mut cryptogram = data.clone();
        padding::pad(&mut cryptogram, 8);
        cipher.encrypt_cbc(&[0; 8], &mut cryptogram).unwrap();
        let found = command
            .windows(cryptogram.len())
            .any(|window| window == cryptogram);
        assert!(found, "command {}", hex::encode(&command[..4]));
        cipher.decrypt_cbc(&[0; 8], &mut cryptogram).unwrap();
        assert_eq!(padding::unpad(&cryptogram).unwrap(), data);
        seen += 1;
    }
    assert!(seen > 5);
}

fn ca_prime(name: &str) -> Vec<u8> {
    field(&TERMINAL_CA, name)
}

#[test]
fn terminal_certificate_is_signed_and_recovered() {
    let exponent = hex::decode(TERMINAL_CA_EXPONENT).unwrap();
    let signing = PrivateKey::with_exponent(&ca_prime("p"), &ca_prime("q"), &exponent).unwrap();
    let content = session("cert_content");
    let hash = hash::sha256(&[&content]);
    let signature = iso9796::sign_block(&signing, &content[..222], &hash).unwrap();
    assert_eq!(signature, session("sig"));

    // The key that undoes it is exactly the published full-length public exponent.
    assert_eq!(signing.public().modulus(), ca_prime("N"));
    assert_eq!(signing.public().exponent(), ca_prime("e"));

    let expected = iso9796::Recovered {
        m1: content[..222].to_vec(),
        hash,
    };
    let public = PublicKey::new(&ca_prime("N"), &ca_prime("e")).unwrap();
    assert_eq!(
        iso9796::recover_block(&public, &signature).unwrap(),
        expected
    );
    let recovering =
        PrivateKey::with_exponent(&ca_prime("p"), &ca_prime("q"), &ca_prime("e")).unwrap();
    assert_eq!(
        iso9796::recover_block_crt(&recovering, &signature).unwrap(),
        expected
    );
}

/// The terminal certificate carries the terminal's modulus and exponent at its end.
fn terminal_key() -> PublicKey {
    let content = session("cert_content");
    PublicKey::new(&content[37..293], &content[293..]).unwrap()
}

fn external_authentication_hash() -> [u8; 32] {
    let group = Group::rfc5114_2048_256();
    let serial_number = hex::decode("2000000000000001").unwrap();
    hash::sha256(&[
        &session("prnd"),
        &session("ifdpub"),
        &serial_number,
        &session("challenge"),
        &session("iccpub"),
        group.g(),
        group.p(),
        group.q(),
    ])
}

#[test]
fn external_authentication() {
    assert_eq!(external_authentication_hash().to_vec(), session("hash_ext"));
    // The signature travels behind the serial number, in two chained commands.
    let sent: Vec<u8> = (transcript().into_iter())
        .filter(|(_, [header, ..])| header[1] == 0x82)
        .flat_map(|(_, [_, data, ..])| data)
        .collect();
    let recovered = iso9796::recover_block(&terminal_key(), &sent[8..]).unwrap();
    assert_eq!(recovered.m1, session("prnd"));
    assert_eq!(recovered.hash, external_authentication_hash());
}

#[test]
fn internal_authentication() {
    let group = Group::rfc5114_2048_256();
    let serial_number = hex::decode("0012345678901234").unwrap();
    let hash = hash::sha256(&[
        &session("prnd2"),
        &session("iccpub"),
        &serial_number,
        &session("rndIFD"),
        &session("ifdpub"),
        group.g(),
        group.p(),
        group.q(),
    ]);
    assert_eq!(hash.to_vec(), session("hash_int"));

    let key = PrivateKey::from_modulus_and_exponent(&session("ICC_N"), &session("ICC_D")).unwrap();
    let signature = iso9796::sign_block(&key, &session("prnd2"), &hash).unwrap();
    let mut answer = [&serial_number[..], &signature].concat();
    padding::pad(&mut answer, 8);
    TripleDes::new(&array(&session("sessENC")))
        .encrypt_cbc(&[0; 8], &mut answer)
        .unwrap();
    let response = transcript()
        .into_iter()
        .find_map(|(_, [header, data, _, response])| {
            (header[1] == 0x88 && data.len() == 8).then_some(response)
        })
        .unwrap();
    assert!(
        response
            .windows(answer.len())
            .any(|window| window == answer)
    );
}

#[test]
fn signature_of_a_digest_info_is_block_type_1_without_more() {
    let key = PrivateKey::from_modulus_and_exponent(&session("ICC_N"), &session("ICC_D")).unwrap();
    let message = b"123456789012";
    let signature = cie_crypto::pkcs1::sign_type1(&key, message).unwrap();
    assert_eq!(
        signature,
        cie_crypto::pkcs1::sign_type1(&key, message).unwrap()
    );
    assert_eq!(
        cie_crypto::pkcs1::recover_type1(key.public(), &signature).unwrap(),
        message
    );
}
