//! `cie-card personas`: who is built in.

use crate::failure::Failure;
use crate::output;
use cie_emulator::persona::{CodesSource, Persona};
use clap::Args;
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  cie-card new --persona adult-seeded     make one of them a card

`--seed N` invents any number of others. fixtures/personas/README.md has the format of persona
files.";

/// List the built-in personas
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Personas {
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    id: String,
    title: String,
    holder: String,
    document_number: String,
    codes: &'static str,
}

impl Personas {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let rows = Persona::builtin_ids()
            .map(|id| Persona::builtin(id).map(|persona| row(&persona)))
            .collect::<Result<Vec<_>, _>>()?;
        if self.json {
            return output::print_json(&rows);
        }
        let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
        let text: String = rows
            .iter()
            .map(|row| {
                format!(
                    "{:<width$} {}\n{:width$} {}, document {}, codes: {}\n",
                    row.id, row.title, "", row.holder, row.document_number, row.codes
                )
            })
            .collect();
        output::print(&text)
    }
}

fn row(persona: &Persona) -> Row {
    Row {
        id: persona.id.clone(),
        title: persona.title.clone(),
        holder: format!("{} {}", persona.holder.given_names, persona.holder.surname),
        document_number: persona.document_number.to_string(),
        codes: match persona.codes {
            CodesSource::ManualSample => "PIN 12345678, PUK 87654321",
            CodesSource::Seeded => "drawn from the seed",
        },
    }
}
