//! The programs that run, as far as /proc shows them to this user.

use super::system::System;
use std::path::{Path, PathBuf};

/// A running program.
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) name: String,
    /// The libraries it has loaded; `None` when this user may not know.
    pub(super) libraries: Option<Vec<String>>,
    /// Its command line, arguments apart.
    pub(super) arguments: Vec<String>,
}

impl Process {
    /// The first loaded library whose file name begins so.
    pub(super) fn loaded(&self, start: &str) -> Option<&str> {
        self.libraries
            .iter()
            .flatten()
            .map(String::as_str)
            .find(|path| {
                path.rsplit('/')
                    .next()
                    .is_some_and(|name| name.starts_with(start))
            })
    }
}

pub(super) fn all(system: &dyn System) -> Vec<Process> {
    let mut all: Vec<Process> = system
        .list(Path::new("/proc"))
        .unwrap_or_default()
        .iter()
        .filter_map(|directory| process(system, directory))
        .collect();
    all.sort_by_key(|process| process.pid);
    all
}

fn process(system: &dyn System, directory: &Path) -> Option<Process> {
    let pid = directory.file_name()?.to_str()?.parse().ok()?;
    let text = |name: &str| {
        system
            .read(&directory.join(name))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    Some(Process {
        pid,
        name: text("comm").ok()?.trim_end().to_owned(),
        libraries: text("maps").ok().map(|maps| libraries(&maps)),
        arguments: text("cmdline")
            .unwrap_or_default()
            .split('\0')
            .filter(|argument| !argument.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

/// The files of a memory map, each once.
fn libraries(maps: &str) -> Vec<String> {
    let mut paths: Vec<String> = maps
        .lines()
        .filter_map(|line| line.find('/').and_then(|at| line.get(at..)))
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The daemons among them.
pub(super) fn daemons(processes: &[Process]) -> impl Iterator<Item = &Process> {
    processes.iter().filter(|process| process.name == "pcscd")
}

/// Where a command is, as a shell would find it, or in the directories of the superuser.
pub(super) fn find_program(system: &dyn System, name: &str) -> Option<PathBuf> {
    [
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
        "/usr/local/sbin",
        "/usr/local/bin",
    ]
    .iter()
    .map(|directory| Path::new(directory).join(name))
    .find(|path| system.about(path).is_ok())
}
