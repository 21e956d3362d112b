//! `cie-card new`: a citizen gets a card.

use crate::card::{CardOptions, Summary};
use crate::failure::Failure;
use crate::output;
use cie_emulator::persona::{Letter, Receipt};
use clap::Args;
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  cie-card new                                   the default card: PIN 12345678, PUK 87654321
  cie-card new --seed 7                          somebody else, and always the same
  cie-card new --persona citizen.yaml --json     from your own file, for programs

The card is not stored: in this version it lives in memory, and `show` and `apdu` make it again
from the same options. The codes are printed because that is what receipt and letter are for:
PIN and PUK are the four digits of the receipt followed by the four digits of the letter.";

/// Make a card for a synthetic citizen; print what it is, its receipt and its letter
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct New {
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
}

impl New {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let issued = self.card.issue()?;
        let card = Summary::of(&issued)?;
        let (receipt, letter) = (&issued.receipt, &issued.letter);
        if self.json {
            return output::print_json(&Handed {
                mark: "SPECIMEN",
                card,
                receipt,
                letter,
            });
        }
        output::print(&format!(
            "{}\n{}\n{}",
            card.to_text(),
            *receipt.render_text(),
            *letter.render_text()
        ))
    }
}
