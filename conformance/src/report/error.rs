//! What can go wrong while a report is read, joined or written.

use std::io;
use std::path::PathBuf;

/// Why a report could not be read, joined or written. Every text names the file or shard and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// `--report` was not `FORMAT=PATH`.
    #[error(
        "`{given}` is not a report: write junit=PATH, html=PATH, json=PATH or tap=PATH, with `-` for standard output"
    )]
    Destination {
        /// What was given.
        given: String,
    },
    /// The file could not be written. Nothing is left behind at `path`.
    #[error("the report {} could not be written: {reason}; nothing was left there, choose another path or make room", path.display())]
    Write {
        /// The file that was asked for.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// A report could not be read.
    #[error("the report {} could not be read: {reason}", path.display())]
    Read {
        /// The file that was asked for.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// A text is not a JSON report.
    #[error(
        "this is not a JSON report of this program: {reason}; write one with --report json=PATH"
    )]
    Malformed {
        /// Where reading stopped, and why.
        reason: String,
    },
    /// A JSON report of another version.
    #[error(
        "this report has format version {found}, this program reads version {}; use the release that wrote it",
        super::model::FORMAT
    )]
    Version {
        /// The version it says it has.
        found: u64,
    },
    /// A result could not be put into a format.
    #[error("the {format} report could not be produced: {reason}")]
    Render {
        /// The format.
        format: &'static str,
        /// What the serializer said.
        reason: String,
    },
    /// Shards that do not belong together, or not all of them.
    #[error(transparent)]
    Merge(#[from] super::merge::MergeError),
}
