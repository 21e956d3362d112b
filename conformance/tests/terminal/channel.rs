//! Secure messaging alone: what the terminal sends, what it refuses, and that it reads back what a card sends.

use cie_conformance::target::{Alteration, Tampering, Target, When};
use cie_conformance::terminal::ias::commands::{
    get_challenge, internal_authenticate, read_binary, select_file,
};
use cie_conformance::terminal::{
    AfterRefusal, Chaining, ChannelError, LeObject, Protection, SecureMessaging, SendOptions,
    SessionKeys, Tamper, Terminal, TerminalError,
};
use cie_crypto::random::Seeded;
use cie_emulator::wire::tlv::{Tag, TlvError};
use cie_emulator::wire::{CommandBuf, Le, StatusWord};
use proptest::prelude::*;
use rstest::rstest;

use super::card::{Card, SmFault};
use super::vectors::{array, session};

fn keys() -> SessionKeys {
    SessionKeys::new(array(&session("sessENC")), array(&session("sessMAC")))
}

fn terminal(target: impl Target + 'static) -> Terminal {
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(1)));
    terminal.open_channel(&keys(), 1);
    terminal
}

fn channel_error(result: Result<impl std::fmt::Debug, TerminalError>) -> ChannelError {
    match result.unwrap_err() {
        TerminalError::Channel(error) => error,
        other => panic!("not an error of the channel: {other}"),
    }
}

/// Answers changed on the way: the second protected answer carries 8 bytes of data.
#[rstest]
#[case::checksum_dropped(Alteration::DropObject(0x8E), ChannelError::MissingChecksum)]
#[case::checksum_flipped(Alteration::FlipLastBitOf(0x8E), ChannelError::WrongChecksum { counter: 5 })]
#[case::checksum_twice(
    Alteration::DuplicateObject(0x8E),
    ChannelError::DuplicateObject(Tag(0x8E))
)]
#[case::checksum_short(Alteration::ReplaceValue { tag: 0x8E, value: vec![1; 4] }, ChannelError::ChecksumLength(4))]
#[case::status_dropped(Alteration::DropObject(0x99), ChannelError::MissingStatus)]
#[case::status_flipped(Alteration::FlipLastBitOf(0x99), ChannelError::WrongChecksum { counter: 5 })]
#[case::status_twice(
    Alteration::DuplicateObject(0x99),
    ChannelError::DuplicateObject(Tag(0x99))
)]
#[case::cryptogram_flipped(Alteration::FlipLastBitOf(0x87), ChannelError::WrongChecksum { counter: 5 })]
#[case::cryptogram_dropped(Alteration::DropObject(0x87), ChannelError::WrongChecksum { counter: 5 })]
#[case::cryptogram_twice(
    Alteration::DuplicateObject(0x87),
    ChannelError::DuplicateObject(Tag(0x87))
)]
#[case::order(Alteration::ReverseObjects, ChannelError::WrongOrder(Tag(0x99)))]
#[case::stranger(Alteration::InsertObject { tag: 0x97, value: vec![0] }, ChannelError::UnknownObject(Tag(0x97)))]
#[case::other_outer_status(
    Alteration::OuterStatus(0x6282),
    ChannelError::StatusMismatch { inner: StatusWord(0x9000), outer: StatusWord(0x6282) }
)]
#[case::bare_status(Alteration::BareStatus, ChannelError::PlainResponse { sw: StatusWord(0x9000) })]
#[case::bare_error(Alteration::Replace(vec![0x69, 0x82]), ChannelError::PlainResponse { sw: StatusWord(0x6982) })]
#[case::one_byte(Alteration::Truncate(1), ChannelError::TooShort(1))]
#[case::cut_inside_an_object(
    Alteration::Replace(vec![0x99, 0x02, 0x90, 0x90, 0x00]),
    ChannelError::Structure(TlvError::ValueTooLong { tag: Tag(0x99), length: 2, available: 1 })
)]
#[case::plain_data(
    Alteration::Replace(vec![0x5A, 0x01, 0x01, 0x90, 0x00]),
    ChannelError::UnknownObject(Tag(0x5A))
)]
fn a_changed_answer_is_refused(#[case] alteration: Alteration, #[case] expected: ChannelError) {
    let card = Card::in_session(1);
    let mut terminal = terminal(Tampering::new(card, When::Protected(1), alteration));
    terminal.transmit(&select_file(0x1003)).unwrap();
    let error = channel_error(terminal.transmit(&get_challenge(8)));
    assert_eq!(error, expected);
    let record = terminal.exchanges().last().unwrap();
    assert_eq!(record.error.as_deref(), Some(expected.to_string().as_str()));
    assert_eq!(record.plain_response, None);

    let after = channel_error(terminal.transmit(&get_challenge(8)));
    assert_eq!(after, ChannelError::Closed(expected.to_string()));
}

/// Answers made wrong by the card, with the right checksum.
#[rstest]
#[case::no_padding(SmFault::PaddingMissing, ChannelError::WrongPadding)]
#[case::a_whole_block_too_much(SmFault::PaddingTooLong, ChannelError::WrongPadding)]
#[case::indicator(SmFault::Indicator, ChannelError::WrongPaddingIndicator(2))]
#[case::status_inside(
    SmFault::InnerStatus,
    ChannelError::StatusMismatch { inner: StatusWord(0x6200), outer: StatusWord(0x9000) }
)]
#[case::no_status(SmFault::NoStatus, ChannelError::MissingStatus)]
#[case::half_a_status(SmFault::StatusOfOneByte, ChannelError::StatusLength(1))]
#[case::half_a_checksum(SmFault::ChecksumOfFourBytes, ChannelError::ChecksumLength(4))]
#[case::empty_cryptogram(SmFault::EmptyCryptogram, ChannelError::CryptogramLength(0))]
#[case::unaligned(SmFault::UnalignedCryptogram, ChannelError::CryptogramLength(15))]
#[case::wrong_object(
    SmFault::OddObjectForEvenInstruction,
    ChannelError::WrongCryptogramObject { expected: Tag(0x87), found: Tag(0x85), ins: 0x84 }
)]
#[case::counter(SmFault::CounterTooHigh, ChannelError::WrongChecksum { counter: 3 })]
#[case::long_length(SmFault::LongLength, ChannelError::NonMinimalLength(Tag(0x99)))]
fn a_wrong_answer_is_refused(#[case] fault: SmFault, #[case] expected: ChannelError) {
    let mut card = Card::in_session(1);
    card.sm_fault = Some(fault);
    assert_eq!(
        channel_error(terminal(card).transmit(&get_challenge(8))),
        expected
    );
}

/// Commands spoiled by the terminal: a card that checks refuses each of them.
#[rstest]
#[case::mac_bit(Tamper::FlipMacBit(0))]
#[case::mac_top_bit(Tamper::FlipMacBit(63))]
#[case::cryptogram_bit(Tamper::FlipCryptogramBit(3))]
#[case::header_p2(Tamper::FlipHeaderBit { byte: 3, bit: 0 })]
#[case::mac_short(Tamper::TruncateMac(4))]
#[case::no_mac(Tamper::DropObject(0x8E))]
#[case::no_cryptogram(Tamper::DropObject(0x87))]
#[case::no_le(Tamper::DropObject(0x97))]
#[case::mac_twice(Tamper::DuplicateObject(0x8E))]
#[case::cryptogram_twice(Tamper::DuplicateObject(0x87))]
#[case::le_twice(Tamper::DuplicateObject(0x97))]
#[case::order(Tamper::ReorderObjects)]
#[case::stranger(Tamper::ExtraObject { tag: 0x99, value: vec![0x90, 0] })]
#[case::padding(Tamper::WrongPadding)]
#[case::indicator(Tamper::WrongPaddingIndicator(2))]
#[case::empty(Tamper::EmptyCryptogram)]
#[case::unaligned(Tamper::UnalignedCryptogram)]
#[case::long_length(Tamper::NonMinimalLength(0x87))]
#[case::replay(Tamper::ReplayLast)]
#[case::counter_ahead(Tamper::SkipCounter(1))]
#[case::counter_again(Tamper::RepeatCounter)]
#[case::plain_data(Tamper::PlainUnderProtectedClass)]
fn a_spoiled_command_is_refused_by_a_card_that_checks(#[case] tamper: Tamper) {
    let mut terminal = terminal(Card::in_session(1));
    let command = select_file(0x1003).le(Le::Maximum);
    terminal.transmit(&command).unwrap();
    let reply = terminal
        .transmit_with(&command, &SendOptions::tampered(tamper.clone()))
        .unwrap();
    assert_eq!(
        (reply.sw, reply.channel),
        (StatusWord(0x6988), Protection::Plain)
    );
    assert_eq!(terminal.exchanges().last().unwrap().tamper, Some(tamper));
    assert!(!terminal.is_protected());
}

#[test]
fn with_one_object_the_checksum_goes_first() {
    let mut terminal = terminal(Card::in_session(1));
    let options = SendOptions::tampered(Tamper::ReorderObjects);
    let reply = terminal.transmit_with(&get_challenge(8), &options).unwrap();
    assert_eq!(reply.sw, StatusWord(0x6988));
    assert_eq!(terminal.exchanges()[0].wire_command[5], 0x8E);
}

#[test]
fn a_command_sent_plain_is_answered_plain_and_ends_the_channel() {
    let mut terminal = terminal(Card::in_session(1));
    let options = SendOptions::tampered(Tamper::SendPlain);
    let reply = terminal.transmit_with(&get_challenge(8), &options).unwrap();
    assert_eq!((reply.data.len(), reply.channel), (8, Protection::Plain));
    assert!(!terminal.is_protected());
}

#[rstest]
#[case::no_data(get_challenge(8), Tamper::WrongPadding)]
#[case::no_such_object(select_file(0x1003), Tamper::DropObject(0x97))]
#[case::nothing_to_replay(get_challenge(8), Tamper::ReplayLast)]
fn spoiling_what_is_not_there_is_an_error(#[case] command: CommandBuf, #[case] tamper: Tamper) {
    let mut terminal = terminal(Card::in_session(1));
    let result = terminal.transmit_with(&command, &SendOptions::tampered(tamper));
    assert!(matches!(
        channel_error(result),
        ChannelError::NothingToSpoil(_)
    ));
}

#[test]
fn a_kept_channel_shows_whether_the_card_has_forgotten() {
    let mut terminal = terminal(Card::in_session(1));
    let options = SendOptions {
        after_refusal: AfterRefusal::Keep,
        ..SendOptions::tampered(Tamper::FlipMacBit(7))
    };
    terminal.transmit_with(&get_challenge(8), &options).unwrap();
    assert!(terminal.is_protected());
    let error = channel_error(terminal.transmit(&get_challenge(8)));
    assert_eq!(
        error,
        ChannelError::PlainResponse {
            sw: StatusWord(0x6988)
        }
    );
}

#[rstest]
#[case::as_plain_none(LeObject::AsPlain, CommandBuf::new(0, 0x2C, 3, 0x81), "8E")]
#[case::as_plain_le(LeObject::AsPlain, get_challenge(8), "970108")]
#[case::desktop_empty(
    LeObject::ForEmptyCommands,
    CommandBuf::new(0, 0x2C, 3, 0x81),
    "970100"
)]
#[case::desktop_data(LeObject::ForEmptyCommands, internal_authenticate(&[1]), "8709")]
#[case::absent(LeObject::Absent, get_challenge(8), "8E08")]
#[case::forced(LeObject::Forced(5), CommandBuf::new(0, 0x2C, 3, 0x81), "970105")]
fn when_the_le_object_goes_along(
    #[case] rule: LeObject,
    #[case] command: CommandBuf,
    #[case] objects: &str,
) {
    let mut messaging = SecureMessaging::new(&keys(), 1);
    let bytes = messaging.protect(command.view(), rule, None).unwrap();
    assert!(hex::encode_upper(&bytes[5..]).starts_with(objects));
    let le_objects = bytes[5..]
        .windows(2)
        .filter(|pair| pair == b"\x97\x01")
        .count();
    assert_eq!(le_objects, usize::from(objects.starts_with("97")));
}

#[rstest]
#[case::fits(231, Chaining::Auto, 1)]
#[case::one_more(232, Chaining::Auto, 2)]
#[case::two_links(245, Chaining::Auto, 2)]
#[case::small_links(20, Chaining::Every(9), 3)]
#[case::extended(245, Chaining::Never, 1)]
fn long_data_travel_in_links(
    #[case] length: usize,
    #[case] chaining: Chaining,
    #[case] count: usize,
) {
    let mut terminal = terminal(Card::in_session(1));
    let options = SendOptions {
        chaining,
        ..SendOptions::default()
    };
    // The test's card knows no extended length; what was sent is what counts.
    let _ = terminal.transmit_with(&internal_authenticate(&vec![7; length]), &options);
    let sent = terminal.exchanges();
    assert_eq!(sent.len(), count);
    for (number, exchange) in sent.iter().enumerate() {
        let chained = exchange.wire_command[0] & 0x10 != 0;
        assert_eq!(chained, number + 1 < count);
        assert_eq!(exchange.counter, Some(2 + 2 * number as u64));
        assert_eq!(exchange.link, (number + 1, count));
    }
    let extended = sent[0].wire_command[4] == 0;
    assert_eq!(extended, chaining == Chaining::Never);
}

#[test]
fn a_chain_ends_at_the_link_that_is_refused() {
    let refuse = Alteration::Replace(vec![0x69, 0x85]);
    let card = Tampering::new(Card::new(), When::Exchange(1), refuse);
    let mut terminal = Terminal::new(Box::new(card), Box::new(Seeded::new(1)));
    let reply = terminal
        .transmit(&internal_authenticate(&[1; 600]))
        .unwrap();
    assert_eq!((reply.sw, reply.unsent_links), (StatusWord(0x6985), 1));
    assert_eq!(terminal.exchanges().len(), 2);
}

#[test]
fn both_views_of_an_exchange_are_kept() {
    let mut terminal = terminal(Card::in_session(1));
    let reply = terminal.transmit(&get_challenge(8)).unwrap();
    let record = &terminal.exchanges()[0];
    assert_eq!(
        record.plain_command.as_deref(),
        Some(&[0, 0x84, 0, 0, 8][..])
    );
    assert_eq!(record.wire_command[0], 0x0C);
    assert_eq!(record.wire_response.as_ref().unwrap()[0], 0x87);
    let plain = [&reply.data[..], &[0x90, 0x00]].concat();
    assert_eq!(record.plain_response.as_ref(), Some(&plain));
    assert_eq!(
        (record.sent, record.channel),
        (Protection::Protected, Protection::Protected)
    );
    assert!(!format!("{record:?}").contains(&hex::encode(&reply.data)));
}

proptest! {
    #[test]
    fn what_a_card_signs_into_the_channel_comes_out(message in proptest::collection::vec(any::<u8>(), 9..246)) {
        let mut terminal = terminal(Card::in_session(u64::MAX - 9));
        terminal.open_channel(&keys(), u64::MAX - 9);
        let reply = terminal.transmit(&internal_authenticate(&message)).unwrap();
        let key = cie_crypto::rsa::PublicKey::new(&session("ICC_N"), &[1, 0, 1]).unwrap();
        prop_assert_eq!(cie_crypto::pkcs1::recover_type1(&key, &reply.data).unwrap(), message);
    }

    #[test]
    fn any_answer_is_read_or_refused(answer in proptest::collection::vec(any::<u8>(), 0..80), ins in any::<u8>()) {
        let mut messaging = SecureMessaging::new(&keys(), 1);
        prop_assert!(messaging.unprotect(ins, &answer).is_err());
    }

    #[test]
    fn one_flipped_bit_anywhere_is_noticed(bit in 0_usize..(19 + 4 + 10 + 2) * 8) {
        let alteration = Alteration::FlipBit { byte: bit / 8, bit: (bit % 8) as u8 };
        let card = Tampering::new(Card::in_session(1), When::Protected(0), alteration);
        prop_assert!(terminal(card).transmit(&get_challenge(8)).is_err());
    }
}

#[test]
fn an_odd_instruction_uses_object_85_both_ways() {
    let mut terminal = terminal(Card::in_session(1));
    let command = CommandBuf::new(0, 0xCB, 0x3F, 0xFF).data(hex::decode("4D04A6029100").unwrap());
    let reply = terminal.transmit(&command).unwrap();
    assert_eq!(reply.data.len(), 264);
    let record = &terminal.exchanges()[0];
    assert_eq!(
        (
            record.wire_command[5],
            record.wire_response.as_ref().unwrap()[0]
        ),
        (0x85, 0x85)
    );
}

#[test]
fn reading_through_the_channel_keeps_the_warning() {
    let mut terminal = terminal(Card::in_session(1));
    terminal.transmit(&select_file(0x1003)).unwrap();
    let reply = terminal
        .transmit(&read_binary(256, Le::Exactly(0x80)))
        .unwrap();
    assert_eq!((reply.sw, reply.data.len()), (StatusWord(0x6282), 44));
}
