//! A trace that plays the card, and a card to which a trace is played.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use cie_conformance::record::{Manners, ReplayError, TraceCards, replay};
use cie_conformance::report::model::{CaseResult, Verdict};
use cie_conformance::run::{EmbeddedCards, Options, Provider, Silent, run};
use cie_conformance::target::{Reset, ScriptedTarget, Target, TargetError, TargetKind};
use cie_emulator::phy::trace::file::{Case, Recording, Redaction};

use crate::support::{cases, embedded};

const CASES: [&str; 4] = [
    "pin/right-pin-opens[chip=stm3]",
    "read/end-of-file",
    "lifecycle",
    "secure-messaging/cryptogram-changed",
];

fn judged(provider: &dyn Provider, names: &[&str]) -> Vec<CaseResult> {
    let quiet = AtomicBool::new(false);
    run(
        &cases(names),
        provider,
        &Options::default(),
        &BTreeSet::new(),
        &Silent,
        &quiet,
    )
    .cases
}

#[test]
fn a_whole_trace_gives_the_verdicts_of_the_card() {
    let names = &CASES[..2];
    let trace = embedded("bit4id2", "adult-default", names, Redaction::CodesOnly);
    let played = judged(&TraceCards::of(trace), names);
    let live = judged(&EmbeddedCards::new("bit4id2"), names);
    let verdicts = |cases: &[CaseResult]| -> Vec<(String, Verdict, usize)> {
        cases
            .iter()
            .map(|case| (case.name(), case.verdict, case.steps.len()))
            .collect()
    };
    assert_eq!(verdicts(&played), verdicts(&live));
    assert!(played.iter().all(|case| case.verdict == Verdict::Passed));
}

#[test]
fn a_redacted_trace_is_inconclusive_and_says_what_was_left_out() {
    let trace = embedded(
        "bit4id2",
        "adult-default",
        &CASES[1..2],
        Redaction::AllowList,
    );
    let played = judged(&TraceCards::of(trace), &CASES[1..2]);
    assert_eq!(played[0].verdict, Verdict::Inconclusive);
    let reason = played[0].reason.clone().unwrap();
    assert!(
        reason.contains("<personal:EF.ID_Servizi:12>") && reason.contains("--keep-all"),
        "{reason}"
    );
}

#[test]
fn a_terminal_that_sends_something_else_is_not_answered() {
    let trace = embedded(
        "bit4id2",
        "adult-default",
        &CASES[..1],
        Redaction::CodesOnly,
    );
    let quiet = AtomicBool::new(false);
    let options = Options {
        seed: 2,
        ..Options::default()
    };
    let cards = TraceCards::of(trace);
    let played = run(
        &cases(&CASES[..1]),
        &cards,
        &options,
        &BTreeSet::new(),
        &Silent,
        &quiet,
    )
    .cases;
    assert_eq!(played[0].verdict, Verdict::Inconclusive);
    let reason = played[0].reason.clone().unwrap();
    assert!(
        reason.contains("with other bytes; repeat the recording's seed"),
        "{reason}"
    );
}

#[test]
fn a_case_that_was_not_recorded_is_named() {
    let trace = embedded(
        "bit4id2",
        "adult-default",
        &CASES[1..2],
        Redaction::CodesOnly,
    );
    let played = judged(&TraceCards::of(trace), &["select/unknown-file"]);
    assert_eq!(played[0].verdict, Verdict::Error);
    let reason = played[0].reason.clone().unwrap();
    assert!(
        reason.contains("has no case select/unknown-file"),
        "{reason}"
    );
}

fn again(
    trace: &Recording,
    same_randomness: bool,
) -> Result<cie_conformance::record::Comparison, ReplayError> {
    let cards = EmbeddedCards::new("bit4id2");
    let options = Options::default();
    let mut make = |case: &Case| -> Result<Box<dyn Target>, String> {
        let setup = cards.made(
            case.persona.as_deref(),
            case.chip.as_deref(),
            case.preset.as_deref(),
            case.profile.clone(),
            options.seed_of(&case.name),
        )?;
        Ok(setup.target)
    };
    replay(
        trace,
        &mut make,
        Manners { same_randomness },
        &AtomicBool::new(false),
    )
}

#[test]
fn a_whole_trace_is_replayed_without_a_difference() {
    let trace = embedded("bit4id2", "adult-default", &CASES, Redaction::Nothing);
    let comparison = again(&trace, true).unwrap();
    assert_eq!(comparison.differences, []);
    assert_eq!(comparison.notes, Vec::<String>::new());
    assert_eq!(
        comparison.compared + count(&trace, "case"),
        trace.records.len()
    );
}

fn count(trace: &Recording, event: &str) -> usize {
    let records = trace.records.iter();
    let tags = records.map(|(_, record)| serde_json::to_value(record).unwrap());
    tags.filter(|value| value["event"] == event).count()
}

#[test]
fn what_cannot_be_replayed_exactly_is_told() {
    let trace = embedded(
        "bit4id2",
        "adult-default",
        &CASES[..1],
        Redaction::AllowList,
    );
    let notes = again(&trace, true).unwrap().notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("not sent, bytes were left out (<public_value")),
        "{notes:#?}"
    );
    let whole = embedded(
        "bit4id2",
        "adult-default",
        &CASES[..1],
        Redaction::CodesOnly,
    );
    let notes = again(&whole, false).unwrap().notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("the keys of the session cannot come again")),
        "{notes:#?}"
    );
}

#[test]
fn a_trace_of_which_nothing_can_be_sent_is_an_error() {
    let mut trace = embedded(
        "bit4id2",
        "adult-default",
        &CASES[..1],
        Redaction::AllowList,
    );
    trace.records.retain(|(_, record)| {
        let value = serde_json::to_value(record).unwrap();
        value["command"]
            .as_str()
            .is_none_or(|command| command.starts_with("0C"))
    });
    let error = again(&trace, true).unwrap_err().to_string();
    assert!(
        error.starts_with("nothing of the trace could be sent exactly; line"),
        "{error}"
    );
}

/// A card that claims to be a physical one, and counts what it is sent.
struct Physical(ScriptedTarget);

impl Target for Physical {
    fn kind(&self) -> TargetKind {
        TargetKind::Reader
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.0.reset(reset)
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        assert_ne!(
            command.get(1),
            Some(&0x20),
            "a code was sent to a physical card"
        );
        assert!(
            command.len() >= 4,
            "bytes that are no command were sent to a physical card"
        );
        self.0.transmit(command, response)
    }
}

#[test]
fn no_code_and_nothing_unknown_is_replayed_to_a_physical_card() {
    let cases = ["pin/verify-in-clear", "robustness/garbage[length=1]"];
    let trace = embedded("bit4id2", "adult-default", &cases, Redaction::Nothing);
    let mut make = |_: &Case| -> Result<Box<dyn Target>, String> {
        let answers = std::iter::repeat_n(
            cie_conformance::target::ScriptStep::Answer(vec![0x90, 0x00]),
            500,
        );
        Ok(Box::new(Physical(ScriptedTarget::new(
            &[0x3B, 0x00],
            answers,
        ))))
    };
    let manners = Manners {
        same_randomness: false,
    };
    let comparison = replay(&trace, &mut make, manners, &AtomicBool::new(false)).unwrap();
    let notes = comparison.notes.join("\n");
    assert!(
        notes.contains("commands on codes are not replayed to a physical card"),
        "{notes}"
    );
    assert!(
        notes.contains("it is no command, and this is a physical card"),
        "{notes}"
    );
}
