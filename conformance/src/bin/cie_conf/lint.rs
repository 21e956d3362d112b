//! `cie-conf lint`: everything wrong with files, with what to write instead.

use cie_conformance::report::model::ExitCode;
use cie_conformance::suite::lint;
use clap::Args;

use crate::failure::Failure;
use crate::output::{self, plural};
use crate::suite::Choice;

/// Says everything that is wrong with scenario and block files, recovery policies and people
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf lint my-scenario.yaml          one file
  cie-conf lint fixtures/scenarios        a folder: scenarios and blocks
  cie-conf lint my-policy.yaml            a recovery policy; people and accounts of the issuer too
  cie-conf lint                           the program's own

A file in a folder of scenarios is held against the blocks and requirements of that folder.
Exit codes: 0 nothing wrong (warnings at most), 2 errors.")]
pub(crate) struct Lint {
    #[command(flatten)]
    choice: Choice,
}

impl Lint {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let suite = self.choice.suite()?;
        let linted = lint(&suite, &self.choice.names)?;
        let files = plural(linted.files, "file");
        if linted.problems.is_empty() {
            output::say(&format!("{files}: nothing wrong"));
            return Ok(ExitCode::Success);
        }
        output::say(&format!(
            "{} in {files}",
            output::problems(&linted.problems)
        ));
        Ok(if linted.problems.has_errors() {
            ExitCode::Usage
        } else {
            ExitCode::Success
        })
    }
}
