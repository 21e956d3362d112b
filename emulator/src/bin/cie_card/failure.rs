//! How a command ends when it does not end well: a sentence for people and an exit code for programs.

use cie_emulator::chip::{ChipError, ProfileError};
use cie_emulator::persona::PersonaError;
use cie_emulator::spec::IssueError;
use cie_emulator::store::{Fault, StoreError};
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was typed, or a file that was named: exit code 2.
    Input(String),
    /// Anything else: exit code 1.
    Other(String),
    /// What has been printed already says so: no message, exit code 1.
    Told,
    /// Whoever read the output has had enough: no message, exit code 0.
    ReaderGone,
}

impl Failure {
    /// Tells the reason on standard error.
    pub(crate) fn report(self) -> ExitCode {
        let (message, code) = match self {
            Self::ReaderGone => return ExitCode::SUCCESS,
            Self::Told => return ExitCode::FAILURE,
            Self::Input(message) => (message, 2),
            Self::Other(message) => (message, 1),
        };
        // Nobody is left to tell when standard error is gone too.
        let _ = writeln!(io::stderr(), "error: {message}");
        ExitCode::from(code)
    }
}

impl From<ChipError> for Failure {
    fn from(error: ChipError) -> Self {
        match error {
            ChipError::Unknown { .. } => {
                Self::Input(format!("{error}\n  `cie-card chips` describes them"))
            }
            ChipError::BadRow { .. } => Self::Other(error.to_string()),
        }
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::BadPreset { .. } => Self::Other(error.to_string()),
            ProfileError::UnknownParameter { .. }
            | ProfileError::BadValue { .. }
            | ProfileError::NoValue(_)
            | ProfileError::UnknownPreset { .. } => Self::Input(format!(
                "{error}\n  `cie-card chips --parameters` explains parameters and profiles"
            )),
        }
    }
}

impl From<PersonaError> for Failure {
    fn from(error: PersonaError) -> Self {
        match error {
            PersonaError::Load {
                file,
                line,
                column,
                snippet,
                ..
            } => Self::Input(located(&file, line, column, &snippet)),
            PersonaError::Unknown { .. } => Self::Input(format!(
                "{error}\n  `cie-card personas` describes them; a file has a name that ends in .yaml or .yml, or a / in it"
            )),
            PersonaError::Read { .. }
            | PersonaError::Value(_)
            | PersonaError::Contradiction { .. }
            | PersonaError::Exhausted { .. } => Self::Input(error.to_string()),
            PersonaError::Codes(_) | PersonaError::Fixture { .. } | PersonaError::Encode { .. } => {
                Self::Other(error.to_string())
            }
        }
    }
}

/// What is wrong with a YAML file, the place once and in front; the snippet repeats it for a file without a name.
fn located(file: &str, line: u64, column: u64, snippet: &str) -> String {
    let repeated = format!("error: line {line} column {column}: ");
    let text = snippet.strip_prefix(&repeated).unwrap_or(snippet);
    let arrow = format!("--> {file}:");
    format!(
        "{file}:{line}:{column}: {}",
        text.trim_end().replace("--> <input>:", &arrow)
    )
}

impl From<IssueError> for Failure {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Chip(error) => error.into(),
            IssueError::Profile(error) => error.into(),
            IssueError::Persona(error) => error.into(),
            IssueError::Store(error) => error.into(),
            IssueError::Image(_) => Self::Other(error.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match &error.fault {
            Fault::Io { source, .. } if source.kind() != io::ErrorKind::NotFound => {
                Self::Other(error.to_string())
            }
            Fault::InUse(_) => Self::Other(error.to_string()),
            Fault::Io { .. }
            | Fault::NotACard
            | Fault::Newer { .. }
            | Fault::Damaged(_)
            | Fault::Exists
            | Fault::Content(_)
            | Fault::Export(_) => Self::Input(error.to_string()),
        }
    }
}
