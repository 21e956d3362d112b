//! What can go wrong with a trace file, and what to do then.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::reader::{MAX_BYTES, MAX_LINE, MAX_RECORDS};

/// Why a trace was not written or not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TraceFileError {
    /// The file could not be made.
    #[error("the trace {} cannot be created: {reason}; choose a place where files can be written", path.display())]
    Create {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// A line could not be written: a full disk, a reader of a pipe that went away.
    #[error("the trace {} cannot be written: {reason}; what stands in it so far is complete up to its last line", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The file could not be opened or read.
    #[error("the trace {name} cannot be read: {reason}")]
    Read {
        /// Which.
        name: String,
        /// Why.
        reason: io::Error,
    },
    /// There is nothing in it.
    #[error("{name} is empty; a trace begins with a line like {{\"cie-trace\":1,…}}")]
    Empty {
        /// Which.
        name: String,
    },
    /// The first line is no header.
    #[error(
        "{name}:1: this is no trace: {reason}; a trace begins with a line like {{\"cie-trace\":1,…}}, as `--trace` and `cie-conf record` write it"
    )]
    NoTrace {
        /// Which.
        name: String,
        /// What was found.
        reason: String,
    },
    /// A version of the format that this program does not know.
    #[error(
        "{name}:1: this trace has format {found}, this program reads formats up to {known}; use the release that wrote it, or a newer one"
    )]
    Newer {
        /// Which.
        name: String,
        /// The version in the file.
        found: u64,
        /// The newest version known here.
        known: u32,
    },
    /// A line that is no record.
    #[error("{name}:{line}: {reason}; correct or remove this line")]
    Record {
        /// Which.
        name: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The last line has no end.
    #[error(
        "{name}:{line}: the last line is cut short (the recording was ended in the middle of it); remove this line"
    )]
    CutShort {
        /// Which.
        name: String,
        /// Counted from 1.
        line: usize,
    },
    /// A line longer than any APDU makes it.
    #[error(
        "{name}:{line}: the line is longer than {MAX_LINE} bytes, which no exchange needs; this is no trace of a card"
    )]
    LineTooLong {
        /// Which.
        name: String,
        /// Counted from 1.
        line: usize,
    },
    /// A longer file than is read.
    #[error(
        "{name} has {length} bytes, {MAX_BYTES} at most are read; split the trace at its `case` lines"
    )]
    TooLong {
        /// Which.
        name: String,
        /// Its length in bytes.
        length: u64,
    },
    /// More records than are read.
    #[error("{name}: more than {MAX_RECORDS} lines; split the trace at its `case` lines")]
    TooMany {
        /// Which.
        name: String,
    },
}
