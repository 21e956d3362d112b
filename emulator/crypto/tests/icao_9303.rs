//! Worked examples of ICAO 9303-11 Appendix D (basic access control and secure messaging with 3DES), one exchange with AES
//! recorded from a reader, the DES validation of NIST SP 800-17 and the CMAC examples of NIST SP 800-38B.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use cie_crypto::aes_sm::{AesCbc, AesCmac, KeyLengthError};
use cie_crypto::hash;
use cie_crypto::kdf::{ENC, MAC, derive_key_sha1, with_odd_parity};
use cie_crypto::padding;
use cie_crypto::triple_des::{LengthError, RetailMac, TripleDes};
use common::array;
use proptest::prelude::*;
use rstest::rstest;

fn bytes(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

#[test]
fn basic_access_seed_and_cryptogram() {
    let seed = hash::sha1(&[b"L898902C<369080619406236"]);
    let enc = TripleDes::new(&derive_key_sha1(&seed[..16], ENC));
    let mac = RetailMac::new(&derive_key_sha1(&seed[..16], MAC));

    let (rnd_ic, rnd_ifd) = (bytes("4608F91988702212"), bytes("781723860C06C226"));
    let key_ifd = bytes("0B795240CB7049B01C19B33E32804F0B");
    let mut cryptogram = [rnd_ifd, rnd_ic, key_ifd].concat();
    enc.encrypt_cbc(&[0; 8], &mut cryptogram).unwrap();
    assert_eq!(
        cryptogram,
        bytes("72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2")
    );
    assert_eq!(
        mac.mac_padded(&[&cryptogram]).to_vec(),
        bytes("5F1448EEA8AD90A7")
    );
    let answer = bytes("46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F");
    assert_eq!(
        mac.mac_padded(&[&answer]).to_vec(),
        bytes("2F2D235D074D7449")
    );
}

#[rstest]
#[case::enc(ENC, "979EC13B1CBFE9DCD01AB0FED307EAE5")]
#[case::mac(MAC, "F1CB1F1FB5ADF208806B89DC579DC1F8")]
fn session_keys(#[case] counter: u32, #[case] expected: &str) {
    let key = derive_key_sha1(&bytes("0036D272F5C350ACAC50C3F572D23600"), counter);
    assert_eq!(with_odd_parity(key).to_vec(), bytes(expected));
}

// Secure messaging of Appendix D.4: counter, header, data objects, expected MAC.
#[rstest]
#[case::select(1, "0CA4020C80000000", "8709016375432908C044F6", "BF8B92D635FF24F8")]
#[case::select_response(2, "", "99029000", "FA855A5D4C50A8ED")]
#[case::read_4(3, "0CB0000080000000", "970104", "ED6705417E96BA55")]
#[case::read_4_response(4, "", "8709019FF0EC34F992265199029000", "AD55CC17140B2DED")]
#[case::read_18(5, "0CB0000480000000", "970112", "2EA28A70F3C7B535")]
#[case::read_18_response(
    6,
    "",
    "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A99029000",
    "C8B2787EAEA07D74"
)]
fn secure_messaging_macs(
    #[case] steps: u64,
    #[case] header: &str,
    #[case] objects: &str,
    #[case] expected: &str,
) {
    let counter = 0x8870_2212_0C06_C226_u64 + steps;
    let mac = RetailMac::new(&array(&bytes("F1CB1F1FB5ADF208806B89DC579DC1F8")));
    let code = mac.mac_padded(&[&counter.to_be_bytes(), &bytes(header), &bytes(objects)]);
    assert_eq!(code.to_vec(), bytes(expected));
}

#[rstest]
#[case::file_id("011E", "6375432908C044F6")]
#[case::start("60145F01", "9FF0EC34F9922651")]
#[case::rest(
    "04303130365F36063034303030305C026175",
    "FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A"
)]
fn secure_messaging_cryptograms(#[case] plain: &str, #[case] expected: &str) {
    let cipher = TripleDes::new(&array(&bytes("979EC13B1CBFE9DCD01AB0FED307EAE5")));
    let mut data = bytes(plain);
    padding::pad(&mut data, 8);
    cipher.encrypt_cbc(&[0; 8], &mut data).unwrap();
    assert_eq!(data, bytes(expected));
    cipher.decrypt_cbc(&[0; 8], &mut data).unwrap();
    assert_eq!(padding::unpad(&data).unwrap(), bytes(plain));
}

// NIST SP 800-17 table A.1, variable plaintext under the key 01…01: with equal halves two-key EDE is single DES.
#[rstest]
#[case::bit_1("8000000000000000", "95F8A5E5DD31D900")]
#[case::bit_2("4000000000000000", "DD7F121CA5015619")]
#[case::bit_64("0000000000000001", "166B40B44ABA4BD6")]
fn des_variable_plaintext(#[case] plain: &str, #[case] expected: &str) {
    let mut block = bytes(plain);
    TripleDes::new(&[1; 16])
        .encrypt_cbc(&[0; 8], &mut block)
        .unwrap();
    assert_eq!(block, bytes(expected));
}

#[test]
fn aes_secure_messaging_of_a_reader() {
    let enc = AesCbc::new(&bytes("CC86415F2ED7E8FD663B754265695AE1")).unwrap();
    let mac = AesCmac::new(&bytes("581E84B8EE06C4D3EEE30461498D7FB3")).unwrap();
    let counter = 0xBB_u128.to_be_bytes();
    let mut data = bytes("800A04007F000702020302028401C3");
    padding::pad(&mut data, 16);
    enc.encrypt_cbc(&enc.encrypt_block(&counter), &mut data)
        .unwrap();
    assert_eq!(data, bytes("980953D37F67558690045D78A853B18A"));
    let header = bytes("0C2241A480000000000000000000000000".get(..32).unwrap());
    let object = [&[0x87, 0x11, 0x01], &data[..]].concat();
    assert_eq!(
        mac.mac_padded(&[&counter, &header, &object]).to_vec(),
        bytes("929767A2CEF172E2")
    );
}

// NIST SP 800-38B examples, first 8 bytes; the longer keys are those of the same document.
#[rstest]
#[case::aes128_empty("2b7e151628aed2a6abf7158809cf4f3c", "", "bb1d6929e9593728")]
#[case::aes128_block(
    "2b7e151628aed2a6abf7158809cf4f3c",
    "6bc1bee22e409f96e93d7e117393172a",
    "070a16b46b4d4144"
)]
#[case::aes192_empty(
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    "",
    "d17ddf46adaacde5"
)]
#[case::aes256_empty(
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    "",
    "028962f61b7bf89e"
)]
fn cmac_truncated(#[case] key: &str, #[case] message: &str, #[case] expected: &str) {
    let message = bytes(message);
    let (start, end) = message.split_at(message.len() / 3);
    let code = AesCmac::new(&bytes(key)).unwrap().mac(&[start, end]);
    assert_eq!(code.to_vec(), bytes(expected));
}

// NIST SP 800-38A F.2: the first block of CBC-AES128, 192 and 256.
#[rstest]
#[case::aes128("2b7e151628aed2a6abf7158809cf4f3c", "7649abac8119b246cee98e9b12e9197d")]
#[case::aes192(
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    "4f021db243bc633d7178183a9fa071e8"
)]
#[case::aes256(
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    "f58c4c04d6e5f1ba779eabfb5f7bfbd6"
)]
fn aes_cbc(#[case] key: &str, #[case] expected: &str) {
    let iv = array(&bytes("000102030405060708090a0b0c0d0e0f"));
    let plain = bytes("6bc1bee22e409f96e93d7e117393172a");
    let cipher = AesCbc::new(&bytes(key)).unwrap();
    let mut block = plain.clone();
    cipher.encrypt_cbc(&iv, &mut block).unwrap();
    assert_eq!(block, bytes(expected));
    cipher.decrypt_cbc(&iv, &mut block).unwrap();
    assert_eq!(block, plain);
}

#[test]
fn broken_lengths_are_refused_and_nothing_is_changed() {
    let mut data = [7; 9];
    let refused = Err(LengthError {
        length: 9,
        block: 8,
    });
    assert_eq!(
        TripleDes::new(&[2; 16]).encrypt_cbc(&[0; 8], &mut data),
        refused
    );
    assert_eq!(
        TripleDes::new(&[2; 16]).decrypt_cbc(&[0; 8], &mut data),
        refused
    );
    assert_eq!(
        AesCbc::new(&[2; 16])
            .unwrap()
            .encrypt_cbc(&[0; 16], &mut data),
        Err(LengthError {
            length: 9,
            block: 16
        })
    );
    assert_eq!(data, [7; 9]);
    assert_eq!(AesCbc::new(&[0; 17]).err(), Some(KeyLengthError(17)));
    assert_eq!(AesCmac::new(&[]).err(), Some(KeyLengthError(0)));
}

#[test]
fn debug_shows_no_key() {
    let key = [0xA5; 16];
    assert_eq!(
        format!("{:?} {:?}", TripleDes::new(&key), RetailMac::new(&key)),
        "TripleDes RetailMac"
    );
    assert_eq!(
        format!(
            "{:?} {:?}",
            AesCbc::new(&key).unwrap(),
            AesCmac::new(&key).unwrap()
        ),
        "AesCbc AesCmac"
    );
}

proptest! {
    #[test]
    fn triple_des_round_trip(key: [u8; 16], iv: [u8; 8], blocks in proptest::collection::vec(any::<[u8; 8]>(), 0..20)) {
        let plain = blocks.concat();
        let cipher = TripleDes::new(&key);
        let mut data = plain.clone();
        cipher.encrypt_cbc(&iv, &mut data).unwrap();
        prop_assert!(plain.is_empty() || data != plain);
        cipher.decrypt_cbc(&iv, &mut data).unwrap();
        prop_assert_eq!(data, plain);
    }

    #[test]
    fn macs_do_not_see_where_the_parts_are_cut(
        key: [u8; 16],
        message in proptest::collection::vec(any::<u8>(), 0..100),
        cut in 0_usize..100,
    ) {
        let (start, end) = message.split_at(cut.min(message.len()));
        let retail = RetailMac::new(&key);
        prop_assert_eq!(retail.mac_padded(&[&message]), retail.mac_padded(&[start, &[], end]));
        let cmac = AesCmac::new(&key).unwrap();
        prop_assert_eq!(cmac.mac_padded(&[&message]), cmac.mac_padded(&[start, &[], end]));
        let mut padded = message.clone();
        padding::pad(&mut padded, 16);
        prop_assert_eq!(cmac.mac_padded(&[&message]), cmac.mac(&[&padded]));
    }
}
