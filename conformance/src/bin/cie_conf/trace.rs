//! `cie-conf trace`: what a trace can become, and whether it is one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cie_conformance::record::{SkeletonError, skeleton};
use cie_conformance::report::model::ExitCode;
use cie_conformance::report::text::printable;
use cie_conformance::report::write::{atomically, bytes_atomically};
use cie_conformance::scenario::Source;
use cie_emulator::phy::trace::file::{Record, Recording};
use cie_emulator::phy::trace::pcap::{self, View};
use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::{self, plural};

/// Looks into traces and turns them into other things
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf trace show read.jsonl                        what is in it
  cie-conf trace to-pcap read.jsonl read.pcap           for Wireshark: tshark -r read.pcap
  cie-conf trace to-scenario read.jsonl mine.yaml       a scenario that does and expects the same")]
pub(crate) struct Trace {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(Show),
    ToPcap(ToPcap),
    ToScenario(ToScenario),
}

/// Reads a trace whole and says what is in it
#[derive(Args)]
struct Show {
    /// The trace
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Makes a capture that Wireshark and tshark dissect as ISO 7816
#[derive(Args)]
struct ToPcap {
    /// The trace
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The capture; one that is there is replaced
    #[arg(value_name = "PCAP")]
    out: PathBuf,
    /// Shows what secure messaging carried, where the trace knows it
    #[arg(long)]
    plain: bool,
}

/// Makes a scenario that sends the same and expects the same answers
#[derive(Args)]
struct ToScenario {
    /// The trace
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The scenario; its id is its path below a folder `scenarios`, or its name
    #[arg(value_name = "YAML")]
    out: PathBuf,
    /// Which case, when the trace has several
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
}

impl Trace {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self.command {
            Command::Show(Show { file }) => output::print(&summary(&Recording::open(&file)?))?,
            Command::ToPcap(ToPcap { file, out, plain }) => {
                write_capture(&Recording::open(&file)?, plain, &out)?;
            }
            Command::ToScenario(ToScenario { file, out, case }) => {
                write_scenario(&Recording::open(&file)?, case.as_deref(), &out)?;
            }
        }
        Ok(ExitCode::Success)
    }
}

/// The names of the cases in a trace, each once, in order.
pub(crate) fn case_names(trace: &Recording) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, record) in &trace.records {
        if let Record::Case(case) = record
            && !names.contains(&case.name)
        {
            names.push(case.name.clone());
        }
    }
    names
}

/// A trace in a few lines.
fn summary(trace: &Recording) -> String {
    let header = &trace.header;
    let mut out = format!(
        "{}: {}\n",
        printable(&trace.name),
        printable(&header.recorded)
    );
    let redaction = serde_json::to_value(header.redaction);
    let redaction = redaction
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned));
    let known = [
        ("chip", header.chip.clone()),
        ("persona", header.persona.clone()),
        ("seed", header.seed.map(|seed| seed.to_string())),
        ("redaction", redaction),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            let _ = writeln!(out, "  {name}: {}", printable(&value));
        }
    }
    let exchanges = trace.records.iter().filter_map(|(_, record)| match record {
        Record::Exchange(exchange) => Some(exchange),
        _ => None,
    });
    let mut hidden: BTreeMap<&str, usize> = BTreeMap::new();
    let mut count = 0_usize;
    for exchange in exchanges {
        count += 1;
        let inner = exchange.inner.iter();
        let inner = inner.flat_map(|inner| [&inner.command, &inner.response]);
        for octets in [&exchange.command, &exchange.response]
            .into_iter()
            .chain(inner)
        {
            for placeholder in octets.hidden() {
                *hidden.entry(placeholder.kind.word()).or_default() += 1;
            }
        }
    }
    let _ = writeln!(
        out,
        "  {}, {}",
        plural(case_names(trace).len(), "case"),
        plural(count, "exchange")
    );
    let hidden: Vec<String> = hidden
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    if !hidden.is_empty() {
        let _ = writeln!(out, "  left out: {}", hidden.join(", "));
    }
    out
}

/// Writes a capture.
pub(crate) fn write_capture(trace: &Recording, plain: bool, path: &Path) -> Result<(), Failure> {
    let view = if plain { View::Plain } else { View::Wire };
    let mut bytes = Vec::new();
    pcap::write(trace, view, &mut bytes)
        .map_err(|error| Failure::Harness(format!("the capture cannot be made: {error}")))?;
    Ok(bytes_atomically(path, &bytes)?)
}

/// Writes a scenario.
pub(crate) fn write_scenario(
    trace: &Recording,
    case: Option<&str>,
    path: &Path,
) -> Result<(), Failure> {
    let name = path.to_string_lossy();
    let text = skeleton(trace, case, &name).map_err(|error| match error {
        SkeletonError::Unfit(problems) => Failure::Problems(problems),
        other => Failure::Usage(other.to_string()),
    })?;
    atomically(path, Source::new(name, text).text())?;
    Ok(())
}
