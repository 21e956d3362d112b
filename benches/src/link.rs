//! The link bench: who stands behind the reader, and the client in front of it, which is a process of its own because
//! the PC/SC library finds its daemon once per process.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use cie_emulator::card::Reset;
use cie_emulator::phy::Transceiver;
use cie_pcscd::PrivateDaemon;
use pcsc::{Card, Context, Protocols, Scope, ShareMode};

use crate::SetupError;

/// Says to the bench's program that it is the client: batches, exchanges in a batch, what to send, then the readers.
pub const CLIENT: &str = "link-client";

/// What is timed: READ BINARY of 128 bytes.
pub const READ: [u8; 5] = [0x00, 0xB0, 0x00, 0x00, 0x80];

/// Before it: the CIE application and EF.SOD in it.
const SELECTS: [&[u8]; 2] = [
    &[0x00, 0xA4, 0x04, 0x0C, 0x06, 0xA0, 0, 0, 0, 0, 0x39],
    &[0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06],
];

/// What a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// READ BINARY of 128 bytes, after the SELECTs that it needs.
    Read,
    /// SELECT of the master file and GET CHALLENGE, in turn: what every card answers.
    SelectAndChallenge,
}

impl Load {
    const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::SelectAndChallenge => "select-and-challenge",
        }
    }

    fn of(word: &str) -> Option<Self> {
        let all = [Self::Read, Self::SelectAndChallenge];
        all.into_iter().find(|load| load.word() == word)
    }

    const fn before(self) -> &'static [&'static [u8]] {
        match self {
            Self::Read => &SELECTS,
            Self::SelectAndChallenge => &[],
        }
    }

    /// The commands, and how long each answer is.
    const fn commands(self) -> &'static [(&'static [u8], usize)] {
        match self {
            Self::Read => &[(&READ, 130)],
            Self::SelectAndChallenge => &[
                (&[0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00], 2),
                (&[0x00, 0x84, 0x00, 0x00, 0x08], 10),
            ],
        }
    }
}

const ATR: [u8; 5] = [0x3B, 0x80, 0x80, 0x01, 0x01];
const ANSWER: [u8; 130] = {
    let mut answer = [0x5A; 130];
    answer[128] = 0x90;
    answer[129] = 0x00;
    answer
};

/// The least a card can do: the same answer to everything, as long as the one that is timed.
#[derive(Debug, Default)]
pub struct Dummy;

impl Transceiver for Dummy {
    fn power_on(&mut self) -> &[u8] {
        &ATR
    }

    fn power_off(&mut self) {}

    fn reset(&mut self, _kind: Reset) -> &[u8] {
        &ATR
    }

    fn transmit(&mut self, _command: &[u8]) -> &[u8] {
        &ANSWER
    }
}

/// The card side of vpcd as one writes it at first: read, answer in one piece, no socket option.
///
/// # Errors
/// When the connection ends.
pub fn naive_vpcd(mut stream: TcpStream) -> io::Result<()> {
    let mut body = Vec::new();
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        body.resize(u16::from_be_bytes(length).into(), 0);
        stream.read_exact(&mut body)?;
        let answer: &[u8] = match body.as_slice() {
            [4] => &ATR,
            [_] => continue,
            _ => &ANSWER,
        };
        let length = u16::try_from(answer.len()).unwrap_or(0).to_be_bytes();
        stream.write_all(&[&length, answer].concat())?;
    }
}

/// Has a client of this daemon time `commands` exchanges per batch with each reader in turn. Gives the time of an
/// exchange in nanoseconds, batch by batch, each with one number per reader.
///
/// # Errors
/// When the client cannot, with what it says.
pub fn time(
    daemon: &PrivateDaemon,
    batches: usize,
    commands: usize,
    load: Load,
    readers: &[&str],
) -> Result<Vec<Vec<f64>>, SetupError> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CLIENT);
    command.args([batches.to_string(), commands.to_string()]);
    command.arg(load.word());
    command.args(readers);
    let output = daemon.serve(&mut command).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let batches = text
        .lines()
        .map(|line| line.split(' ').map(str::parse).collect());
    Ok(batches.collect::<Result<_, _>>()?)
}

/// The tenth part of the way from the least to the greatest: what a moment takes in which nobody else wanted the
/// processor, but for luck.
///
/// # Errors
/// When there are no numbers.
pub fn undisturbed(numbers: impl IntoIterator<Item = f64>) -> Result<f64, SetupError> {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    Ok(*numbers.get(numbers.len() / 10).ok_or("nothing was timed")?)
}

/// The client: prints the time of an exchange with each reader, one batch a line. The order changes from batch to batch.
///
/// # Errors
/// When there is no daemon, no card, or an answer that is not worth timing.
pub fn client(arguments: &[String]) -> Result<(), SetupError> {
    let [batches, commands, load, readers @ ..] = arguments else {
        return Err("the client needs numbers, a load and readers".into());
    };
    let load = Load::of(load).ok_or("the client does not know this load")?;
    let (batches, commands): (usize, usize) = (batches.parse()?, commands.parse()?);
    let context = Context::establish(Scope::User)?;
    let cards = readers
        .iter()
        .map(|reader| ready(&context, load, reader))
        .collect::<Result<Vec<_>, _>>()?;
    let mut times = vec![vec![0.0; cards.len()]; batches];
    for (index, times) in times.iter_mut().enumerate() {
        let mut places: Vec<_> = cards.iter().zip(times).collect();
        if index % 2 == 1 {
            places.reverse();
        }
        for (card, time) in places {
            *time = batch(card, load, commands)?;
        }
    }
    for times in times {
        let numbers: Vec<_> = times.iter().map(f64::to_string).collect();
        println!("{}", numbers.join(" "));
    }
    Ok(())
}

/// Waits for the card in this reader, and selects what is read.
fn ready(context: &Context, load: Load, reader: &str) -> Result<Card, SetupError> {
    let name = std::ffi::CString::new(reader)?;
    let started = Instant::now();
    let card = loop {
        match context.connect(&name, ShareMode::Shared, Protocols::T1) {
            Ok(card) => break card,
            Err(error) if started.elapsed() > Duration::from_secs(20) => {
                return Err(format!("{reader}: {error}").into());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let mut room = [0; 512];
    for select in load.before() {
        card.transmit(select, &mut room)?;
    }
    for (command, length) in load.commands() {
        let answer = card.transmit(command, &mut room)?;
        if answer.len() != *length || !answer.ends_with(&[0x90, 0x00]) {
            return Err(format!("{reader}: the card refuses what is to be timed").into());
        }
    }
    Ok(card)
}

/// The time of one exchange in nanoseconds, over this many.
fn batch(card: &Card, load: Load, commands: usize) -> Result<f64, SetupError> {
    let mut room = [0; 512];
    let started = Instant::now();
    for (command, _) in load.commands().iter().cycle().take(commands) {
        card.transmit(command, &mut room)?;
    }
    let taken = started.elapsed().as_secs_f64() * 1e9;
    Ok(taken / f64::from(u32::try_from(commands)?))
}
