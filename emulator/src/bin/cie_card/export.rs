//! `cie-card export` and `cie-card import`: a stored card as a JSON document, and back.

use crate::failure::Failure;
use crate::output;
use cie_emulator::store::{self, Existing};
use clap::Args;
use std::io::{self, Write as _};
use std::path::PathBuf;

const EXPORT_EXAMPLES: &str = "\
Examples:
  cie-card export card.cie --out card.json
  cie-card export card.cie | jq .memory

The document (cie-card-export: 1) is the whole card: holder, chip, parameters, files, and in
clear its private keys, PIN and PUK. They are invented and good for tests only; all the same a
file written with --out can be read by its owner only. `cie-card import` makes the same card of
it, with the tries it had left.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  cie-card import card.json --out copy.cie
  cie-card export old.cie --out card.json && cie-card import card.json --out new.cie

The card is the one that was exported, in the state it had then: importing twice gives two cards
that were one until that moment. Nothing is made of a document with an error in it; the message
says where.";

/// Write a stored card as a JSON document, keys and codes included
#[derive(Args)]
#[command(after_long_help = EXPORT_EXAMPLES)]
pub(crate) struct Export {
    /// The stored card
    #[arg(value_name = "FILE.cie")]
    file: PathBuf,

    /// Write to this new file, mode 0600, instead of standard output
    #[arg(long, value_name = "FILE.json")]
    out: Option<PathBuf>,

    /// Replace the file of --out if there is one
    #[arg(long, requires = "out")]
    force: bool,
}

/// Make a stored card of a JSON document
#[derive(Args)]
#[command(after_long_help = IMPORT_EXAMPLES)]
pub(crate) struct Import {
    /// The document that `cie-card export` wrote
    #[arg(value_name = "FILE.json")]
    document: PathBuf,

    /// The card file to make
    #[arg(long, value_name = "FILE.cie")]
    out: PathBuf,

    /// Replace the file of --out if there is one
    #[arg(long)]
    force: bool,
}

const fn existing(force: bool) -> Existing {
    match force {
        true => Existing::Replaced,
        false => Existing::Refused,
    }
}

impl Export {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match &self.out {
            None => output::print(&store::export(&self.file)?)?,
            Some(path) => store::export_to(&self.file, path, existing(self.force))?,
        }
        // Said where it does not end up in the document.
        let _ = writeln!(
            io::stderr(),
            "note: private keys, PIN and PUK are in this document in clear"
        );
        Ok(())
    }
}

impl Import {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        store::import(&self.document, &self.out, existing(self.force))?;
        output::print(&format!("card stored in {}\n", self.out.display()))
    }
}
