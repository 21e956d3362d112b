//! `cie-conf issuer`: the other side of a forgotten secret, for people and for clients. What the issuer does is the library's.

mod list;
mod serve;
mod walk;

use cie_conformance::issuer::clock::Timestamp;
use cie_conformance::report::model::ExitCode;
use clap::{Args, Subcommand};

use crate::failure::Failure;

/// Lost codes: the recoveries there are, one to walk through, and the issuer for clients under test
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Issuer {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::List),
    Walk(walk::Walk),
    Serve(serve::Serve),
}

impl Issuer {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self.command {
            Command::List(command) => command.run(),
            Command::Walk(command) => command.run(),
            Command::Serve(command) => command.run(),
        }
    }
}

/// An instant on the command line.
fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "write an instant such as 2026-03-02T09:00:00Z".to_owned())
}
