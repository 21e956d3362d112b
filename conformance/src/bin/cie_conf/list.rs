//! `cie-conf list`: what there is to run.

use cie_conformance::report::model::ExitCode;
use cie_conformance::scenario::Case;
use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{self, plural};
use crate::suite::Choice;

/// Lists scenarios: id, hazard, title, requirements, cells
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf list                  everything in the program
  cie-conf list pin '**/lock*'   a folder and a glob
  cie-conf list --names sm       the names of the cases alone, one a line
  cie-conf list --json           everything known of each, for programs")]
pub(crate) struct List {
    #[command(flatten)]
    choice: Choice,
    /// Prints the names of the cases alone, one a line
    #[arg(long = "names", conflicts_with = "json")]
    names_only: bool,
    /// Prints JSON: one object for each case
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    id: String,
    cell: serde_json::Map<String, serde_json::Value>,
    title: String,
    hazard: &'static str,
    requirements: Vec<String>,
    file: String,
    steps: usize,
}

impl List {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let suite = self.choice.suite()?;
        let selection = self.choice.select(&suite)?;
        if self.json {
            let entries: Vec<Entry> = selection.cases.iter().map(Entry::of).collect();
            output::print_json(&entries)?;
        } else if self.names_only {
            let names: String = selection
                .cases
                .iter()
                .map(|case| case.name() + "\n")
                .collect();
            output::print(&names)?;
        } else {
            output::print(&table(&selection.cases))?;
        }
        Ok(ExitCode::Success)
    }
}

impl Entry {
    fn of(case: &Case) -> Self {
        let cell = case
            .cell
            .iter()
            .map(|(axis, value)| (axis.clone(), value.clone().into()));
        Self {
            name: case.name(),
            id: case.id.clone(),
            cell: cell.collect(),
            title: case.title().to_owned(),
            hazard: case.hazard.name(),
            requirements: case.requirements().map(str::to_owned).collect(),
            file: case.source.name().to_owned(),
            steps: case.steps.len(),
        }
    }
}

/// A scenario a block: id and hazard, title, requirements, cells.
fn table(cases: &[Case]) -> String {
    let mut out = String::new();
    let mut scenarios = 0;
    for of_one in cases.chunk_by(|a, b| a.id == b.id) {
        let Some(first) = of_one.first() else {
            continue;
        };
        scenarios += 1;
        let requirements: Vec<&str> = first.requirements().collect();
        out += &format!(
            "{}  {}\n    {}\n    {}\n",
            first.id,
            first.hazard,
            first.title(),
            requirements.join(", ")
        );
        let cells = of_one.iter().filter(|case| !case.cell.is_empty());
        let cells: Vec<String> = cells
            .map(|case| case.name().replacen(&case.id, "", 1))
            .collect();
        if !cells.is_empty() {
            out += &format!("    {}\n", cells.join(" "));
        }
    }
    out + &format!(
        "\n{}, {}\n",
        plural(scenarios, "scenario"),
        plural(cases.len(), "case")
    )
}
