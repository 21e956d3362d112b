//! Other programs that talk to the readers: who may hold a card exclusively, or reset it in the middle.

use super::Finding;
use super::processes::Process;

/// Programs known to keep a card for themselves, and what to do.
const GREEDY: [(&str, &str); 3] = [
    (
        "scdaemon",
        "it holds cards exclusively: `gpgconf --kill scdaemon`, or put `disable-ccid` and `pcsc-shared` into scdaemon.conf",
    ),
    (
        "pcscd-shim",
        "it stands between clients and the daemon: stop it",
    ),
    (
        "pkcs11_eventmgr",
        "it reconnects at every insertion: stop it",
    ),
];

/// The client libraries of PC/SC.
const LIBRARY: &str = "libpcsclite";

pub(super) fn examine(processes: &[Process], out: &mut Vec<Finding>) {
    let before = out.len();
    for process in processes {
        let known = GREEDY.iter().find(|(name, _)| *name == process.name);
        let who = format!("{} (process {})", process.name, process.pid);
        match known {
            Some((_, fix)) => out.push(Finding::warning(
                "holders.greedy",
                format!("{who} uses the readers and may keep cards for itself"),
                *fix,
            )),
            None if process.name == "cie-card"
                && process.arguments.iter().any(|a| a == "serve") =>
            {
                out.push(Finding::note(
                    "holders.served",
                    format!("{who} is serving cards; a reader takes one card side at a time"),
                ));
            }
            None if process.name != "pcscd" && process.loaded(LIBRARY).is_some() => {
                out.push(Finding::note(
                    "holders.client",
                    format!("{who} has the PC/SC library loaded and may be using a card"),
                ));
            }
            None => {}
        }
    }
    let hidden = processes
        .iter()
        .filter(|process| process.libraries.is_none())
        .count();
    if hidden > 0 {
        out.push(Finding::note(
            "holders.hidden",
            format!("{hidden} processes belong to others and could not be looked into: run the doctor as root to see them"),
        ));
    }
    if out.len() == before {
        out.push(Finding::fine(
            "holders.client",
            "no other program uses the readers",
        ));
    }
}
