//! Traces from anybody: read with the line of every mistake, written again as they were, compared, made into scenarios; and what
//! the redaction shows of commands with codes in them.

use cie_conformance::record::{SkeletonError, compare, skeleton};
use cie_emulator::phy::trace::file::redact::Redactor;
use cie_emulator::phy::trace::file::{
    MAX_LINE, Octets, Passed, Reader, Record, Recording, Redaction, TraceFileError,
};
use cie_emulator::wire::{Command, ins};

use crate::input::Input;

/// Trace files, or commands on their way into one.
pub(crate) fn trace(bytes: &[u8]) {
    // No trace begins like that.
    match bytes.split_first() {
        Some((0, rest)) => redaction(rest),
        _ => file(bytes),
    }
}

fn file(bytes: &[u8]) {
    match Reader::new("any", bytes).and_then(Recording::read) {
        Ok(recording) => {
            written_again(&recording);
            used(&recording);
        }
        Err(error) => refused(&error, bytes),
    }
}

fn refused(error: &TraceFileError, bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    match error {
        TraceFileError::Empty { .. } => assert!(bytes.is_empty()),
        TraceFileError::Record { line, .. } | TraceFileError::CutShort { line, .. } => {
            assert!((1..=lines).contains(line), "line {line} of {lines}");
        }
        TraceFileError::LineTooLong { .. } => assert!(bytes.len() > MAX_LINE),
        TraceFileError::NoTrace { .. } | TraceFileError::Newer { .. } => {}
        error => panic!("{error}"),
    }
    let words = error.to_string();
    assert!(words.starts_with("any"), "{words}");
}

/// Read, written and read again: the same.
fn written_again(recording: &Recording) {
    let mut text = line(&recording.header);
    for (_, record) in &recording.records {
        text.push_str(&line(record));
        octets(record);
    }
    let again = Reader::new("any", text.as_bytes()).and_then(Recording::read);
    let again = again.expect("what was read can be written");
    assert_eq!(again.header, recording.header);
    let records = |recording: &Recording| -> Vec<Record> {
        recording
            .records
            .iter()
            .map(|(_, record)| record.clone())
            .collect()
    };
    assert_eq!(records(&again), records(recording));
}

fn line(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("a record is JSON") + "\n"
}

fn octets(record: &Record) {
    if let Record::Exchange(exchange) = record {
        for octets in [&exchange.command, &exchange.response] {
            assert_eq!(octets.to_string().parse().as_ref(), Ok(octets));
            assert_eq!(octets.filled(0).len(), octets.len());
        }
    }
}

/// A trace equals itself, and makes a scenario without errors or none.
fn used(recording: &Recording) {
    // The alignment of two long traces takes its time; nothing new is learnt from it.
    if recording.records.len() > 64 {
        return;
    }
    let comparison = compare(recording, recording);
    assert!(
        comparison.differences.is_empty(),
        "{:?}",
        comparison.differences
    );
    // A scenario is made with the whole suite at hand, which takes long: only where the header asks for times.
    if !recording.header.timing {
        return;
    }
    match skeleton(recording, None, "any.yaml") {
        Ok(text) => assert!(text.contains("cie-scenario: 1")),
        // A chip or persona that nobody knows is told with its place.
        Err(SkeletonError::Unfit(problems)) => assert!(problems.has_errors()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Commands and answers one after the other, as they are shown.
fn redaction(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let redactions = [
        Redaction::AllowList,
        Redaction::CodesOnly,
        Redaction::Nothing,
    ];
    let redaction = *input.choose(&redactions).expect("three of them");
    let mut redactor = Redactor::new(redaction);
    while !input.is_empty() {
        let kind = input.byte();
        if kind & 0x80 != 0 {
            redactor.reset();
        }
        let (command, response) = (input.short(), input.short());
        let inner = (kind & 1 == 1).then(|| (input.short(), Some(response)));
        let shown = redactor.exchange(Passed {
            command,
            response,
            inner,
            codes_taken_out: false,
        });
        assert_eq!(shown.command.len(), command.len());
        assert_eq!(shown.response.len(), response.len());
        if redaction == Redaction::Nothing {
            continue;
        }
        no_code(command, &shown.command, &shown.words);
        if let (Some((plain, _)), Some((octets, _))) = (inner, &shown.inner) {
            no_code(plain, octets, &shown.words);
        }
    }
}

/// Eight digits that a command on reference data carries are not shown.
fn no_code(command: &[u8], shown: &Octets, words: &str) {
    let credential = command.get(1).is_some_and(|ins| {
        matches!(
            *ins,
            ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER
        )
    });
    let clear = Command::parse(command).is_ok_and(|command| command.header.cla & 0x0C == 0);
    if !(credential && clear) {
        return;
    }
    let filled = shown.filled(0);
    let data = command.get(5..).unwrap_or_default();
    let codes = data
        .windows(8)
        .filter(|code| code.iter().all(u8::is_ascii_digit));
    for code in codes {
        let visible = filled.windows(8).any(|window| window == code);
        assert!(!visible, "a code is shown: {shown}");
        assert!(!words.contains(&hex::encode_upper(code)), "{words}");
        let digits = String::from_utf8_lossy(code);
        assert!(!words.contains(&*digits), "{words}");
    }
}
