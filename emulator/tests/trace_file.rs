//! Trace files: what is written is read back, whatever is read is read or refused with its line, and a disk that is full is an
//! error.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, Mutex};

use cie_emulator::card::Reset;
use cie_emulator::phy::Transceiver;
use cie_emulator::phy::trace::file::{
    Header, Kind, MAX_LINE, Octets, Passed, Reader, Record, Recording, Redaction, TraceFileError,
    Tries, Writer, schema,
};
use cie_emulator::phy::trace::{Event, Trace};
use proptest::prelude::*;
use rstest::rstest;

const HEADER: &str = r#"{"cie-trace":1,"recorded":"a test","redaction":"allow_list"}"#;

fn read(bytes: &[u8]) -> Result<Recording, TraceFileError> {
    Recording::read(Reader::new("t.jsonl", Cursor::new(bytes.to_vec()))?)
}

/// What is written, kept in memory.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn writer(header: &Header) -> (Writer, Kept) {
    let kept = Kept::default();
    let writer = Writer::to(Path::new("memory"), Box::new(kept.clone()), header).unwrap();
    (writer, kept)
}

#[test]
fn everything_that_can_happen_is_written_and_read_back() {
    let header = Header {
        chip: Some("stm3".to_owned()),
        atr: Some(Octets::known(&[0x3B, 0x00])),
        seed: Some(7),
        ..Header::new("a test")
    };
    let (mut writer, kept) = writer(&header);
    writer.case("pin/right-pin-opens").unwrap();
    writer.inserted().unwrap();
    writer.powered_on(&[0x3B, 0x00]).unwrap();
    writer.reset(Reset::Warm, &[]).unwrap();
    let passed = Passed {
        command: &hex::decode("00200081083132333435363738").unwrap(),
        response: &[0x63, 0xC2],
        inner: None,
        codes_taken_out: false,
    };
    let tries = Tries { pin: 2, puk: 10 };
    writer.exchanged(passed, Some(tries)).unwrap();
    writer.powered_off().unwrap();
    writer.removed().unwrap();
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let expected = [
        r#"{"cie-trace":1,"recorded":"a test","chip":"stm3","atr":"3B00","seed":7,"redaction":"allow_list","timing":false}"#,
        r#"{"event":"case","name":"pin/right-pin-opens"}"#,
        r#"{"event":"insert"}"#,
        r#"{"event":"power_on","atr":"3B00"}"#,
        r#"{"event":"reset","kind":"warm","atr":""}"#,
        r#"{"event":"exchange","number":1,"words":"VERIFY PIN, 8 bytes","command":"0020008108<pin:8>","response":"63C2","tries":{"pin":2,"puk":10}}"#,
        r#"{"event":"power_off"}"#,
        r#"{"event":"remove"}"#,
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    let recording = read(text.as_bytes()).unwrap();
    assert_eq!(recording.header, header);
    assert_eq!(recording.records.len(), 7);
    let (line, Record::Exchange(exchange)) = &recording.records[4] else {
        panic!("{recording:?}")
    };
    assert_eq!(*line, 6);
    let hidden: Vec<Kind> = exchange
        .command
        .hidden()
        .map(|hidden| hidden.kind)
        .collect();
    assert_eq!(hidden, [Kind::Pin]);
}

#[test]
fn events_of_a_card_under_trace_are_written_and_times_only_when_asked_for() {
    let header = Header {
        timing: true,
        ..Header::new("a test")
    };
    let (mut writer, kept) = writer(&header);
    struct Mute;
    impl Transceiver for Mute {
        fn power_on(&mut self) -> &[u8] {
            &[]
        }
        fn power_off(&mut self) {}
        fn reset(&mut self, _: Reset) -> &[u8] {
            &[]
        }
        fn transmit(&mut self, _: &[u8]) -> &[u8] {
            &[]
        }
    }
    let mut card = Trace::new(Mute, |event: Event| writer.record(&event).unwrap());
    card.power_on();
    card.transmit(&[0x00, 0xA4, 0x00, 0x00]);
    card.reset(Reset::Cold);
    card.power_off();
    drop(card);
    let recording = read(&kept.0.lock().unwrap()).unwrap();
    let times: Vec<Option<u64>> = recording
        .records
        .iter()
        .map(|(_, record)| match record {
            Record::PowerOn(on) => on.at_us,
            Record::Exchange(exchange) => exchange.at_us,
            Record::Reset(reset) => reset.at_us,
            Record::PowerOff(at) | Record::Insert(at) | Record::Remove(at) => at.at_us,
            Record::Case(case) => case.at_us,
        })
        .collect();
    assert_eq!(times.len(), 4);
    assert!(
        times.iter().all(Option::is_some) && times.is_sorted(),
        "{times:?}"
    );
}

#[rstest]
#[case::nothing("", "t.jsonl is empty; a trace begins with")]
#[case::no_json(
    "hello\n",
    "t.jsonl:1: this is no trace: expected value (column 1); a trace begins with"
)]
#[case::no_trace(
    "{\"a\":1}\n",
    "t.jsonl:1: this is no trace: missing field `cie-trace`"
)]
#[case::newer(
    "{\"cie-trace\":2,\"new\":[1]}\n",
    "t.jsonl:1: this trace has format 2, this program reads formats up to 1; use the release that wrote it"
)]
#[case::zero("{\"cie-trace\":0}\n", "there is no format 0")]
#[case::unknown_in_header(
    "{\"cie-trace\":1,\"recorded\":\"\",\"redaction\":\"allow_list\",\"x\":1}\n",
    "t.jsonl:1: this is no trace: unknown field `x`"
)]
#[case::not_text(
    "{\"cie-trace\":1,\"recorded\":\"\\ud800\"}\n",
    "t.jsonl:1: this is no trace"
)]
fn a_bad_first_line(#[case] text: &str, #[case] message: &str) {
    let error = read(text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[rstest]
#[case::unknown_event(r#"{"event":"explode"}"#, "t.jsonl:3: unknown variant `explode`")]
#[case::unknown_field(
    r#"{"event":"power_on","atr":"3B","colour":1}"#,
    "t.jsonl:3: unknown field `colour`"
)]
#[case::no_event(r#"{"atr":"3B"}"#, "t.jsonl:3: missing field `event`")]
#[case::half_byte(
    r#"{"event":"power_on","atr":"3"}"#,
    "t.jsonl:3: character 1: a byte has two digits, here is one"
)]
#[case::kind(
    r#"{"event":"power_on","atr":"<pim:8>"}"#,
    "t.jsonl:3: character 1: a placeholder is <kind:length>"
)]
#[case::not_json("nonsense", "t.jsonl:3: expected ident")]
#[case::too_deep(&"[".repeat(500), "t.jsonl:3: ")]
fn a_bad_line_is_named(#[case] line: &str, #[case] message: &str) {
    let text = format!("{HEADER}\n{{\"event\":\"power_off\"}}\n{line}\n");
    let error = read(text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
    assert!(error.ends_with("correct or remove this line"), "{error}");
}

#[test]
fn a_last_line_that_was_cut_short_is_told_from_a_wrong_one() {
    let text = format!("{HEADER}\n{{\"event\":\"power_off\"}}\n{{\"event\":\"pow");
    let error = read(text.as_bytes()).unwrap_err();
    assert!(
        matches!(error, TraceFileError::CutShort { line: 3, .. }),
        "{error}"
    );
    let whole = format!("{HEADER}\n\n{{\"event\":\"power_off\"}}");
    assert_eq!(read(whole.as_bytes()).unwrap().records.len(), 1);
}

#[test]
fn lines_without_end_are_not_kept_in_memory() {
    let long = format!("{HEADER}\n{}", "9".repeat(MAX_LINE + 1));
    let error = read(long.as_bytes()).unwrap_err();
    assert!(
        matches!(error, TraceFileError::LineTooLong { line: 2, .. }),
        "{error}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let error = Writer::create(Path::new("/dev/full"), &Header::new("a test"));
    let error = error.err().unwrap().to_string();
    assert!(error.contains("/dev/full cannot be written"), "{error}");
}

#[test]
fn a_missing_folder_and_a_missing_file_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere/trace.jsonl");
    let error = Writer::create(&path, &Header::new("a test")).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("nowhere/trace.jsonl cannot be created"),
        "{error}"
    );
    let error = Recording::open(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("nowhere/trace.jsonl cannot be read"),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_schema_is_the_one_that_is_published() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../conformance/schema/cie-trace-1.schema.json"
    );
    let published = std::fs::read_to_string(path).unwrap();
    assert!(
        published == schema(),
        "the types of the trace changed: `cargo conf schema --trace > conformance/schema/cie-trace-1.schema.json`"
    );
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..60)
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
        let behind = [HEADER.as_bytes(), b"\n", &bytes].concat();
        if let Err(error) = read(&behind) {
            prop_assert!(error.to_string().starts_with("t.jsonl:"));
        }
    }

    #[test]
    fn any_text_behind_a_good_beginning_is_read_or_refused(text in "[{}\\[\\]\",:a-z_0-9<>\\\\ ]{0,60}") {
        let lines = format!("{HEADER}\n{{\"event\":\"power_on\",\"atr\":\"{text}\n{{\"event\":\"{text}\n");
        if let Err(error) = read(lines.as_bytes()) {
            prop_assert!(error.to_string().starts_with("t.jsonl:"));
        }
    }

    /// What is written is what is read, for every redaction.
    #[test]
    fn writing_and_reading_is_a_round_trip(
        session in prop::collection::vec((octets(), octets(), prop::option::of((octets(), prop::option::of(octets())))), 0..8),
        redaction in prop::sample::select(vec![Redaction::AllowList, Redaction::CodesOnly, Redaction::Nothing]),
    ) {
        let header = Header { redaction, ..Header::new("any \"text\"\n") };
        let (mut writer, kept) = writer(&header);
        for (command, response, inner) in &session {
            let inner = inner.as_ref().map(|(command, response)| (command.as_slice(), response.as_deref()));
            writer.exchanged(Passed { command, response, inner, codes_taken_out: false }, None).unwrap();
        }
        let text = kept.0.lock().unwrap().clone();
        let recording = read(&text).unwrap();
        prop_assert_eq!(&recording.header, &header);
        prop_assert_eq!(recording.records.len(), session.len());
        for ((_, record), (command, response, _)) in recording.records.iter().zip(&session) {
            let Record::Exchange(exchange) = record else { panic!("{record:?}") };
            prop_assert_eq!(exchange.command.len(), command.len());
            prop_assert_eq!(exchange.response.len(), response.len());
            if redaction == Redaction::Nothing {
                let bytes = exchange.command.bytes().unwrap();
                prop_assert_eq!(bytes.as_ref(), command.as_slice());
            }
        }
        let again: Vec<String> = recording.records.iter().map(|(_, record)| serde_json::to_string(record).unwrap()).collect();
        let text = String::from_utf8(text).unwrap();
        prop_assert_eq!(again, text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>());
    }
}
