//! `cie-conf replay`: the commands of a trace, sent again.

use std::path::PathBuf;

use cie_conformance::record::{Manners, ReplayError, replay};
use cie_conformance::report::model::ExitCode;
use cie_conformance::run::{DEFAULT_CHIP, DEFAULT_PERSONA, EmbeddedCards, Options};
use cie_conformance::target::Target;
use cie_emulator::phy::trace::file::{Case, Recording};
use clap::Args;

use crate::diff::chip_of;
use crate::failure::Failure;
use crate::output;
use crate::run::interrupt;

/// Sends the commands of a trace to a card again and compares the answers
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf replay whole.jsonl                          against embedded cards made as the recorded ones were
  cie-conf replay lab-card.jsonl --against emulator:stm3
  cie-conf run read --target trace:whole.jsonl         the other way round: the trace plays the card

A command of which bytes were left out is not sent, and is told. Protected commands are sent where the
card is made from the recording's own seed: then the keys of their sessions come again. Random values,
keys, cryptograms and counters are not compared.

Exit codes: 0 no difference, 1 differences, 2 wrong usage or a bad trace, 3 the harness broke.")]
pub(crate) struct Replay {
    /// The trace
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What answers: `emulator` or `emulator:CHIP`
    #[arg(long, default_value = "emulator", value_name = "TARGET")]
    against: String,
    /// The citizen in the card, instead of the recorded one
    #[arg(long, value_name = "NAME")]
    persona: Option<String>,
    /// Where everything random of the card derives from, instead of the recording's seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Prints the comparison as JSON
    #[arg(long)]
    json: bool,
}

impl Replay {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.against == "reader" || self.against.starts_with("reader:") {
            return Err(Failure::Usage(
                "a recording is not replayed to a physical card: its guard weighs scenarios, not recorded bytes; make one of the \
                 trace (cie-conf trace to-scenario) and run that with --target reader"
                    .to_owned(),
            ));
        }
        let trace = Recording::open(&self.file)?;
        let chip = chip_of(&self.against)?;
        if let Some(chip) = chip {
            cie_emulator::chip::chip(chip).map_err(|error| Failure::Usage(error.to_string()))?;
        }
        let header = &trace.header;
        let default_chip = chip.or(header.chip.as_deref()).unwrap_or(DEFAULT_CHIP);
        let persona = self.persona.as_deref().or(header.persona.as_deref());
        let cards = EmbeddedCards::new(default_chip).of_persona(persona.unwrap_or(DEFAULT_PERSONA));
        let options = Options {
            seed: self.seed.or(header.seed).unwrap_or(1),
            ..Options::default()
        };
        let same = chip.is_none() && self.persona.is_none() && self.seed.is_none();
        let manners = Manners {
            same_randomness: same && header.seed.is_some() && header.persona.is_some(),
        };
        let mut make = |case: &Case| -> Result<Box<dyn Target>, String> {
            let setup = cards.made(
                self.persona.as_deref().or(case.persona.as_deref()),
                chip.or(case.chip.as_deref()),
                case.preset.as_deref(),
                case.profile.clone(),
                options.seed_of(&case.name),
            )?;
            Ok(setup.target)
        };
        let interrupted = interrupt::watch()?;
        let comparison = replay(&trace, &mut make, manners, &interrupted);
        let mut comparison = comparison.map_err(|error| match error {
            ReplayError::Trace(error) => error.into(),
            other => Failure::Usage(other.to_string()),
        })?;
        comparison.b = format!("again: {}", self.against);
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
}
