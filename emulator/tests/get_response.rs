//! Answers that wait behind `61xx` and lengths corrected by `6Cxx`, where a profile has them; and that there are none
//! where it has not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::card::Channel;
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;
use support::commands::*;
use support::*;

const SHORT: &str = "short-answers";
const ONLY_INTERNAL: &str = "get_response=internal_authenticate";

fn get_response(le: u8) -> CommandBuf {
    CommandBuf::new(0, 0xC0, 0, 0).le(Le::from_short(le))
}

/// The services key is set.
fn ready(profile: &str) -> Terminal {
    let mut terminal = powered_with("gemalto", profile);
    terminal.select_cie();
    terminal.plain(&set_key(0x83)).ok();
    terminal
}

fn proof() -> CommandBuf {
    internal_authenticate(b"0123456789abcdef")
}

#[track_caller]
fn sees(reply: &Reply, length: usize, sw: u16) {
    assert_eq!((reply.data.len(), reply.sw), (length, sw));
}

#[rstest]
#[case::only_internal_authenticate(ONLY_INTERNAL)]
#[case::short_answers(SHORT)]
fn a_proof_without_le_waits_behind_6100(#[case] profile: &str) {
    let whole = ready("default").plain(&proof()).ok();
    let mut terminal = ready(profile);
    sees(&terminal.plain(&proof()), 0, 0x6100);
    assert_eq!(terminal.plain(&get_response(0)).ok(), whole);
    sees(&terminal.plain(&get_response(0)), 0, 0x6985);
}

#[test]
fn get_response_takes_an_extended_le_of_256() {
    let mut terminal = ready(ONLY_INTERNAL);
    sees(&terminal.plain(&proof()), 0, 0x6100);
    sees(&terminal.raw_plain(&hex("00C00000000100")), 256, 0x9000);
}

#[rstest]
#[case::only_internal_authenticate(ONLY_INTERNAL)]
#[case::short_answers(SHORT)]
fn a_proof_with_le_comes_whole(#[case] profile: &str) {
    let mut terminal = ready(profile);
    sees(&terminal.plain(&proof().le(Le::Maximum)), 256, 0x9000);
}

#[test]
fn only_internal_authenticate_waits_there() {
    let mut terminal = ready(ONLY_INTERNAL);
    sees(&terminal.plain(&get_data(DH_ALL)), 568, 0x9000);
    sees(&terminal.plain(&select_ef(0x1001)), 0, 0x9000);
    sees(&terminal.plain(&CommandBuf::new(0, 0xB0, 0, 0)), 12, 0x9000);
}

#[test]
fn an_answer_in_three_parts() {
    let whole = ready("default").plain(&get_data(DH_ALL)).ok();
    let mut terminal = ready(SHORT);
    sees(&terminal.plain(&get_data(DH_ALL)), 0, 0x6100);
    let first = terminal.plain(&get_response(0));
    sees(&first, 256, 0x6100);
    let second = terminal.plain(&get_response(0));
    sees(&second, 256, 0x6138);
    let third = terminal.plain(&get_response(0x38));
    sees(&third, 56, 0x9000);
    assert_eq!([first.data, second.data, third.data].concat(), whole);
    sees(&terminal.plain(&get_response(0)), 0, 0x6985);
}

#[test]
fn an_answer_in_parts_of_the_terminals_choice() {
    let whole = ready("default").plain(&get_data(CA_KEY)).ok();
    let mut terminal = ready(SHORT);
    terminal.plain(&get_data(CA_KEY));
    let mut got = Vec::new();
    loop {
        let part = terminal.plain(&get_response(100));
        let last = got.len() + 100 >= whole.len();
        got.extend(part.data);
        assert_eq!(part.sw == 0x9000, last);
        if last {
            break;
        }
    }
    assert_eq!(got, whole);
}

#[test]
fn the_status_word_of_the_answer_comes_with_its_last_part() {
    // Le 80 of a file of 12 bytes is corrected first; no Le waits, and ends as it would have ended.
    let mut terminal = ready(SHORT);
    terminal.plain(&select_ef(0x1005)).ok();
    sees(&terminal.plain(&CommandBuf::new(0, 0xB0, 0, 0)), 0, 0x61E7);
    sees(&terminal.plain(&get_response(0xE7)), 231, 0x9000);
}

#[test]
fn another_command_drops_what_waited() {
    let mut terminal = ready(SHORT);
    terminal.plain(&proof());
    terminal.plain(&set_key(0x83)).ok();
    sees(&terminal.plain(&get_response(0)), 0, 0x6985);
}

#[test]
fn a_reset_drops_what_waited() {
    let mut terminal = ready(SHORT);
    terminal.plain(&proof());
    terminal.reset();
    sees(&terminal.plain(&get_response(0)), 0, 0x6985);
}

#[rstest]
#[case::parameters("00C0000100", 0x6A86)]
#[case::no_le("00C00000", 0x6700)]
#[case::chained("10C0000000", 0x6D00)]
fn wrong_forms(#[case] command: &str, #[case] sw: u16) {
    let mut terminal = ready(SHORT);
    terminal.plain(&proof());
    sees(&terminal.raw_plain(&hex(command)), 0, sw);
}

#[test]
fn nothing_waits_by_default() {
    let mut terminal = ready("default");
    sees(&terminal.plain(&proof()), 256, 0x9000);
    sees(&terminal.plain(&get_data(DH_ALL)), 568, 0x9000);
    sees(&terminal.plain(&get_response(0)), 0, 0x6D00);
}

#[rstest]
#[case::default("default", 0x6D00)]
#[case::short_answers(SHORT, 0x6985)]
fn get_response_does_not_end_secure_messaging(#[case] profile: &str, #[case] sw: u16) {
    let mut terminal = authenticated_with(card_data(), "default");
    if profile == SHORT {
        terminal = short_and_authenticated();
    }
    sees(&terminal.plain(&get_response(0)), 0, sw);
    assert_ne!(terminal.state().channel, Channel::Plain);
    assert_eq!(terminal.verify(0x81, b"12345678"), 0x9000);
}

/// A terminal that collects what waits: key agreement works there, and GET RESPONSE does not end what it opened.
fn short_and_authenticated() -> Terminal {
    let mut terminal = powered_with("gemalto", SHORT);
    terminal.select_cie();
    let template = set_template(0x41A6, &terminal.agreement.template());
    terminal.chained(&template, false).ok();
    sees(&terminal.plain(&get_data(CARD_PUBLIC)), 0, 0x6100);
    let first = terminal.plain(&get_response(0));
    sees(&first, 256, 0x6108);
    let second = terminal.plain(&get_response(8));
    sees(&second, 8, 0x9000);
    terminal.agreement.card_public = [&first.data[8..], &second.data[..]].concat();
    terminal.channel = Some(terminal.agreement.channel());
    let challenge = terminal.prove_terminal();
    terminal.prove_chip(&challenge);
    terminal
}

#[test]
fn a_wrong_le_is_corrected_by_6cxx() {
    let mut terminal = ready(SHORT);
    terminal.plain(&select_ef(0x1001)).ok();
    sees(&terminal.plain(&read(0, 0x80)), 0, 0x6C0C);
    sees(&terminal.plain(&read(0, 0x0C)), 12, 0x9000);
    sees(&terminal.plain(&read(0, 0x00)), 12, 0x9000);
    sees(&terminal.plain(&read(8, 0x80)), 0, 0x6C04);
    sees(&terminal.plain(&read(12, 0x80)), 0, 0x6B00);
}

#[test]
fn corrections_above_127_are_told() {
    let mut terminal = ready(SHORT);
    terminal.plain(&select_ef(0x1005)).ok();
    sees(&terminal.plain(&read(70, 0xFF)), 0, 0x6CC8);
    sees(&terminal.plain(&read(70, 0xC8)), 200, 0x9000);
    sees(&terminal.plain(&proof().le(Le::Exactly(0x80))), 0, 0x6C00);
}

#[test]
fn control_parameters_are_25_bytes_also_by_correction() {
    let mut terminal = ready(SHORT);
    let select = select_ef(0x1001);
    sees(
        &terminal.plain(&select.clone().le(Le::Exactly(255))),
        0,
        0x6C19,
    );
    sees(&terminal.plain(&select.le(Le::Exactly(25))), 25, 0x9000);
}

/// Without `6Cxx` and `61xx` an answer still ends where Le does, except those that clients take whole.
#[rstest]
#[case::one(1)]
#[case::some(20)]
#[case::more_than_there_are(255)]
fn no_answer_is_longer_than_le(#[case] ne: u16) {
    let mut terminal = ready(ONLY_INTERNAL);
    let whole = terminal.plain(&select_ef(0x1001).le(Le::Maximum)).data;
    assert!(whole.len() > 20, "{}", whole.len());
    let part = terminal.plain(&select_ef(0x1001).le(Le::Exactly(ne)));
    sees(&part, whole.len().min(ne.into()), 0x9000);
    assert!(whole.starts_with(&part.data));
    sees(&terminal.plain(&proof().le(Le::Exactly(ne))), 256, 0x9000);
}

/// A client that retries a `6Cxx` inside a session loses count of its messages.
#[test]
fn never_6cxx_nor_61xx_under_secure_messaging() {
    let mut terminal = short_and_authenticated();
    terminal.verify(0x81, b"12345678");
    terminal.sm(&select_ef(0x1001)).ok();
    sees(&terminal.sm(&read(0, 0x80)), 12, 0x6282);
    sees(&terminal.sm(&CommandBuf::new(0, 0xB0, 0, 0)), 12, 0x9000);
    terminal.sm(&set_key(0x81)).ok();
    sees(&terminal.sm(&proof()), 256, 0x9000);
    sees(&terminal.sm(&get_data(DH_ALL)), 568, 0x9000);
}

/// Both read loops end with the whole file there too, the one by correction.
#[test]
fn a_read_loop_that_follows_corrections_gets_the_whole_file() {
    let mut terminal = ready(SHORT);
    terminal.plain(&select_ef(0x1006)).ok();
    let mut got: Vec<u8> = Vec::new();
    loop {
        let offset = u16::try_from(got.len()).unwrap();
        let mut reply = terminal.plain(&read(offset, 0x80));
        if reply.sw & 0xFF00 == 0x6C00 {
            reply = terminal.plain(&read(offset, reply.sw.to_be_bytes()[1]));
        }
        if reply.sw != 0x9000 {
            assert_eq!(reply.sw, 0x6B00);
            break;
        }
        got.extend(reply.data);
    }
    assert_eq!(got, card_data().ef_sod);
}
