//! Keys 81 and 83: who may use them, for what lengths, and that the card adds nothing to the bytes it is given.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::crypto::pkcs1;
use cie_emulator::crypto::rsa::PublicKey;
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;
use support::commands::*;
use support::*;

const PIN: &[u8; 8] = b"12345678";

fn services() -> Terminal {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&set_key(0x83)).ok();
    terminal
}

/// What a verifier sees with the public key of a file.
fn opened_with(file: u16, signature: &[u8]) -> Vec<u8> {
    assert_eq!(signature.len(), 256);
    let key = PublicKey::from_pkcs1_der(&contents(file)).unwrap();
    pkcs1::recover_type1(&key, signature).unwrap()
}

// ---- key 83, services

/// The challenges of all known verifiers: twelve digits, 8, 16, 32, 40 and 51 bytes.
#[rstest]
#[case::twelve_digits(b"123456789012", None)]
#[case::eight(&[0; 8], Some(Le::Maximum))]
#[case::sixteen(&[0xA5; 16], None)]
#[case::thirty_two(&[0xFF; 32], Some(Le::Maximum))]
#[case::forty(&[0x33; 40], None)]
#[case::fifty_one(&[0x47; 51], None)]
fn the_services_key_proves_itself_in_plain_and_without_pin(
    #[case] challenge: &[u8],
    #[case] le: Option<Le>,
) {
    let mut command = internal_authenticate(challenge);
    command.le = le;
    let proof = services().plain(&command).ok();
    assert_eq!(opened_with(0x1005, &proof), challenge);
    assert!(
        proof.len() == 256,
        "verifiers compare the last bytes of the block"
    );
}

#[rstest]
#[case::algorithm_first("800102840183")]
#[case::key_first("840183800102")]
fn both_orders_of_the_template(#[case] template: &str) {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&set_template(0x41A4, &hex(template))).ok();
    terminal.plain(&internal_authenticate(b"1234")).ok();
}

/// A desktop client derives the key of its cache from this signature.
#[test]
fn the_same_bytes_give_the_same_signature_always() {
    let first = services()
        .plain(&internal_authenticate(b"123456789012"))
        .ok();
    let mut terminal = services();
    terminal
        .plain(&internal_authenticate(b"something else"))
        .ok();
    for _ in 0..3 {
        let again = terminal.plain(&internal_authenticate(b"123456789012"));
        assert_eq!(again.ok(), first);
    }
    let mut inside = authenticated();
    inside.sm(&set_key(0x83)).ok();
    assert_eq!(
        inside.sm(&internal_authenticate(b"123456789012")).ok(),
        first
    );
}

#[test]
fn the_services_key_needs_no_tries() {
    let mut terminal = authenticated();
    for _ in 0..3 {
        terminal.verify(0x81, b"00000000");
    }
    for _ in 0..10 {
        terminal.verify(0x82, b"00000000");
    }
    terminal.sm(&set_key(0x83)).ok();
    terminal.sm(&internal_authenticate(b"1")).ok();
}

// ---- key 81, the holder's

fn verified() -> Terminal {
    let mut terminal = authenticated();
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
    terminal.sm(&set_key(0x81)).ok();
    terminal
}

/// What clients send: DigestInfos of several hashes, two hashes side by side, and one with a prefix that fits it not.
#[rstest]
#[case::one_byte(1)]
#[case::sha_1(35)]
#[case::md5_and_sha_1(36)]
#[case::a_prefix_of_sha_1_before_a_hash_of_sha_256(47)]
#[case::sha_256(51)]
#[case::sha_384(67)]
#[case::sha_512(83)]
#[case::a_whole_link(231)]
#[case::two_links(232)]
#[case::the_longest(245)]
fn the_holders_key_signs_any_bytes_as_they_are(#[case] length: usize) {
    let data: Vec<u8> = (0..length).map(|i| 0x30 ^ i as u8).collect();
    let signature = verified().chained(&internal_authenticate(&data), true).ok();
    assert_eq!(opened_with(0x1007, &signature), data);
}

#[test]
fn the_holders_key_is_the_key_of_the_certificate() {
    let signature = verified().sm(&internal_authenticate(b"hello")).ok();
    let key = PublicKey::from_pkcs1_der(&contents(0x1007)).unwrap();
    assert!(opened_with(0x1007, &signature) == b"hello");
    let certificate = contents(0x1003);
    let modulus = key.modulus();
    assert!(
        certificate
            .windows(modulus.len())
            .any(|part| part == modulus)
    );
}

#[rstest]
#[case::nothing(0)]
#[case::one_too_many(246)]
#[case::far_too_many(300)]
fn lengths_no_padding_holds_are_6700(#[case] length: usize) {
    let mut terminal = verified();
    let reply = terminal.chained(&internal_authenticate(&vec![1; length]), true);
    assert_eq!((reply.sw, reply.data.len()), (0x6700, 0));
    terminal.sm(&internal_authenticate(&[1])).ok();
}

#[test]
fn the_holders_key_may_sign_again_and_again_in_one_session() {
    let mut terminal = verified();
    let first = terminal.sm(&internal_authenticate(&[1; 51])).ok();
    assert_eq!(terminal.sm(&internal_authenticate(&[1; 51])).ok(), first);
    terminal
        .sm(&set_template(0x41A4, &hex("840181800102")))
        .ok();
    assert_eq!(terminal.sm(&internal_authenticate(&[1; 51])).ok(), first);
}

#[test]
fn the_holders_key_needs_channel_terminal_and_pin() {
    let mut plain = powered();
    plain.select_cie();
    plain.plain(&set_key(0x81)).ok();
    assert_eq!(plain.plain(&internal_authenticate(b"1")).sw, 0x6982);

    let mut agreed = opened();
    agreed.sm(&set_key(0x81)).ok();
    assert_eq!(agreed.sm(&internal_authenticate(b"1")).sw, 0x6982);

    let mut terminal = authenticated();
    terminal.sm(&set_key(0x81)).ok();
    assert_eq!(terminal.sm(&internal_authenticate(b"1")).sw, 0x6982);
    terminal.verify(0x82, b"87654321");
    assert_eq!(terminal.sm(&internal_authenticate(b"1")).sw, 0x6982);
    terminal.verify(0x81, PIN);
    terminal.sm(&internal_authenticate(b"1")).ok();
    terminal.verify(0x81, b"00000000");
    assert_eq!(terminal.sm(&internal_authenticate(b"1")).sw, 0x6982);
}

/// Unblocking is not verifying: the PIN set by PUK must be presented before the key signs.
#[test]
fn unblocking_does_not_open_the_holders_key() {
    let mut terminal = verified();
    terminal.verify(0x82, b"87654321");
    terminal.sm(&reset_retry_counter(2, 0x81, b"48150726")).ok();
    assert_eq!(terminal.sm(&internal_authenticate(b"1")).sw, 0x6982);
    terminal.verify(0x81, b"48150726");
    terminal.sm(&internal_authenticate(b"1")).ok();
}

// ---- the security environment

#[rstest]
#[case::no_key_set(None, 0x6985)]
#[case::holder(Some(0x81), 0x6982)]
#[case::services(Some(0x83), 0x9000)]
fn without_pin(#[case] key: Option<u8>, #[case] sw: u16) {
    let mut terminal = powered();
    terminal.select_cie();
    if let Some(key) = key {
        terminal.plain(&set_key(key)).ok();
    }
    assert_eq!(terminal.plain(&internal_authenticate(b"1")).sw, sw);
}

#[rstest]
#[case::unknown_key("800102840184", 0x6A88)]
#[case::key_zero("800102840100", 0x6A88)]
#[case::algorithm_of_another_scheme("80019B840183", 0x6A80)]
#[case::device_key_with_the_algorithm_of_signatures("800102840182", 0x6A80)]
#[case::no_key("800102", 0x6A80)]
#[case::no_algorithm("840183", 0x6A80)]
#[case::key_twice("800102840183840183", 0x6A80)]
#[case::a_public_key_reference("800102830183", 0x6A80)]
#[case::cut_short("80010284", 0x6A80)]
#[case::nothing("", 0x6A80)]
fn wrong_templates_leave_the_key_before_in_force(#[case] template: &str, #[case] sw: u16) {
    let mut terminal = services();
    let wrong = set_template(0x41A4, &hex(template));
    assert_eq!(terminal.plain(&wrong).sw, sw);
    terminal.plain(&internal_authenticate(b"1")).ok();
}

#[rstest]
#[case::another_df(select_mf())]
#[case::the_same_df_again(select_application(CIE))]
fn selecting_a_df_clears_the_environment(#[case] select: CommandBuf) {
    let mut terminal = services();
    terminal.plain(&select).ok();
    assert_eq!(terminal.plain(&internal_authenticate(b"1")).sw, 0x6985);
}

#[test]
fn selecting_a_file_keeps_the_environment() {
    let mut terminal = services();
    terminal.plain(&select_ef(0x1006)).ok();
    terminal.plain(&read(0, 0)).ok();
    terminal.plain(&internal_authenticate(b"1")).ok();
}
