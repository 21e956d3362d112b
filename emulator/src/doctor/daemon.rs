//! The daemon: is it installed, which version, does it run, can this user reach it.

use super::processes::{self, Process};
use super::system::{FileKind, System};
use super::{Finding, Questions};
use std::io::ErrorKind;
use std::path::Path;

pub(super) fn examine(
    system: &dyn System,
    questions: &Questions,
    processes: &[Process],
    out: &mut Vec<Finding>,
) {
    let installed = processes::find_program(system, "pcscd");
    out.push(match &installed {
        Some(path) => Finding::fine("daemon.installed", version(system, path)),
        None => Finding::problem(
            "daemon.installed",
            "pcscd is not installed",
            "apt-get install pcscd",
        ),
    });
    let running: Vec<String> = processes::daemons(processes)
        .map(|process| process.pid.to_string())
        .collect();
    let reachable = socket(system, &questions.socket);
    if let Some(finding) = running_finding(&running, reachable.is_ok(), installed.is_some()) {
        out.push(finding);
    }
    out.push(match reachable {
        Ok(finding) | Err(finding) => finding,
    });
}

fn version(system: &dyn System, program: &Path) -> String {
    let path = program.display();
    let said = system.run(&path.to_string(), &["--version"]).ok();
    let version = said.as_ref().and_then(|ran| {
        ran.output
            .lines()
            .next()?
            .split_once("version ")
            .map(|(_, version)| version.trim_end_matches('.'))
    });
    match version {
        Some(version) => format!("{path}, version {version}"),
        None => format!("{path}, of a version it does not tell"),
    }
}

fn running_finding(pids: &[String], reachable: bool, installed: bool) -> Option<Finding> {
    const CHECK: &str = "daemon.running";
    match (pids, reachable) {
        ([], true) => Some(Finding::fine(
            CHECK,
            "the daemon is started on demand, or runs where this user cannot see it",
        )),
        // What to do about a missing program has been said.
        ([], false) if !installed => None,
        ([], false) => Some(Finding::problem(
            CHECK,
            "no daemon runs",
            "systemctl start pcscd.socket, or run `pcscd -f` as root, or let `cie-card serve --start-pcscd` start one",
        )),
        (pids, _) => Some(Finding::fine(
            CHECK,
            format!("it runs as process {}", pids.join(", ")),
        )),
    }
}

/// Whether clients get through; both sides carry what to say.
fn socket(system: &dyn System, path: &Path) -> Result<Finding, Finding> {
    const CHECK: &str = "daemon.socket";
    let shown = path.display();
    let facts = match system.about(path) {
        Ok(facts) => facts,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Finding::problem(
                CHECK,
                format!("there is no {shown}: clients have nobody to talk to"),
                "start the daemon; in a container or namespace, set PCSCLITE_CSOCK_NAME for the clients",
            ));
        }
        Err(error) => {
            return Err(Finding::problem(
                CHECK,
                format!("{shown} cannot be looked at: {error}"),
                format!("let this user pass the directories above {shown}"),
            ));
        }
    };
    if facts.kind != FileKind::Socket {
        return Err(Finding::problem(
            CHECK,
            format!("{shown} is not a socket"),
            format!("remove {shown} and restart the daemon"),
        ));
    }
    let mode = facts.mode & 0o777;
    match system.connect(path) {
        Ok(()) => Ok(Finding::fine(
            CHECK,
            format!("{shown} accepts this user (mode {mode:04o})"),
        )),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Finding::problem(
            CHECK,
            format!("{shown} refuses this user (mode {mode:04o})"),
            "join the group that owns the socket, or restart the daemon so that it makes the socket anew (mode 0666)",
        )),
        Err(error) => Err(Finding::problem(
            CHECK,
            format!("nobody answers at {shown}: {error}"),
            "a daemon that died leaves its socket behind: restart it",
        )),
    }
}
