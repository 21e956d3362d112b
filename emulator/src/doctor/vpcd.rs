//! vsmartcard's vpcd: which version, what it lacks, and what its two writes per message cost.

use super::configuration::Configured;
use super::probe::ProbeError;
use super::processes::Process;
use super::system::System;
use super::{Finding, Questions};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// The file name of its driver.
const LIBRARY: &str = "libifdvpcd";

/// The version that Debian ships: without the ATR attribute, and with two writes per message.
const WITHOUT_ATTRIBUTE: &str = "3.3+dfsg";

/// Less than a kernel's delayed acknowledgement (40 ms), more than any pause without one.
const TRAP: Duration = Duration::from_millis(20);

const OURS: &str = "use our driver instead (`cie-card driver install`)";

pub(super) fn examine(
    system: &dyn System,
    questions: &Questions,
    configured: &Configured,
    processes: &[Process],
    out: &mut Vec<Finding>,
) {
    let entries: Vec<_> = configured.with_driver(LIBRARY).collect();
    let loaded = processes
        .iter()
        .any(|process| process.loaded(LIBRARY).is_some());
    if entries.is_empty() && !loaded {
        out.push(Finding::note(
            "vpcd.installed",
            "vpcd is not installed; our driver does without it",
        ));
    } else {
        installed(system, &entries, out);
        everybody(system, out);
    }
    if let Some(address) = questions.vpcd
        && questions.exchanges > 0
    {
        out.extend(trap(system, address, questions.exchanges));
    }
}

fn installed(
    system: &dyn System,
    entries: &[&super::configuration::Entry],
    out: &mut Vec<Finding>,
) {
    for entry in entries {
        if system.about(Path::new(&entry.library)).is_err() {
            out.push(Finding::warning(
                "vpcd.library",
                format!(
                    "{} names {}, which is not there",
                    entry.file.display(),
                    entry.library
                ),
                "apt-get install vsmartcard-vpcd, or remove the entry",
            ));
        }
    }
    out.push(match version(system) {
        Some(version) if version.starts_with(WITHOUT_ATTRIBUTE) => Finding::warning(
            "vpcd.attribute",
            format!(
                "vpcd {version} does not know the ATR attribute: through it the official middleware refuses every card"
            ),
            OURS,
        ),
        Some(version) => Finding::note(
            "vpcd.attribute",
            format!("vpcd {version}: whether it knows the ATR attribute shows only with a card in it"),
        ),
        None => Finding::note(
            "vpcd.attribute",
            "vpcd is there, of a version that no package tells; the one of Debian 12 lacks the ATR attribute",
        ),
    });
}

fn version(system: &dyn System) -> Option<String> {
    let ran = system
        .run("dpkg-query", &["-W", "-f=${Version}", "vsmartcard-vpcd"])
        .ok()?;
    let version = ran.output.trim();
    (ran.success && !version.is_empty()).then(|| version.to_owned())
}

/// Whether other machines can put cards into its reader.
fn everybody(system: &dyn System, out: &mut Vec<Finding>) {
    let table = system
        .read(Path::new("/proc/net/tcp"))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    // Local address as hexadecimal, then the remote one, then the state: 0A listens.
    let exposed = table.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let local = fields.next().unwrap_or_default();
        let state = fields.nth(1).unwrap_or_default();
        local == format!("00000000:{:04X}", super::probe::VPCD_PORT) && state == "0A"
    });
    if exposed {
        out.push(Finding::warning(
            "vpcd.exposed",
            "vpcd listens on every address: other machines can put a card into its reader",
            "close ports 35963 and 35964 in the firewall, or use our driver, which needs no port",
        ));
    }
}

fn trap(system: &dyn System, address: SocketAddr, exchanges: usize) -> Option<Finding> {
    const CHECK: &str = "vpcd.trap";
    let measured = system
        .delays(address, exchanges, false)
        .and_then(|naive| Ok((naive, system.delays(address, exchanges, true)?)));
    match measured {
        Ok((naive, quick)) => Some(judge(CHECK, median(naive), median(quick))),
        Err(ProbeError::Nobody(_)) => None,
        Err(
            error @ (ProbeError::Occupied(_) | ProbeError::NotVpcd(_) | ProbeError::Broken { .. }),
        ) => Some(Finding::note(
            CHECK,
            format!("the delayed acknowledgement was not measured: {error}"),
        )),
    }
}

fn judge(check: &'static str, naive: Duration, quick: Duration) -> Finding {
    let ms = |time: Duration| format!("{:.2} ms", 1000.0 * time.as_secs_f64());
    let both = format!(
        "{} without quick acknowledgement, {} with",
        ms(naive),
        ms(quick)
    );
    match (naive >= TRAP, quick >= TRAP) {
        (true, false) => Finding::warning(
            check,
            format!("vpcd waits for a delayed acknowledgement in every message: {both}"),
            "`cie-card serve --via vpcd` acknowledges at once; for other card sides: ip route replace table local local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 quickack 1",
        ),
        (_, true) => Finding::warning(
            check,
            format!("vpcd is slow for another reason than acknowledgement: {both}"),
            OURS,
        ),
        (false, false) => Finding::fine(check, format!("no delayed acknowledgement: {both}")),
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
