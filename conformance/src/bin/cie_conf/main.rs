//! The command line of the judge: it reads options, asks the library, prints. Nothing here decides what a card must do.

mod coverage;
mod diff;
mod doctor;
mod explain;
mod failure;
mod fmt;
mod issuer;
mod lint;
mod list;
mod merge;
mod output;
mod readers;
mod record;
mod replay;
mod run;
mod schema;
mod suite;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

/// Jobs keep every step of every case until the report is written; with this allocator they do not wait for each other.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const EXAMPLES: &str = "\
Examples:
  cie-conf run                                        every scenario, against the embedded card
  cie-conf run pin sm --report html=report.html       two folders, with a page to look at
  cie-conf run 'pin/lock-then-unblock[chip=stm3]'     one cell of one scenario
  cie-conf run ./my-scenario.yaml                     a file of your own
  cie-conf run --target reader                        the card in the reader, without risk for it
  cie-conf readers                                    readers and cards; doctor says why one is not seen
  cie-conf list pin                                   what there is
  cie-conf lint ./my-scenario.yaml                    what is wrong with a file, and what to write instead
  cie-conf explain 63C2 CIE-PIN-003                   what a status word or a requirement means
  cie-conf issuer list                                how lost codes come back; serve gives them to a client
  cie-conf issuer walk cie-puk                        how a lost PUK comes back, step by step

Names are ids (pin/lock-then-unblock), folders (pin), globs (**/lock*), each with a cell in brackets if
wanted, and files or folders on the disk. Scenarios, personas and chips are inside the program.

Exit codes: 0 all good, 1 failures, 2 wrong usage or a bad scenario, 3 the harness broke or was
interrupted, 4 refused for the safety of a card. People read standard error, programs standard output.";

/// Judges an Italian electronic identity card (CIE 3.0) by scenarios.
#[derive(Parser)]
#[command(name = "cie-conf", version, arg_required_else_help = true, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(Box<run::Run>),
    List(list::List),
    Lint(lint::Lint),
    Fmt(fmt::Fmt),
    Explain(explain::Explain),
    Coverage(coverage::Coverage),
    Schema(schema::Schema),
    Report(merge::Report),
    Record(Box<record::Record>),
    Replay(replay::Replay),
    Diff(diff::Diff),
    Trace(trace::Trace),
    Readers(readers::Readers),
    Doctor(doctor::Doctor),
    Issuer(issuer::Issuer),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(command) => command.run(),
        Command::List(command) => command.run(),
        Command::Lint(command) => command.run(),
        Command::Fmt(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Coverage(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Record(command) => command.run(),
        Command::Replay(command) => command.run(),
        Command::Diff(command) => command.run(),
        Command::Trace(command) => command.run(),
        Command::Readers(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Issuer(command) => command.run(),
    };
    match result {
        Ok(code) => code.into(),
        Err(failure) => failure.report(),
    }
}
