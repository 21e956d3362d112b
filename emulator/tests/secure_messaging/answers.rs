//! What a session accepts, and what its answers look like byte for byte.

use crate::support::commands::*;
use crate::support::*;
use crate::{PIN, READ, VERIFY, channel, pin_object};
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;

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

// ---- answers to order

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
