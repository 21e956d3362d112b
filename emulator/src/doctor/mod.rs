//! What stands between a card and a client on this machine, looked at piece by piece: daemon, driver, vpcd, readers, other
//! programs, PKCS #11 modules. Every finding says what is so, how bad it is and what to do. Nothing is changed here, and the
//! machine itself stands behind [`System`], so that every finding can be shown on a machine that is made up.
//!
//! ```no_run
//! use cie_emulator::doctor::{Linux, Questions, examine};
//!
//! let diagnosis = examine(&Linux::new(), &Questions::default());
//! for finding in &diagnosis.findings {
//!     println!("{finding}");
//! }
//! ```

pub mod configuration;
mod daemon;
mod driver;
mod holders;
mod linux;
mod p11kit;
pub mod probe;
mod processes;
mod readers;
mod system;
#[cfg(test)]
mod tests;
mod vpcd;

pub use linux::Linux;
pub use system::{FileFacts, FileKind, Ran, ReaderFacts, ReadersUnknown, System};

use serde::Serialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Note,
    /// Works, but not for everybody or not well.
    Warning,
    /// Keeps the card from being seen or used.
    Problem,
}

impl Severity {
    /// One word of a fixed width's worth.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check, e.g. `daemon.running`; stable, for programs.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is so, one sentence.
    pub what: String,
    /// What to do about it; absent where there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    /// Nothing to do.
    pub fn fine(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Severity::Fine, what, None)
    }

    /// Worth knowing.
    pub fn note(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Severity::Note, what, None)
    }

    /// Works, but.
    pub fn warning(check: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(check, Severity::Warning, what, Some(fix.into()))
    }

    /// Does not work.
    pub fn problem(check: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(check, Severity::Problem, what, Some(fix.into()))
    }

    fn new(
        check: &'static str,
        severity: Severity,
        what: impl Into<String>,
        fix: Option<String>,
    ) -> Self {
        Self {
            check,
            severity,
            what: what.into(),
            fix,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<8} {:<20} {}",
            self.severity.word(),
            self.check,
            self.what
        )?;
        match &self.fix {
            None => Ok(()),
            Some(fix) => write!(f, "\n{:>8} {fix}", "->"),
        }
    }
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// In the order of the way from the daemon to the clients.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// The worst of all.
    #[must_use]
    pub fn worst(&self) -> Severity {
        self.findings
            .iter()
            .map(|finding| finding.severity)
            .max()
            .unwrap_or(Severity::Fine)
    }

    /// Whether nothing keeps a card from being seen or used.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.worst() < Severity::Problem
    }
}

/// What is looked at, and how.
#[derive(Clone, Debug)]
pub struct Questions {
    /// Directory with the daemon's reader configurations.
    pub reader_conf: PathBuf,
    /// The daemon's socket.
    pub socket: PathBuf,
    /// Where vpcd waits for cards; `None` does not try.
    pub vpcd: Option<SocketAddr>,
    /// Messages to time through vpcd, with and without quick acknowledgement each; 0 does not time.
    pub exchanges: usize,
}

impl Default for Questions {
    fn default() -> Self {
        Self {
            reader_conf: PathBuf::from(configuration::DIRECTORY),
            socket: PathBuf::from("/run/pcscd/pcscd.comm"),
            vpcd: Some(SocketAddr::from(([127, 0, 0, 1], probe::VPCD_PORT))),
            exchanges: 20,
        }
    }
}

/// Looks at everything.
#[must_use]
pub fn examine(system: &dyn System, questions: &Questions) -> Diagnosis {
    let processes = processes::all(system);
    let configured = configuration::read(system, &questions.reader_conf);
    let mut findings = Vec::new();
    daemon::examine(system, questions, &processes, &mut findings);
    findings.extend(configured.findings(&questions.reader_conf));
    driver::examine(system, &configured, &processes, &mut findings);
    vpcd::examine(system, questions, &configured, &processes, &mut findings);
    readers::examine(system, &mut findings);
    holders::examine(&processes, &mut findings);
    p11kit::examine(system, &mut findings);
    Diagnosis { findings }
}
