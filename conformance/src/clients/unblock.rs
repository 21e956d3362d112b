//! How the families of clients unblock a PIN, played on a card. The order of commands is data (`client-unblock-traces.json`); a
//! client stops at the first answer that is not `9000`, and what it has done by then stays done.

use std::collections::BTreeMap;
use std::fmt;

use cie_emulator::wire::{CommandBuf, StatusWord};
use serde::Deserialize;

use super::ClientError;
use super::status::{Verdict, decode};
use crate::target::{CardState, Reset};
use crate::terminal::Terminal;
use crate::terminal::ias::{Code, OpenOptions, open_device_authentication};

/// A family of clients that unblock alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Telephones.
    Mobile,
    /// The PIN manager of the desktop.
    DesktopManager,
    /// The smart card driver of a desktop system.
    Minidriver,
    /// A token library, by its function that initialises the PIN.
    TokenLibrary,
}

/// `client-unblock-traces.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traces {
    /// What it is.
    pub about: String,
    /// What data are made of, in words.
    pub parts: BTreeMap<Part, String>,
    /// One for each family.
    pub traces: Vec<Trace>,
}

impl Traces {
    /// The trace of a family.
    #[must_use]
    pub fn of(&self, family: Family) -> Option<&Trace> {
        self.traces.iter().find(|trace| trace.family == family)
    }
}

/// What a family does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Whose it is.
    pub family: Family,
    /// In words.
    pub about: String,
    /// In order.
    pub steps: Vec<Move>,
}

/// One thing a client does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Move {
    /// Opens a session up to device authentication.
    Session {},
    /// Resets the card.
    Reset {},
    /// Sends a command through the session.
    Send {
        /// What it is.
        name: String,
        /// CLA, INS, P1 and P2, in hexadecimal.
        header: String,
        /// What its data are made of, in order.
        data: Vec<Part>,
    },
}

/// A part of a command's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The PUK.
    Puk,
    /// What the holder typed as the new PIN.
    Given,
    /// What the client remembers of the PIN.
    RememberedHalf,
}

/// What a client has in hand: never shown by `Debug`.
#[derive(Clone)]
pub struct Codes {
    /// The PUK as the holder types it.
    pub puk: Code,
    /// The new PIN as the holder types it.
    pub given: Code,
    /// The first half of the PIN, where the client remembers one.
    pub remembered: Option<Code>,
}

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codes")
            .field("remembered", &self.remembered.is_some())
            .finish_non_exhaustive()
    }
}

impl Codes {
    fn data(&self, parts: &[Part]) -> Vec<u8> {
        let part = |part: &Part| match part {
            Part::Puk => self.puk.as_bytes(),
            Part::Given => self.given.as_bytes(),
            Part::RememberedHalf => self.remembered.as_ref().map_or(&[][..], Code::as_bytes),
        };
        parts.iter().flat_map(|one| part(one).to_vec()).collect()
    }
}

/// A command that was answered.
#[derive(Clone, Debug)]
pub struct Sent {
    /// What it was.
    pub name: String,
    /// How many bytes of data it had.
    pub length: usize,
    /// The answer.
    pub sw: StatusWord,
    /// The card afterwards, where it can be looked into.
    pub state: Option<CardState>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Played {
    /// The commands that carried codes, in order.
    pub sent: Vec<Sent>,
    /// How many steps were not done because one was refused.
    pub left_out: usize,
}

impl Played {
    /// What the client tells its user: the last answer as every correct client reads it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.sent
            .last()
            .map_or(Verdict::CardError, |last| decode(last.sw.to_bytes()))
    }
}

/// Plays a trace on a card that has power.
///
/// # Errors
/// [`ClientError`]: a session that cannot be opened, a card that does not answer. A refusal is no error, it ends the trace.
pub fn play(
    trace: &Trace,
    terminal: &mut Terminal,
    open: OpenOptions,
    codes: &Codes,
) -> Result<Played, ClientError> {
    let mut sent = Vec::new();
    for (index, step) in trace.steps.iter().enumerate() {
        match step {
            Move::Session {} => {
                open_device_authentication(terminal, open)?;
            }
            Move::Reset {} => {
                terminal.reset(Reset::Warm)?;
            }
            Move::Send { name, header, data } => {
                let data = codes.data(data);
                let length = data.len();
                let reply = terminal.transmit(&command(header, data)?)?;
                sent.push(Sent {
                    name: name.clone(),
                    length,
                    sw: reply.sw,
                    state: terminal.state(),
                });
                if !reply.sw.is_ok() {
                    let left_out = trace.steps.len().saturating_sub(index + 1);
                    return Ok(Played { sent, left_out });
                }
            }
        }
    }
    Ok(Played { sent, left_out: 0 })
}

fn command(header: &str, data: Vec<u8>) -> Result<CommandBuf, ClientError> {
    let bytes = hex::decode(header).ok();
    let bytes: Option<[u8; 4]> = bytes.and_then(|bytes| bytes.try_into().ok());
    let Some([cla, ins, p1, p2]) = bytes else {
        return Err(ClientError::Header(header.to_owned()));
    };
    let command = CommandBuf::new(cla, ins, p1, p2);
    Ok(match data.is_empty() {
        true => command,
        false => command.data(data),
    })
}
