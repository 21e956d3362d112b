//! SELECT in every form clients send: what is answered, what is selected then, and what stays selected when it fails.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::files::FileId;
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;
use support::commands::*;
use support::*;

// ---- forms of SELECT

/// Control parameters of the MF: descriptor, identifier, name, life cycle.
const MF_TEMPLATE: &str = "820138 83023F00 840DA0000000308000000009816001 8A0105";
const CIE_TEMPLATE: &str = "820138 8406A00000000039 8A0105";

#[rstest]
#[case::four_bytes("00A40000", "MF")]
#[case::no_data_no_answer("00A4000C", "MF")]
#[case::identifier("00A4000002 3F00", "MF")]
#[case::identifier_no_answer("00A4000C02 3F00", "MF")]
#[case::identifier_control_parameters("00A4000402 3F00", "MF")]
#[case::ias("00A4040C0D A0000000308000000009816001", "MF")]
#[case::ias_control_parameters("00A404040D A0000000308000000009816001", "MF")]
#[case::ias_control_information("00A404000D A0000000308000000009816001", "MF")]
#[case::cie("00A4040C06 A00000000039", "CIE")]
#[case::cie_control_parameters("00A4040406 A00000000039", "CIE")]
#[case::cie_control_information("00A4040006 A00000000039", "CIE")]
fn a_df_without_le_answers_the_status_word_alone(
    #[case] select: &str,
    #[case] df: &str,
    #[values(None, Some(IAS), Some(CIE))] before: Option<&str>,
) {
    let mut terminal = powered();
    if let Some(before) = before {
        terminal.plain(&select_application(before)).ok();
        terminal
            .plain(&select_ef(if before == CIE { 0x1001 } else { 0xD003 }))
            .ok();
    }
    assert_eq!(terminal.raw(&hex(select)), [0x90, 0x00]);
    let state = terminal.state();
    assert_eq!((state.current_df, state.current_ef), (Some(df), None));
}

#[rstest]
#[case::mf_information("00A40000 00", "6F19", MF_TEMPLATE)]
#[case::mf_parameters("00A40004 00", "6219", MF_TEMPLATE)]
#[case::mf_nothing("00A4000C 00", "", "")]
#[case::mf_by_identifier("00A4000402 3F00 00", "6219", MF_TEMPLATE)]
#[case::ias_information("00A404000D A0000000308000000009816001 00", "6F19", MF_TEMPLATE)]
#[case::ias_parameters("00A404040D A0000000308000000009816001 00", "6219", MF_TEMPLATE)]
#[case::ias_nothing("00A4040C0D A0000000308000000009816001 00", "", "")]
#[case::cie_information("00A4040006 A00000000039 00", "6F0E", CIE_TEMPLATE)]
#[case::cie_parameters("00A4040406 A00000000039 00", "620E", CIE_TEMPLATE)]
#[case::cie_nothing("00A4040C06 A00000000039 00", "", "")]
fn a_df_with_le_answers_the_template_of_p2(
    #[case] select: &str,
    #[case] tag_and_length: &str,
    #[case] content: &str,
) {
    let mut terminal = powered();
    let expected = [hex(tag_and_length), hex(content)].concat();
    assert_eq!(terminal.raw_plain(&hex(select)).ok(), expected);
}

#[rstest]
#[case::parameters(0x04, 0x62)]
#[case::information(0x00, 0x6F)]
fn an_ef_answers_25_bytes_with_size_and_identifiers(#[case] p2: u8, #[case] tag: u8) {
    for (df, file, short, size) in files() {
        let mut terminal = powered();
        terminal.plain(&select_application(df)).ok();
        let select = command(0, 0xA4, 0x02, p2, &file.to_be_bytes()).le(Le::Maximum);
        let answer = terminal.plain(&select).ok();
        let [size_hi, size_lo] = u16::try_from(size).unwrap().to_be_bytes();
        let [id_hi, id_lo] = file.to_be_bytes();
        let expected = [
            tag,
            0x17,
            0x80,
            0x02,
            size_hi,
            size_lo,
            0x82,
            0x01,
            0x01,
            0x88,
            0x01,
            short << 3,
            0x83,
            0x02,
            id_hi,
            id_lo,
            0x8A,
            0x01,
            0x05,
            0xA1,
            0x04,
            0x8C,
            0x02,
            0x01,
        ];
        assert_eq!(answer[..24], expected, "{file:04X}");
        let private = [0x1002, 0x1003, 0x1007].contains(&file);
        assert_eq!(answer[24] != 0, private, "access rule of {file:04X}");
    }
}

#[rstest]
#[case::parameters(0x04)]
#[case::information(0x00)]
#[case::nothing(0x0C)]
fn an_ef_without_le_answers_the_status_word_alone(#[case] p2: u8) {
    for (df, file, ..) in files() {
        let mut terminal = powered();
        terminal.plain(&select_application(df)).ok();
        let select = command(0, 0xA4, 0x02, p2, &file.to_be_bytes());
        assert!(terminal.plain(&select).ok().is_empty(), "{file:04X}");
        assert_eq!(terminal.state().current_ef, Some(FileId(file)));
    }
}

#[test]
fn an_ef_by_identifier_alone_is_found_under_the_current_df() {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.raw_plain(&hex("00A4000C02 1001")).ok();
    assert_eq!(terminal.state().current_ef, Some(FileId(0x1001)));
}

#[test]
fn under_secure_messaging_too_the_template_needs_le() {
    let mut terminal = authenticated();
    assert!(terminal.sm(&select_ef(0x1001)).ok().is_empty());
    let with_le = terminal.sm(&select_ef(0x1001).le(Le::Maximum)).ok();
    assert_eq!((with_le.len(), with_le[0]), (25, 0x62));
}

// ---- failed SELECT

#[rstest]
#[case::unknown_name(select_application("A0000000041010"))]
#[case::part_of_a_name(select_application("A000000030"))]
#[case::more_than_a_name(select_application("A0000000003900"))]
#[case::unknown_ef(select_ef(0x4242))]
#[case::ef_of_another_df(select_ef(0xD003))]
#[case::unknown_identifier(command(0, 0xA4, 0x00, 0x0C, &[0x42, 0x42]))]
fn a_failed_select_keeps_the_selection(
    #[case] select: CommandBuf,
    #[values(false, true)] protected: bool,
) {
    let mut terminal = authenticated();
    let mut send = |command: &CommandBuf| {
        if protected {
            terminal.sm(command)
        } else {
            terminal.plain(command)
        }
    };
    send(&select_ef(0x1001)).ok();
    assert_eq!(
        send(&select),
        Reply {
            data: vec![],
            sw: 0x6A82
        }
    );
    assert_eq!(send(&read(0, 0)).ok(), b"123456789012");
    let state = terminal.state();
    assert_eq!(state.current_df, Some("CIE"));
    assert_eq!(state.device_authenticated, protected, "and what was proven");
}

#[test]
fn an_ef_without_a_df_is_not_found() {
    assert_eq!(powered().plain(&select_ef(0x1001)).sw, 0x6A82);
}

#[test]
fn the_serial_number_of_the_chip_is_visible_in_the_cie_df_where_the_profile_says_so() {
    let mut terminal = powered_with("gemalto", "sn_icc_in_cie_df=true");
    terminal.select_cie();
    terminal.plain(&select_ef(0xD003)).ok();
    assert_eq!(terminal.plain(&read(0, 0)).ok(), card_data().ef_sn_icc);
}

#[test]
fn selecting_another_df_takes_the_current_ef_away() {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&select_ef(0x1001)).ok();
    terminal.plain(&select_application(CIE)).ok();
    assert_eq!(terminal.plain(&read(0, 0)).sw, 0x6986);
}

// ---- nothing selected

#[rstest]
#[case::read(read(0, 0))]
#[case::read_by_short_id(read_by_short_id(0x1C, 0, 0))]
#[case::read_odd(read_odd(0, 0, 0))]
#[case::read_odd_by_short_id(read_odd(0x1D, 0, 0))]
#[case::get_data(get_data(DH_G))]
#[case::get_data_ca(get_data(CA_KEY))]
fn with_nothing_selected(#[case] command: CommandBuf) {
    assert_eq!(powered().plain(&command).sw, 0x6982);
    let mut other = powered_with("gemalto", "no_selection=6A82");
    assert_eq!(other.plain(&command).sw, 0x6A82);
}

#[rstest]
#[case::even(read(0, 0))]
#[case::odd(read_odd(0, 0, 0))]
fn without_a_current_ef_is_6986(#[case] command: CommandBuf) {
    let mut terminal = powered();
    terminal.select_cie();
    assert_eq!(terminal.plain(&command).sw, 0x6986);
}
