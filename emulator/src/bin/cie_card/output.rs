//! Where results go: standard output, or a file that is there whole or not at all.

use crate::failure::Failure;
use cie_emulator::whole_file;
use serde::Serialize;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Writes to standard output at once.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::Other(format!("cannot write to standard output: {error}")),
        })
}

/// Prints a value as indented JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(not_json)?;
    print(&format!("{text}\n"))
}

/// Prints a value as one line of JSON.
pub(crate) fn print_json_line(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(not_json)?;
    print(&format!("{text}\n"))
}

fn not_json(error: serde_json::Error) -> Failure {
    Failure::Other(format!("the result cannot be written as JSON: {error}"))
}

/// Writes a file, so that no reader ever finds half of it.
pub(crate) fn write_file(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    let refused = |error: io::Error| {
        Failure::Other(format!(
            "cannot write {}: {error}; name a file in a directory that exists and that you may write to",
            path.display()
        ))
    };
    whole_file::write(path, contents, 0o666).map_err(refused)
}

/// A word to whoever sits at the terminal.
pub(crate) fn tell(message: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "{message}");
}
