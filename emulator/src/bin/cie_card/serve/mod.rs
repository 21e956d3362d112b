//! `cie-card serve`: cards in virtual readers, for real clients, until somebody ends it.

mod cards;
mod control;
mod faults;
mod keys;
mod listen;
mod printer;
mod trace;
mod way;

use crate::card::MadeOptions;
use crate::failure::Failure;
use cie_emulator::control::api::{Ask, Reply};
use cie_emulator::control::lines::{Lines, Told};
use cie_emulator::control::{Desk, Done, Order, Refusal};
use cie_emulator::link::{Link, Slot};
use clap::Args;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  sudo cie-card serve --start-pcscd          one command: a daemon, a reader, the default card in it
  cie-card serve --chip nxp                  into the reader of a daemon that has our driver
  cie-card serve --card seed=1 --card seed=2,chip=stm --also seed=3
                                             two readers with two citizens, a third in the drawer
  cie-card serve --via vpcd                  through vsmartcard's vpcd
  cie-card serve --control --json --trace run.jsonl
  cie-card serve --fault delay=3s@'INTERNAL AUTHENTICATE' --fault lost@VERIFY,#1

Cards: SPEC is KEY=VALUE pairs with commas between them: persona (or a word without =), seed, chip,
profile, name, and any behaviour parameter of `cie-card chips --parameters`. A stored card is its
file, FILE.cie, and keeps what happens to it. Each --card has a reader of its own. Cards given with
--also wait in the drawer.

Faults (--fault) spoil what passes between each of these cards and its reader. RULE is EFFECT or
EFFECT@CONDITION,CONDITION...; the line of an exchange that a fault has spoiled comes after one
that names the fault.
  delay=300ms   the answer comes later: 1ms to 600s; our driver itself gives up after 60s
  truncate=5    only so many bytes of the answer arrive
  flip=0        a bit of the answer is wrong: 0 the first, -1 the last; flip alone: any, drawn
  sw=6F00       this status word arrives instead of the answer
  lost          the card has carried the command out, the answer never arrives
  unheard       the command never reaches the card
  gone, gone=2s the command is carried out, then the card is out; back after that time, or by hand
Conditions: the name of a command (READ BINARY), a header (0C??????, CLA INS P1 P2), which ones of
those (#3, #3-5, #3-, counted as long as this runs), a share of those (10%), and the seed by which
it is drawn (seed=7). vpcd knows no card that stays silent: there the client sees it leave.

Keys, when standard input is a terminal: i insert, r remove, s swap with the next card of the
drawer, p take the power away for a moment, l list, 1-9 choose a reader, q quit.

The control API (--control) is HTTP with JSON on this machine: GET /v1/status, POST /v1/insert,
/v1/remove, /v1/swap, /v1/reset, /v1/quit, bodies like {\"reader\": 1, \"card\": 2}, and
`Authorization: Bearer TOKEN`. The token is shown once on standard error, or kept in a file.

One line per exchange goes to standard output: what was asked -> status in words * what changed.
PINs and PUKs are never printed. When the daemon restarts, the readers are taken again.

Ctrl-C, SIGTERM and q take the cards out, so that clients see it, and end with exit code 0.
Exit codes: 0 ended as asked, 2 wrong usage or input, 1 anything else.";

/// Put cards into virtual readers, for real PC/SC clients
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Serve {
    /// A card in a reader of its own; may be repeated
    #[arg(long, value_name = "SPEC", conflicts_with_all = ["seed", "persona", "chip", "profile", "set"])]
    card: Vec<String>,

    /// A card that waits in the drawer, for swapping; may be repeated
    #[arg(long, value_name = "SPEC")]
    also: Vec<String>,

    /// The way into the reader: driver[:ENDPOINT] or vpcd[:PORT]; repeated, one for each reader
    ///
    /// ENDPOINT is unix:/path or 127.0.0.1:PORT, where the driver listens: the DEVICENAME of its reader.conf entry.
    #[arg(long, value_name = "WAY", default_value = "driver")]
    via: Vec<String>,

    /// Start pcscd for the time of this command, with our driver from where it was built
    ///
    /// shared: for all programs of this machine, as root, when no pcscd runs. private: also as an ordinary user, beside
    /// whatever runs; clients find it by an environment variable that is printed.
    #[arg(long, value_name = "WHICH", num_args = 0..=1, default_missing_value = "shared", conflicts_with = "via")]
    start_pcscd: Option<way::Which>,

    /// A fault between card and reader, for trying clients; may be repeated
    ///
    /// For example delay=300ms@READ BINARY. All cards have all faults, each counted for itself.
    #[arg(long, value_name = "RULE")]
    fault: Vec<String>,

    #[command(flatten)]
    control: control::ControlOptions,

    /// Print nothing of what passes
    #[arg(long)]
    quiet: bool,

    /// Print one JSON object per line instead of text
    #[arg(long, conflicts_with = "quiet")]
    json: bool,

    /// Write what passes into a trace file, personal data left out; {reader} in the name is the reader's number
    #[arg(long, value_name = "FILE")]
    trace: Option<String>,

    #[command(flatten)]
    one: MadeOptions,
}

/// Something that the main thread shall see to.
enum Happening {
    /// A key was pressed.
    Key(u8),
    /// Somebody asks, and waits for the reply.
    Ask(Ask, Sender<Reply>),
    /// To be ended, with why.
    End(&'static str),
    /// Standard output is gone.
    OutputGone,
    /// A trace or a stored card can no longer be written.
    Broken(String),
    /// A fault has taken this card out, for this long.
    Gone(usize, Option<Duration>),
}

impl Serve {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let cards = cards::Cards::issue(self)?;
        let rules = crate::fault::parse(&self.fault)?;
        let ways = way::parse(&self.via, cards.readers())?;
        let guard = self.control.guard()?;
        let places = trace::places(self.trace.as_deref(), cards.readers())?;
        let (happen, happenings) = mpsc::channel();
        on_signals(&happen)?;
        // From here on things are started; each is ended when this function is left, the last one first.
        let daemon = way::Daemon::start(self.start_pcscd, &cards)?;
        let ways = daemon.as_ref().map_or(ways, way::Daemon::ways);
        let printer = printer::Printer::start(self.format(), happen.clone())?;
        let slots: Vec<Slot> = (1..=cards.readers())
            .map(|reader| Slot::new(cie_emulator::install::reader_name(reader)))
            .collect();
        let traces = trace::Traces::create(&places, &cards)?;
        // A card that nobody listens to is faster.
        let listen = !self.quiet || traces.is_some() || cards.any_stored();
        let passing = listen.then(|| listen::passing(&printer, traces, cards.troubles(), &happen));
        let mut desk = Desk::new(slots.clone(), passing);
        let readers = cards.readers();
        let faults = faults::Faults::new(rules, &printer, &happen);
        let patience = cards.into_drawer(&mut desk, &faults);
        printer.begin(Lines::about(&desk));
        cards::insert(&mut desk, readers)?;
        printer.tell(Told::Status(desk.status()));
        let links = way::connect(slots, ways, &printer)?;
        let server = self.control.serve(guard, &happen)?;
        let keys = keys::Keys::listen(&happen)?;
        let mut session = Session {
            desk,
            printer: &printer,
            patience,
            happen,
            reader: 1,
            broken: false,
        };
        let ended = session.work(&happenings);
        // From here on nobody waits for the output, and nobody for a reply.
        printer.ending();
        drop(happenings);
        drop((keys, server));
        session.patience.end();
        session.desk.clear();
        links.into_iter().for_each(Link::stop);
        drop(daemon);
        let broken = session.broken;
        printer.finish(ended);
        if broken { Err(Failure::Told) } else { Ok(()) }
    }

    const fn format(&self) -> printer::Format {
        match (self.quiet, self.json) {
            (true, _) => printer::Format::Quiet,
            (false, true) => printer::Format::Json,
            (false, false) => printer::Format::Text,
        }
    }
}

/// SIGINT, SIGTERM and SIGHUP end the session in good order.
fn on_signals(happen: &Sender<Happening>) -> Result<(), Failure> {
    let happen = happen.clone();
    ctrlc::set_handler(move || {
        // Whoever would be told has ended.
        let _ = happen.send(Happening::End("signal"));
    })
    .map_err(|error| Failure::Other(format!("signals cannot be waited for: {error}")))
}

/// The desk, while it is worked on.
struct Session<'a> {
    desk: Desk,
    printer: &'a printer::Printer,
    /// Of cards whose answers a fault holds back.
    patience: faults::Patience,
    happen: Sender<Happening>,
    /// The reader that keys are about.
    reader: usize,
    /// Something could not be written.
    broken: bool,
}

impl Session<'_> {
    /// Sees to what happens until somebody ends it; says why it ended.
    fn work(&mut self, happenings: &Receiver<Happening>) -> &'static str {
        while let Ok(happening) = happenings.recv() {
            match happening {
                Happening::End(why) => return why,
                Happening::OutputGone => return "output gone",
                Happening::Broken(reason) => self.broke(reason),
                Happening::Gone(card, back) => self.gone(card, back),
                Happening::Ask(Ask::Quit, reply) => {
                    let _ = reply.send(Reply::Quitting);
                    return "control";
                }
                // Who has stopped waiting needs no reply.
                Happening::Ask(Ask::Status, reply) => {
                    let _ = reply.send(Reply::Status(self.desk.status()));
                }
                Happening::Ask(Ask::Order(order), reply) => {
                    let _ = reply.send(Reply::Done(self.carry_out(order)));
                }
                Happening::Key(b'q' | b'Q' | 0x04) => return "key",
                Happening::Key(key) => self.key(key),
            }
        }
        "nobody left"
    }

    fn key(&mut self, key: u8) {
        let reader = Some(self.reader);
        let card = None;
        let order = match key.to_ascii_lowercase() {
            b'i' => Order::Insert { reader, card },
            b'r' => Order::Remove { reader },
            b's' => Order::Swap { reader, card },
            b'p' => Order::Reset { reader },
            b'l' => return self.printer.tell(Told::Status(self.desk.status())),
            digit @ b'1'..=b'9' => return self.choose(usize::from(digit - b'0')),
            b'\n' | b'\r' | b' ' => return,
            _ => return keys::help(),
        };
        if let Err(refusal) = self.carry_out(order) {
            self.printer.tell(Told::Refused(refusal));
        }
    }

    /// Does what is asked for; a card whose answer a fault holds back is not waited for.
    fn carry_out(&mut self, order: Order) -> Result<Done, Refusal> {
        if let Some(reader) = order.disturbs() {
            let readers = self.desk.status().readers.into_iter();
            readers
                .filter(|it| reader.is_none_or(|reader| reader == it.reader))
                .filter_map(|it| it.card)
                .for_each(|card| self.patience.break_off(card.card));
        }
        self.desk.carry_out(order)
    }

    /// Takes a card out that a fault has made vanish, and sees to it that it comes back.
    fn gone(&mut self, card: usize, back: Option<Duration>) {
        let readers = self.desk.status().readers;
        let place = readers
            .iter()
            .find(|it| it.card.as_ref().is_some_and(|inside| inside.card == card));
        // Somebody may have been quicker.
        let Some(reader) = place.map(|it| it.reader) else {
            return;
        };
        let taken = self.carry_out(Order::Remove {
            reader: Some(reader),
        });
        if let Err(refusal) = taken {
            return self.printer.tell(Told::Refused(refusal));
        }
        if let Some(time) = back {
            faults::put_back(&self.happen, reader, card, time);
        }
    }

    fn choose(&mut self, reader: usize) {
        let readers = self.desk.status().readers.len();
        if reader > readers {
            let refusal = Refusal::NoReader { reader, readers };
            return self.printer.tell(Told::Refused(refusal));
        }
        self.reader = reader;
        crate::output::tell(&format!("keys are about reader {reader}"));
    }

    /// Serving goes on; the exit code will tell.
    fn broke(&mut self, reason: String) {
        crate::output::tell(&format!("error: {reason}"));
        self.broken = true;
    }
}
