//! A case (one scenario in one matrix cell), its steps, and what went wrong in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exchange::Exchange;
use super::verdict::Verdict;

/// What became of one scenario in one cell of its matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseResult {
    /// The scenario's id, e.g. `pin/lock-then-unblock`.
    pub id: String,
    /// The values of the matrix variables, e.g. `chip: gemalto`. Empty for a scenario without a matrix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cell: BTreeMap<String, String>,
    /// The scenario's title.
    pub title: String,
    /// The requirements it cites.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
    /// Whether it shows a demand being met or a breach being refused.
    #[serde(default)]
    pub polarity: Polarity,
    /// What it may do to a physical card: `none`, `burns_pin`, …
    pub hazard: String,
    /// The chip family of the card it ran against, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<String>,
    /// The synthetic citizen in the card. Absent for a physical card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// What became of it.
    pub verdict: Verdict,
    /// Why, in one sentence. Expected for every verdict but `passed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The scenario's file, as the user would open it.
    pub file: String,
    /// The seed of this case alone.
    pub seed: String,
    /// The one command line that runs just this cell again.
    pub rerun_command: String,
    /// Tries left before the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters_before: Option<Counters>,
    /// Tries left after the last step, `finally` included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters_after: Option<Counters>,
    /// How long it took, in nanoseconds. Absent in a deterministic run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ns: Option<u64>,
    /// The executed steps in order, loops unrolled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepResult>,
}

impl CaseResult {
    /// The name of the case, unique in a run: the id and, in brackets, the cell: `pin/lock[chip=gemalto]`.
    #[must_use]
    pub fn name(&self) -> String {
        if self.cell.is_empty() {
            return self.id.clone();
        }
        let cell: Vec<String> = self
            .cell
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        format!("{}[{}]", self.id, cell.join(","))
    }

    /// The index in `steps` of the step that decided the verdict: the first as grave as the case. `None` when nothing needs
    /// attention or no step is to blame.
    #[must_use]
    pub fn deciding_step(&self) -> Option<usize> {
        if !self.verdict.needs_attention() {
            return None;
        }
        let exact = self
            .steps
            .iter()
            .position(|step| step.verdict == self.verdict);
        exact.or_else(|| {
            self.steps
                .iter()
                .position(|step| step.verdict.needs_attention())
        })
    }
}

/// Whether a scenario shows a demand being met or its breach being refused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// The allowed thing works.
    #[default]
    Positive,
    /// The forbidden thing is refused.
    Negative,
    /// Both in one scenario.
    Both,
}

impl Polarity {
    /// Whether it shows the allowed thing working.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        matches!(self, Self::Positive | Self::Both)
    }

    /// Whether it shows the forbidden thing refused.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        matches!(self, Self::Negative | Self::Both)
    }
}

impl From<crate::scenario::model::Polarity> for Polarity {
    fn from(shown: crate::scenario::model::Polarity) -> Self {
        use crate::scenario::model::Polarity as Shown;
        match shown {
            Shown::Positive => Self::Positive,
            Shown::Negative => Self::Negative,
            Shown::Both => Self::Both,
        }
    }
}

/// Tries left. A counter that could not be read is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Of the PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<u8>,
    /// Of the PUK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub puk: Option<u8>,
}

/// Where in a scenario a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Among the steps.
    #[default]
    Steps,
    /// In the part that always runs.
    Finally,
}

/// What became of one executed step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResult {
    /// Where it stands: positions counted from 1, outermost first; a loop adds one number for the round and one for the step.
    pub path: Vec<u32>,
    /// Among the steps or in `finally`.
    #[serde(default)]
    pub phase: Phase,
    /// The verb with its arguments, or the title the author gave it.
    pub title: String,
    /// The file it is written in (a block's own file for a step of a block).
    pub file: String,
    /// Its line, counted from 1; 0 when unknown.
    #[serde(default)]
    pub line: u32,
    /// Its column, counted from 1; 0 when unknown.
    #[serde(default)]
    pub column: u32,
    /// What became of it.
    pub verdict: Verdict,
    /// The commands it sent, in order. One step may need several (a whole file, a channel).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// What happened at the issuer, line by line; codes in it are masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Every expectation it missed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// The author's note, or why it was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl StepResult {
    /// The path as people read it: `4.2.1`, with `finally ` before it where that applies.
    #[must_use]
    pub fn number(&self) -> String {
        let path: Vec<String> = self.path.iter().map(u32::to_string).collect();
        match self.phase {
            Phase::Steps => path.join("."),
            Phase::Finally => format!("finally {}", path.join(".")),
        }
    }

    /// `file:line:column`, without what is unknown.
    #[must_use]
    pub fn location(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.file.clone(),
            (line, 0) => format!("{}:{line}", self.file),
            (line, column) => format!("{}:{line}:{column}", self.file),
        }
    }
}

/// Which expectation was missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The status word.
    #[default]
    Sw,
    /// The status came back plain or protected against expectation.
    Channel,
    /// The response data.
    Data,
    /// The TLV structure of the response data.
    Tlv,
    /// A certificate.
    Certificate,
    /// A document security object.
    SecurityObject,
    /// A signature.
    Signature,
    /// A counter of tries.
    Tries,
    /// The emulator's state.
    State,
    /// A time limit.
    Time,
    /// A comparison with a captured value.
    Capture,
    /// None of several alternatives held, or one that must not hold did.
    Alternatives,
    /// A secure-messaging rule of the terminal's side.
    SecureMessaging,
    /// The card was lost, or the link to it.
    Transport,
    /// The issuer's answer, or what it sent.
    Issuer,
    /// The guard of physical cards refused the step.
    Guard,
    /// The harness could not do what the step asks.
    Harness,
}

impl FailureKind {
    /// The word used in every format, as it stands in the JSON report.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sw => "sw",
            Self::Channel => "channel",
            Self::Data => "data",
            Self::Tlv => "tlv",
            Self::Certificate => "certificate",
            Self::SecurityObject => "security_object",
            Self::Signature => "signature",
            Self::Tries => "tries",
            Self::State => "state",
            Self::Time => "time",
            Self::Capture => "capture",
            Self::Alternatives => "alternatives",
            Self::SecureMessaging => "secure_messaging",
            Self::Transport => "transport",
            Self::Issuer => "issuer",
            Self::Guard => "guard",
            Self::Harness => "harness",
        }
    }
}

/// One missed expectation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which expectation.
    pub kind: FailureKind,
    /// One sentence that says what is wrong, understandable without the bytes.
    pub message: String,
    /// What was sent, hexadecimal (or words, for a step without a command).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// What was expected: hexadecimal, a pattern with `?`, or words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
    /// The first character of `got` that differs from `expected`, counted from 0. For bytes this is a nibble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<usize>,
    /// The requirements this expectation stands for, when narrower than those of the case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
    /// What the author says about it (the note of an alternative, a pointer to a clause).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Failure {
    /// A failure between two comparable texts; the pointer is computed. In `expected` a `?` stands for any one character.
    #[must_use]
    pub fn compare(kind: FailureKind, message: &str, expected: &str, got: &str) -> Self {
        Self {
            kind,
            message: message.to_owned(),
            expected: Some(expected.to_owned()),
            got: Some(got.to_owned()),
            pointer: first_difference(expected, got),
            ..Self::default()
        }
    }
}

/// The position of the first character in which `got` leaves the pattern `expected` (`?` matches any), the end of the shorter
/// one when only the length differs, `None` when they agree.
fn first_difference(expected: &str, got: &str) -> Option<usize> {
    let (mut wanted, mut had) = (expected.chars(), got.chars());
    let mut position = 0;
    loop {
        match (wanted.next(), had.next()) {
            (None, None) => return None,
            (Some(pattern), Some(actual))
                if pattern == '?' || pattern.eq_ignore_ascii_case(&actual) =>
            {
                position += 1;
            }
            (Some(_) | None, Some(_)) | (Some(_), None) => return Some(position),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::first_difference;

    #[rstest]
    #[case::equal("9000", "9000", None)]
    #[case::case_of_letters_does_not_matter("6a82", "6A82", None)]
    #[case::last_nibble("63C2", "63C1", Some(3))]
    #[case::mask_hides("63C?", "63C1", None)]
    #[case::before_the_mask("63C?", "6983", Some(1))]
    #[case::too_short("9000", "90", Some(2))]
    #[case::too_long("90", "9000", Some(2))]
    #[case::nothing_came("9000", "", Some(0))]
    fn points_at_the_first_differing_nibble(
        #[case] expected: &str,
        #[case] got: &str,
        #[case] pointer: Option<usize>,
    ) {
        assert_eq!(first_difference(expected, got), pointer);
    }
}
