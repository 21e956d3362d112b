//! The command line of the card: it reads options, asks the library, prints. Nothing here decides what a card does.

mod apdu;
mod card;
mod chips;
mod doctor;
mod document;
mod driver;
mod export;
mod failure;
mod fault;
mod fsck;
mod new;
mod output;
mod personas;
mod serve;
mod show;
mod view;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  cie-card new --seed 7                               make a card, print its receipt and letter
  cie-card new --seed 7 --out card.cie                make it and keep it
  cie-card show --chip nxp                            look into the default card on an NXP chip
  cie-card show --file 1003 --out certificate.der     write one of its files
  cie-card apdu 00A40000 00A4020402D003 00B0000080    select the MF, select EF.SN.ICC, read it
  cie-card chips --parameters                         what --set can change, and why
  sudo cie-card serve --start-pcscd                   put a card into a virtual reader
  cie-card doctor                                     why does no client see it?

Every holder, number, key and authority is invented. The same options give the same card, byte
for byte, on every machine, made anew in memory by every command: nothing that one command does
to it (a wrong PIN, say) is there for the next. A card made with `new --out card.cie` is kept in
that file, and --card card.cie uses it: there a wrong PIN costs a try for good.

Exit codes: 0 done, 2 wrong usage or input, 1 anything else.";

/// The Italian electronic identity card (CIE 3.0) as software.
#[derive(Parser)]
#[command(name = "cie-card", version, arg_required_else_help = true, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::New),
    Show(show::Show),
    Apdu(apdu::Apdu),
    Chips(chips::Chips),
    Fsck(fsck::Fsck),
    Export(export::Export),
    Import(export::Import),
    Personas(personas::Personas),
    Serve(serve::Serve),
    Driver(driver::Driver),
    Doctor(doctor::Doctor),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::New(command) => command.run(),
        Command::Show(command) => command.run(),
        Command::Apdu(command) => command.run(),
        Command::Chips(command) => command.run(),
        Command::Fsck(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Import(command) => command.run(),
        Command::Personas(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Driver(command) => command.run(),
        Command::Doctor(command) => command.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
