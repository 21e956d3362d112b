//! What the tests with a real daemon share: the client on a string, cards that tell what happened to them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "every suite uses a part of it, and helpers of tests fail by panicking"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cie_emulator::card::Reset;
use cie_emulator::link::{Link, LinkEvent, Slot, Via};
use cie_emulator::phy::Transceiver;
use cie_pcscd::PrivateDaemon;

/// PC/SC's numbers, as clients see them.
pub(crate) const SUCCESS: &str = "00000000";
pub(crate) const PROTO_MISMATCH: &str = "8010000F";
pub(crate) const NOT_TRANSACTED: &str = "80100016";
pub(crate) const UNSUPPORTED_FEATURE: &str = "8010001F";
pub(crate) const NO_READERS: &str = "8010002E";
pub(crate) const REMOVED_CARD: &str = "80100069";

/// How long a change may take before a test gives up; long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether the tests with a real daemon are to run; where not, says so.
pub(crate) fn wanted() -> bool {
    let wanted = std::env::var_os("CIE_PCSC").is_some_and(|value| value == "1");
    if !wanted {
        println!("left to the lane with CIE_PCSC=1: this test starts a real pcscd");
    }
    wanted
}

/// As [`wanted`], for tests that move a thread into the daemon's network: only root may.
pub(crate) fn wanted_as_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("left to root: this test moves a thread into the network of its daemon");
    }
    root && wanted()
}

/// The reader of a daemon with one of ours.
pub(crate) const READER: &str = "CIE Test 00 00";

/// A daemon with one reader of our driver.
pub(crate) fn daemon() -> PrivateDaemon {
    let builder = PrivateDaemon::builder().reader("CIE Test").debug();
    builder.start().unwrap()
}

/// The way to a reader of our driver.
pub(crate) fn via(daemon: &PrivateDaemon, index: usize) -> Via {
    Via::Driver(daemon.endpoints()[index].clone())
}

/// A client of a private daemon.
pub(crate) struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Client {
    /// Starts a client of this daemon and establishes its context.
    pub(crate) fn of(daemon: &PrivateDaemon) -> Self {
        Self::start(|command| {
            daemon.serve(command);
        })
    }

    /// Starts a client of the whole machine's daemon.
    pub(crate) fn of_the_machine() -> Self {
        Self::start(|command| {
            command.env_remove(cie_pcscd::SOCKET_VARIABLE);
        })
    }

    fn start(prepare: impl FnOnce(&mut Command)) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/client.py");
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script);
        prepare(&mut command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with pyscard: apt-get install python3-pyscard");
        let mut client = Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        assert_eq!(client.ask("establish").0, SUCCESS);
        client
    }

    /// Says one line; gives back the error code and the rest of the answer.
    pub(crate) fn ask(&mut self, line: &str) -> (String, String) {
        writeln!(self.input, "{line}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        let answer = answer.trim_end();
        let (code, rest) = answer.split_once(' ').unwrap_or((answer, ""));
        (code.to_owned(), rest.to_owned())
    }

    /// Asks, and expects success.
    pub(crate) fn get(&mut self, line: &str) -> String {
        let (code, rest) = self.ask(line);
        assert_eq!(code, SUCCESS, "{line}");
        rest
    }

    /// Waits until the reader is `wanted` (`present` or `empty`); gives back the count of its events and the ATR.
    pub(crate) fn until(&mut self, wanted: &str, reader: &str) -> (u32, String) {
        let started = Instant::now();
        let mut state = self.get(&format!("now {reader}"));
        loop {
            let mut words = state.split(' ');
            if words.next() == Some(wanted) {
                let count = words.next().unwrap().parse().unwrap();
                return (count, words.next().unwrap_or_default().to_owned());
            }
            assert!(started.elapsed() < PATIENCE, "{reader} is never {wanted}");
            state = self.get(&format!("change 20000 {reader}"));
        }
    }
}

impl Client {
    /// Waits until the card with this answer to reset is in the reader; gives back the count of the reader's events.
    pub(crate) fn until_card(&mut self, atr: &str, reader: &str) -> u32 {
        let started = Instant::now();
        loop {
            let (count, seen) = self.until("present", reader);
            if seen == atr {
                return count;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{reader} never has the card {atr}"
            );
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A card that answers with what it was told, and counts what is done to it.
pub(crate) struct Echo {
    atr: Vec<u8>,
    answer: Vec<u8>,
    pub(crate) counts: Arc<Counts>,
}

/// What was done to a card.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) powered: AtomicUsize,
    pub(crate) reset: AtomicUsize,
    pub(crate) off: AtomicUsize,
    pub(crate) commands: AtomicUsize,
}

impl Counts {
    pub(crate) fn of(counter: &AtomicUsize) -> usize {
        counter.load(Ordering::SeqCst)
    }
}

fn one_more(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::SeqCst);
}

impl Echo {
    /// A card whose ATR offers T=0 and T=1 and ends with these historical bytes.
    pub(crate) fn new(name: &[u8]) -> Self {
        let mut atr = vec![0x3B, 0x80 | u8::try_from(name.len()).unwrap(), 0x80, 0x01];
        atr.extend(name);
        let check = atr[1..].iter().fold(0, |sum, byte| sum ^ byte);
        atr.push(check);
        Self::with_atr(&atr)
    }

    /// A card with this answer to reset.
    pub(crate) fn with_atr(atr: &[u8]) -> Self {
        Self {
            atr: atr.to_vec(),
            answer: Vec::new(),
            counts: Arc::default(),
        }
    }

    /// Its answer to reset, in hex.
    pub(crate) fn atr(&self) -> String {
        self.atr.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Transceiver for Echo {
    fn power_on(&mut self) -> &[u8] {
        one_more(&self.counts.powered);
        &self.atr
    }

    fn power_off(&mut self) {
        one_more(&self.counts.off);
    }

    fn reset(&mut self, _kind: Reset) -> &[u8] {
        one_more(&self.counts.reset);
        &self.atr
    }

    /// 00 01 P1 P2: as many bytes as P1 P2 say; anything else comes back. With 9000.
    fn transmit(&mut self, command: &[u8]) -> &[u8] {
        one_more(&self.counts.commands);
        self.answer.clear();
        match command {
            [0x00, 0x01, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                self.answer.resize(length, 0x5A);
            }
            [0x00, 0x02, ..] => return &[],
            other => self.answer.extend(other),
        }
        self.answer.extend([0x90, 0x00]);
        &self.answer
    }
}

/// What a link has told.
pub(crate) type Told = Arc<Mutex<Vec<LinkEvent>>>;

/// The first thing a link tells, in words.
pub(crate) fn first_told(told: &Told) -> String {
    let started = Instant::now();
    loop {
        if let Some(event) = told.lock().unwrap().first() {
            return format!("{event:?}");
        }
        assert!(started.elapsed() < PATIENCE, "the link tells nothing");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Serves a slot, and keeps what the link tells.
pub(crate) fn serve(slot: &Slot, via: Via) -> (Link, Told) {
    let told = Told::default();
    let listener = Arc::clone(&told);
    let link = Link::start(
        slot.clone(),
        via,
        Box::new(move |event| listener.lock().unwrap().push(event)),
    );
    (link.unwrap(), told)
}
