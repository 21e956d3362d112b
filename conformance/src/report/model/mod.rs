//! The result of a run as data. These types are the JSON report, version 1, and the only input of every other format; they hold
//! no behaviour beyond counting, and no secrets (the runner masks; [`super::mask`] does it once more before anything is written).
//!
//! Conventions of the JSON form: bytes are upper-case hexadecimal strings without separators, where `**` stands for a byte of a
//! code that was taken out, a status word is four hexadecimal digits, a seed is a string (a number would lose bits in
//! JavaScript), times are whole nanoseconds, and whatever does not apply is absent, never `null` or an empty string. A reader
//! ignores members it does not know; a change that breaks a reader raises the number in `"cie-report"`.

mod case;
mod exchange;
mod verdict;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::requirements::Disposition;

pub use case::{CaseResult, Counters, Failure, FailureKind, Phase, Polarity, StepResult};
pub use exchange::{Channel, Exchange, State, TlvNode};
pub use verdict::{ExitCode, Totals, Verdict};

/// The version of the JSON report that this crate writes and reads.
pub const FORMAT: u32 = 1;

/// Everything one run found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResult {
    /// Version of this format: [`FORMAT`].
    #[serde(rename = "cie-report")]
    pub format: u32,
    /// Name and release of the program that ran, e.g. `cie-conf 0.1.0`.
    pub tool: String,
    /// The seed all randomness was drawn from, written as `--seed` takes it.
    pub seed: String,
    /// Digest of the selected scenarios before they were divided into shards: equal digests mean the same work.
    pub suite: String,
    /// What was under test.
    pub target: TargetInfo,
    /// When the run began (RFC 3339, UTC). Absent in a deterministic run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// The share of the suite that this run had, when it was divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// The options that could change a verdict, as the user gave them (`allow`, `no-fail-fast`, …).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Whether a warning counts as a failure (`--strict`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// Why the run ended before its plan did. Absent when it ran to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
    /// How many cases have which verdict. Written for readers; [`RunResult::seal`] computes it from `cases`.
    #[serde(default)]
    pub totals: Totals,
    /// One entry per scenario and matrix cell, in the order of the plan.
    pub cases: Vec<CaseResult>,
    /// The catalogue against which coverage is counted.
    #[serde(default)]
    pub coverage: CoverageInput,
}

/// What was under test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// The kind of target: `emulator`, `reader` or `trace`.
    pub kind: String,
    /// One line for people: the chip and persona, or the reader's name and the card's ATR.
    pub description: String,
}

/// Which share of a divided suite a run had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Partition {
    /// The share, counted from 1.
    pub index: u32,
    /// How many shares there are.
    pub count: u32,
}

/// Why a run ended early, which then decides its exit code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What kind of end it was.
    pub kind: StopKind,
    /// What happened and what to do next.
    pub message: String,
}

/// The kinds of early end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopKind {
    /// The options or a scenario could not be understood.
    Usage,
    /// The harness itself broke, or the target could not be reached.
    Harness,
    /// The guard of physical cards refused to go on.
    Refused,
    /// The first failure ended the run because the user asked for that.
    FailFast,
    /// The user interrupted the run.
    Interrupted,
}

/// What coverage is measured against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageInput {
    /// The catalogue of requirements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<RequirementInfo>,
    /// Scenarios known to cite requirements, whether or not this run contained them. Cases that ran need not be repeated here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<ScenarioInfo>,
    /// The items of the articles, which scenarios cite like requirements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemInfo>,
}

/// One thing an article says, and how it is accounted for beside the scenarios that cite it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemInfo {
    /// Its key, e.g. `S0-12`.
    pub id: String,
    /// Lines of the article.
    pub lines: String,
    /// The item in our own words.
    pub text: String,
    /// What became of it.
    pub disposition: Vec<Disposition>,
    /// Why it is accounted for without a scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it still waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
}

/// One requirement of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementInfo {
    /// Its key, e.g. `CIE-PIN-003`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// The demand in our own words.
    pub text: String,
    /// Where it is written: document and clause.
    pub source: String,
}

/// How binding a requirement is (the words of RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// A breach is a failure.
    Must,
    /// A breach is a warning.
    Should,
}

/// A scenario that cites requirements, for coverage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioInfo {
    /// The scenario's id.
    pub id: String,
    /// The requirements it cites.
    pub requirements: Vec<String>,
    /// Whether it shows the demand being met or a breach being refused.
    pub polarity: Polarity,
}

impl RunResult {
    /// An empty run. `tool` is name and release of the program, `seed` as `--seed` takes it, `suite` the digest of the
    /// selected scenarios before partition.
    #[must_use]
    pub fn new(tool: &str, seed: &str, suite: &str, target: TargetInfo) -> Self {
        Self {
            format: FORMAT,
            tool: tool.to_owned(),
            seed: seed.to_owned(),
            suite: suite.to_owned(),
            target,
            started: None,
            partition: None,
            options: BTreeMap::new(),
            strict: false,
            stopped: None,
            totals: Totals::default(),
            cases: Vec::new(),
            coverage: CoverageInput::default(),
        }
    }

    /// Counts the cases again. Call it once after the last case, before any report is written.
    pub fn seal(&mut self) {
        self.totals = Totals::of(&self.cases);
    }

    /// The exit code of the run; the rules stand at [`ExitCode`]. When `strict` is set, a warning counts as a failure and so
    /// does a run in which nothing was judged.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let totals = Totals::of(&self.cases);
        let from_stop = match self.stopped.as_ref().map(|stop| stop.kind) {
            Some(StopKind::Refused) => return ExitCode::Refused,
            Some(StopKind::Harness | StopKind::Interrupted) => ExitCode::Harness,
            Some(StopKind::Usage) => ExitCode::Usage,
            Some(StopKind::FailFast) | None => ExitCode::Success,
        };
        from_stop.or(totals.exit_code(self.strict))
    }
}
