//! `cie-conf schema`: the JSON Schema that editors complete and check with.

use cie_conformance::issuer::policy::policy_schema;
use cie_conformance::report::model::ExitCode;
use cie_conformance::scenario::{block_schema, scenario_schema};
use cie_emulator::phy::trace::file;
use clap::{Args, ValueEnum};

use crate::failure::Failure;
use crate::output;

/// Prints the JSON Schema of scenario files, of blocks, of recovery policies or of traces
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf schema > cie-scenario-1.schema.json
  cie-conf schema policy > cie-policy-1.schema.json
then begin a scenario with
  # yaml-language-server: $schema=./cie-scenario-1.schema.json")]
pub(crate) struct Schema {
    /// Of which files
    #[arg(value_name = "KIND", default_value = "scenario")]
    kind: Kind,
    /// The same as `block`
    #[arg(long, conflicts_with_all = ["kind", "trace"])]
    block: bool,
    /// The same as `trace`
    #[arg(long, conflicts_with = "kind")]
    trace: bool,
}

/// Kinds of files that have a schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Scenarios
    Scenario,
    /// Blocks of steps
    Block,
    /// Policies of recoveries
    Policy,
    /// The lines of a trace
    Trace,
}

impl Schema {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let kind = match (self.block, self.trace) {
            (true, _) => Kind::Block,
            (false, true) => Kind::Trace,
            (false, false) => self.kind,
        };
        let schema = match kind {
            Kind::Scenario => scenario_schema(),
            Kind::Block => block_schema(),
            Kind::Policy => policy_schema(),
            Kind::Trace => file::schema(),
        };
        output::print(&schema)?;
        Ok(ExitCode::Success)
    }
}
