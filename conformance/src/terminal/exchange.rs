//! What was said: one record per APDU on the wire, in the protected and in the plain view, for reports.

use std::fmt;

use cie_emulator::wire::StatusWord;

use super::secure_messaging::Tamper;

/// Whether bytes went with or without secure messaging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Without.
    #[default]
    Plain,
    /// With; for an answer: and its checksum was right.
    Protected,
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Protected => "protected",
        })
    }
}

/// One command on the wire and what came back. `Debug` shows lengths only: the plain view holds codes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The command before protection (a link of a chain stands alone). Equal to `wire_command` on a plain channel; absent for
    /// bytes that were sent as they are.
    pub plain_command: Option<Vec<u8>>,
    /// The bytes sent.
    pub wire_command: Vec<u8>,
    /// The bytes received; `None` when nothing came.
    pub wire_response: Option<Vec<u8>>,
    /// Data and status word after the protection was checked and taken off; `None` when that failed.
    pub plain_response: Option<Vec<u8>>,
    /// The status word: the protected one when there is one, else the outer one.
    pub sw: Option<StatusWord>,
    /// How the command went.
    pub sent: Protection,
    /// How the answer came.
    pub channel: Protection,
    /// The send sequence counter under which the command went, when protected.
    pub counter: Option<u64>,
    /// Which link of how many, counted from 1; (1, 1) for a command that is not chained.
    pub link: (usize, usize),
    /// How the command was spoiled.
    pub tamper: Option<Tamper>,
    /// Why the exchange failed, in words.
    pub error: Option<String>,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Exchange({} bytes {}, {:?} bytes back {}, sw {:?}, error {:?})",
            self.wire_command.len(),
            self.sent,
            self.wire_response.as_ref().map(Vec::len),
            self.channel,
            self.sw,
            self.error,
        )
    }
}

/// An answer, as the steps above see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The data, deciphered.
    pub data: Vec<u8>,
    /// The status word.
    pub sw: StatusWord,
    /// How it came.
    pub channel: Protection,
    /// Links of a chain that were not sent any more because an earlier one was refused.
    pub unsent_links: usize,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Reply({} bytes, {}, {})",
            self.data.len(),
            self.sw,
            self.channel
        )
    }
}
