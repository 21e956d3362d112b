//! `cie-card show`: a look into a card, without asking it.

use crate::card::CardOptions;
use crate::document;
use crate::failure::Failure;
use crate::output;
use crate::view::{FileRow, View, access};
use cie_emulator::files::{DedicatedFile, ElementaryFile};
use cie_emulator::spec::Issued;
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cie-card show                                          files, counters, keys, parameters
  cie-card show --reveal-secrets                         PIN and PUK too
  cie-card show --card card.cie                          a stored card, with the tries it has left
  cie-card show --seed 7 --file 1003 --out cert.der      the holder's certificate
  cie-card show --file EF.SN.ICC --hex                   one file in hexadecimal
  cie-card show --document                               what is printed on the card
  cie-card show --document --out card.svg                the same as a picture
  cie-card show --profile strict --set pin_tries=5       lists what differs from the default

This looks into the card's memory and asks the card nothing: access conditions do not apply, no
try is spent. Private keys are never shown. A card made of options lives in memory, and its
counters are those of a fresh card; --card looks into a stored one, also while it is in use.";

/// Look into a card: files, counters, life cycle, keys, parameters
#[derive(Args)]
#[command(after_long_help = EXAMPLES, group = clap::ArgGroup::new("what").args(["file", "document"]))]
pub(crate) struct Show {
    /// Show PIN and PUK
    #[arg(long)]
    reveal_secrets: bool,

    /// Show one file only, by identifier (1003) or name (EF.Cert_CIE)
    #[arg(long, value_name = "FILE")]
    file: Option<String>,

    /// Show the data page of the document as people see it; with --out FILE.svg as a picture
    #[arg(long, conflicts_with_all = ["file", "hex", "json", "reveal_secrets"])]
    document: bool,

    /// Write the file's content byte for byte, or the data page, to this path; a file that is there is replaced
    #[arg(long, value_name = "PATH", requires = "what", conflicts_with_all = ["hex", "json"])]
    out: Option<PathBuf>,

    /// Print the file's content as one line of hexadecimal
    #[arg(long, requires = "file", conflicts_with = "json")]
    hex: bool,

    /// Print JSON instead of text
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    card: CardOptions,
}

impl Show {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let issued = self.card.look()?;
        if self.document {
            return document::show(&issued, self.out.as_deref());
        }
        if let Some(name) = &self.file {
            return self.one_file(&issued, name);
        }
        let view = View::new(&issued, self.reveal_secrets)?;
        if self.json {
            output::print_json(&view)
        } else {
            output::print(&view.to_text())
        }
    }

    fn one_file(&self, issued: &Issued, name: &str) -> Result<(), Failure> {
        let (df, ef) = find(issued, name)?;
        let size = ef.contents.len();
        if let Some(path) = &self.out {
            output::write_file(path, &ef.contents)?;
            return output::print(&format!(
                "{} ({}): {size} bytes written to {}\n",
                ef.name,
                ef.file_id,
                path.display()
            ));
        }
        if self.hex {
            return output::print(&format!("{}\n", hex::encode_upper(&ef.contents)));
        }
        if self.json {
            return output::print_json(&FileContents {
                file: FileRow::new(df, ef),
                contents: hex::encode_upper(&ef.contents),
            });
        }
        output::print(&format!(
            "{} ({}) in {}, {size} bytes, read access: {}\n{}",
            ef.name,
            ef.file_id,
            df.name,
            access(ef.read),
            dump(&ef.contents)
        ))
    }
}

/// The file with this identifier or name; the first, where two DFs show the same.
fn find<'a>(
    issued: &'a Issued,
    name: &str,
) -> Result<(&'a DedicatedFile, &'a ElementaryFile), Failure> {
    let files = || {
        issued
            .card
            .image()
            .files
            .dedicated_files()
            .iter()
            .flat_map(|df| df.files.iter().map(move |ef| (df, ef)))
    };
    files()
        .find(|(_, ef)| {
            ef.file_id.to_string().eq_ignore_ascii_case(name) || ef.name.eq_ignore_ascii_case(name)
        })
        .ok_or_else(|| {
            let known: Vec<String> = files()
                .map(|(_, ef)| format!("{} ({})", ef.file_id, ef.name))
                .collect();
            Failure::Input(format!(
                "the card has no file {name:?}; there are: {}",
                known.join(", ")
            ))
        })
}

/// Offset, sixteen bytes, the same as characters.
fn dump(contents: &[u8]) -> String {
    let mut out = String::new();
    for (row, bytes) in contents.chunks(16).enumerate() {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let characters: String = bytes
            .iter()
            .map(|byte| match byte {
                0x20..=0x7E => char::from(*byte),
                _ => '.',
            })
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{:04X}  {:<47}  {characters}",
            16 * row,
            digits.join(" ")
        );
    }
    out
}

#[derive(Serialize)]
struct FileContents {
    #[serde(flatten)]
    file: FileRow,
    contents: String,
}
