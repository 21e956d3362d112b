//! Who has a card file in use. The lock itself says yes or no; the name of the holder comes from `/proc`, where there is one.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt as _;

/// The process that has a card in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process number, where the system tells.
    pub process: Option<u32>,
    /// Its program's name, where the system tells.
    pub program: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.program.as_deref().unwrap_or("another program");
        match self.process {
            None => f.write_str(program),
            Some(process) => write!(f, "{program} (process {process})"),
        }
    }
}

impl Holder {
    /// Looks for who has this file open and locked.
    pub(super) fn of(file: &File) -> Self {
        let unknown = Self {
            process: None,
            program: None,
        };
        let Ok(metadata) = file.metadata() else {
            return unknown;
        };
        let mut processes = having_open(&metadata);
        let locking = locking();
        // Somebody may only be looking at the file; whoever holds a lock comes first. We ourselves come last.
        processes.sort_by_key(|process| {
            (
                *process == std::process::id(),
                !locking.contains(process),
                *process,
            )
        });
        match processes.first() {
            None => unknown,
            Some(process) => Self {
                process: Some(*process),
                program: fs::read_to_string(format!("/proc/{process}/comm"))
                    .ok()
                    .map(|name| name.trim().chars().filter(|c| !c.is_control()).collect()),
            },
        }
    }
}

/// Processes with this file among their descriptors, as far as we may look.
fn having_open(file: &Metadata) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| has_open(*process, file))
        .collect()
}

fn has_open(process: u32, file: &Metadata) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{process}/fd")) else {
        return false;
    };
    let same = descriptors
        .flatten()
        .filter_map(|entry| fs::metadata(entry.path()).ok())
        .filter(|open| open.ino() == file.ino() && open.dev() == file.dev())
        .count();
    // The descriptor we look through ourselves does not count.
    let own = usize::from(process == std::process::id());
    same > own
}

/// Processes that hold a lock on any whole file.
fn locking() -> Vec<u32> {
    let table = fs::read_to_string("/proc/locks").unwrap_or_default();
    table
        .lines()
        .filter(|line| line.contains("FLOCK"))
        .filter_map(|line| line.split_whitespace().nth(4)?.parse().ok())
        .collect()
}
