//! Secure messaging from the outside: every way a protected command can be wrong with a right checksum over it, every
//! counter that is not the next one, and the shape of every answer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::card::Channel as State;
use cie_emulator::wire::tlv::object;
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;
use support::commands::*;
use support::*;

const PIN: &[u8; 8] = b"12345678";
const VERIFY: [u8; 4] = [0x0C, 0x20, 0x00, 0x81];
const READ: [u8; 4] = [0x0C, 0xB0, 0x00, 0x00];
const READ_ODD: [u8; 4] = [0x0C, 0xB1, 0x00, 0x01];

fn channel(terminal: &mut Terminal) -> &mut Channel {
    terminal.channel.as_mut().unwrap()
}

/// The session is gone, nothing was counted, and a right command comes too late.
#[track_caller]
fn refused(mut terminal: Terminal, bytes: &[u8], sw: u16) {
    assert_eq!(terminal.raw(bytes), sw.to_be_bytes(), "{bytes:02X?}");
    let state = terminal.state();
    assert_eq!(state.channel, State::Plain);
    assert!(!state.verified.pin && !state.device_authenticated);
    assert_eq!((state.pin_left, state.puk_left), (3, 10));
    assert_eq!(terminal.try_sm(&verify(0x81, PIN)), Err(0x6882));
}

// ---- data objects

fn pin_object(channel: &Channel) -> Vec<u8> {
    channel.data_object(PIN, false)
}

/// Objects that a right checksum covers and that are wrong all the same.
#[rstest]
#[case::cryptogram_twice(VERIFY, |c: &Channel| pin_object(c).repeat(2))]
#[case::le_twice(READ, |_: &Channel| hex("970100 970100"))]
#[case::le_before_the_cryptogram(VERIFY, |c: &Channel| [hex("970100"), pin_object(c)].concat())]
#[case::plain_value(VERIFY, |_: &Channel| object(0x81, PIN))]
#[case::plain_value_in_the_checksum(VERIFY, |_: &Channel| object(0xB3, PIN))]
#[case::unknown_object_first(VERIFY, |c: &Channel| [hex("890400200081"), pin_object(c)].concat())]
#[case::unknown_object_last(VERIFY, |c: &Channel| [pin_object(c), hex("5F0100")].concat())]
#[case::status_object(READ, |_: &Channel| hex("970100 99029000"))]
#[case::checksum_inside(VERIFY, |c: &Channel| [pin_object(c), hex("8E080000000000000000")].concat())]
#[case::padding_indicator_00(VERIFY, |c: &Channel| with_indicator(c, 0x00))]
#[case::padding_indicator_02(VERIFY, |c: &Channel| with_indicator(c, 0x02))]
#[case::no_padding_indicator(VERIFY, |c: &Channel| object(0x87, &pin_object(c)[3..]))]
#[case::empty_cryptogram(VERIFY, |_: &Channel| hex("8700"))]
#[case::indicator_alone(VERIFY, |_: &Channel| hex("870101"))]
#[case::half_a_block(VERIFY, |c: &Channel| object(0x87, &pin_object(c)[2..15]))]
#[case::a_block_and_a_byte(VERIFY, |c: &Channel| [&[0x87, 0x12], &pin_object(c)[2..], &[0]].concat())]
#[case::cryptogram_of_odd_instructions(VERIFY, |c: &Channel| c.data_object(PIN, true))]
#[case::cryptogram_of_even_instructions(READ_ODD, |c: &Channel| c.data_object(&hex("54020000"), false))]
#[case::le_empty(READ, |_: &Channel| hex("9700"))]
#[case::le_of_three_bytes(READ, |_: &Channel| hex("9703000080"))]
#[case::length_beyond_the_end(VERIFY, |_: &Channel| hex("87FF01"))]
#[case::length_of_five_bytes(VERIFY, |_: &Channel| hex("8785000000001101"))]
#[case::indefinite_length(VERIFY, |_: &Channel| hex("8780 01 0000"))]
fn wrong_objects_end_the_session(
    #[case] header: [u8; 4],
    #[case] objects: fn(&Channel) -> Vec<u8>,
) {
    let mut terminal = authenticated();
    let objects = objects(channel(&mut terminal));
    let bytes = channel(&mut terminal).seal(header, &objects);
    refused(terminal, &bytes, 0x6988);
}

fn with_indicator(channel: &Channel, indicator: u8) -> Vec<u8> {
    let mut objects = pin_object(channel);
    objects[2] = indicator;
    objects
}

#[rstest]
#[case::no_padding(b"12345678")]
#[case::zeros_alone(&[0; 8])]
#[case::no_80(b"1234567\x01")]
#[case::something_after_80(b"123456\x80\x01")]
#[case::eighty_in_another_block(b"\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01")]
fn wrong_padding_inside_ends_the_session(#[case] padded: &[u8]) {
    let mut terminal = authenticated();
    let objects = channel(&mut terminal).encrypted_object(padded, false);
    let bytes = channel(&mut terminal).seal(VERIFY, &objects);
    refused(terminal, &bytes, 0x6988);
}

/// The checksum object itself, over right objects and with a right value as far as there is one.
#[rstest]
#[case::missing(|_: &[u8]| vec![], 0x6988)]
#[case::twice(|mac: &[u8]| [object(0x8E, mac), object(0x8E, mac)].concat(), 0x6988)]
#[case::empty(|_: &[u8]| object(0x8E, &[]), 0x6988)]
#[case::four_bytes(|mac: &[u8]| object(0x8E, &mac[..4]), 0x6988)]
#[case::nine_bytes(|mac: &[u8]| object(0x8E, &[mac, &[0]].concat()), 0x6988)]
#[case::another_tag(|mac: &[u8]| object(0x8C, mac), 0x6988)]
#[case::something_after(|mac: &[u8]| [object(0x8E, mac), vec![0x97, 1, 0]].concat(), 0x6988)]
#[case::a_byte_after(|mac: &[u8]| [object(0x8E, mac), vec![0]].concat(), 0x6988)]
#[case::all_zero(|_: &[u8]| object(0x8E, &[0; 8]), 0x6988)]
fn wrong_checksum_objects_end_the_session(#[case] checksum: fn(&[u8]) -> Vec<u8>, #[case] sw: u16) {
    let mut terminal = authenticated();
    let channel = channel(&mut terminal);
    channel.ssc += 1;
    let objects = pin_object(channel);
    let mac = channel.checksum_of(VERIFY, &objects);
    let bytes = Channel::frame(VERIFY, &[objects, checksum(&mac)].concat());
    refused(terminal, &bytes, sw);
}

#[test]
fn the_checksum_first_is_out_of_order() {
    let mut terminal = authenticated();
    let channel = channel(&mut terminal);
    channel.ssc += 1;
    let objects = pin_object(channel);
    let mac = object(0x8E, &channel.checksum_of(VERIFY, &objects));
    refused(
        terminal,
        &Channel::frame(VERIFY, &[mac, objects].concat()),
        0x6988,
    );
}

#[rstest]
#[case::no_body("0C200081")]
#[case::le_alone("0C20008100")]
#[case::cryptogram_alone("0C200081 13 87110189A2A356CBFB47630AC3CD828F2977A1 00")]
fn a_protected_command_without_a_checksum(#[case] bytes: &str) {
    refused(authenticated(), &hex(bytes), 0x6988);
    let told_apart = authenticated_with(card_data(), "sm_object_missing=6987");
    refused(told_apart, &hex(bytes), 0x6987);
}

#[test]
fn the_status_words_of_a_broken_channel_are_parameters() {
    let mut terminal = authenticated_with(
        card_data(),
        "sm_object_incorrect=6987 sm_without_session=6988",
    );
    let bytes = channel(&mut terminal).seal(VERIFY, &hex("8700"));
    assert_eq!(terminal.raw(&bytes), [0x69, 0x87]);
    assert_eq!(terminal.try_sm(&verify(0x81, PIN)), Err(0x6988));
}

/// For those who test clients: VERIFY is answered as ordered, protected as it should be, and nothing else happens. The answer in
/// clear, and VERIFY without data, stay what they are.
#[rstest]
#[case::no_diagnosis(0x6F00)]
#[case::not_authenticated(0x6982)]
#[case::not_a_status_word(0xFFFF)]
#[case::like_a_counter(0x67C2)]
#[case::success(0x9000)]
fn verify_answers_what_was_ordered(#[case] sw: u16) {
    let mut terminal = authenticated_with(card_data(), &format!("verify_answer={sw:04X}"));
    for pin in [*PIN, *b"00000000"] {
        assert_eq!(terminal.try_sm(&verify(0x81, &pin)).unwrap().sw, sw);
        let state = terminal.state();
        assert_eq!((state.pin_left, state.puk_left), (3, 10));
        assert!(!state.verified.pin);
    }
    let tries = terminal.try_sm(&verify(0x81, b""));
    assert_eq!(tries.unwrap().sw, 0x63C3);
    assert!(terminal.state().device_authenticated, "the session goes on");
}

#[rstest]
#[case::short("6F0")]
#[case::no_digits("nothing")]
#[case::empty("")]
fn an_ordered_answer_is_a_status_word(#[case] value: &str) {
    let setting = format!("verify_answer={value}");
    let refused = cie_emulator::chip::Profile::with_settings([setting.as_str()]);
    let words = refused.unwrap_err().to_string();
    assert!(
        words.contains("verify_answer") && words.contains("four hexadecimal digits"),
        "{words}"
    );
}

// ---- the counter

#[test]
fn a_replayed_command_ends_the_session() {
    let mut terminal = authenticated();
    let bytes = channel(&mut terminal).protect(&select_ef(0x1001));
    assert_eq!(terminal.send_protected(&bytes, false).unwrap().sw, 0x9000);
    refused(terminal, &bytes, 0x6988);
}

#[rstest]
#[case::skipped(1)]
#[case::one_behind(-1)]
#[case::two_behind(-2)]
#[case::of_the_response_before(-3)]
#[case::far_ahead(1 << 32)]
#[case::at_its_beginning(i64::MIN)]
fn another_counter_ends_the_session(#[case] by: i64) {
    let mut terminal = authenticated();
    terminal.sm(&select_ef(0x1001)).ok();
    let channel = channel(&mut terminal);
    channel.ssc = channel.ssc.wrapping_add_signed(by);
    let bytes = channel.protect(&read(0, 0));
    refused(terminal, &bytes, 0x6988);
}

/// A client that saw a plain status word where a protected one was sent is one message behind; the card does not help it.
#[test]
fn a_client_that_did_not_count_an_answer_is_refused() {
    let mut terminal = authenticated();
    assert_eq!(terminal.verify(0x81, b"00000000"), 0x63C2);
    channel(&mut terminal).ssc -= 1;
    assert_eq!(terminal.try_sm(&select_ef(0x1002)), Err(0x6988));
    assert_eq!(terminal.state().channel, State::Plain);
}

#[test]
fn the_counter_counts_every_command_and_every_answer_errors_too() {
    let mut terminal = opened();
    for (round, command) in [
        select_ef(0x1001),
        select_ef(0x4242),
        read(0, 0),
        verify(0x81, PIN),
    ]
    .iter()
    .enumerate()
    {
        terminal.sm(command);
        let send_sequence_counter = 1 + 2 * (round as u64 + 1);
        assert_eq!(
            terminal.state().channel,
            State::Protected {
                send_sequence_counter
            }
        );
    }
}

#[test]
fn the_counter_goes_on_from_ffffffffffffffff_to_zero() {
    use cie_emulator::crypto::random::{Scripted, Seeded};
    let exponent = [&[0; 31][..], &[5]].concat();
    let script = Scripted::new([exponent, vec![0xFF; 8]], Seeded::new(1));
    let image = image(card_data(), "gemalto", "default");
    let mut terminal = Terminal::new(cie_emulator::Card::new(image, Box::new(script)));
    terminal.select_cie();
    terminal.agree();
    assert_eq!(terminal.prove_terminal(), [0xFF; 8]);
    terminal.sm(&set_device_key()).ok();
    terminal.sm(&internal_authenticate(&[0xFF; 8])).ok();
    channel(&mut terminal).ssc = u64::MAX;
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
    assert_eq!(channel(&mut terminal).ssc, 1);
    assert_eq!(
        terminal.state().channel,
        State::Protected {
            send_sequence_counter: 1
        }
    );
}

// ---- what is accepted

#[test]
fn the_checksum_covers_the_objects_as_received_not_as_they_could_be_written() {
    let mut terminal = authenticated();
    let cryptogram = pin_object(channel(&mut terminal))[2..].to_vec();
    let long_form = [&[0x87, 0x82, 0x00, 0x11], &cryptogram[..]].concat();
    let bytes = channel(&mut terminal).seal(VERIFY, &long_form);
    assert_eq!(terminal.send_protected(&bytes, false).unwrap().sw, 0x9000);
}

#[rstest]
#[case::no_outer_le(|bytes: &[u8]| bytes[..bytes.len() - 1].to_vec())]
#[case::another_outer_le(|bytes: &[u8]| [&bytes[..bytes.len() - 1], &[0x20]].concat())]
#[case::extended_length(|bytes: &[u8]| {
    let lc = bytes.len() - 6;
    [&bytes[..4], &[0, 0, lc as u8], &bytes[5..bytes.len() - 1], &[0, 0]].concat()
})]
fn what_surrounds_the_objects_is_not_protected(#[case] change: fn(&[u8]) -> Vec<u8>) {
    let mut terminal = authenticated();
    let bytes = channel(&mut terminal).protect(&verify(0x81, PIN));
    let reply = terminal.send_protected(&change(&bytes), false);
    assert_eq!(reply.unwrap().sw, 0x9000);
}

#[rstest]
#[case::one_byte("970180", 128, 0x9000)]
#[case::two_bytes("97020080", 128, 0x9000)]
#[case::all("970100", 231, 0x9000)]
#[case::all_in_two_bytes("97020000", 231, 0x9000)]
#[case::the_cap_exactly("9701E7", 231, 0x9000)]
#[case::above_the_cap("9701E8", 231, 0x9000)]
#[case::far_above_the_cap("97020100", 231, 0x9000)]
#[case::missing("", 231, 0x9000)]
fn le_and_the_cap_of_231_bytes(#[case] le: &str, #[case] length: usize, #[case] sw: u16) {
    let mut terminal = authenticated();
    terminal.sm(&select_ef(0x1005)).ok();
    let bytes = channel(&mut terminal).seal(READ, &hex(le));
    let reply = terminal.send_protected(&bytes, false).unwrap();
    assert_eq!((reply.data.len(), reply.sw), (length, sw));
}

/// Clients leave `97` out of INTERNAL AUTHENTICATE and of GET DATA; the data come all the same.
#[test]
fn a_missing_le_object_suppresses_no_data() {
    let mut terminal = authenticated();
    terminal.verify(0x81, PIN);
    terminal.sm(&set_key(0x81)).ok();
    assert_eq!(
        terminal.sm(&internal_authenticate(&[1; 51])).ok().len(),
        256
    );
    assert_eq!(terminal.sm(&get_data(DH_ALL)).ok().len(), 568);
    terminal.sm(&select_ef(0x1001)).ok();
    assert_eq!(terminal.sm(&CommandBuf::new(0, 0xB0, 0, 0)).ok().len(), 12);
}

/// An odd instruction carries `85` both ways; `53` is inside.
#[test]
fn odd_instructions_use_85_without_padding_indicator() {
    let mut terminal = authenticated();
    let bytes = channel(&mut terminal).protect(&read_odd(1, 0, 0));
    assert_eq!(bytes[5], 0x85);
    let answer = terminal.raw(&bytes);
    assert_eq!(answer[0], 0x85);
    let reply = channel(&mut terminal).open(&answer, true).unwrap();
    assert_eq!(reply.ok(), [&[0x53, 12][..], b"123456789012"].concat());
}

/// A client with empty data and no Le still writes `97 01 00`.
#[test]
fn reset_retry_counter_without_data_comes_with_le() {
    let mut terminal = authenticated();
    terminal.verify(0x82, b"87654321");
    let command = CommandBuf::new(0, 0x2C, 0x03, 0x81);
    terminal.sm(&command.clone().le(Le::Maximum)).ok();
    terminal.sm(&command).ok();
}

// ---- the shape of answers

/// Every answer inside a session carries `99` and `8E`, with the same status word inside and outside (the terminal checks
/// both), and the session goes on.
#[rstest]
#[case::file_not_found(select_ef(0x4242), 0x6A82)]
#[case::no_current_ef(read(0, 0), 0x6986)]
#[case::private_file(read_by_short_id(3, 0, 0), 0x6982)]
#[case::beyond_the_end(read_by_short_id(1, 12, 0), 0x6B00)]
#[case::end_of_file(read_by_short_id(1, 0, 0x80), 0x6282)]
#[case::wrong_pin(verify(0x81, b"00000000"), 0x63C2)]
#[case::wrong_puk(verify(0x82, b"00000000"), 0x63C9)]
#[case::wrong_length_of_pin(verify(0x81, b"1234"), 0x6700)]
#[case::unblocking_without_puk(reset_retry_counter(2, 0x81, b"48150726"), 0x6982)]
#[case::wrong_parameters(verify_certificate(&[]), 0x6A80)]
#[case::unknown_reference(verify(0x99, PIN), 0x6A88)]
#[case::unknown_key(set_key(0x85), 0x6A88)]
#[case::unknown_object(get_data("4D087006BFA10702A080"), 0x6A88)]
#[case::nothing_to_sign_with(internal_authenticate(b"1"), 0x6985)]
#[case::unknown_instruction(CommandBuf::new(0, 0x70, 0, 0), 0x6D00)]
#[case::wrong_p1_p2(CommandBuf::new(0, 0x84, 1, 0), 0x6A86)]
fn errors_are_protected_and_the_session_goes_on(#[case] command: CommandBuf, #[case] sw: u16) {
    let mut terminal = authenticated();
    terminal.sm(&select_application(CIE)).ok();
    let reply = terminal.sm(&command);
    assert_eq!(reply.sw, sw);
    if sw != 0x6282 {
        assert!(reply.data.is_empty());
    }
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
}

#[test]
fn an_empty_signature_request_is_a_protected_6700() {
    let mut terminal = authenticated();
    terminal.verify(0x81, PIN);
    terminal.sm(&set_key(0x81)).ok();
    let empty = CommandBuf::new(0, 0x88, 0, 0).le(Le::Maximum);
    assert_eq!(
        terminal.sm(&empty),
        Reply {
            data: vec![],
            sw: 0x6700
        }
    );
    assert_eq!(terminal.sm(&internal_authenticate(&[1])).sw, 0x9000);
}

/// The first bytes of answers: `87` with the shortest length that holds indicator and cryptogram.
#[rstest]
#[case::up_to_seven(7, "870901")]
#[case::eight_need_another_block(8, "871101")]
#[case::last_short_length(119, "877901")]
#[case::first_length_of_two_bytes(120, "87818101")]
#[case::read_128(128, "87818901")]
#[case::the_cap(231, "8781E901")]
fn lengths_of_the_answer(#[case] le: u8, #[case] begins: &str) {
    let mut terminal = authenticated();
    terminal.sm(&select_ef(0x1005)).ok();
    let bytes = channel(&mut terminal).protect(&read(0, le));
    let answer = terminal.raw(&bytes);
    assert_eq!(hex::encode_upper(&answer[..begins.len() / 2]), begins);
}

/// 128 is written `81 80`: one desktop parser takes `80` for the indefinite form.
#[test]
fn a_length_of_128_is_written_81_80() {
    let mut terminal = authenticated();
    // 120 to 127 bytes of answer become 128 of cryptogram, with no indicator before them.
    for le in 120..=127 {
        let bytes = channel(&mut terminal).protect(&read_odd(5, 0, le));
        let answer = terminal.raw(&bytes);
        assert_eq!(answer[..3], [0x85, 0x81, 0x80], "{le}");
        let reply = channel(&mut terminal).open(&answer, true).unwrap();
        assert_eq!(reply.ok().len(), usize::from(le));
    }
}

/// One client family computes lengths of two bytes with a sign: the low byte stays below `80`.
#[test]
fn lengths_of_two_bytes_have_a_small_low_byte() {
    let mut terminal = authenticated();
    terminal.verify(0x81, PIN);
    terminal.sm(&set_key(0x81)).ok();
    let bytes = channel(&mut terminal).protect(&internal_authenticate(&[1]));
    assert_eq!(terminal.raw(&bytes)[..4], [0x87, 0x82, 0x01, 0x09]);
    let mut terminal = opened();
    terminal.prove_terminal();
    terminal.sm(&set_device_key()).ok();
    let bytes = channel(&mut terminal).protect(&internal_authenticate(&RND_IFD));
    assert_eq!(terminal.raw(&bytes)[..4], [0x87, 0x82, 0x01, 0x11]);
}

/// The largest answer of a read still fits 256 bytes with its status word.
#[test]
fn a_read_of_the_cap_is_250_bytes_on_the_wire() {
    let mut terminal = authenticated();
    terminal.sm(&select_ef(0x1005)).ok();
    let bytes = channel(&mut terminal).protect(&read(0, 0));
    assert_eq!(terminal.raw(&bytes).len(), 4 + 232 + 4 + 10 + 2);
}

/// Every bit of a protected command that carries data, Le and checksum, flipped one at a time.
#[test]
fn one_flipped_bit_anywhere_ends_the_session() {
    let mut terminal = authenticated();
    let command = get_challenge();
    let bytes = channel(&mut terminal).protect(&command);
    let verified = channel(&mut terminal.fork()).protect(&verify(0x81, PIN));
    for whole in [bytes, verified] {
        // The outer Le at the end is not protected.
        for bit in 0..(whole.len() - 1) * 8 {
            let mut spoiled = whole.clone();
            spoiled[bit / 8] ^= 0x80 >> (bit % 8);
            let mut fork = terminal.fork();
            let answer = fork.raw(&spoiled);
            assert_eq!(answer.len(), 2, "bit {bit}");
            assert_eq!(fork.state().channel, State::Plain, "bit {bit}");
            assert_eq!(fork.state().pin_left, 3);
        }
    }
}
