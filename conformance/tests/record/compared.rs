//! What two recordings differ in: nothing when only chance is different, and by meaning what is.

use cie_conformance::record::{Aspect, Difference, compare};
use cie_conformance::run::EmbeddedCards;
use cie_emulator::phy::trace::file::{Header, Passed, Reader, Recording, Redaction, Writer};
use cie_emulator::wire::tlv;
use rstest::rstest;

use crate::support::{embedded, recorded};

const LOGIN: [&str; 1] = ["pin/right-pin-opens[chip=stm3]"];

/// A trace of these exchanges, commands and responses in hexadecimal.
fn trace(exchanges: &[(&str, &str)]) -> Recording {
    let memory = cie_conformance::record::Memory::default();
    let header = Header {
        redaction: Redaction::Nothing,
        ..Header::new("a test")
    };
    let mut writer: Writer = memory.writer(&header).unwrap();
    for (command, response) in exchanges {
        let [command, response] =
            [command, response].map(|text| hex::decode(text.replace(' ', "")).unwrap());
        let passed = Passed {
            command: &command,
            response: &response,
            inner: None,
            codes_taken_out: false,
        };
        writer.exchanged(passed, None).unwrap();
    }
    memory.recording("t").unwrap()
}

/// `aspect path: a / b`.
fn told(difference: &Difference) -> String {
    let path = difference.path.as_deref().unwrap_or_default();
    format!(
        "{:?} {path}: {} / {}",
        difference.aspect, difference.a, difference.b
    )
}

fn differences(a: &[(&str, &str)], b: &[(&str, &str)]) -> Vec<String> {
    let comparison = compare(&trace(a), &trace(b));
    comparison.differences.iter().map(told).collect()
}

const ATR_FILE: (&str, &str) = ("00A4020C022F01", "9000");

#[rstest]
#[case::challenge(("0084000008", "01020304050607089000"), ("0084000008", "11121314151617189000"))]
#[case::signature(("0088000003010203", "0A0B9000"), ("0088000003040506", "0C0D9000"))]
#[case::cryptogram(
    ("0CB000000D9701808E08010203040506070800", "8709010102030405060708990290008E0801020304050607089000"),
    ("0CB000000D9701808E08080706050403020100", "8709011112131415161718990290008E0811121314151617189000")
)]
#[case::public_value(("00CB3FFF064D04A6029100", "A60391019000"), ("00CB3FFF064D04A6029100", "A60391029000"))]
fn chance_is_no_difference(#[case] a: (&str, &str), #[case] b: (&str, &str)) {
    assert_eq!(differences(&[a], &[b]), Vec::<String>::new());
}

#[rstest]
#[case::status(("00B0000001", "6982"), ("00B0000001", "6985"), "Status : 6982 (security status not satisfied) / 6985 (conditions of use not satisfied)")]
#[case::mute(("00B0000001", "6982"), ("00B0000001", ""), "Response : 2 bytes / no answer")]
#[case::length(("00B0000000", "01029000"), ("00B0000000", "0102039000"), "Length : 2 bytes / 3 bytes")]
#[case::bytes(("00B0000000", "010203049000"), ("00B0000000", "010903049000"), "Data 1 byte differ: 020304 from byte 1 / 090304 from byte 1")]
#[case::challenge_length(("0084000008", "01020304050607089000"), ("0084000008", "010203049000"), "Length : 8 bytes / 4 bytes")]
#[case::control(
    ("00A4020402D00300", "6207 8002000C 82 0101 9000"),
    ("00A4020402D00300", "6207 80020010 82 0101 9000"),
    "Object 62/80 size in bytes: 000C / 0010"
)]
#[case::absent(
    ("00A4020402D00300", "6207 8002000C 82 0101 9000"),
    ("00A4020402D00300", "6204 8002000C 9000"),
    "Object 62/82 file descriptor: 01 / absent"
)]
#[case::cryptogram_length(
    ("0CB000000D9701808E08010203040506070800", "8709010102030405060708990290008E0801020304050607089000"),
    ("0CB000000D9701808E08080706050403020100", "990269828E0811121314151617186982"),
    "Length : 25 bytes / 14 bytes"
)]
fn differences_are_told_by_meaning(
    #[case] a: (&str, &str),
    #[case] b: (&str, &str),
    #[case] expected: &str,
) {
    let found = differences(&[ATR_FILE, a], &[ATR_FILE, b]);
    assert!(found.contains(&expected.to_owned()), "{found:#?}");
}

#[test]
fn a_command_in_one_of_them_does_not_shift_the_others() {
    let (a, b) = (
        [ATR_FILE, ("0084000008", "6D00"), ("00B0000001", "6982")],
        [ATR_FILE, ("00B0000001", "6985")],
    );
    let found = differences(&a, &b);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[0], "Event : yes / no");
    assert!(found[1].starts_with("Status : 6982"));
}

#[test]
fn two_runs_with_other_chance_are_the_same() {
    let cards = EmbeddedCards::new("bit4id2");
    let a = recorded(&cards, &LOGIN, Redaction::CodesOnly);
    let other = cie_conformance::run::Options {
        seed: 99,
        ..Default::default()
    };
    let memory = cie_conformance::record::Memory::default();
    let header = Header {
        redaction: Redaction::CodesOnly,
        ..Header::new("b")
    };
    cie_conformance::record::record(
        &crate::support::cases(&LOGIN),
        &cards,
        &other,
        &std::collections::BTreeSet::new(),
        memory.writer(&header).unwrap(),
        &cie_conformance::run::Silent,
        &std::sync::atomic::AtomicBool::new(false),
    )
    .unwrap();
    let b = memory.recording("b").unwrap();
    assert_ne!(a.records, b.records);
    let comparison = compare(&a, &b);
    assert_eq!(comparison.differences, []);
    assert!(comparison.compared > 30);
}

#[test]
fn a_redacted_trace_and_a_whole_one_of_the_same_card_are_the_same() {
    let [a, b] = [Redaction::AllowList, Redaction::CodesOnly]
        .map(|redaction| embedded("bit4id2", "adult-default", &LOGIN, redaction));
    assert_eq!(compare(&a, &b).differences, []);
}

#[test]
fn another_citizen_differs_in_what_was_kept() {
    let cases = ["read/end-of-file"];
    let [a, b] = ["adult-default", "adult-seeded"]
        .map(|persona| embedded("bit4id2", persona, &cases, Redaction::CodesOnly));
    let differences = compare(&a, &b).differences;
    assert!(
        differences
            .iter()
            .any(|difference| difference.aspect == Aspect::Data),
        "{differences:#?}"
    );
    assert!(
        differences
            .iter()
            .all(|difference| difference.event.contains("EF.ID_Servizi")),
        "{differences:#?}"
    );
}

#[test]
fn another_chip_differs_in_its_answer_to_reset() {
    let cases = ["read/end-of-file"];
    let [a, b] = ["stm3", "gemalto"]
        .map(|chip| embedded(chip, "adult-default", &cases, Redaction::AllowList));
    let differences = compare(&a, &b).differences;
    let aspects: Vec<Aspect> = differences
        .iter()
        .map(|difference| difference.aspect)
        .collect();
    assert_eq!(aspects, [Aspect::Atr]);
}

#[test]
fn a_case_that_one_of_them_lacks_is_named() {
    let a = embedded(
        "stm3",
        "adult-default",
        &["read/end-of-file", "select/unknown-file"],
        Redaction::AllowList,
    );
    let b = embedded(
        "stm3",
        "adult-default",
        &["read/end-of-file", "read/no-current-file"],
        Redaction::AllowList,
    );
    let found: Vec<String> = compare(&a, &b)
        .differences
        .iter()
        .map(|d| format!("{} {}", d.case, d.b))
        .collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], "select/unknown-file absent");
    assert!(found[1].starts_with("read/no-current-file ") && found[1].ends_with(" events"));
}

#[test]
fn a_deeply_nested_answer_is_compared_and_not_a_danger() {
    let deep = |end: u8| {
        let data = (0..2000).fold(vec![0x81, 0x01, end], |inner, _| tlv::object(0x30, &inner));
        format!("{}9000", hex::encode(data))
    };
    let (a, b) = (deep(1), deep(2));
    let found = differences(
        &[ATR_FILE, ("00B0000000", &a)],
        &[ATR_FILE, ("00B0000000", &b)],
    );
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn words_of_a_hostile_trace_do_not_act_on_a_terminal() {
    let text = "{\"cie-trace\":1,\"recorded\":\"\\u001b[2J\",\"redaction\":\"nothing\"}\n{\"event\":\"case\",\"name\":\"\\u001b]0;x\\u0007\"}\n{\"event\":\"insert\"}\n";
    let hostile = Recording::read(Reader::new("t", text.as_bytes()).unwrap()).unwrap();
    let shown = compare(&hostile, &trace(&[ATR_FILE])).render();
    assert!(
        !shown.contains('\u{1b}') && !shown.contains('\u{7}'),
        "{shown:?}"
    );
}
