//! READ BINARY by current file, short identifier and odd instruction, at every boundary; and who may read what.
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

const PIN: &[u8; 8] = b"12345678";

#[test]
fn every_short_identifier_reads_its_file_and_selects_it() {
    for (df, file, short, size) in files() {
        let mut terminal = authenticated();
        if df == IAS {
            terminal.plain(&select_application(IAS)).ok();
            let reply = terminal.plain(&read_by_short_id(short, 0, 0));
            assert_eq!(reply.ok().len(), size.min(231), "{file:04X}");
        } else {
            terminal.verify(0x81, PIN);
            let reply = terminal.sm(&read_by_short_id(short, 0, 0));
            assert_eq!(reply.ok().len(), size.min(231), "{file:04X}");
        }
        assert_eq!(terminal.state().current_ef, Some(FileId(file)));
    }
}

#[rstest]
#[case::even(read_by_short_id(9, 0, 0), 0x6A82)]
#[case::odd(read_odd(9, 0, 0), 0x6A82)]
#[case::odd_by_identifier(read_odd(0x4242, 0, 0), 0x6A82)]
#[case::of_another_df(read_by_short_id(0x1C, 0, 0), 0x6A82)]
#[case::odd_31(read_odd(31, 0, 0), 0x6A82)]
fn an_unknown_short_identifier(#[case] command: CommandBuf, #[case] sw: u16) {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&select_ef(0x1001)).ok();
    assert_eq!(terminal.plain(&command).sw, sw);
    assert_eq!(terminal.state().current_ef, Some(FileId(0x1001)), "stays");
}

#[test]
fn the_offset_beside_a_short_identifier_goes_to_255() {
    let mut terminal = powered();
    terminal.select_cie();
    let key = &card_data().ef_servizi_int_kpub;
    for offset in 0..=255_u8 {
        let rest = &key[usize::from(offset)..];
        let reply = terminal.plain(&read_by_short_id(5, offset, 0));
        assert_eq!(reply.ok(), rest[..rest.len().min(231)], "{offset}");
    }
}

#[test]
fn the_services_key_in_two_reads_as_recorded() {
    let mut terminal = powered();
    terminal.select_cie();
    assert_eq!(terminal.raw_plain(&hex("00B0850000")).ok().len(), 231);
    assert_eq!(terminal.raw_plain(&hex("00B085E700")).ok().len(), 39);
}

// ---- boundaries

/// Length and status word of a read, as the rules have it.
fn rule(size: usize, offset: usize, le: u8) -> (usize, u16) {
    let rest = size.saturating_sub(offset);
    match (rest, usize::from(le)) {
        (0, _) => (0, 0x6B00),
        (rest, 0) => (rest.min(231), 0x9000),
        (rest, n) if rest < n => (rest, 0x6282),
        (_, n) => (n, 0x9000),
    }
}

#[test]
fn every_boundary_of_every_public_file() {
    for (df, file, _, size) in files() {
        if [0x1002, 0x1003, 0x1007].contains(&file) {
            continue;
        }
        let mut terminal = powered();
        terminal.plain(&select_application(df)).ok();
        terminal.plain(&select_ef(file)).ok();
        let whole = contents(file);
        let mut offsets = vec![0, 1, size / 2, 0x7FFF];
        offsets.extend(size.saturating_sub(257)..=size + 2);
        for offset in offsets {
            let rest = size.saturating_sub(offset).min(255) as u8;
            for le in [
                0,
                1,
                0x0C,
                0x80,
                0xE0,
                0xE7,
                0xFF,
                rest,
                rest.saturating_add(1),
                rest.max(2) - 1,
            ] {
                let reply = terminal.plain(&read(offset as u16, le));
                let (length, sw) = rule(size, offset, le);
                assert_eq!(
                    (reply.data.len(), reply.sw),
                    (length, sw),
                    "{file:04X} {offset} {le:02X}"
                );
                assert_eq!(
                    reply.data,
                    whole.get(offset..offset + length).unwrap_or_default()
                );
            }
            let reply =
                terminal.plain(&CommandBuf::new(0, 0xB0, (offset >> 8) as u8, offset as u8));
            let (length, sw) = rule(size, offset, 0);
            assert_eq!(
                (reply.data.len(), reply.sw),
                (length, sw),
                "no Le, {offset}"
            );
        }
    }
}

#[rstest]
#[case::offset_of_one_byte("54 01 05", 5)]
#[case::offset_of_two_bytes("54 02 0105", 0x105)]
#[case::offset_of_three_bytes("54 03 000105", 0x105)]
#[case::offset_zero("54 02 0000", 0)]
fn odd_read_offsets(#[case] data: &str, #[case] offset: usize) {
    let mut terminal = powered();
    terminal.select_cie();
    let answer = terminal
        .plain(&command(0, 0xB1, 0, 6, &hex(data)).le(Le::Exactly(10)))
        .ok();
    assert_eq!(answer[..2], [0x53, 8]);
    assert_eq!(answer[2..], card_data().ef_sod[offset..offset + 8]);
}

#[rstest]
#[case::nothing("")]
#[case::empty_object("54 00")]
#[case::four_bytes("54 04 00000105")]
#[case::another_object("53 02 0000")]
#[case::cut_short("54 02 00")]
#[case::something_after("54 02 0000 00")]
#[case::beyond_any_file("54 03 FFFFFF")]
fn odd_read_with_wrong_offsets(#[case] data: &str) {
    let mut terminal = powered();
    terminal.select_cie();
    let reply = terminal.plain(&command(0, 0xB1, 0, 6, &hex(data)).le(Le::Maximum));
    let beyond = data.contains("FFFFFF");
    assert_eq!(
        (reply.sw, reply.data.len()),
        (if beyond { 0x6B00 } else { 0x6A80 }, 0)
    );
}

/// Le counts the whole object: two header bytes up to 127 of content, three above.
#[rstest]
#[case(0x02, None)]
#[case(0x03, Some(1))]
#[case(0x52, Some(0x50))]
#[case(0x81, Some(0x7F))]
#[case(0x82, Some(0x7F))]
#[case(0x83, Some(0x80))]
#[case(0xE7, Some(0xE4))]
#[case(0xFF, Some(0xFC))]
fn le_of_an_odd_read_counts_the_whole_object(#[case] le: u8, #[case] content: Option<usize>) {
    let mut terminal = powered();
    terminal.select_cie();
    let reply = terminal.plain(&read_odd(6, 0, le));
    let Some(content) = content else {
        assert_eq!(reply.sw, 0x6700);
        return;
    };
    let expected = cie_emulator::wire::tlv::object(0x53, &card_data().ef_sod[..content]);
    assert_eq!(reply.ok(), expected);
}

/// Pages of 228 as recorded: `53 81 E4` and 228 bytes, then what is left with `6282`.
#[test]
fn the_security_object_by_odd_reads_as_recorded() {
    let mut terminal = powered();
    terminal.select_cie();
    let mut got: Vec<u8> = Vec::new();
    loop {
        let reply = terminal.plain(&read_odd(6, got.len() as u16, 0xE7));
        if reply.sw == 0x9000 {
            assert_eq!(reply.data[..3], [0x53, 0x81, 0xE4]);
            got.extend(&reply.data[3..]);
            continue;
        }
        assert_eq!(reply.sw, 0x6282);
        let header = if reply.data[1] == 0x81 { 3 } else { 2 };
        got.extend(&reply.data[header..]);
        break;
    }
    assert_eq!(got, card_data().ef_sod);
}

// ---- access conditions

#[rstest]
#[case::number_of_the_document(0x1002)]
#[case::certificate(0x1003)]
#[case::public_key_of_the_holder(0x1007)]
fn a_private_file_needs_terminal_pin_and_channel(#[case] file: u16) {
    let mut plain = powered();
    plain.select_cie();
    plain.plain(&select_ef(file)).ok();
    assert_eq!(plain.plain(&read(0, 0)).sw, 0x6982, "in plain");
    assert_eq!(plain.plain(&read(0, 0x80)).sw, 0x6982);

    let mut agreed = opened();
    agreed.sm(&select_ef(file)).ok();
    assert_eq!(agreed.sm(&read(0, 0)).sw, 0x6982, "terminal unknown");

    let mut terminal = authenticated();
    terminal.sm(&select_ef(file)).ok();
    assert_eq!(terminal.sm(&read(0, 0)).sw, 0x6982, "PIN not verified");
    terminal.verify(0x82, b"87654321");
    assert_eq!(terminal.sm(&read(0, 0)).sw, 0x6982, "the PUK is no PIN");
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
    assert_eq!(terminal.sm(&read(0, 0)).sw, 0x9000);
    terminal.verify(0x81, b"00000000");
    assert_eq!(
        terminal.sm(&read(0, 0)).sw,
        0x6982,
        "a wrong PIN takes it back"
    );
}

#[test]
fn every_other_file_is_free_with_and_without_a_channel() {
    for (df, file, ..) in files() {
        if [0x1002, 0x1003, 0x1007].contains(&file) {
            continue;
        }
        let mut plain = powered();
        plain.plain(&select_application(df)).ok();
        plain.plain(&select_ef(file)).ok();
        let free = plain.plain(&read(0, 0)).ok();
        let mut terminal = authenticated();
        terminal.sm(&select_application(df)).ok();
        terminal.sm(&select_ef(file)).ok();
        assert_eq!(terminal.sm(&read(0, 0)).ok(), free, "{file:04X}");
    }
}
