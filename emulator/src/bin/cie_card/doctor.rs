//! `cie-card doctor`: what stands between a card and a client on this machine.

use crate::failure::Failure;
use crate::output;
use cie_emulator::doctor::{Diagnosis, Linux, Questions, Severity, examine};
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;

const EXAMPLES: &str = "\
Examples:
  cie-card doctor                  look at everything, measure vpcd where there is one
  cie-card doctor --exchanges 0    do not put a card into vpcd's reader to measure
  cie-card doctor --json           for programs

Each line is one finding: how bad, which check, what is so; behind -> what to do. Nothing is changed.

Where vpcd waits for a card, one is put in for some seconds: vpcd asks it for its answer to reset
every 0.4 s, and the time between length and body of each question is measured, first as the
system acknowledges by itself, then with quick acknowledgement.

Exit codes: 0 nothing keeps a card from being seen, 1 something does, 2 wrong usage.";

/// Find out why a card cannot be seen: daemon, driver, vpcd, other programs
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,

    /// Messages to time through vpcd, each way; 0 does not measure
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=1000))]
    exchanges: u16,

    /// Where vpcd waits for cards
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:35963")]
    vpcd: SocketAddr,
}

#[derive(Serialize)]
struct Record<'a> {
    healthy: bool,
    worst: Severity,
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
}

impl Doctor {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if self.exchanges > 0 && io::stderr().is_terminal() {
            // Nobody is told who is not there.
            let _ = writeln!(
                io::stderr(),
                "looking; measuring vpcd takes some seconds where there is one"
            );
        }
        let diagnosis = examine(
            &Linux::new(),
            &Questions {
                vpcd: Some(self.vpcd),
                exchanges: self.exchanges.into(),
                ..Questions::default()
            },
        );
        if self.json {
            output::print_json(&Record {
                healthy: diagnosis.is_healthy(),
                worst: diagnosis.worst(),
                diagnosis: &diagnosis,
            })?;
        } else {
            output::print(&text(&diagnosis))?;
        }
        if diagnosis.is_healthy() {
            Ok(())
        } else {
            Err(Failure::Told)
        }
    }
}

fn text(diagnosis: &Diagnosis) -> String {
    let mut out = String::new();
    for finding in &diagnosis.findings {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{finding}");
    }
    let count = |severity| {
        diagnosis
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let _ = writeln!(
        out,
        "\nproblems: {}, warnings: {}",
        count(Severity::Problem),
        count(Severity::Warning)
    );
    out
}
