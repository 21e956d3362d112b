//! How the families read answers and write numbers: what they agree on with this card, and what each of them could not take.

use cie_emulator::apps::ias::{DataObject, write_object};
use rstest::rstest;

use crate::agreement::{self, Parser, Style};
use crate::atr::{family_by_multiset, family_by_search};
use crate::cards::{PIN, card, card_of, sample};
use crate::desktop::{Desktop, Verdict};
use crate::reader::Said;
use crate::{Stop, ber};

const PARSERS: [Parser; 4] = [
    Parser::Positional,
    Parser::PositionalKey,
    Parser::ByTag,
    Parser::Strict,
];

/// What the card answers to GET DATA.
fn served(object: DataObject) -> Vec<u8> {
    let mut connected = Desktop::connect(card("gemalto", "default"), family_by_multiset).unwrap();
    connected.cie().unwrap();
    let request = match object {
        DataObject::DhParameters => "00CB3FFF0A4D087006BFA10102A380",
        DataObject::DhGenerator => "00CB3FFF0C4D0A7008BFA10104A3029700",
        DataObject::DhPrime => "00CB3FFF0C4D0A7008BFA10104A3029800",
        DataObject::DhOrder => "00CB3FFF0C4D0A7008BFA10104A3029900",
        DataObject::TerminalCaKey => "00CB3FFF0B4D097007BFA004037F4980",
        DataObject::CardPublicValue => "00CB3FFF064D04A6029100",
    };
    connected.reader.plain_hex(request).unwrap().data
}

#[test]
fn all_families_read_the_same_from_one_answer() {
    let all = served(DataObject::DhParameters);
    let authority = served(DataObject::TerminalCaKey);
    for parser in PARSERS {
        let together = agreement::combined(&all, parser).unwrap();
        let one = |object| agreement::single(&served(object), parser).unwrap();
        assert_eq!(together.g, one(DataObject::DhGenerator));
        assert_eq!(together.p, one(DataObject::DhPrime));
        assert_eq!(together.q, one(DataObject::DhOrder));
        let key = agreement::authority(&authority, parser).unwrap();
        assert_eq!(
            (key.modulus.len(), key.holder.len(), key.authorization.len()),
            (256, 12, 7)
        );
        assert_eq!(key.exponent.is_none(), parser == Parser::ByTag);
    }
    // EF.DH is the same object.
    assert_eq!(all, sample().ef_dh);
}

#[test]
fn what_is_served_is_what_was_personalised() {
    let image = sample().clone().into_image(
        cie_emulator::chip::chip("gemalto").unwrap(),
        cie_emulator::chip::preset("default").unwrap(),
    );
    let mut expected = Vec::new();
    write_object(
        &mut expected,
        DataObject::TerminalCaKey,
        &image.unwrap().ias,
    );
    assert_eq!(served(DataObject::TerminalCaKey), expected);
}

/// An authority's key with these children.
fn key(children: &[&[u8]]) -> Vec<u8> {
    let wrap = |tag: &[u8], value: &[u8]| [tag, &[value.len() as u8], value].concat();
    wrap(
        &[0x70],
        &wrap(
            &[0xBF, 0xA0, 0x04],
            &wrap(&[0x7F, 0x49], &children.concat()),
        ),
    )
}

const N: &[u8] = &[0x81, 0x01, 0xF1];
const E: &[u8] = &[0x82, 0x01, 0x03];
const CHR: &[u8] = &[0x5F, 0x20, 0x0C, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
const CHA: &[u8] = &[0x5F, 0x4C, 0x07, 0xA0, 0, 0, 0, 0, 0x39, 0x01];

#[rstest]
#[case::as_served(&[N, E, CHR, CHA], [true, true, true, true])]
#[case::without_exponent(&[N, CHR, CHA], [false, true, true, false])]
#[case::exponent_first(&[E, N, CHR, CHA], [true, false, true, true])]
#[case::without_holder(&[N, E, CHA], [false, false, false, false])]
fn who_reads_which_authority(#[case] children: &[&[u8]], #[case] right: [bool; 4]) {
    let answer = key(children);
    for (parser, right) in PARSERS.into_iter().zip(right) {
        let read = agreement::authority(&answer, parser).is_ok_and(|key| key.modulus == [0xF1]);
        assert_eq!(read, right, "{parser:?}");
    }
}

#[rstest]
#[case::minimal("70058203010203", true, true)]
#[case::long_form_of_a_short_length("7081058203010203", true, false)]
#[case::long_form_inside("7006828103010203", true, false)]
#[case::data_behind("700582030102035F00AA", true, false)]
#[case::zeros_behind("700582030102030000", true, true)]
#[case::value_ending_in_zero("70058203010200", true, false)]
#[case::cut_short("7005820301", false, false)]
fn lenient_and_strict_readers(#[case] digits: &str, #[case] lenient: bool, #[case] strict: bool) {
    let bytes = hex::decode(digits).unwrap();
    assert_eq!(
        ber::first(&bytes).and_then(|node| node.child(0)).is_ok(),
        lenient
    );
    let read = ber::strict(&bytes);
    assert_eq!(read.is_ok(), strict, "{read:?}");
}

/// Exponents whose public value begins with zero bytes: the desktop family writes 254 bytes where the others write 256, but 256
/// where one byte is missing. The card must hash what it was sent.
#[rstest]
#[case::two_zero_bytes_shortest(2313, true, 254)]
#[case::two_zero_bytes_full(2313, false, 256)]
#[case::one_zero_byte_shortest(319, true, 256)]
#[case::even_exponent(948, false, 256)]
fn public_values_of_any_length(#[case] small: u16, #[case] shortest: bool, #[case] length: usize) {
    let mut client = Desktop::connect(card("bit4id2", "default"), family_by_multiset).unwrap();
    client.root().unwrap();
    client.cie().unwrap();
    let device = client
        .read_device_key()
        .map(|file| agreement::public_key(&file, Parser::Positional).unwrap());
    let style = Style {
        parser: Parser::Positional,
        le_with_authority: true,
        shortest,
    };
    let parameters = agreement::combined(&served(DataObject::DhParameters), style.parser).unwrap();
    let authority = agreement::authority(&served(DataObject::TerminalCaKey), style.parser).unwrap();
    let exponent = [&[0; 30][..], &small.to_be_bytes()].concat();
    let agreed = agreement::agree_with(&mut client.reader, &parameters, style, &exponent).unwrap();
    assert_eq!(agreed.terminal_public.len(), length);
    agreement::authenticate(
        &mut client.reader,
        &agreed,
        &authority,
        &device.unwrap(),
        style,
    )
    .unwrap();
    assert_eq!(client.verify(0x81, PIN), Ok(Verdict::Verified));
    let last = client.reader.said.iter().find_map(|said| match said {
        Said::Plain { command, .. } if command.starts_with(&[0x00, 0x22, 0x41, 0xA6]) => {
            Some(command[4])
        }
        _ => None,
    });
    // 255 bytes in the first link, the rest in the second.
    assert_eq!(
        usize::from(last.unwrap()),
        if length == 254 { 8 } else { 11 }
    );
}

/// Cards that are none: seen in the field and refused by all; a storage card that only sorting takes for one.
#[rstest]
#[case::no_historical_characters_of_a_chip(
    "3B8F8001000000000000000000000000FF829000E3",
    None,
    None
)]
#[case::storage_card("3B8F8001804F0CA000000306030001000000006A", Some(4), None)]
fn cards_that_are_none(
    #[case] atr: &str,
    #[case] sorted: Option<u8>,
    #[case] searched: Option<u8>,
) {
    let atr = hex::decode(atr).unwrap();
    assert_eq!(
        (family_by_multiset(&atr), family_by_search(&atr)),
        (sorted, searched)
    );
}

/// A terminal certificate is the same for one authority whatever the card: nothing of the holder is in it.
#[test]
fn the_terminals_certificate_is_constant() {
    let certificate = |chip| {
        let mut client = Desktop::connect(
            Box::new(card_of(sample(), chip, "default")),
            family_by_search,
        )
        .unwrap();
        client.session().unwrap();
        let sent = client.reader.said.iter().filter_map(|said| match said {
            Said::Protected { inner, .. } if inner[1] == 0x2A => Some(inner[5..].to_vec()),
            _ => None,
        });
        sent.collect::<Vec<_>>().concat()
    };
    let one = certificate("nxp");
    assert_eq!(one.len(), 354);
    assert_eq!(one, certificate("stm"));
}

/// Without a session there is nothing to send through.
#[test]
fn no_session_no_protected_command() {
    let mut client = Desktop::connect(card("nxp", "default"), family_by_search).unwrap();
    assert_eq!(client.verify(0x81, PIN), Err(Stop::Crash("no session")));
}
