//! The key agreement: which public values are taken, how numbers are written, and when the card draws another exponent.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::Card;
use cie_emulator::card::Channel as State;
use cie_emulator::crypto::dh::Group;
use cie_emulator::crypto::random::{MismatchMonitor, Scripted, Seeded};
use cie_emulator::wire::tlv::object;
use rstest::rstest;
use support::commands::*;
use support::*;

const PIN: &[u8; 8] = b"12345678";

/// Small exponents of the group of RFC 5114 §2.3, found by trying: what g to their power looks like.
const BEGINS_0000: u16 = 2313;
const BEGINS_00: u16 = 319;
const ENDS_00: u16 = 948;
/// And one that is unremarkable.
const PLAIN: u16 = 5;

/// 32 bytes, as the card draws them.
fn exponent(small: u16) -> Vec<u8> {
    [&[0; 30][..], &small.to_be_bytes()].concat()
}

fn power(small: u16) -> Vec<u8> {
    Group::rfc5114_2048_256().public_value(&exponent(small))
}

/// The card draws these exponents, the terminal has this one; the CIE DF is selected.
fn table(card: &[u16], terminal: u16) -> (Terminal, MismatchMonitor) {
    let script = Scripted::new(card.iter().map(|small| exponent(*small)), Seeded::new(3));
    let monitor = script.monitor();
    let image = image(card_data(), "gemalto", "default");
    let mut table = Terminal::new(Card::new(image, Box::new(script)));
    table.agreement = Agreement::with_exponent(&exponent(terminal));
    table.select_cie();
    (table, monitor)
}

/// A whole session works: device authentication, PIN, a private file.
#[track_caller]
fn works(terminal: &mut Terminal) {
    let challenge = terminal.prove_terminal();
    terminal.prove_chip(&challenge);
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
    let serial = terminal.sm(&read_by_short_id(2, 0, 0)).ok();
    assert_eq!(serial, card_data().ef_seriale);
}

#[test]
fn the_exponents_are_what_they_are_said_to_be() {
    assert!(power(BEGINS_0000).starts_with(&[0, 0]));
    assert!(power(BEGINS_00).starts_with(&[0]) && power(BEGINS_00)[1] != 0);
    assert!(power(ENDS_00).ends_with(&[0]));
    assert!(power(PLAIN)[0] != 0 && power(PLAIN)[255] != 0);
}

// ---- another exponent

#[test]
fn a_public_value_ending_in_00_is_never_served() {
    let (mut terminal, monitor) = table(&[ENDS_00, PLAIN], 7);
    terminal.agree();
    assert_eq!(terminal.agreement.card_public, power(PLAIN));
    assert_eq!(monitor.mismatches(), 0);
    works(&mut terminal);
}

/// With 1 for its exponent the terminal's value is g, and the secret is the card's value.
#[test]
fn a_secret_beginning_with_0000_is_never_agreed_on() {
    let (mut terminal, _) = table(&[BEGINS_0000, PLAIN], 1);
    terminal.agree();
    assert_eq!(terminal.agreement.card_public, power(PLAIN));
    works(&mut terminal);
}

#[test]
fn several_bad_exponents_in_a_row() {
    let (mut terminal, _) = table(&[ENDS_00, BEGINS_0000, ENDS_00, PLAIN], 1);
    terminal.agree();
    assert_eq!(terminal.agreement.card_public, power(PLAIN));
    works(&mut terminal);
}

#[test]
fn a_secret_beginning_with_one_zero_byte_is_hashed_at_its_full_length() {
    let (mut terminal, _) = table(&[BEGINS_00], 1);
    terminal.agree();
    assert_eq!(terminal.agreement.card_public, power(BEGINS_00));
    works(&mut terminal);
}

#[test]
fn a_public_value_with_leading_zeros_is_served_at_256_bytes() {
    let (mut terminal, _) = table(&[BEGINS_0000], 3);
    terminal.agree();
    assert_eq!(terminal.agreement.card_public, power(BEGINS_0000));
    works(&mut terminal);
}

// ---- the terminal's value

/// Numbers written without leading zeros are hashed as they came: the proofs of both sides are over these bytes.
#[rstest]
#[case::of_254_bytes(BEGINS_0000, 2)]
#[case::of_254_bytes_with_one_zero(BEGINS_0000, 1)]
#[case::of_255_bytes(BEGINS_00, 1)]
#[case::of_256_bytes(BEGINS_00, 0)]
fn a_terminal_value(#[case] small: u16, #[case] without: usize) {
    let (mut terminal, _) = table(&[PLAIN], small);
    terminal.agreement.own_public.drain(..without);
    assert_eq!(terminal.agreement.own_public.len(), 256 - without);
    terminal.agree();
    works(&mut terminal);
}

#[test]
fn a_terminal_value_of_257_bytes_is_used_as_received() {
    let (mut terminal, _) = table(&[PLAIN], 7);
    terminal.agreement.own_public.insert(0, 0);
    terminal.agree();
    works(&mut terminal);
}

/// The other writing of the same number is another message: a proof over it is wrong.
#[test]
fn a_proof_over_the_same_number_written_otherwise_is_wrong() {
    let (mut terminal, _) = table(&[PLAIN], BEGINS_0000);
    terminal.agreement.own_public.drain(..2);
    terminal.agree();
    let certificate = Certificate::published();
    terminal.sm(&set_certificate_key()).ok();
    terminal
        .chained(&verify_certificate(&certificate.encoded()), true)
        .ok();
    terminal.sm(&set_terminal_key(&certificate.holder())).ok();
    let challenge = terminal.sm(&get_challenge()).ok();
    let mut written_otherwise = terminal.agreement.clone();
    written_otherwise.own_public = power(BEGINS_0000);
    let proof = external_authenticate(&written_otherwise.proof(&challenge));
    assert_eq!(terminal.chained(&proof, true).sw, 0x6300);
}

/// p plus or minus a small number.
fn near_p(by: i16) -> Vec<u8> {
    let mut p = Group::rfc5114_2048_256().p().to_vec();
    let last = p.last_mut().unwrap();
    // p ends in 97: nothing carries.
    *last = last.checked_add_signed(i8::try_from(by).unwrap()).unwrap();
    p
}

#[rstest]
#[case::nothing(vec![])]
#[case::zero(vec![0])]
#[case::zero_at_full_length(vec![0; 256])]
#[case::one(vec![1])]
#[case::one_at_full_length([&[0; 255][..], &[1]].concat())]
#[case::p_minus_1(near_p(-1))]
#[case::p(near_p(0))]
#[case::p_plus_1(near_p(1))]
#[case::p_plus_2(near_p(2))]
#[case::the_largest_of_256_bytes(vec![0xFF; 256])]
#[case::of_300_bytes(vec![1; 300])]
fn a_value_outside_the_group_is_6a80(#[case] value: Vec<u8>) {
    let mut terminal = powered();
    terminal.select_cie();
    let data = [&hex("80019B830181")[..], &object(0x91, &value)].concat();
    let template = set_template(0x41A6, &data);
    assert_eq!(terminal.chained(&template, false).sw, 0x6A80);
    assert_eq!(terminal.plain(&get_data(CARD_PUBLIC)).sw, 0x6985);
}

#[rstest]
#[case::two(vec![2])]
#[case::p_minus_2(near_p(-2))]
fn the_outermost_values_that_are_taken(#[case] value: Vec<u8>) {
    let mut terminal = powered();
    terminal.select_cie();
    let data = [&hex("80019B830181")[..], &object(0x91, &value)].concat();
    terminal.chained(&set_template(0x41A6, &data), false).ok();
    assert_eq!(terminal.plain(&get_data(CARD_PUBLIC)).ok().len(), 264);
}

#[test]
fn a_refused_agreement_leaves_the_one_before_alone() {
    let mut terminal = powered();
    terminal.select_cie();
    let right = set_template(0x41A6, &terminal.agreement.template());
    terminal.chained(&right, false).ok();
    let zero = set_template(0x41A6, &hex("80019B830181910100"));
    assert_eq!(terminal.plain(&zero).sw, 0x6A80);
    terminal.plain(&get_data(CARD_PUBLIC)).ok();
}

// ---- templates

fn template(data: &str) -> Vec<u8> {
    [hex(data), object(0x91, &Agreement::recorded().own_public)].concat()
}

#[rstest]
#[case::another_algorithm(template("80019A830181"), 0x6A80)]
#[case::another_group(template("80019B830182"), 0x6A88)]
#[case::no_algorithm(template("830181"), 0x6A80)]
#[case::no_group(template("80019B"), 0x6A80)]
#[case::no_value(hex("80019B830181"), 0x6A80)]
#[case::algorithm_twice(template("80019B80019B830181"), 0x6A80)]
#[case::algorithm_of_two_bytes(template("8002009B830181"), 0x6A80)]
#[case::unknown_object(template("80019B830181840181"), 0x6A80)]
#[case::nothing(vec![], 0x6A80)]
fn wrong_templates(#[case] data: Vec<u8>, #[case] sw: u16) {
    let mut terminal = powered();
    terminal.select_cie();
    assert_eq!(terminal.chained(&set_template(0x41A6, &data), false).sw, sw);
}

#[rstest]
#[case::value_first("91820100", "80019B830181")]
#[case::group_first("83018191820100", "80019B")]
fn the_objects_come_in_any_order(#[case] before: &str, #[case] after: &str) {
    let (mut terminal, _) = table(&[PLAIN], 7);
    let data = [hex(before), power(7), hex(after)].concat();
    terminal.chained(&set_template(0x41A6, &data), false).ok();
    terminal.plain(&get_data(CARD_PUBLIC)).ok();
}

#[rstest]
#[case::master_file(Some(select_mf()))]
#[case::ias(Some(select_application(IAS)))]
#[case::nothing_selected(None)]
fn there_are_no_keys_outside_the_cie_df(#[case] select: Option<cie_emulator::wire::CommandBuf>) {
    let mut terminal = powered();
    if let Some(select) = select {
        terminal.plain(&select).ok();
    }
    let agreement = set_template(0x41A6, &Agreement::recorded().template());
    assert_eq!(terminal.chained(&agreement, false).sw, 0x6A88);
    assert_eq!(terminal.plain(&set_key(0x83)).sw, 0x6A88);
    assert_eq!(terminal.plain(&set_certificate_key()).sw, 0x6A88);
}

// ---- the answer

#[test]
fn the_cards_value_before_any_agreement_is_6985() {
    let mut terminal = powered();
    terminal.select_cie();
    assert_eq!(terminal.plain(&get_data(CARD_PUBLIC)).sw, 0x6985);
}

#[test]
fn the_answer_opens_the_channel_and_not_before() {
    let (mut terminal, _) = table(&[PLAIN], 7);
    let template = set_template(0x41A6, &terminal.agreement.template());
    terminal.chained(&template, false).ok();
    assert_eq!(terminal.state().channel, State::Plain);
    let answer = terminal.plain(&get_data(CARD_PUBLIC)).ok();
    assert_eq!(answer[..8], hex("A682010491820100"));
    assert_eq!(answer[8..], power(PLAIN));
    assert_eq!(
        terminal.state().channel,
        State::Protected {
            send_sequence_counter: 1
        }
    );
}

#[test]
fn an_agreement_inside_a_session_is_refused() {
    let mut terminal = authenticated();
    let template = set_template(0x41A6, &terminal.agreement.template());
    assert_eq!(terminal.chained(&template, true).sw, 0x6985);
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
}

#[test]
fn each_agreement_has_another_value() {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.agree();
    let first = terminal.agreement.card_public.clone();
    terminal.agree();
    assert_ne!(terminal.agreement.card_public, first);
    works(&mut terminal);
}

/// The values of the group, asked for one by one and together, have their full lengths and say the same.
#[test]
fn both_forms_of_the_group_say_the_same() {
    let mut terminal = powered();
    terminal.select_cie();
    let group = Group::rfc5114_2048_256();
    let [g, p, q] = [DH_G, DH_P, DH_Q].map(|list| terminal.plain(&get_data(list)).ok());
    assert_eq!((g.len(), p.len(), q.len()), (274, 274, 42));
    assert_eq!(g[..18], hex("7082010EBFA101820108A382010497820100"));
    assert_eq!(p[14..18], hex("98820100"));
    assert_eq!(q[..10], hex("7028BFA10124A3229920"));
    assert_eq!(
        (&g[18..], &p[18..], &q[10..]),
        (group.g(), group.p(), group.q())
    );
    let all = terminal.plain(&get_data(DH_ALL)).ok();
    assert_eq!(all[..14], hex("70820234BFA10182022EA382022A"));
    assert_eq!(all[14..], [&g[14..], &p[14..], &q[8..]].concat());
    assert_eq!(all, card_data().ef_dh);
}
