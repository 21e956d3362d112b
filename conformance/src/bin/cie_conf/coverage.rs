//! `cie-conf coverage`: which requirement is shown by which scenario, how every item of the articles is accounted for, and with
//! reports, what came of it.

use std::path::PathBuf;

use cie_conformance::report::accounting::Accounts;
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

A + is a scenario that shows the demand met, a - one that shows a breach refused, a ± one that shows both.
After the requirements come the items of the articles. An item that no scenario cites and that carries no reason
ends the command with exit code 1.")]
pub(crate) struct Coverage {
    #[command(flatten)]
    suite: SuiteDir,
    /// JSON reports whose verdicts are shown, oldest first; may be repeated
    #[arg(long, value_name = "REPORT.json", num_args = 1..)]
    json: Vec<PathBuf>,
    /// Shows only the MUSTs that lack a positive or a negative scenario, and the items that lack a scenario and a reason
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
        let mut table = Table::new(&input.requirements, &input.scenarios, &runs).with_items(
            &input.items,
            &input.scenarios,
            &runs,
        );
        let unaccounted = Accounts::of(&table.items).unaccounted;
        let paint = output::paint_out();
        match (self.format, self.gaps) {
            (Format::Text, false) => output::print(&table.render(paint))?,
            (Format::Text, true) => output::print(&table.render_gaps(paint))?,
            (Format::Json, gaps) => {
                table.rows.retain(|row| !gaps || row.gap != Gap::None);
                table
                    .items
                    .retain(|row| !gaps || row.status.lacks_something());
                output::print_json(&table)?;
            }
        }
        if unaccounted == 0 {
            return Ok(ExitCode::Success);
        }
        let (items, have) = match unaccounted {
            1 => ("1 item".to_owned(), "has"),
            more => (format!("{more} items"), "have"),
        };
        output::say(&format!(
            "{items} of the articles {have} neither a scenario nor a reason; cite it in a scenario's `requirements`, or give it a `reason`"
        ));
        Ok(ExitCode::Failures)
    }
}
