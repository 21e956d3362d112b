//! Commands that end the session, whatever is right about them: data objects, padding, checksums, single bits.

use crate::support::commands::*;
use crate::support::*;
use crate::{PIN, READ, READ_ODD, VERIFY, channel, pin_object, refused};
use cie_emulator::card::Channel as State;
use cie_emulator::wire::tlv::object;
use rstest::rstest;

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
