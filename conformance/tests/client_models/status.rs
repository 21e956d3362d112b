//! The table of status words, the reference that reads them, and readers that make one known mistake each.

use std::collections::BTreeSet;

use cie_conformance::clients::status::{Verdict, VerdictName, decode};
use cie_conformance::clients::vectors::status_words;
use cie_conformance::terminal::ias::credentials::verify;
use cie_conformance::terminal::ias::{Code, OpenOptions, Reference, open_device_authentication};
use proptest::prelude::*;
use rstest::rstest;

use crate::{IMAGE, PUK, Start, card};

type Reader = fn([u8; 2]) -> Verdict;

const fn unsigned([high, low]: [u8; 2]) -> u16 {
    u16::from_be_bytes([high, low])
}

/// Two signed bytes, put together: every byte from 80 on fills the upper half with ones.
fn signed([high, low]: [u8; 2]) -> u16 {
    let (high, low) = (i32::from(high.cast_signed()), i32::from(low.cast_signed()));
    let word = (high << 8) | low;
    u16::try_from(word & 0xFFFF).unwrap()
}

/// `63C0` and its bits: wrong with this many left.
fn left(digit: u8) -> Verdict {
    match digit & 0x0F {
        0 => Verdict::Blocked,
        left => Verdict::Wrong { left: Some(left) },
    }
}

fn signed_bytes(sw: [u8; 2]) -> Verdict {
    decode(signed(sw).to_be_bytes())
}

fn signed_constants(sw: [u8; 2]) -> Verdict {
    match signed(sw) {
        0x9000 => Verdict::Ok,
        0xFFC2 => Verdict::Wrong { left: Some(2) },
        0xFFC1 => Verdict::Wrong { left: Some(1) },
        _ => Verdict::Blocked,
    }
}

fn mask(sw: [u8; 2]) -> Verdict {
    match unsigned(sw) & 0x63C0 {
        0x63C0 => left(sw[1]),
        _ => decode(sw),
    }
}

fn unexpected_is_success(sw: [u8; 2]) -> Verdict {
    match decode(sw) {
        Verdict::CardError => Verdict::Ok,
        known => known,
    }
}

fn everything_else_is_blocked(sw: [u8; 2]) -> Verdict {
    match decode(sw) {
        Verdict::CardError => Verdict::Blocked,
        known => known,
    }
}

fn zero_left_is_a_try(sw: [u8; 2]) -> Verdict {
    match unsigned(sw) {
        0x63C0 => Verdict::Wrong { left: Some(0) },
        _ => decode(sw),
    }
}

fn blocked_is_not_known(sw: [u8; 2]) -> Verdict {
    match unsigned(sw) {
        0x6983 => Verdict::CardError,
        _ => decode(sw),
    }
}

fn wrong_length_is_wrong_code(sw: [u8; 2]) -> Verdict {
    match unsigned(sw) {
        0x6700 => Verdict::Wrong { left: None },
        _ => decode(sw),
    }
}

fn first_byte_only([high, low]: [u8; 2]) -> Verdict {
    match high {
        0x90 => Verdict::Ok,
        0x63 => left(low),
        0x69 => Verdict::Blocked,
        _ => Verdict::CardError,
    }
}

const MISREADINGS: [(&str, Reader); 9] = [
    ("signed_bytes", signed_bytes),
    ("signed_constants", signed_constants),
    ("mask", mask),
    ("unexpected_is_success", unexpected_is_success),
    ("everything_else_is_blocked", everything_else_is_blocked),
    ("zero_left_is_a_try", zero_left_is_a_try),
    ("blocked_is_not_known", blocked_is_not_known),
    ("wrong_length_is_wrong_code", wrong_length_is_wrong_code),
    ("first_byte_only", first_byte_only),
];

#[test]
fn the_reference_reads_every_word_of_the_table() {
    let table = status_words().unwrap();
    let mut names = BTreeSet::new();
    let mut words = BTreeSet::new();
    for vector in &table.vectors {
        let sw = vector.bytes().unwrap();
        assert_eq!(decode(sw), vector.wanted(), "{}", vector.name);
        assert!(table.verdicts.contains_key(&vector.verdict));
        assert!(vector.left.is_none() || vector.verdict == VerdictName::Wrong);
        assert!(names.insert(&vector.name), "{} twice", vector.name);
        assert!(words.insert(sw), "{} twice", vector.sw);
    }
    println!(
        "trust: client status words: {} vectors, {} known misreadings",
        table.vectors.len(),
        table.misreadings.len()
    );
    assert!(table.vectors.len() >= 40);
}

/// Each mistake fails exactly the rows that say so, and at least one of them.
#[rstest]
#[case::signed_bytes("signed_bytes", &["63C2", "63C1", "63C0", "6983"])]
#[case::signed_constants("signed_constants", &["6982", "6988", "6700", "63C3"])]
#[case::mask("mask", &["FFFF", "6FFF", "67C0", "6FC0"])]
#[case::unexpected_is_success("unexpected_is_success", &["6982", "6F00", "6700", "0000"])]
#[case::everything_else_is_blocked("everything_else_is_blocked", &["6982", "6988", "6700"])]
#[case::zero_left_is_a_try("zero_left_is_a_try", &["63C0"])]
#[case::blocked_is_not_known("blocked_is_not_known", &["6983"])]
#[case::wrong_length_is_wrong_code("wrong_length_is_wrong_code", &["6700"])]
#[case::first_byte_only("first_byte_only", &["9001", "6982", "6300", "63B2"])]
fn a_misreading_fails_the_rows_that_name_it(#[case] name: &str, #[case] among: &[&str]) {
    let table = status_words().unwrap();
    let reader = MISREADINGS.iter().find(|known| known.0 == name).unwrap().1;
    let said = |names: Vec<&str>| names.join(" ");
    let failed = table.vectors.iter();
    let failed = failed.filter(|row| reader(row.bytes().unwrap()) != row.wanted());
    let failed: Vec<&str> = failed.map(|row| row.sw.as_str()).collect();
    let told = table.vectors.iter();
    let told = told.filter(|row| row.misread_by.iter().any(|by| by == name));
    let told: Vec<&str> = told.map(|row| row.sw.as_str()).collect();
    for sw in among {
        assert!(failed.contains(sw), "{name} reads {sw} rightly");
    }
    assert_eq!(said(failed), said(told), "{name}");
}

#[test]
fn every_misreading_of_the_table_is_tried() {
    let table = status_words().unwrap();
    let tried: BTreeSet<&str> = MISREADINGS.iter().map(|known| known.0).collect();
    let told: BTreeSet<&str> = table.misreadings.keys().map(String::as_str).collect();
    assert_eq!(tried, told);
    let named = table.vectors.iter().flat_map(|row| &row.misread_by);
    let named: BTreeSet<&str> = named.map(String::as_str).collect();
    assert_eq!(named, told);
}

/// All 65536 words: one is success, sixteen and one carry or imply a count, two are blocked, the rest is an error.
#[test]
fn every_word_there_is() {
    let mut counts = [0_u32; 4];
    for word in 0..=u16::MAX {
        let place = match decode(word.to_be_bytes()) {
            Verdict::Ok => 0,
            Verdict::Wrong { .. } => 1,
            Verdict::Blocked => 2,
            Verdict::CardError => 3,
        };
        counts[place] += 1;
    }
    assert_eq!(counts, [1, 16, 2, 65_536 - 19]);
}

/// What a real card answers, read by the reference, is what the card's memory says.
#[derive(Clone, Debug)]
enum Typed {
    Pin(String),
    Puk(String),
}

fn typed() -> impl Strategy<Value = Typed> {
    let pin = prop_oneof![
        Just("13572468".to_owned()),
        "[0-9]{8}",
        "[0-9]{0,12}",
        "[a-z]{8}"
    ];
    let puk = prop_oneof![Just(PUK.to_owned()), "[0-9]{8}", "[0-9]{4}"];
    prop_oneof![4 => pin.prop_map(Typed::Pin), 1 => puk.prop_map(Typed::Puk)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_verdict_is_what_the_card_remembers(
        pin_left in 0_u8..=3,
        puk_left in 0_u8..=10,
        entries in proptest::collection::vec(typed(), 1..12),
    ) {
        let mut terminal = card(&IMAGE, &Start::new("13572468", pin_left, puk_left));
        open_device_authentication(&mut terminal, OpenOptions::default()).unwrap();
        for entry in entries {
            let before = terminal.state().unwrap().persistent_digest;
            let (reference, digits) = match &entry {
                Typed::Pin(digits) => (Reference::Pin, digits),
                Typed::Puk(digits) => (Reference::Puk, digits),
            };
            // An empty VERIFY asks for the state and sends no code.
            prop_assume!(!digits.is_empty());
            let reply = terminal.transmit(&verify(reference, &Code::from(digits.as_str()))).unwrap();
            let state = terminal.state().unwrap();
            let (tries, verified) = match reference {
                Reference::Pin => (state.pin_tries, state.security.pin_verified),
                Reference::Puk | Reference::Other(_) => (state.puk_tries, state.security.puk_verified),
            };
            match decode(reply.sw.to_bytes()) {
                Verdict::Ok => prop_assert!(verified),
                Verdict::Wrong { left } => prop_assert_eq!((left, verified), (tries, false)),
                Verdict::Blocked => prop_assert!(!verified && (tries == Some(0) || state.puk_tries == Some(0))),
                Verdict::CardError => prop_assert_eq!(before, state.persistent_digest),
            }
        }
    }
}
