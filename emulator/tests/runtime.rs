//! The runtime of the card: power and reset, class and instruction bytes, parameters and lengths.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::card::{Channel, Reset};
use cie_emulator::chip::{chip, preset};
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;
use std::sync::Arc;
use support::commands::*;
use support::*;

const PIN: &[u8; 8] = b"12345678";
const SUPPORTED: [u8; 12] = [
    0x20, 0x22, 0x24, 0x2A, 0x2C, 0x82, 0x84, 0x88, 0xA4, 0xB0, 0xB1, 0xCB,
];
/// Only where another application or a profile has them.
const OPTIONAL: [u8; 2] = [0x86, 0xC0];

/// Everything a session can hold, held.
fn busy() -> Terminal {
    let mut terminal = authenticated();
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
    terminal.sm(&set_key(0x81)).ok();
    terminal.sm(&get_challenge()).ok();
    terminal.sm(&select_ef(0x1003)).ok();
    let link = set_template(0x41A4, &[0x80]);
    terminal.link(&link, 0x10, &[0x80], true).ok();
    let state = terminal.state();
    assert!(state.verified.pin && state.unfinished_chain && state.current_ef.is_some());
    terminal
}

// ---- power and reset

#[rstest]
#[case::warm(|t: &mut Terminal| t.card.reset(Reset::Warm).as_bytes().to_vec())]
#[case::cold(|t: &mut Terminal| t.card.reset(Reset::Cold).as_bytes().to_vec())]
#[case::power(|t: &mut Terminal| { t.card.power_off(); t.card.power_on().as_bytes().to_vec() })]
#[case::power_on_twice(|t: &mut Terminal| t.card.power_on().as_bytes().to_vec())]
fn a_reset_loses_the_whole_session_and_no_counter(#[case] reset: fn(&mut Terminal) -> Vec<u8>) {
    let mut terminal = busy();
    terminal.verify(0x82, b"00000000");
    assert_eq!(
        reset(&mut terminal),
        hex("3B8F80018031 8065B085040011120FFF8290008A")
    );
    let state = terminal.state();
    assert_eq!((state.channel, state.current_df), (Channel::Plain, None));
    assert!(!state.verified.pin && !state.device_authenticated && !state.unfinished_chain);
    assert_eq!((state.pin_left, state.puk_left), (3, 9));
    // Each thing that was held, asked for.
    assert_eq!(terminal.try_sm(&verify(0x81, PIN)), Err(0x6882));
    assert_eq!(terminal.plain(&read(0, 0)).sw, 0x6982, "selection");
    terminal.select_cie();
    assert_eq!(terminal.plain(&read(0, 0)).sw, 0x6986, "current EF");
    assert_eq!(
        terminal.plain(&internal_authenticate(b"1234")).sw,
        0x6985,
        "security environment"
    );
    assert_eq!(
        terminal.plain(&get_data(CARD_PUBLIC)).sw,
        0x6985,
        "key agreement"
    );
}

#[test]
fn a_challenge_does_not_survive_a_reset() {
    let mut terminal = opened();
    let challenge = terminal.sm(&get_challenge()).ok();
    terminal.reset();
    terminal.select_cie();
    terminal.agree();
    terminal.sm(&set_certificate_key()).ok();
    let certificate = Certificate::published();
    terminal
        .chained(&verify_certificate(&certificate.encoded()), true)
        .ok();
    terminal.sm(&set_terminal_key(&certificate.holder())).ok();
    let proof = external_authenticate(&terminal.agreement.proof(&challenge));
    assert_eq!(terminal.chained(&proof, true).sw, 0x6985);
}

#[test]
fn a_card_without_power_is_mute_to_anything() {
    let mut terminal = powered();
    terminal.card.power_off();
    assert!(!terminal.card.is_powered());
    for bytes in [&SELECT_MF[..], &[], &[0xFF; 300]] {
        assert!(terminal.raw(bytes).is_empty());
    }
    terminal.card.power_on();
    assert_eq!(terminal.raw(&SELECT_MF), [0x90, 0x00]);
}

// ---- class and instruction

#[test]
fn every_other_class_is_6e00() {
    for cla in (0..=0xFF_u8).filter(|cla| ![0x00, 0x0C, 0x10, 0x1C].contains(cla)) {
        let mut terminal = powered();
        let answer = terminal.raw(&[cla, 0xA4, 0x00, 0x00]);
        assert_eq!(answer, [0x6E, 0x00], "{cla:02X}");
    }
}

#[rstest]
#[case::single(0x0C)]
#[case::chained(0x1C)]
fn a_protected_class_without_a_session_is_6882(#[case] cla: u8) {
    assert_eq!(powered().raw(&[cla, 0xA4, 0x00, 0x00]), [0x68, 0x82]);
}

#[test]
fn an_unknown_class_ends_secure_messaging() {
    let mut terminal = authenticated();
    assert_eq!(terminal.raw(&[0x80, 0xA4, 0x00, 0x00]), [0x6E, 0x00]);
    assert_eq!(terminal.state().channel, Channel::Plain);
    assert_eq!(terminal.try_sm(&verify(0x81, PIN)), Err(0x6882));
}

#[test]
fn every_unknown_instruction_is_6d00_in_plain() {
    let unknown = |ins: &u8| !SUPPORTED.contains(ins) && !OPTIONAL.contains(ins);
    for ins in (0..=0xFF_u8).filter(unknown) {
        let mut terminal = powered();
        terminal.select_cie();
        assert_eq!(terminal.raw(&[0, ins, 0, 0]), [0x6D, 0x00], "{ins:02X}");
        assert_eq!(terminal.raw(&[0x10, ins, 0, 0]), [0x6D, 0x00], "{ins:02X}");
    }
}

#[test]
fn every_unknown_instruction_is_a_protected_6d00_and_the_session_goes_on() {
    let mut terminal = authenticated();
    let unknown = |ins: &u8| !SUPPORTED.contains(ins) && !OPTIONAL.contains(ins);
    for ins in (0..=0xFF_u8).filter(unknown) {
        let reply = terminal.sm(&CommandBuf::new(0, ins, 0, 0));
        assert_eq!((reply.sw, reply.data.len()), (0x6D00, 0), "{ins:02X}");
    }
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
}

#[test]
fn every_supported_instruction_is_known() {
    for ins in SUPPORTED {
        let mut terminal = powered();
        terminal.select_cie();
        assert_ne!(terminal.raw(&[0, ins, 0, 0]), [0x6D, 0x00], "{ins:02X}");
    }
}

// ---- parameters

#[rstest]
#[case::select_p1("00A4010002 3F00", 0x6A86)]
#[case::select_p1_by_path("00A4080002 3F00", 0x6A86)]
#[case::select_p2("00A4000102 3F00", 0x6A86)]
#[case::select_p2_next_occurrence("00A4040206 A00000000039", 0x6A86)]
#[case::get_data("00CB3FFE0A 4D087006BFA10102A380", 0x6A86)]
#[case::get_data_00("00CB00000A 4D087006BFA10102A380", 0x6A86)]
#[case::mse_restore("00F241A4", 0x6D00)]
#[case::mse_p1("002201A406 800102840183", 0x6A86)]
#[case::mse_p2("002241B606 800102840183", 0x6A86)]
#[case::pso("002A9E9A02 7F21", 0x6A86)]
#[case::get_challenge("0084010008", 0x6A86)]
#[case::external_authenticate("0082000102 0000", 0x6A86)]
#[case::internal_authenticate("0088010002 0000", 0x6A86)]
#[case::verify_p1("0020018108 3132333435363738", 0x6A86)]
#[case::verify_reference("0020008308 3132333435363738", 0x6A88)]
#[case::verify_no_reference("0020000008 3132333435363738", 0x6A88)]
#[case::change_p1("0024018108 3132333435363738", 0x6A86)]
#[case::change_puk("0024008208 3132333435363738", 0x6A86)]
#[case::reset_p1("002C018108 3132333435363738", 0x6A86)]
#[case::reset_with_puk_in_the_data("002C008108 3132333435363738", 0x6A86)]
#[case::reset_puk("002C028208 3132333435363738", 0x6A86)]
#[case::read_by_short_id_0("00B0800000", 0x6A86)]
#[case::read_by_short_id_31("00B09F0000", 0x6A86)]
#[case::read_by_reserved_bits("00B0E10000", 0x6A86)]
fn wrong_parameters(#[case] command: &str, #[case] sw: u16) {
    let mut terminal = powered();
    terminal.select_cie();
    assert_eq!(
        terminal.raw_plain(&hex(command)),
        Reply { data: vec![], sw }
    );
}

// ---- lengths

#[rstest]
#[case::nothing("")]
#[case::one_byte("00")]
#[case::three_bytes("00A400")]
#[case::lc_beyond_the_end("00A4040C06 A000000000")]
#[case::bytes_after_le("00A4020402 1001 00 00")]
#[case::extended_lc_zero("00A4040C 000000 00")]
#[case::extended_lc_cut("00A4040C 0000")]
#[case::extended_lc_beyond_the_end("00A4040C 000006 A0")]
#[case::extended_le_of_one_byte("00A4040C 000002 1001 00")]
fn what_is_no_apdu_is_6700(#[case] bytes: &str) {
    let mut terminal = powered();
    terminal.select_cie();
    assert_eq!(terminal.raw(&hex(bytes)), [0x67, 0x00]);
}

#[test]
fn what_is_no_apdu_ends_secure_messaging() {
    let mut terminal = authenticated();
    assert_eq!(terminal.raw(&[0x0C, 0x20, 0x00]), [0x67, 0x00]);
    assert_eq!(terminal.state().channel, Channel::Plain);
}

#[rstest]
#[case::select_ef_of_one_byte("00A4020401 10")]
#[case::select_ef_of_three_bytes("00A4020403 100100")]
#[case::select_ef_of_nothing("00A40204")]
#[case::select_file_of_three_bytes("00A4000003 3F0000")]
#[case::select_name_of_nothing("00A4040C")]
#[case::select_name_of_17_bytes("00A4040C11 A000000030800000000981600100000000")]
#[case::read_with_data("00B0000001 00 00")]
#[case::challenge_with_data("0084000001 00 08")]
#[case::challenge_of_7("0084000007")]
#[case::challenge_of_16("0084000010")]
fn wrong_length_is_6700(#[case] command: &str) {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&select_ef(0x1001)).ok();
    assert_eq!(terminal.raw(&hex(command)), [0x67, 0x00]);
}

#[rstest]
#[case::nothing(0, 0x6700)]
#[case::one_byte(1, 0x9000)]
#[case::the_most_pkcs1_holds(245, 0x9000)]
#[case::one_too_many(246, 0x6700)]
#[case::a_whole_command(255, 0x6700)]
fn lengths_of_internal_authenticate(#[case] length: usize, #[case] sw: u16) {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&set_key(0x83)).ok();
    let reply = terminal.plain(&internal_authenticate(&vec![0x47; length]));
    assert_eq!(reply.sw, sw);
    assert_eq!(reply.data.len(), if sw == 0x9000 { 256 } else { 0 });
}

#[test]
fn extended_length_says_the_same_as_short() {
    let mut terminal = powered();
    assert_eq!(
        terminal.plain(&select_application(CIE).extended()).sw,
        0x9000
    );
    terminal.plain(&select_ef(0x1005).extended()).ok();
    let short = terminal.plain(&read(0, 0x80)).ok();
    assert_eq!(terminal.plain(&read(0, 0x80).extended()).ok(), short);
    let all = read(0, 0).le(Le::Exactly(270)).extended();
    assert_eq!(terminal.plain(&all).ok().len(), 270);
}

#[test]
fn a_chip_without_extended_length_says_6700() {
    let mut without = (*chip("gemalto").unwrap()).clone();
    without.limits.extended_length = false;
    let profile = preset("default").unwrap();
    let image = card_data().clone().into_image(Arc::new(without), profile);
    let mut terminal = switched_on(Arc::new(image.unwrap()));
    let command = select_application(CIE);
    assert_eq!(terminal.plain(&command.clone().extended()).sw, 0x6700);
    assert_eq!(terminal.plain(&command).sw, 0x9000);
}
