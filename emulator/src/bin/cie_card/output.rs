//! Where results go: standard output, or a file that is there whole or not at all.

use crate::failure::Failure;
use serde::Serialize;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

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

/// Writes a file: under a temporary name beside it first, then renamed, so that no reader ever finds half of it.
pub(crate) fn write_file(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    let refused = |error: io::Error| {
        Failure::Other(format!(
            "cannot write {}: {error}; name a file in a directory that exists and that you may write to",
            path.display()
        ))
    };
    let Some(name) = path.file_name() else {
        return Err(refused(ErrorKind::IsADirectory.into()));
    };
    if path.is_dir() {
        return Err(refused(ErrorKind::IsADirectory.into()));
    }
    let mut temporary_name = name.to_os_string();
    temporary_name.push(format!(".{}.tmp", std::process::id()));
    let temporary: PathBuf = path.with_file_name(temporary_name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)
        .and_then(|file| fill(file, contents))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        if error.kind() != ErrorKind::AlreadyExists {
            // What could not be finished must not stay; that it could not be removed either changes nothing.
            let _ = fs::remove_file(&temporary);
        }
        refused(error)
    })
}

fn fill(mut file: File, contents: &[u8]) -> io::Result<()> {
    file.write_all(contents)?;
    file.sync_all()
}
