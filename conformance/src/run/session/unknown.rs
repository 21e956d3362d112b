//! What a case needs and nobody knows of a physical card: then it is neither met nor failed, and not a fault of the harness.

use super::super::facts::Missing;
use super::{Session, Trouble};
use crate::report::model::{FailureKind, StepResult, Verdict};
use crate::target::TargetKind;

impl Session {
    /// A code that was not given.
    pub(super) fn unknown_code(&self, words: String) -> Trouble {
        Trouble::Harness(self.facts.miss(Missing::Code(words)))
    }

    /// Whether a step could not be judged because of something unknown; its failures of that kind become a note. What was not
    /// given (a code) makes the case skipped, what only the issuer knows makes it not applicable.
    pub(in super::super) fn missing_for(&mut self, judged: &mut StepResult) -> Option<Verdict> {
        let missing = self.facts.take_missing()?;
        if self.kind != TargetKind::Reader {
            return None;
        }
        let harness = |kind: FailureKind| kind == FailureKind::Harness;
        if !judged.failures.iter().any(|failure| harness(failure.kind)) {
            return None;
        }
        judged.failures.retain(|failure| !harness(failure.kind));
        let (verdict, words) = match missing {
            Missing::Code(words) => (Verdict::Skipped, words),
            Missing::Fact(words) => (Verdict::NotApplicable, words),
        };
        judged.note = Some(words);
        self.unknown.get_or_insert(verdict);
        Some(verdict)
    }
}
