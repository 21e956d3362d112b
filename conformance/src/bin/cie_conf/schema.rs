//! `cie-conf schema`: the JSON Schema that editors complete and check with.

use cie_conformance::report::model::ExitCode;
use cie_conformance::scenario::{block_schema, scenario_schema};
use cie_emulator::phy::trace::file;
use clap::Args;

use crate::failure::Failure;
use crate::output;

/// Prints the JSON Schema of scenario files, of blocks or of traces
#[derive(Args)]
#[command(after_help = "\
Example:
  cie-conf schema > cie-scenario-1.schema.json
then begin a scenario with
  # yaml-language-server: $schema=./cie-scenario-1.schema.json")]
pub(crate) struct Schema {
    /// Prints that of block files instead
    #[arg(long)]
    block: bool,
    /// Prints that of the lines of a trace instead
    #[arg(long, conflicts_with = "block")]
    trace: bool,
}

impl Schema {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let schema = match (self.block, self.trace) {
            (true, _) => block_schema(),
            (false, true) => file::schema(),
            (false, false) => scenario_schema(),
        };
        output::print(&schema)?;
        Ok(ExitCode::Success)
    }
}
