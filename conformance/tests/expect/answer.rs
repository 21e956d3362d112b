//! Expectations about the bare answer: status word, channel, data, time, captures.

use std::time::Duration;

use cie_conformance::report::model::{Failure, FailureKind};
use cie_conformance::scenario::model::ChannelForm;
use rstest::rstest;
use serde_json::{Value, json};

use crate::bench::{Bench, misses, only, said};

#[rstest]
#[case::nothing_asked(json!({}), 0x9000, None)]
#[case::nothing_asked_and_refused(json!({}), 0x6982,
    Some("the status word is 6982 (security status not satisfied), expected 9000 (no error), as nothing else is asked for"))]
#[case::exact(json!({"sw": "63C2"}), 0x63C2, None)]
#[case::exact_missed(json!({"sw": "63C2"}), 0x63C1,
    Some("the status word is 63C1 (verification failed, 1 try left), expected 63C2 (verification failed, 2 tries left)"))]
#[case::blocked_is_not_the_last_try(json!({"sw": "6983"}), 0x63C0,
    Some("the status word is 63C0 (verification failed, 0 tries left), expected 6983 (authentication method blocked)"))]
#[case::mask(json!({"sw": "63C?"}), 0x63C0, None)]
#[case::mask_missed(json!({"sw": "63C?"}), 0x6983,
    Some("the status word is 6983 (authentication method blocked), expected 63C?"))]
#[case::list(json!({"sw": ["6985", "6A88"]}), 0x6A88, None)]
#[case::list_missed(json!({"sw": ["6985", "6A88"]}), 0x9000,
    Some("the status word is 9000 (no error), expected 6985 (conditions of use not satisfied) or 6A88 (referenced data not found)"))]
#[case::error(json!({"sw": "error"}), 0x6F00, None)]
#[case::error_missed(json!({"sw": "error"}), 0x9000, Some("the status word is 9000 (no error), expected any error"))]
#[case::warning(json!({"sw": "warning"}), 0x6282, None)]
#[case::warning_missed(json!({"sw": "warning"}), 0x6A82,
    Some("the status word is 6A82 (file or application not found), expected any warning"))]
#[case::any(json!({"sw": "any"}), 0x1234, None)]
#[case::mute_missed(json!({"sw": "mute"}), 0x9000, Some("the status word is 9000 (no error), expected no answer"))]
fn status_words(#[case] expect: Value, #[case] sw: u16, #[case] message: Option<&str>) {
    let bench = Bench::default().status(sw);
    assert_eq!(said(&bench, expect), Vec::from_iter(message));
}

#[rstest]
#[case::met(ChannelForm::Protected, None)]
#[case::missed(
    ChannelForm::Plain,
    Some("the status word came back plain, expected under secure messaging")
)]
fn channels(#[case] channel: ChannelForm, #[case] message: Option<&str>) {
    let bench = Bench {
        channel,
        ..Bench::default()
    };
    assert_eq!(
        said(&bench, json!({"channel": "protected"})),
        Vec::from_iter(message)
    );
}

#[rstest]
#[case::exact(json!({"data": "6F12"}), "6F12", None)]
#[case::exact_missed(json!({"data": "6F12"}), "6F13",
    Some("the data do not fit 6F12 from byte 1 on: 2 bytes"))]
#[case::too_short(json!({"data": "6F1213"}), "6F12",
    Some("the data do not fit 6F1213 from byte 2 on: 2 bytes, expected 3"))]
#[case::too_long(json!({"data": "6F"}), "6F12",
    Some("the data do not fit 6F from byte 1 on: 2 bytes, expected 1"))]
#[case::nothing_came(json!({"data": "6F"}), "", Some("the data do not fit 6F: nothing is there"))]
#[case::digits(json!({"data": "6F?2"}), "6FA2", None)]
#[case::digits_missed(json!({"data": "6F?2"}), "6FA3",
    Some("the data do not fit 6F?2 from byte 1 on: 2 bytes"))]
#[case::any_bytes(json!({"data": "6F..90"}), "6F010290", None)]
#[case::any_bytes_missed(json!({"data": "6F..90 00"}), "6F0102",
    Some("the data do not fit 6F..9000 from byte 1 on: 3 bytes"))]
#[case::too_few_for_any(json!({"data": "6F..9000"}), "6F90",
    Some("the data do not fit 6F..9000 from byte 2 on: 2 bytes, expected at least 3"))]
#[case::function(json!({"data": {"text": "AB"}}), "4142", None)]
#[case::function_missed(json!({"data": {"text": "AB"}}), "4143",
    Some("the data differ from what is expected, from byte 1 of 2"))]
#[case::function_of_other_length(json!({"data": {"fill": {"byte": "00", "length": 3}}}), "0000",
    Some("the data differ from what is expected, from byte 2 on: 2 bytes, expected 3"))]
#[case::unknown(json!({"data": {"captured": "gone"}}), "00", Some("nothing is captured as \"gone\" yet"))]
#[case::empty(json!({"empty": true}), "", None)]
#[case::empty_missed(json!({"empty": true}), "0102", Some("no data are expected, 2 bytes came"))]
#[case::some(json!({"empty": false}), "01", None)]
#[case::some_missed(json!({"empty": false}), "", Some("data are expected, none came"))]
#[case::length(json!({"length": ">=2"}), "010203", None)]
#[case::length_missed(json!({"length": ">=2"}), "01", Some("the data have 1 byte, expected at least 2 bytes"))]
#[case::sha256(json!({"sha256": "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"}), "01", None)]
#[case::sha256_missed(json!({"sha256": "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"}), "02",
    Some("the SHA-256 of the data (1 byte) is another one"))]
fn bytes(#[case] expect: Value, #[case] data: &str, #[case] message: Option<&str>) {
    assert_eq!(said(&Bench::data(data), expect), Vec::from_iter(message));
}

#[rstest]
#[case::same(json!({"same_as": "nonce"}), "0102", None)]
#[case::same_missed(json!({"same_as": "nonce"}), "0103",
    Some("the data differ from the capture \"nonce\", from byte 1 of 2"))]
#[case::differs(json!({"differs_from": "nonce"}), "0103", None)]
#[case::differs_missed(json!({"differs_from": "nonce"}), "0102",
    Some("the data are the same as the capture \"nonce\" (2 bytes), they must differ"))]
#[case::in_the_data(json!({"data": {"captured": "nonce"}}), "0203",
    Some("the data differ from what is expected (the capture \"nonce\"), from byte 0 of 2"))]
#[case::nothing_captured(json!({"same_as": "other"}), "0102", Some("nothing is captured as \"other\" yet"))]
fn captures(#[case] expect: Value, #[case] data: &str, #[case] message: Option<&str>) {
    let bench = Bench::data(data).captured("nonce", "0102");
    assert_eq!(said(&bench, expect), Vec::from_iter(message));
}

#[rstest]
#[case::within(json!({"within": "200ms"}), Some(200_000), None)]
#[case::within_missed(json!({"within": "200ms"}), Some(1_500_250),
    Some("the answer took 1.5 s, expected at most 200 ms"))]
#[case::at_least(json!({"at_least": "1s"}), Some(1_000_000), None)]
#[case::at_least_missed(json!({"at_least": "1s"}), Some(40),
    Some("the answer took 40 µs, expected at least 1 s"))]
#[case::not_measured(json!({"within": "1s"}), None,
    Some("the time of the answer was not measured, so no limit can be checked"))]
fn time(#[case] expect: Value, #[case] micros: Option<u64>, #[case] message: Option<&str>) {
    let bench = Bench {
        elapsed: micros.map(Duration::from_micros),
        ..Bench::default()
    };
    assert_eq!(said(&bench, expect), Vec::from_iter(message));
}

#[test]
fn a_status_word_is_compared_digit_by_digit() {
    let bench = Bench::default().status(0x63C1);
    let Failure {
        kind,
        expected,
        got,
        pointer,
        ..
    } = only(&bench, json!({"sw": "63C2"}));
    assert_eq!(kind, FailureKind::Sw);
    assert_eq!(
        (expected.as_deref(), got.as_deref(), pointer),
        (Some("63C2"), Some("63C1"), Some(3))
    );
}

#[test]
fn a_stretched_pattern_stands_above_the_data() {
    let failure = only(&Bench::data("6F01029001"), json!({"data": "6F..9000"}));
    assert_eq!(failure.expected.as_deref(), Some("6F....9000"));
    assert_eq!(failure.got.as_deref(), Some("6F01029001"));
    assert_eq!(failure.pointer, Some(9));
}

#[test]
fn every_miss_is_told_with_what_was_sent_and_why() {
    let bench = Bench {
        sent: Some(vec![0x00, 0xB0, 0x00, 0x00, 0x00]),
        ..Bench::data("01").status(0x6982)
    };
    let found = misses(
        &bench,
        json!({"data": "02", "channel": "protected", "note": "the file is free"}),
    );
    let kinds: Vec<FailureKind> = found.iter().map(|miss| miss.failure.kind).collect();
    assert_eq!(
        kinds,
        [FailureKind::Sw, FailureKind::Channel, FailureKind::Data]
    );
    for miss in &found {
        assert_eq!(miss.failure.sent.as_deref(), Some("00B0000000"));
        assert_eq!(miss.failure.note.as_deref(), Some("the file is free"));
    }
}

#[rstest]
#[case::verify("00200081083733393531383436", "0020008108****************")]
#[case::extended("0C200081000008373339", "0C200081************")]
#[case::change("00240081043733", "00240081******")]
#[case::reset("002C0081043733", "002C0081******")]
#[case::question("00200081", "00200081")]
#[case::others_are_shown("00A40000023F00", "00A40000023F00")]
fn codes_in_commands_are_hidden(#[case] sent: &str, #[case] shown: &str) {
    let bench = Bench {
        sent: hex::decode(sent).ok(),
        ..Bench::default().status(0x6F00)
    };
    assert_eq!(only(&bench, json!({})).sent.as_deref(), Some(shown));
}

#[rstest]
#[case::whole(json!({"data": {"right": "pin"}}), "the data are not the PIN in force")]
#[case::half(json!({"data": {"first_half": "pin"}}), "the data are not the first half of the PIN")]
#[case::part(json!({"data": {"concat": ["00", {"right": "pin"}]}}), "the data are not a value with the PIN in force")]
fn a_secret_that_is_missed_is_not_shown(#[case] expect: Value, #[case] message: &str) {
    // All but the last digit are the PIN's.
    let failure = only(&Bench::data("3733393531383437"), expect);
    assert_eq!(failure.message, message);
    let all = format!("{failure:?}");
    assert!(!all.contains("37333935") && !all.contains("7395"), "{all}");
}
