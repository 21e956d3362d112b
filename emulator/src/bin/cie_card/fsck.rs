//! `cie-card fsck`: is a stored card sound?

use crate::failure::Failure;
use crate::output;
use cie_emulator::store::{self, Verdict};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cie-card fsck card.cie
  cie-card fsck --json card.cie

It looks and changes nothing, also while the card is in use: structure and digests, the two
records of its memory, counters, and whether the card agrees with itself (public keys with
private ones, the certificate with its key, security objects with the files they cover).

Exit codes: 0 sound, 1 something is wrong, 2 not a card file.";

/// Check a stored card
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Fsck {
    /// The stored card
    #[arg(value_name = "FILE.cie")]
    file: PathBuf,

    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Fsck {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let report = store::check(&self.file)?;
        if self.json {
            output::print_json(&report)?;
        } else {
            let lines: String = report
                .findings
                .iter()
                .map(|finding| {
                    let verdict = match finding.verdict {
                        Verdict::Sound => "ok",
                        Verdict::Note => "note",
                        Verdict::Wrong => "WRONG",
                    };
                    format!("{verdict:<5}  {:<16} {}\n", finding.what, finding.text)
                })
                .collect();
            output::print(&lines)?;
        }
        match report.is_sound() {
            true => Ok(()),
            false => Err(Failure::Other(format!(
                "{} is not sound; it was left as it is",
                self.file.display()
            ))),
        }
    }
}
