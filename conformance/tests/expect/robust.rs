//! Whatever a card sends, judging ends in words; and those words read well in a report.

use cie_conformance::report::explain;
use cie_conformance::report::model::{CaseResult, StepResult, Verdict};
use cie_conformance::report::text::Paint;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use serde_json::json;

use crate::bench::{Bench, PIN, misses, only};
use crate::persona::{self, card};

/// Bytes that look like something, and bytes that do not.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let spoilt = |file: &'static [u8]| {
        (0..file.len(), any::<u8>(), 0..=file.len()).prop_map(move |(place, byte, length)| {
            let mut file = file.to_vec();
            file[place] = byte;
            file.truncate(length.max(place / 2));
            file
        })
    };
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        prop::collection::vec(any::<u8>(), 192),
        spoilt(&card(false).ef_cert_cie),
        spoilt(&card(false).ef_sod),
        spoilt(&card(true).ef_sod),
        Just(PIN.to_vec()),
    ]
}

proptest! {
    #[test]
    fn no_answer_causes_a_panic_or_tells_a_secret(
        data in answers(),
        sw in any::<u16>(),
        elapsed in any::<Option<u32>>(),
    ) {
        let mut sent = vec![0, 0x20, 0, 0x81, 8];
        sent.extend(PIN);
        let bench = Bench {
            data,
            sw,
            sent: Some(sent),
            signed: Some(vec![1, 2, 3]),
            elapsed: elapsed.map(|ms| std::time::Duration::from_millis(ms.into())),
            ..persona::bench(&[])
        };
        let sign = json!({"key": "sign"});
        let found = misses(&bench, json!({
            "sw": ["6985", "63C?"], "channel": "protected", "data": {"right": "pin"}, "length": 3,
            "tlv": {"closed": true, "30/02": "present", "77/30/A0": {"length": 2}},
            "certificate": {"version": 1, "subject": {"surname": "X"}, "issuer": {"country": "X"}, "valid_at": "run",
                "key_usage": ["crl_sign"], "algorithm": "pss_sha256", "key_bits": 1, "key": sign, "issued_by": sign},
            "security_object": {"lds_version": 7, "digest": "sha1", "algorithm": "rsa_sha1", "signature": true,
                "signer_issued_by": sign, "signer": {"version": 1}, "hashes": {"A1": "00"}, "closed": true},
            "signature": {"verifies_with": sign, "scheme": "iso9796_2"},
            "tries": {"pin": 3}, "state": {"file": "1001"}, "within": "1ms", "same_as": "x",
            "any_of": [{"data": "00..FF"}, {"sha256": "00"}], "not": {"sw": "any"}
        }));
        assert!(!found.is_empty());
        let told = format!("{found:?}");
        assert!(!told.contains("73951846") && !told.contains(&hex::encode_upper(PIN)), "{told}");
    }
}

#[test]
fn a_long_difference_is_shown_around_its_place() {
    let mut data = vec![0xAA; 300];
    data[200] = 0xAB;
    let bench = Bench {
        data,
        ..Bench::default()
    };
    let failure = only(
        &bench,
        json!({"data": {"fill": {"byte": "AA", "length": 300}}}),
    );
    assert_eq!(
        failure.message,
        "the data differ from what is expected, from byte 200 of 300"
    );
    let case = CaseResult {
        verdict: Verdict::Failed,
        steps: vec![StepResult {
            verdict: Verdict::Failed,
            failures: vec![failure],
            ..StepResult::default()
        }],
        ..CaseResult::default()
    };
    let text = explain::case(&case, Paint::plain());
    let mark = text
        .lines()
        .find(|line| line.contains('^'))
        .expect("a mark");
    let got = text
        .lines()
        .find(|line| line.contains(" got "))
        .expect("what came");
    assert!(mark.ends_with("^ byte 200"), "{text}");
    let column = mark
        .chars()
        .position(|character| character == '^')
        .expect("a column");
    assert_eq!(got.chars().nth(column), Some('B'), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() < 110),
        "{text}"
    );
}
