//! The terminal's certificate: every field, every byte, every signer and every shape that must be refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::crypto::iso9796;
use rstest::rstest;
use support::commands::*;
use support::published::{CERTIFICATE_SIGNER, TERMINAL_KEY, vector};
use support::*;

/// Content changed at these bytes, signed again by the right authority.
fn resigned(range: std::ops::Range<usize>) -> Certificate {
    let mut certificate = Certificate::published();
    for byte in &mut certificate.content[range] {
        *byte ^= 0x01;
    }
    certificate
}

#[rstest]
#[case::profile_identifier(0..1)]
#[case::authority_first_byte(1..2)]
#[case::authority_last_byte(8..9)]
#[case::authority(1..9)]
fn a_certificate_with_a_wrong_field_is_6300_also_when_rightly_signed(
    #[case] range: std::ops::Range<usize>,
) {
    let mut terminal = opened();
    terminal.sm(&set_certificate_key()).ok();
    let sw = present(&mut terminal, &resigned(range).encoded()).sw;
    assert_eq!(sw, 0x6300);
    not_authenticated(terminal);
}

#[test]
fn the_authority_beside_the_certificate_must_be_the_cards_own() {
    let mut terminal = opened();
    terminal.sm(&set_certificate_key()).ok();
    let mut certificate = Certificate::published();
    certificate.authority = b"ITCIECA2".to_vec();
    assert_eq!(present(&mut terminal, &certificate.encoded()).sw, 0x6300);
    certificate.authority = b"ITCIECA".to_vec();
    assert_eq!(present(&mut terminal, &certificate.encoded()).sw, 0x6300);
}

/// The holder's name is what its key is called by afterwards.
#[test]
fn a_certificate_of_another_holder_is_known_by_that_name_only() {
    let mut terminal = opened();
    terminal.sm(&set_certificate_key()).ok();
    let other = resigned(9..21);
    present(&mut terminal, &other.encoded()).ok();
    let published = Certificate::published().holder();
    assert_eq!(terminal.sm(&set_terminal_key(&published)).sw, 0x6A88);
    assert_eq!(terminal.sm(&set_terminal_key(&other.holder())).sw, 0x9000);
}

/// Each byte outside the signature is covered by its hash.
#[test]
fn every_byte_of_the_unsigned_rest_is_covered() {
    let mut opened = opened();
    opened.sm(&set_certificate_key()).ok();
    let certificate = Certificate::published();
    let (signature, rest) = certificate.signed();
    assert_eq!(signature, vector("sig"));
    for at in 0..rest.len() {
        let mut terminal = opened.fork();
        let mut spoiled = rest.clone();
        spoiled[at] ^= 0x80;
        let encoded = Certificate::assemble(&signature, &spoiled, &certificate.authority);
        assert_eq!(present(&mut terminal, &encoded).sw, 0x6300, "byte {at}");
    }
}

#[rstest]
#[case::first_bit(0, 0x80)]
#[case::last_bit(255, 0x01)]
#[case::middle(128, 0x10)]
fn a_spoiled_signature_is_6300(#[case] at: usize, #[case] bit: u8) {
    let mut terminal = opened();
    terminal.sm(&set_certificate_key()).ok();
    let certificate = Certificate::published();
    let (mut signature, rest) = certificate.signed();
    signature[at] ^= bit;
    let encoded = Certificate::assemble(&signature, &rest, &certificate.authority);
    assert_eq!(present(&mut terminal, &encoded).sw, 0x6300);
}

#[rstest]
#[case::another_key(|c: &[u8]| iso9796::sign_block(&TERMINAL_KEY, &c[..222], &[0; 32]).unwrap())]
#[case::hash_of_something_else(|c: &[u8]| iso9796::sign_block(&CERTIFICATE_SIGNER, &c[..222], &[0; 32]).unwrap())]
#[case::a_number_above_the_modulus(|_: &[u8]| vec![0xFF; 256])]
#[case::zero(|_: &[u8]| vec![0; 256])]
#[case::one(|_: &[u8]| vec![1])]
#[case::nothing(|_: &[u8]| vec![])]
#[case::longer_than_the_modulus(|_: &[u8]| [&[0], &vector("sig")[..]].concat())]
fn a_certificate_by_nobody_is_6300(#[case] sign: fn(&[u8]) -> Vec<u8>) {
    let mut terminal = opened();
    terminal.sm(&set_certificate_key()).ok();
    let certificate = Certificate::published();
    let signature = sign(&certificate.content);
    let rest = &certificate.content[222..];
    let encoded = Certificate::assemble(&signature, rest, &certificate.authority);
    assert_eq!(present(&mut terminal, &encoded).sw, 0x6300);
    not_authenticated(terminal);
}

#[rstest]
#[case::not_a_certificate("7F2103 5F3700")]
#[case::no_rest("7F210B 5F370101 42084954434945434131")]
#[case::order("7F210C 5F380101 5F370101 420101")]
#[case::something_after_the_authority("7F210E 5F370101 5F380101 420101 5F2900")]
#[case::something_after_the_certificate("7F210B 5F370101 5F380101 420101 00")]
#[case::another_tag("7F4E0B 5F370101 5F380101 420101")]
#[case::nothing("")]
fn what_is_no_certificate_is_6a80(#[case] bytes: &str) {
    let mut terminal = opened();
    terminal.sm(&set_certificate_key()).ok();
    assert_eq!(terminal.sm(&verify_certificate(&hex(bytes))).sw, 0x6A80);
}

#[test]
fn a_refused_certificate_takes_the_key_of_the_one_before() {
    let mut terminal = introduced();
    terminal.sm(&set_certificate_key()).ok();
    assert_eq!(present(&mut terminal, &resigned(0..1).encoded()).sw, 0x6300);
    let challenge = terminal.sm(&get_challenge()).ok();
    let proof = terminal.agreement.proof(&challenge);
    assert_eq!(prove(&mut terminal, &proof), 0x6985);
    let holder = Certificate::published().holder();
    assert_eq!(terminal.sm(&set_terminal_key(&holder)).sw, 0x6A88);
}

/// One client writes numbers without leading zeros: a signature of 255 bytes is the same number.
#[test]
fn a_signature_without_its_leading_zeros_is_the_same_signature() {
    let mut terminal = opened();
    terminal.sm(&set_certificate_key()).ok();
    // Serial numbers are tried until the signature begins with a zero byte.
    let (certificate, signature, rest) = (1_u32..10_000)
        .find_map(|serial| {
            let mut certificate = Certificate::published();
            certificate.content[17..21].copy_from_slice(&serial.to_be_bytes());
            let (signature, rest) = certificate.signed();
            (signature[0] == 0).then_some((certificate, signature, rest))
        })
        .unwrap();
    let encoded = Certificate::assemble(&signature[1..], &rest, &certificate.authority);
    present(&mut terminal, &encoded).ok();
    terminal.sm(&set_terminal_key(&certificate.holder())).ok();
}
