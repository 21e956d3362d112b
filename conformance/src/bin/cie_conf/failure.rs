//! How a command ends when it does not end well: words for people and an exit code for programs.

use std::process::ExitCode;

use cie_conformance::report::ReportError;
use cie_conformance::report::model::ExitCode as Code;
use cie_conformance::scenario::Problems;
use cie_conformance::suite::SuiteError;
use cie_conformance::target::reader::ReaderError;
use cie_emulator::phy::trace::file::TraceFileError;

use crate::output;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was typed, or a file that was named: exit code 2.
    Usage(String),
    /// Scenarios, blocks or requirements with errors: exit code 2.
    Problems(Problems),
    /// Anything else: exit code 3.
    Harness(String),
    /// The guard of physical cards said no: exit code 4.
    Refused(String),
    /// Whoever read the output has had enough: no message, exit code 0.
    ReaderGone,
}

impl Failure {
    /// Tells the reason on standard error.
    pub(crate) fn report(self) -> ExitCode {
        let code = match self {
            Self::ReaderGone => Code::Success,
            Self::Usage(message) => {
                output::say(&format!("error: {message}"));
                Code::Usage
            }
            Self::Harness(message) => {
                output::say(&format!("error: {message}"));
                Code::Harness
            }
            Self::Refused(message) => {
                output::say(&format!("refused: {message}"));
                Code::Refused
            }
            Self::Problems(problems) => {
                output::say(&output::problems(&problems));
                Code::Usage
            }
        };
        code.into()
    }
}

impl From<SuiteError> for Failure {
    fn from(error: SuiteError) -> Self {
        match error {
            SuiteError::Problems(problems) => Self::Problems(problems),
            SuiteError::Read { .. } | SuiteError::Empty { .. } | SuiteError::Unknown { .. } => {
                Self::Usage(error.to_string())
            }
        }
    }
}

impl From<TraceFileError> for Failure {
    fn from(error: TraceFileError) -> Self {
        match error {
            TraceFileError::Write { .. } => Self::Harness(error.to_string()),
            _ => Self::Usage(error.to_string()),
        }
    }
}

impl From<ReaderError> for Failure {
    fn from(error: ReaderError) -> Self {
        match error.exit_code() {
            Code::Usage => Self::Usage(error.to_string()),
            _ => Self::Harness(error.to_string()),
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Render { .. } => Self::Harness(error.to_string()),
            ReportError::Destination { .. }
            | ReportError::Write { .. }
            | ReportError::Read { .. }
            | ReportError::Malformed { .. }
            | ReportError::Version { .. }
            | ReportError::Merge(_) => Self::Usage(error.to_string()),
        }
    }
}
