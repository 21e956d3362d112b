//! `cie-conf diff`: what two cards, or two recordings, do differently.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use cie_conformance::record::{Memory, compare, record};
use cie_conformance::report::model::ExitCode;
use cie_conformance::run::{DEFAULT_CHIP, DEFAULT_PERSONA, EmbeddedCards, Options, Silent};
use cie_conformance::suite::select;
use cie_emulator::phy::trace::file::{Header, Recording, Redaction};
use clap::Args;

use crate::failure::Failure;
use crate::output;
use crate::run::interrupt;
use crate::suite::SuiteDir;

/// Compares two traces or cards by what their answers mean
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf diff a.jsonl b.jsonl                                     two traces, case by case
  cie-conf diff emulator:stm3 emulator:gemalto --cases chips select two chips, in these scenarios
  cie-conf diff lab-card.jsonl emulator --json | jq                 a card that was recorded, and the emulator

Of a trace and an embedded card, the card is run in the cases that the trace has. Random values, keys,
cryptograms, checksums and counters are not compared; what was left out of a trace is compared by its
length. A card in a reader is recorded first: cie-conf record --target reader --out FILE.

Exit codes: 0 no difference, 1 differences, 2 wrong usage or a bad trace, 3 the harness broke.")]
pub(crate) struct Diff {
    /// A trace, `emulator`, or `emulator:CHIP`
    #[arg(value_name = "A")]
    a: String,
    /// The other
    #[arg(value_name = "B")]
    b: String,
    /// Cases to run where neither is a trace: ids, folders, globs
    #[arg(long, value_name = "NAME", num_args = 1..)]
    cases: Vec<String>,
    #[command(flatten)]
    folder: SuiteDir,
    /// The citizen in embedded cards of cases that name none
    #[arg(long, default_value = DEFAULT_PERSONA, value_name = "NAME")]
    persona: String,
    /// Everything random of embedded cards derives from this number
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Prints the differences as JSON
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let traces = [trace(&self.a)?, trace(&self.b)?];
        let cases = match &traces {
            [Some(_), Some(_)] => Vec::new(),
            [Some(trace), None] | [None, Some(trace)] => self.cases_of(trace)?,
            [None, None] if self.cases.is_empty() => {
                return Err(Failure::Usage(
                    "two cards are compared in scenarios: name some with --cases, e.g. `--cases chips select`"
                        .to_owned(),
                ));
            }
            [None, None] => self.cases.clone(),
        };
        let live = [traces[0].is_none(), traces[1].is_none()];
        let interrupted = interrupt::watch()?;
        let [a, b] = traces;
        let a = self.recording(a, &self.a, &cases, &interrupted)?;
        let b = self.recording(b, &self.b, &cases, &interrupted)?;
        let mut comparison = compare(&a, &b);
        comparison.forget_lines(live[0], live[1]);
        if self.json {
            output::print_json(&comparison)?;
        } else {
            output::print(&comparison.render())?;
        }
        Ok(match comparison.differences.is_empty() {
            true => ExitCode::Success,
            false => ExitCode::Failures,
        })
    }

    /// The names of the cases in a trace, or those that were asked for.
    fn cases_of(&self, trace: &Recording) -> Result<Vec<String>, Failure> {
        if !self.cases.is_empty() {
            return Ok(self.cases.clone());
        }
        let names = crate::trace::case_names(trace);
        if names.is_empty() {
            return Err(Failure::Usage(format!(
                "the trace {} has no cases that the emulator could run; `cie-conf replay {}` sends its commands again",
                trace.name, trace.name
            )));
        }
        Ok(names)
    }

    fn recording(
        &self,
        trace: Option<Recording>,
        name: &str,
        cases: &[String],
        interrupted: &AtomicBool,
    ) -> Result<Recording, Failure> {
        match trace {
            Some(trace) => Ok(trace),
            None => self.record(name, cases, interrupted),
        }
    }

    /// Runs the cases on an embedded card.
    fn record(
        &self,
        name: &str,
        cases: &[String],
        interrupted: &AtomicBool,
    ) -> Result<Recording, Failure> {
        let chip = chip_of(name)?.unwrap_or(DEFAULT_CHIP);
        cie_emulator::chip::chip(chip).map_err(|error| Failure::Usage(error.to_string()))?;
        let suite = self.folder.read()?;
        let selection = select(&suite, cases)?;
        let header = Header {
            chip: Some(chip.to_owned()),
            persona: Some(self.persona.clone()),
            seed: Some(self.seed),
            redaction: Redaction::CodesOnly,
            ..Header::new("embedded emulator")
        };
        let memory = Memory::default();
        let cards = EmbeddedCards::new(chip).of_persona(&self.persona);
        let options = Options {
            seed: self.seed,
            ..Options::default()
        };
        record(
            &selection.cases,
            &cards,
            &options,
            &BTreeSet::new(),
            memory.writer(&header)?,
            &Silent,
            interrupted,
        )?;
        Ok(memory.recording(name)?)
    }
}

/// The trace that a name stands for; `None` for a card.
fn trace(name: &str) -> Result<Option<Recording>, Failure> {
    let file = name.strip_prefix("trace:");
    if file.is_none() && chip_of(name).is_ok() {
        return Ok(None);
    }
    if name == "reader" || name.starts_with("reader:") {
        return Err(Failure::Usage(format!(
            "a card in a reader is recorded first, under its guard: cie-conf record --target {name} --out FILE; then compare FILE"
        )));
    }
    Ok(Some(Recording::open(Path::new(file.unwrap_or(name)))?))
}

/// The chip of `emulator` or `emulator:CHIP`.
pub(crate) fn chip_of(name: &str) -> Result<Option<&str>, Failure> {
    match name.split_once(':') {
        None if name == "emulator" => Ok(None),
        Some(("emulator", chip)) => Ok(Some(chip)),
        _ => Err(Failure::Usage(format!(
            "`{name}` is no card; write emulator or emulator:CHIP"
        ))),
    }
}
