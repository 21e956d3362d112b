//! What a step becomes whose command brought no answer: the card's fault, nobody's, or the harness's. The card answers from a
//! script, and its line breaks before the second command.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use cie_conformance::report::model::{CaseResult, FailureKind, Verdict};
use cie_conformance::run::{EmbeddedCards, Options, Provider, Setup, Silent, run};
use cie_conformance::scenario::{Case, Catalogue, Source, load};
use cie_conformance::target::{ScriptStep, ScriptedTarget, TargetError, TargetKind};
use rstest::rstest;

/// Cards whose second command meets an error, if there is one.
struct BreakingCards {
    cards: EmbeddedCards,
    error: Option<TargetError>,
}

impl Provider for BreakingCards {
    fn kind(&self) -> TargetKind {
        self.cards.kind()
    }
    fn describe(&self) -> String {
        self.cards.describe()
    }
    fn capacity(&self) -> usize {
        1
    }
    fn card(&self, case: &Case, seed: u64) -> Result<Setup, String> {
        let challenge = || ScriptStep::Answer(b"\x01\x02\x03\x04\x05\x06\x07\x08\x90\x00".to_vec());
        let second = self.error.clone().map_or_else(challenge, ScriptStep::Error);
        let steps = [challenge(), second, challenge()];
        let mut setup = self.cards.card(case, seed)?;
        setup.target = Box::new(ScriptedTarget::new(&[0x3B, 0x00], steps));
        Ok(setup)
    }
}

/// The result of a case of three commands, the second with these words and this error, if any.
fn judged(second: &str, error: Option<TargetError>) -> CaseResult {
    let text = format!(
        "cie-scenario: 1\nid: breaks\ntitle: the line breaks\nrequirements: [CIE-DAPP-003]\nhazard: none\nsteps:\n  \
         - get_challenge: {{ length: 8 }}\n  - get_challenge: {{ length: 8 }}\n    {second}\n  - get_challenge: {{ length: 8 }}\n"
    );
    let catalogue = Catalogue::embedded().unwrap();
    let cases = load(&Source::new("breaks.yaml", text), &catalogue).unwrap();
    let cards = BreakingCards {
        cards: EmbeddedCards::new("bit4id2"),
        error,
    };
    let options = Options::default();
    let quiet = AtomicBool::new(false);
    let finished = run(
        &cases.cases,
        &cards,
        &options,
        &BTreeSet::new(),
        &Silent,
        &quiet,
    );
    finished.cases.into_iter().next().unwrap()
}

#[rstest]
#[case::mute(TargetError::NoResponse, Verdict::Failed, FailureKind::Transport)]
#[case::removed(
    TargetError::CardRemoved,
    Verdict::Inconclusive,
    FailureKind::Transport
)]
#[case::reset(TargetError::CardReset, Verdict::Inconclusive, FailureKind::Transport)]
#[case::unplugged(TargetError::ReaderGone("unplugged".into()), Verdict::Inconclusive, FailureKind::Transport)]
#[case::refused(TargetError::Refused("held".into()), Verdict::Inconclusive, FailureKind::Guard)]
#[case::not_recorded(TargetError::Recording("none".into()), Verdict::Inconclusive, FailureKind::Transport)]
#[case::unsupported(
    TargetError::Unsupported("do that"),
    Verdict::Error,
    FailureKind::Harness
)]
#[case::harness(TargetError::Harness("poisoned".into()), Verdict::Error, FailureKind::Harness)]
fn a_command_without_an_answer_ends_the_case(
    #[case] error: TargetError,
    #[case] verdict: Verdict,
    #[case] kind: FailureKind,
) {
    let case = judged("note: as the author wrote it", Some(error));
    let verdicts: Vec<Verdict> = case.steps.iter().map(|step| step.verdict).collect();
    assert_eq!(verdicts, [Verdict::Passed, verdict, Verdict::Skipped]);
    assert_eq!(case.verdict, verdict);
    assert_eq!(case.steps[1].failures[0].kind, kind);
    let note = case.steps[1].note.as_deref();
    assert_eq!(note, Some("as the author wrote it"));
}

#[test]
fn a_mute_card_that_was_expected_is_a_pass() {
    let case = judged("expect: { sw: mute }", Some(TargetError::NoResponse));
    assert_eq!(case.steps[1].verdict, Verdict::Passed);
    assert!(case.steps[1].failures.is_empty());
}

/// Whatever words an author chose for a note, they are words.
#[rstest]
#[case::an_ordinary_one("of the lab")]
#[case::a_verdict("inconclusive")]
#[case::a_word_of_the_judge("lost")]
fn a_note_changes_no_verdict(#[case] note: &str) {
    let wrong = format!("expect: {{ sw: \"6A88\" }}\n    note: {note}");
    assert_eq!(judged(&wrong, None).verdict, Verdict::Failed);
}
