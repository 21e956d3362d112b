//! Our own driver: configured, in place, and the one that the daemon has loaded.

use super::Finding;
use super::configuration::{Configured, Entry};
use super::processes::{self, Process};
use super::system::System;
use crate::install::{DRIVER_STEM, MARK, version_in};
use std::path::Path;

/// The version of this program, which its driver should have too.
const VERSION: &str = env!("CARGO_PKG_VERSION");

const INSTALL: &str = "run `cie-card driver install` as root and restart the daemon, or use `cie-card serve --start-pcscd`";

pub(super) fn examine(
    system: &dyn System,
    configured: &Configured,
    processes: &[Process],
    out: &mut Vec<Finding>,
) {
    let entries: Vec<&Entry> = configured.with_driver(DRIVER_STEM).collect();
    let loaded: Vec<&str> = processes::daemons(processes)
        .filter_map(|daemon| daemon.loaded(DRIVER_STEM))
        .collect();
    match entries.as_slice() {
        [] if loaded.is_empty() => {
            out.push(Finding::warning(
                "driver.configured",
                "the driver of our virtual readers is not installed",
                INSTALL,
            ));
            return;
        }
        // A daemon that was started with a configuration of its own.
        [] => {}
        [first, ..] => out.push(Finding::fine(
            "driver.configured",
            format!(
                "{} virtual readers in {}",
                entries.len(),
                first.file.display()
            ),
        )),
    }
    let mut libraries: Vec<&str> = entries.iter().map(|entry| entry.library.as_str()).collect();
    libraries.dedup();
    out.extend(libraries.iter().map(|library| in_place(system, library)));
    out.extend(in_use(processes, &loaded));
}

fn in_place(system: &dyn System, library: &str) -> Finding {
    const CHECK: &str = "driver.library";
    let bytes = match system.read(Path::new(library)) {
        Ok(bytes) => bytes,
        Err(error) => {
            return Finding::problem(
                CHECK,
                format!("{library} is configured and cannot be read: {error}"),
                "run `cie-card driver install` again, or `cie-card driver uninstall`",
            );
        }
    };
    match version_in(&bytes) {
        Some(version) if version == VERSION => {
            Finding::fine(CHECK, format!("{library}, version {version}"))
        }
        Some(version) => Finding::warning(
            CHECK,
            format!("{library} is version {version}, this program {VERSION}"),
            INSTALL,
        ),
        None => Finding::warning(
            CHECK,
            format!("{library} does not carry the mark {MARK:?} and is not our driver"),
            INSTALL,
        ),
    }
}

fn in_use(processes: &[Process], loaded: &[&str]) -> Option<Finding> {
    const CHECK: &str = "driver.loaded";
    if let Some(library) = loaded.first() {
        return Some(if library.ends_with(" (deleted)") {
            Finding::warning(
                CHECK,
                "the daemon still runs a driver that has been replaced since",
                "systemctl restart pcscd, or stop and start the daemon",
            )
        } else {
            Finding::fine(CHECK, format!("the daemon has loaded {library}"))
        });
    }
    let mut daemons = processes::daemons(processes).peekable();
    daemons.peek()?;
    Some(if daemons.all(|daemon| daemon.libraries.is_some()) {
        Finding::problem(
            CHECK,
            "the driver is configured, but the running daemon has not loaded it",
            "systemctl restart pcscd, or stop and start the daemon; it reads its configuration only then",
        )
    } else {
        Finding::note(
            CHECK,
            "whether the daemon has loaded it cannot be told without being root",
        )
    })
}
