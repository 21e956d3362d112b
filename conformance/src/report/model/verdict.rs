//! Verdicts, how they are counted, and what the process answers to its caller.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::case::CaseResult;

/// What became of a case or of a step. The order is the order of gravity, so that the gravest of several is their maximum.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It says nothing about this target (another chip, another kind of target).
    #[default]
    NotApplicable,
    /// It could have run and did not. Never counted as passed; the reason is always shown.
    Skipped,
    /// Every expectation was met.
    Passed,
    /// A SHOULD was not met.
    Warning,
    /// The card was lost before the step that decides.
    Inconclusive,
    /// A MUST was not met.
    Failed,
    /// The harness broke; nothing is said about the card.
    Error,
}

impl Verdict {
    /// All verdicts, gravest first.
    pub const ALL: [Self; 7] = [
        Self::Error,
        Self::Failed,
        Self::Inconclusive,
        Self::Warning,
        Self::Passed,
        Self::Skipped,
        Self::NotApplicable,
    ];

    /// The word used in every format: `passed`, `not_applicable`, …
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::Skipped => "skipped",
            Self::Passed => "passed",
            Self::Warning => "warning",
            Self::Inconclusive => "inconclusive",
            Self::Failed => "failed",
            Self::Error => "error",
        }
    }

    /// The word as a person reads it: without the underscore.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            other => other.word(),
        }
    }

    /// Whether the case was executed to a judgement on the card.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::Passed | Self::Warning | Self::Failed)
    }

    /// Whether a reader of the report must look at it.
    #[must_use]
    pub const fn needs_attention(self) -> bool {
        matches!(
            self,
            Self::Warning | Self::Inconclusive | Self::Failed | Self::Error
        )
    }

    /// The verdict of a whole from those of its parts: the gravest. A whole without parts is [`Verdict::NotApplicable`].
    #[must_use]
    pub fn gravest(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().max().unwrap_or_default()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How many cases have which verdict, and how much work they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Number of cases.
    pub cases: usize,
    /// Cases that met every expectation.
    pub passed: usize,
    /// Cases that failed.
    pub failed: usize,
    /// Cases that only missed a SHOULD.
    pub warning: usize,
    /// Cases that could have run and did not.
    pub skipped: usize,
    /// Cases that say nothing about this target.
    pub not_applicable: usize,
    /// Cases that lost the card before they could decide.
    pub inconclusive: usize,
    /// Cases in which the harness broke.
    pub error: usize,
    /// Steps that were executed, in all cases.
    pub steps: usize,
    /// Command and response pairs, in all cases.
    pub exchanges: usize,
}

impl Totals {
    /// Counts the given cases.
    #[must_use]
    pub fn of(cases: &[CaseResult]) -> Self {
        let mut totals = Self {
            cases: cases.len(),
            ..Self::default()
        };
        for case in cases {
            *totals.slot(case.verdict) += 1;
            totals.steps += case.steps.len();
            totals.exchanges += case
                .steps
                .iter()
                .map(|step| step.exchanges.len())
                .sum::<usize>();
        }
        totals
    }

    /// The number of cases with this verdict.
    #[must_use]
    pub fn count(mut self, verdict: Verdict) -> usize {
        *self.slot(verdict)
    }

    fn slot(&mut self, verdict: Verdict) -> &mut usize {
        match verdict {
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::Skipped => &mut self.skipped,
            Verdict::Passed => &mut self.passed,
            Verdict::Warning => &mut self.warning,
            Verdict::Inconclusive => &mut self.inconclusive,
            Verdict::Failed => &mut self.failed,
            Verdict::Error => &mut self.error,
        }
    }

    /// What the cases alone say about the exit code.
    pub(super) fn exit_code(self, strict: bool) -> ExitCode {
        let nothing_judged = self.passed + self.warning + self.failed == 0;
        let bad = self.failed + self.inconclusive > 0;
        if self.error > 0 {
            ExitCode::Harness
        } else if bad || (strict && (self.warning > 0 || nothing_judged)) {
            ExitCode::Failures
        } else {
            ExitCode::Success
        }
    }
}

/// What the process answers to its caller.
///
/// | code | when |
/// |---|---|
/// | 0 | every case that was judged passed, or missed only a SHOULD |
/// | 1 | a case failed or was inconclusive; with `--strict` also a warning, or a run that judged nothing |
/// | 2 | the options or a scenario could not be understood |
/// | 3 | the harness broke, was interrupted, or could not reach the target |
/// | 4 | the guard of physical cards refused |
///
/// When several apply the order is 4, 3, 2, 1. A skipped case is neither good nor bad; it is never counted as passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// 0
    Success = 0,
    /// 1
    Failures = 1,
    /// 2
    Usage = 2,
    /// 3
    Harness = 3,
    /// 4
    Refused = 4,
}

impl ExitCode {
    /// The graver of two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.code() >= other.code() {
            self
        } else {
            other
        }
    }

    /// The number given to the operating system.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.code().into()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{ExitCode, Totals, Verdict};
    use crate::report::model::{CaseResult, RunResult, Stop, StopKind, TargetInfo};

    fn run(verdicts: &[Verdict], stop: Option<StopKind>) -> RunResult {
        let mut run = RunResult::new("cie-conf", "1", "00", TargetInfo::default());
        run.cases = verdicts
            .iter()
            .map(|&verdict| CaseResult {
                verdict,
                ..CaseResult::default()
            })
            .collect();
        run.stopped = stop.map(|kind| Stop {
            kind,
            message: String::new(),
        });
        run
    }

    #[rstest]
    #[case::passed(&[Verdict::Passed], None, 0, 0)]
    #[case::warning(&[Verdict::Passed, Verdict::Warning], None, 0, 1)]
    #[case::skipped_beside_passed(&[Verdict::Passed, Verdict::Skipped, Verdict::NotApplicable], None, 0, 0)]
    #[case::nothing_judged(&[Verdict::Skipped], None, 0, 1)]
    #[case::failed(&[Verdict::Passed, Verdict::Failed], None, 1, 1)]
    #[case::inconclusive(&[Verdict::Inconclusive], None, 1, 1)]
    #[case::error_beats_failed(&[Verdict::Failed, Verdict::Error], None, 3, 3)]
    #[case::usage(&[], Some(StopKind::Usage), 2, 2)]
    #[case::interrupted(&[Verdict::Passed], Some(StopKind::Interrupted), 3, 3)]
    #[case::fail_fast(&[Verdict::Failed], Some(StopKind::FailFast), 1, 1)]
    #[case::refusal_beats_everything(&[Verdict::Error], Some(StopKind::Refused), 4, 4)]
    fn exit_codes(
        #[case] verdicts: &[Verdict],
        #[case] stop: Option<StopKind>,
        #[case] lenient: u8,
        #[case] strict: u8,
    ) {
        let mut run = run(verdicts, stop);
        assert_eq!(run.exit_code().code(), lenient);
        run.strict = true;
        assert_eq!(run.exit_code().code(), strict);
    }

    #[test]
    fn every_verdict_is_counted_in_its_own_slot() {
        let run = run(&Verdict::ALL, None);
        let totals = Totals::of(&run.cases);
        assert_eq!(totals.cases, 7);
        for verdict in Verdict::ALL {
            assert_eq!(totals.count(verdict), 1, "{verdict}");
        }
    }

    #[test]
    fn the_gravest_part_decides_the_whole() {
        assert_eq!(
            Verdict::gravest([Verdict::Passed, Verdict::Failed, Verdict::Warning]),
            Verdict::Failed
        );
        assert_eq!(
            Verdict::gravest([Verdict::Skipped, Verdict::Passed]),
            Verdict::Passed
        );
        assert_eq!(Verdict::gravest([]), Verdict::NotApplicable);
        assert_eq!(ExitCode::Failures.or(ExitCode::Refused), ExitCode::Refused);
    }
}
