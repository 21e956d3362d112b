//! `cie-card apdu`: commands typed by hand, and a trace of what came of them.

use crate::card::CardOptions;
use crate::failure::Failure;
use crate::fault;
use crate::output::{self, tell};
use cie_emulator::phy::Transceiver;
use cie_emulator::phy::faults::{Faults, Outside, Rule};
use cie_emulator::phy::script::Step;
use cie_emulator::phy::trace::{Event, EventRecord, Secrets, TextOptions, Trace, render};
use cie_emulator::spec::Issued;
use cie_emulator::store::Trouble;
use clap::Args;
use serde_json::json;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

/// Bytes of a line: the longest command in digits and spaces, and room for a comment.
const LONGEST_LINE: u64 = 1 << 20;

const EXAMPLES: &str = "\
Examples:
  cie-card apdu 00A40000 00A4020402D003 00B0000080     EF.SN.ICC, read whole
  cie-card apdu --tlv '00 A4 02 04 02 D0 03 00'        spaces are free; data objects as a tree
  cie-card apdu --chip stm --json < commands.txt       a file of commands, one JSON object per line
  printf '00A40000\\n!reset\\n00B0000000\\n' | cie-card apdu
  cie-card apdu --card card.cie 00A40000               a stored card
  cie-card apdu --fault sw=6F00@#2 00A40000 00A40000   the second answer is spoiled

One line (or argument) is one command APDU in hexadecimal. Blank lines do nothing, # begins a
comment. Four words stand for what is not a command: !reset (warm), !cold (power off and on),
!off and !on. In a shell, put words with ! between single quotes.

The trace numbers the exchanges. > is what was sent: header, Lc, data and Le apart. < is what
came back: data, then the status word in words. * is what changed in the card: counters, what is
verified, selection, secure messaging. Inside secure messaging the trace is the protected view,
the bytes as they passed. The data of VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER are
shown as ** unless --reveal-secrets.

Rules of --fault are those of `cie-card serve --help`; ! is the rule that acts on the exchange after
it. A card that is gone comes back with !on or !cold.

An error status does not stop the trace; a line that cannot be read does. Arguments are all read
before anything is sent. From standard input, the lines before the bad one have been sent; at a
terminal the next line is read all the same.

The card has power from the start. Without --card it lives in memory until the last line, and
the next run begins with a fresh one. With --card it is a stored one: what happens to its PIN and
PUK is on the disk before the answer is printed, and no other program can use it meanwhile.";

/// Send commands to a card and show what happens
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Apdu {
    /// Commands; without any, lines of standard input
    #[arg(value_name = "HEX")]
    commands: Vec<String>,

    /// Show the data objects of responses that are BER-TLV from end to end as a tree
    #[arg(long)]
    tlv: bool,

    /// Show PINs and PUKs in the trace
    #[arg(long)]
    reveal_secrets: bool,

    /// Print one JSON object per event (always with the data objects) instead of text
    #[arg(long)]
    json: bool,

    /// A fault between card and terminal, e.g. truncate=5@READ BINARY; may be repeated
    #[arg(long, value_name = "RULE")]
    fault: Vec<String>,

    #[command(flatten)]
    card: CardOptions,
}

impl Apdu {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let steps = self.arguments()?;
        let rules = fault::parse(&self.fault)?;
        let mut session = Session::new(self, rules, self.card.issue()?);
        session.step(Step::PowerOn)?;
        if steps.is_empty() {
            return session.standard_input();
        }
        steps.into_iter().try_for_each(|step| session.step(step))
    }

    /// All arguments, read before the first is sent.
    fn arguments(&self) -> Result<Vec<Step>, Failure> {
        self.commands
            .iter()
            .enumerate()
            .map(|(index, text)| {
                Step::parse(text).map_err(|error| {
                    Failure::Input(format!("argument {}, {error}; nothing was sent", index + 1))
                })
            })
            .collect()
    }
}

/// The terminal, as the faults need it: it has time, and says what acts.
struct Here(Sender<Rule>);

impl Outside for Here {
    fn wait(&mut self, time: Duration) -> bool {
        thread::sleep(time);
        true
    }

    fn acts(&mut self, rule: &Rule) {
        // The receiver lives as long as the card.
        let _ = self.0.send(rule.clone());
    }

    fn gone(&mut self, _: Option<Duration>) {}
}

/// A card under trace, and how its events are printed.
struct Session {
    card: Box<dyn Transceiver>,
    events: Receiver<Event>,
    faults: Receiver<Rule>,
    exchanges: usize,
    json: bool,
    options: TextOptions,
    trouble: Trouble,
}

impl Session {
    fn new(arguments: &Apdu, rules: Vec<Rule>, issued: Issued) -> Self {
        let (sender, events) = mpsc::channel();
        let (acting, faults) = mpsc::channel();
        let card = Faults::new(issued.card, rules, Here(acting));
        // The receiver lives as long as the session, so sending succeeds.
        let listener = move |event| drop(sender.send(event));
        let secrets = if arguments.reveal_secrets {
            Secrets::Shown
        } else {
            Secrets::Masked
        };
        Self {
            card: Box::new(Trace::new(card, listener).with_secrets(secrets)),
            events,
            faults,
            exchanges: 0,
            json: arguments.json,
            options: TextOptions { tlv: arguments.tlv },
            trouble: issued.trouble,
        }
    }

    /// Carries a step out and prints what it came to.
    fn step(&mut self, step: Step) -> Result<(), Failure> {
        match step {
            Step::Nothing => {}
            Step::Command(command) => {
                self.card.transmit(&command);
            }
            Step::Reset(kind) => {
                self.card.reset(kind);
            }
            Step::PowerOn => {
                self.card.power_on();
            }
            Step::PowerOff => self.card.power_off(),
        }
        while let Ok(rule) = self.faults.try_recv() {
            self.print_fault(&rule)?;
        }
        while let Ok(event) = self.events.try_recv() {
            self.print(&event)?;
        }
        match self.trouble.text() {
            None => Ok(()),
            Some(reason) => Err(Failure::Other(reason.to_owned())),
        }
    }

    /// Which rule acts on the exchange that is printed next.
    fn print_fault(&self, rule: &Rule) -> Result<(), Failure> {
        if self.json {
            output::print_json_line(&json!({ "event": "fault", "rule": rule.to_string() }))
        } else {
            output::print(&format!("! {rule}\n"))
        }
    }

    fn print(&mut self, event: &Event) -> Result<(), Failure> {
        if matches!(event, Event::Exchange(_)) {
            self.exchanges += 1;
        }
        if self.json {
            output::print_json_line(&EventRecord::new(event, self.exchanges))
        } else {
            output::print(&render(event, self.exchanges, self.options))
        }
    }

    fn standard_input(&mut self) -> Result<(), Failure> {
        let mut input = io::stdin().lock();
        let interactive = input.is_terminal();
        if interactive {
            tell(
                "commands in hexadecimal, one per line; Ctrl-D ends, `cie-card apdu --help` explains",
            );
        }
        let mut wrong = None;
        let mut line = Vec::new();
        for number in 1_usize.. {
            line.clear();
            let read = (&mut input)
                .take(LONGEST_LINE.saturating_add(1))
                .read_until(b'\n', &mut line)
                .map_err(|error| Failure::Other(format!("cannot read standard input: {error}")))?;
            if read as u64 > LONGEST_LINE {
                return Err(Failure::Input(format!(
                    "line {number} is longer than {LONGEST_LINE} bytes, which no command needs; the lines before it were sent, it and those after it were not"
                )));
            }
            if read == 0 {
                break;
            }
            match parse_line(number, &line) {
                Ok(step) => self.step(step)?,
                Err(message) if interactive => {
                    tell(&message);
                    wrong = Some(message);
                }
                Err(message) => {
                    return Err(Failure::Input(format!(
                        "{message}; the lines before it were sent, it and those after it were not"
                    )));
                }
            }
        }
        match wrong {
            None => Ok(()),
            Some(_) => Err(Failure::Input(
                "not every line could be sent, see above".to_owned(),
            )),
        }
    }
}

fn parse_line(number: usize, line: &[u8]) -> Result<Step, String> {
    let text = std::str::from_utf8(line).map_err(|error| {
        format!(
            "line {number}, byte {}: this is not text in UTF-8; write commands in hexadecimal digits",
            error.valid_up_to() + 1
        )
    })?;
    Step::parse(text.trim_end_matches(['\n', '\r']))
        .map_err(|error| format!("line {number}, {error}"))
}
