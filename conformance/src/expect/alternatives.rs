//! The frame around single expectations: which of them an expectation consists of, `any_of`, `not`, and when `9000` is
//! implied. What each key means is told in the files next to this one.

use super::{Judge, Miss, in_words};
use crate::report::model::{Failure, FailureKind};
use crate::scenario::At;
use crate::scenario::model::Expect;

impl Judge<'_, '_> {
    /// Judges everything `expect` says. With `implied`, a silent expectation wants `9000`.
    pub(super) fn expectation(&mut self, expect: &Expect, implied: bool) {
        match &expect.sw {
            Some(sw) => self.status(sw),
            None if implied && !decides(expect) => self.implied_status(),
            None => {}
        }
        self.answer(expect);
        if let Some(tree) = &expect.tlv {
            self.tlv(tree);
        }
        if let Some(certificate) = &expect.certificate {
            self.certificate(certificate);
        }
        if let Some(object) = &expect.security_object {
            self.security_object(object);
        }
        if let Some(valid) = &expect.machine_readable_zone {
            self.machine_readable_zone(valid);
        }
        if let Some(signature) = &expect.signature {
            self.signature(signature);
        }
        if let Some(tries) = &expect.tries {
            self.tries(tries);
        }
        if let Some(state) = &expect.state {
            self.state(state);
        }
        self.captures(expect);
        if let Some(alternatives) = &expect.any_of {
            let implied = implied && expect.sw.is_none() && some_decides(alternatives);
            self.any_of(alternatives, implied);
        }
        if let Some(not) = &expect.not {
            self.not(not);
        }
    }

    /// The misses of another expectation about the same observation.
    fn misses_of(&mut self, expect: &Expect, implied: bool) -> Vec<Miss> {
        let mut other = Judge {
            observation: self.observation,
            surroundings: &mut *self.surroundings,
            misses: Vec::new(),
        };
        other.expectation(expect, implied);
        other.misses
    }

    fn any_of(&mut self, alternatives: &At<Vec<At<Expect>>>, implied: bool) {
        let mut told = Vec::new();
        let mut kind = FailureKind::Alternatives;
        for (number, alternative) in (1..).zip(&alternatives.value) {
            let misses = self.misses_of(alternative, implied);
            if misses.is_empty() {
                return;
            }
            let unknown = |miss: &Miss| miss.failure.kind == FailureKind::Harness;
            if misses.iter().all(unknown) {
                // It might be met: that none is met cannot be held against the card.
                kind = FailureKind::Harness;
            }
            told.push(alternative_in_words(
                number,
                alternative.note.as_deref(),
                &misses,
            ));
        }
        let message = match told.len() {
            0 => "none of no alternatives can be met".to_owned(),
            1 => format!("the only alternative is not met: {}", told.join("")),
            count => format!("none of {count} alternatives is met: {}", told.join("; ")),
        };
        let got = format!("{:04X}", self.observation.sw.0);
        let failure = Failure {
            got: Some(got),
            ..in_words(kind, message)
        };
        self.miss(alternatives.span.as_ref(), failure);
    }

    fn not(&mut self, not: &At<Box<Expect>>) {
        let misses = self.misses_of(&not.value, false);
        let (unknown, missed): (Vec<_>, Vec<_>) = misses
            .into_iter()
            .partition(|miss| miss.failure.kind == FailureKind::Harness);
        if !missed.is_empty() {
            return;
        }
        if unknown.is_empty() {
            let message = "what must not be is: everything under `not` is met".to_owned();
            let failure = Failure {
                got: Some(format!("{:04X}", self.observation.sw.0)),
                note: not.value.note.clone(),
                ..in_words(FailureKind::Alternatives, message)
            };
            self.miss(not.span.as_ref(), failure);
        }
        self.misses.extend(unknown);
    }
}

fn alternative_in_words(number: usize, note: Option<&str>, misses: &[Miss]) -> String {
    let reasons: Vec<&str> = misses
        .iter()
        .map(|miss| miss.failure.message.as_str())
        .collect();
    let note = note.map_or_else(String::new, |note| format!(" {note}:"));
    format!("({number}){note} {}", reasons.join(", and "))
}

/// True when the expectation speaks of the status word itself, so that nothing is implied.
fn decides(expect: &Expect) -> bool {
    expect.sw.is_some()
        || expect.any_of.as_ref().is_some_and(some_decides)
        || expect.not.as_ref().is_some_and(|not| decides(&not.value))
}

fn some_decides(alternatives: &At<Vec<At<Expect>>>) -> bool {
    alternatives
        .value
        .iter()
        .any(|alternative| decides(&alternative.value))
}
