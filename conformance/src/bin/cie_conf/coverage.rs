//! `cie-conf coverage`: which requirement is shown by which scenario, and with reports, what came of it.

use std::path::PathBuf;

use cie_conformance::report::coverage::{Coverage as Table, Gap};
use cie_conformance::report::json;
use cie_conformance::report::model::{ExitCode, RunResult};
use clap::{Args, ValueEnum};

use crate::failure::Failure;
use crate::output;
use crate::suite::SuiteDir;

/// Shows, for each requirement, the scenarios that cite it; those that lack something first
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf coverage                        what the scenarios in the program cover
  cie-conf coverage --gaps                 only the MUSTs without a positive or a negative scenario
  cie-conf coverage --json run.json        with the verdicts of a run; the last report given wins
  cie-conf coverage --format json | jq     for programs

A + is a scenario that shows the demand met, a - one that shows a breach refused, a ± one that shows both.")]
pub(crate) struct Coverage {
    #[command(flatten)]
    suite: SuiteDir,
    /// JSON reports whose verdicts are shown, oldest first; may be repeated
    #[arg(long, value_name = "REPORT.json", num_args = 1..)]
    json: Vec<PathBuf>,
    /// Shows only the MUSTs that lack a positive or a negative scenario
    #[arg(long)]
    gaps: bool,
    /// For people or for programs
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// JSON for programs
    Json,
}

impl Coverage {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let suite = self.suite.read()?;
        let input = suite.coverage(&suite.cases()?);
        let runs = self.json.iter().map(|path| {
            json::read(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
        });
        let runs = runs.collect::<Result<Vec<RunResult>, Failure>>()?;
        let runs: Vec<&RunResult> = runs.iter().collect();
        let mut table = Table::new(&input.requirements, &input.scenarios, &runs);
        let paint = output::paint_out();
        match (self.format, self.gaps) {
            (Format::Text, false) => output::print(&table.render(paint))?,
            (Format::Text, true) => output::print(&table.render_gaps(paint))?,
            (Format::Json, gaps) => {
                table.rows.retain(|row| !gaps || row.gap != Gap::None);
                output::print_json(&table)?;
            }
        }
        Ok(ExitCode::Success)
    }
}
