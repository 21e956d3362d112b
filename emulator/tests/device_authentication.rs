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
use support::published::{CERTIFICATE_SIGNER, TERMINAL_KEY, vector};
use support::*;

const PIN: &[u8; 8] = b"12345678";

/// The certificate is verified and its key set.
fn introduced() -> Terminal {
    let mut terminal = opened();
    let certificate = Certificate::published();
    terminal.sm(&set_certificate_key()).ok();
    present(&mut terminal, &certificate.encoded()).ok();
    terminal.sm(&set_terminal_key(&certificate.holder())).ok();
    terminal
}

#[track_caller]
fn present(terminal: &mut Terminal, certificate: &[u8]) -> Reply {
    terminal.chained(&verify_certificate(certificate), true)
}

#[track_caller]
fn prove(terminal: &mut Terminal, proof: &[u8]) -> u16 {
    terminal.chained(&external_authenticate(proof), true).sw
}

/// A proof is refused, and nothing is authenticated.
#[track_caller]
fn not_authenticated(mut terminal: Terminal) {
    assert!(!terminal.state().device_authenticated);
    assert_eq!(terminal.verify(0x81, PIN), 0x6982);
    terminal.sm(&set_device_key()).ok();
    assert_eq!(terminal.sm(&internal_authenticate(&RND_IFD)).sw, 0x6985);
}

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

// ---- the terminal's certificate

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
