//! `cie-card new`: a citizen gets a card.

use crate::card::{CardOptions, Summary};
use crate::failure::Failure;
use crate::output;
use cie_emulator::persona::{Letter, Receipt};
use cie_emulator::spec::Issued;
use cie_emulator::store::{self, Existing};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  cie-card new                                   the default card: PIN 12345678, PUK 87654321
  cie-card new --seed 7                          somebody else, and always the same
  cie-card new --persona citizen.yaml --json     from your own file, for programs
  cie-card new --seed 7 --out card.cie           keep it; then `cie-card show --card card.cie`

Without --out the card is not stored: `show` and `apdu` make it again from the same options. With
--out it is a file that only you can read, because its keys and codes are in it (invented ones,
good for tests only). The codes are printed because that is what receipt and letter are for: PIN
and PUK are the four digits of the receipt followed by the four digits of the letter.";

/// Make a card for a synthetic citizen; print what it is, its receipt and its letter
#[derive(Args)]
#[command(after_long_help = EXAMPLES, mut_arg("card", |card| card.hide(true)))]
pub(crate) struct New {
    /// Keep the card in a new file, by custom with a name that ends in .cie
    #[arg(long, value_name = "FILE.cie")]
    out: Option<PathBuf>,

    /// Replace the file of --out if there is one
    #[arg(long, requires = "out")]
    force: bool,

    /// Print JSON instead of text
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    card: CardOptions,
}

#[derive(Serialize)]
struct Handed<'a> {
    mark: &'static str,
    card: Summary,
    receipt: &'a Receipt,
    letter: &'a Letter,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_in: Option<&'a Path>,
}

impl New {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if self.card.is_stored() {
            return Err(Failure::Input(
                "`new` makes a card, so there is none to name with --card; --out says where to keep it".to_owned(),
            ));
        }
        let issued = self.card.issue()?;
        self.keep(&issued)?;
        let card = Summary::of(&issued)?;
        let (receipt, letter) = (&issued.receipt, &issued.letter);
        if self.json {
            return output::print_json(&Handed {
                mark: "SPECIMEN",
                card,
                receipt,
                letter,
                stored_in: self.out.as_deref(),
            });
        }
        let stored = match &self.out {
            None => String::new(),
            Some(path) => format!("{:<17}  {}\n", "Stored in", path.display()),
        };
        output::print(&format!(
            "{}{stored}\n{}\n{}",
            card.to_text(),
            *receipt.render_text(),
            *letter.render_text()
        ))
    }

    fn keep(&self, issued: &Issued) -> Result<(), Failure> {
        let Some(path) = &self.out else { return Ok(()) };
        let existing = match self.force {
            true => Existing::Replaced,
            false => Existing::Refused,
        };
        Ok(store::create(
            path,
            &issued.persona,
            &issued.card,
            existing,
        )?)
    }
}
