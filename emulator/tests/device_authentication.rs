//! Device authentication: each step in its place and nowhere else, each proof over exactly what was agreed, each challenge
//! once; and what the chip proves in return.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::card::Channel as State;
use cie_emulator::crypto::iso9796;
use cie_emulator::crypto::rsa::PublicKey;
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;
use support::commands::*;
use support::published::{CERTIFICATE_SIGNER, vector};
use support::*;

const PIN: &[u8; 8] = b"12345678";

// ---- order

#[rstest]
#[case::certificate_before_its_key_is_set(verify_certificate(&[]), 0x6A80)]
#[case::terminal_key_before_any_certificate(set_terminal_key(&hex("000000002000000000000001")), 0x6A88)]
#[case::proof_before_anything(external_authenticate(&[0; 200]), 0x6985)]
#[case::chip_before_its_key_is_set(internal_authenticate(&RND_IFD), 0x6985)]
#[case::pin_before_the_terminal(verify(0x81, PIN), 0x6982)]
#[case::puk_before_the_terminal(verify(0x82, b"87654321"), 0x6982)]
#[case::change_before_the_terminal(change(0x81, b"1234567848150726"), 0x6982)]
#[case::unblocking_before_the_terminal(reset_retry_counter(3, 0x81, b""), 0x6982)]
fn steps_out_of_order(#[case] command: CommandBuf, #[case] sw: u16) {
    let mut terminal = opened();
    assert_eq!(terminal.sm(&command).sw, sw);
    not_authenticated(terminal);
}

#[test]
fn a_right_certificate_before_its_key_is_set() {
    let mut terminal = opened();
    let sw = present(&mut terminal, &Certificate::published().encoded()).sw;
    assert_eq!(sw, 0x6985);
    not_authenticated(terminal);
}

#[test]
fn the_key_for_certificates_must_be_set_in_this_session() {
    let mut terminal = introduced();
    terminal.agree();
    let sw = present(&mut terminal, &Certificate::published().encoded()).sw;
    assert_eq!(sw, 0x6985);
}

#[test]
fn a_proof_without_a_challenge() {
    let mut terminal = introduced();
    let proof = terminal.agreement.proof(&[0; 8]);
    assert_eq!(prove(&mut terminal, &proof), 0x6985);
    not_authenticated(terminal);
}

#[test]
fn a_proof_before_the_terminals_key_is_set() {
    let mut terminal = opened();
    terminal.sm(&set_certificate_key()).ok();
    present(&mut terminal, &Certificate::published().encoded()).ok();
    let challenge = terminal.sm(&get_challenge()).ok();
    let proof = terminal.agreement.proof(&challenge);
    assert_eq!(prove(&mut terminal, &proof), 0x6985);
    not_authenticated(terminal);
}

#[test]
fn the_chip_proves_nothing_before_the_terminal_did() {
    let mut terminal = introduced();
    terminal.sm(&get_challenge()).ok();
    terminal.sm(&set_device_key()).ok();
    assert_eq!(terminal.sm(&internal_authenticate(&RND_IFD)).sw, 0x6985);
}

/// Everything but the setting of keys and the challenge needs the channel.
#[rstest]
#[case::certificate(verify_certificate(&Certificate::published().encoded()).extended(), 0x6982)]
#[case::proof(external_authenticate(&[0; 264]).extended(), 0x6982)]
fn in_plain(#[case] command: CommandBuf, #[case] sw: u16) {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&set_certificate_key()).ok();
    terminal.plain(&get_challenge()).ok();
    assert_eq!(terminal.plain(&command).sw, sw);
}

#[test]
fn the_device_key_in_plain() {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&set_device_key()).ok();
    assert_eq!(terminal.plain(&internal_authenticate(&RND_IFD)).sw, 0x6982);
}

#[test]
fn another_df_ends_what_was_proven_and_the_channel_stays() {
    let mut terminal = authenticated();
    terminal.verify(0x81, PIN);
    terminal.sm(&select_mf()).ok();
    assert!(!terminal.state().device_authenticated && !terminal.state().verified.pin);
    terminal.sm(&select_application(CIE)).ok();
    assert_eq!(terminal.verify(0x81, PIN), 0x6982);
    terminal.prove_terminal();
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
}

// ---- the terminal's proof

/// Proofs over something else than what was agreed, each with a right signature.
#[rstest]
#[case::another_challenge(|a: &Agreement, _: &[u8]| a.proof(&[0; 8]))]
#[case::another_serial_number(|a: &Agreement, c: &[u8]| {
    [&[0; 8], &a.proof_with(&SN_IFD, c, &vector("prnd"))[8..]].concat()
})]
#[case::another_card_value(|a: &Agreement, c: &[u8]| {
    Agreement { card_public: vec![2; 256], ..a.clone() }.proof(c)
})]
#[case::another_terminal_value(|a: &Agreement, c: &[u8]| {
    Agreement { own_public: vec![2; 256], ..a.clone() }.proof(c)
})]
#[case::the_terminals_value_without_its_last_byte(|a: &Agreement, c: &[u8]| {
    Agreement { own_public: a.own_public[..255].to_vec(), ..a.clone() }.proof(c)
})]
#[case::zero(|_: &Agreement, _: &[u8]| [&SN_IFD[..], &[0; 256]].concat())]
#[case::one(|_: &Agreement, _: &[u8]| [&SN_IFD[..], &[1]].concat())]
#[case::above_the_modulus(|_: &Agreement, _: &[u8]| [&SN_IFD[..], &[0xFF; 256]].concat())]
#[case::signed_by_another_key(|_: &Agreement, _: &[u8]| {
    let block = iso9796::sign_block(&CERTIFICATE_SIGNER, &vector("prnd"), &[7; 32]).unwrap();
    [&SN_IFD[..], &block].concat()
})]
#[case::last_bit(|a: &Agreement, c: &[u8]| {
    let mut proof = a.proof(c);
    proof[263] ^= 1;
    proof
})]
fn a_wrong_proof_is_6300_and_costs_the_challenge(#[case] spoil: fn(&Agreement, &[u8]) -> Vec<u8>) {
    let mut terminal = introduced();
    let challenge = terminal.sm(&get_challenge()).ok();
    let proof = spoil(&terminal.agreement, &challenge);
    assert_eq!(prove(&mut terminal, &proof), 0x6300);
    let right = terminal.agreement.proof(&challenge);
    assert_eq!(
        prove(&mut terminal, &right),
        0x6985,
        "the challenge is used up"
    );
    not_authenticated(terminal);
}

#[rstest]
#[case::nothing(0)]
#[case::a_serial_number_alone(8)]
#[case::less_than_a_serial_number(7)]
#[case::a_byte_too_many(265)]
fn a_proof_of_the_wrong_length_is_6700_and_keeps_the_challenge(#[case] length: usize) {
    let mut terminal = introduced();
    let challenge = terminal.sm(&get_challenge()).ok();
    assert_eq!(prove(&mut terminal, &vec![0; length]), 0x6700);
    let right = terminal.agreement.proof(&challenge);
    assert_eq!(prove(&mut terminal, &right), 0x9000);
}

#[test]
fn a_challenge_is_good_once() {
    let mut terminal = introduced();
    let challenge = terminal.sm(&get_challenge()).ok();
    let proof = terminal.agreement.proof(&challenge);
    assert_eq!(prove(&mut terminal, &proof), 0x9000);
    assert_eq!(prove(&mut terminal, &proof), 0x6985);
}

#[test]
fn only_the_last_challenge_counts() {
    let mut terminal = introduced();
    let earlier = terminal.sm(&get_challenge()).ok();
    let later = terminal.sm(&get_challenge()).ok();
    assert_ne!(earlier, later);
    let proof = terminal.agreement.proof(&earlier);
    assert_eq!(prove(&mut terminal, &proof), 0x6300);
    not_authenticated(terminal);
}

#[test]
fn a_proof_of_an_earlier_agreement_is_worth_nothing() {
    let mut terminal = introduced();
    let challenge = terminal.sm(&get_challenge()).ok();
    let proof = terminal.agreement.proof(&challenge);
    terminal.agree();
    let certificate = Certificate::published();
    terminal.sm(&set_certificate_key()).ok();
    present(&mut terminal, &certificate.encoded()).ok();
    terminal.sm(&set_terminal_key(&certificate.holder())).ok();
    assert_eq!(prove(&mut terminal, &proof), 0x6985, "no challenge yet");
    terminal.sm(&get_challenge()).ok();
    assert_eq!(prove(&mut terminal, &proof), 0x6300);
    not_authenticated(terminal);
}

#[test]
fn a_failed_proof_ends_what_an_earlier_one_gave() {
    let mut terminal = authenticated();
    terminal.verify(0x81, PIN);
    terminal.sm(&get_challenge()).ok();
    let certificate = Certificate::published();
    terminal.sm(&set_terminal_key(&certificate.holder())).ok();
    assert_eq!(prove(&mut terminal, &[0; 264]), 0x6300);
    let state = terminal.state();
    assert!(!state.device_authenticated && !state.verified.pin);
}

#[test]
fn a_proof_without_its_leading_zeros_is_the_same_proof() {
    let mut terminal = introduced();
    let challenge = terminal.sm(&get_challenge()).ok();
    let proof = (0_u32..10_000)
        .map(|try_| {
            let mut padding = vector("prnd");
            padding[..4].copy_from_slice(&try_.to_be_bytes());
            terminal.agreement.proof_with(&SN_IFD, &challenge, &padding)
        })
        .find(|proof| proof[8] == 0)
        .unwrap();
    let short = [&proof[..8], &proof[9..]].concat();
    assert_eq!(short.len(), 263);
    assert_eq!(prove(&mut terminal, &short), 0x9000);
}

#[rstest]
#[case::whole(CommandBuf::new(0, 0x84, 0, 0).le(Le::Maximum))]
#[case::eight(get_challenge())]
fn a_challenge_has_eight_bytes(#[case] command: CommandBuf) {
    assert_eq!(opened().sm(&command).ok().len(), 8);
}

// ---- the chip's proof

#[test]
fn the_chip_signs_what_was_agreed_with_the_key_of_its_public_file() {
    let mut terminal = introduced();
    let challenge = terminal.sm(&get_challenge()).ok();
    let proof = terminal.agreement.proof(&challenge);
    assert_eq!(prove(&mut terminal, &proof), 0x9000);
    let answer = terminal.prove_chip(&challenge);
    let (serial, signature) = answer.split_at(8);
    assert_eq!(serial, &card_data().ef_sn_icc[4..]);
    assert_eq!(signature.len(), 256);
    let key = PublicKey::from_pkcs1_der(&contents(0x1004)).unwrap();
    let recovered = iso9796::recover_block(&key, signature).unwrap();
    assert_eq!(recovered.m1.len(), 222);
    let expected = terminal
        .agreement
        .chip_hash(&recovered.m1, serial, &RND_IFD);
    assert_eq!(recovered.hash, expected);
}

#[rstest]
#[case::nothing(0)]
#[case::seven(7)]
#[case::nine(9)]
fn the_terminals_challenge_has_eight_bytes(#[case] length: usize) {
    let mut terminal = opened();
    terminal.prove_terminal();
    terminal.sm(&set_device_key()).ok();
    let data = vec![1; length];
    assert_eq!(terminal.sm(&internal_authenticate(&data)).sw, 0x6700);
}

/// The answer is still protected under the old counter; the next command is not.
#[test]
fn the_counter_jumps_after_the_chips_proof() {
    let mut terminal = opened();
    let challenge = terminal.prove_terminal();
    terminal.prove_chip(&challenge);
    let expected = [&challenge[4..], &RND_IFD[4..]].concat();
    let send_sequence_counter = u64::from_be_bytes(expected.try_into().unwrap());
    let state = terminal.state();
    assert_eq!(
        state.channel,
        State::Protected {
            send_sequence_counter
        }
    );
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
}

#[test]
fn without_the_chips_proof_the_counter_simply_goes_on() {
    let mut terminal = opened();
    terminal.prove_terminal();
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
}

#[test]
fn a_refused_chip_proof_moves_no_counter() {
    let mut terminal = opened();
    terminal.prove_terminal();
    terminal.sm(&set_device_key()).ok();
    assert_eq!(terminal.sm(&internal_authenticate(b"short")).sw, 0x6700);
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
}
