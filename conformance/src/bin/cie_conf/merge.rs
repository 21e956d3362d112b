//! `cie-conf report merge`: the shards of a divided run become one verdict.

use std::path::PathBuf;

use cie_conformance::report::Masker;
use cie_conformance::report::model::ExitCode;
use cie_conformance::report::{Destination, json, merge};
use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::run::{check_reports, tell};

/// Works on reports that were written
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Report {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Merge(Merge),
}

/// Joins the JSON reports of all shards of a run into the verdict the undivided run would have had
#[derive(Args)]
#[command(after_help = "\
Example:
  cie-conf run --partition hash:1/2 --report json=1.json     on one machine
  cie-conf run --partition hash:2/2 --report json=2.json     on another
  cie-conf report merge 1.json 2.json --report junit=all.xml --report html=all.html

Shards must be of the same suite, seed, target and options, and all of them must be there; with
--today on every machine they are, even around midnight. A single undivided report can be given too, to
write it in another format. The exit code is that of the whole run.")]
struct Merge {
    /// The JSON reports, one for each shard
    #[arg(required = true, value_name = "SHARD.json")]
    shards: Vec<PathBuf>,
    /// Writes a report of the whole: junit=PATH, html=PATH, json=PATH or tap=PATH, `-` for standard output; may be repeated
    #[arg(long, value_name = "FORMAT=PATH")]
    report: Vec<Destination>,
}

impl Report {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let Command::Merge(command) = self.command;
        check_reports(&command.report)?;
        let shards = command.shards.iter().map(|path| {
            let named = |error: Failure| match error {
                Failure::Usage(message) => Failure::Usage(format!("{}: {message}", path.display())),
                other => other,
            };
            json::read(path).map_err(|error| named(error.into()))
        });
        let shards = shards.collect::<Result<Vec<_>, Failure>>()?;
        let whole = merge(shards).map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(tell(whole, &Masker::new(), &command.report))
    }
}
