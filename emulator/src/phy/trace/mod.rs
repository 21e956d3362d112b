//! A decorator that listens: every exchange goes past it unchanged and is told to a listener in words. Secrets are taken
//! out before the record is made, so that no later step can leak them; inside secure messaging the record is the protected
//! view, because that is what passes here.
//!
//! ```
//! use cie_emulator::phy::trace::describe;
//!
//! assert_eq!(describe(&[0x00, 0x20, 0x00, 0x81]), "VERIFY PIN without data: asks for the tries left");
//! ```

mod changes;
mod json;
mod masked;
mod names;
mod text;
mod tlv;
mod words;

pub use changes::{changes, life_cycle_words};
pub use json::{Counters, EventRecord, ExchangeRecord};
pub use masked::Bytes;
pub use names::file_name;
pub use text::{TextOptions, render};
pub use tlv::{TlvNode, tree};
pub use words::{describe, describe_command};

use super::Transceiver;
use crate::card::{CardState, Reset};
use crate::wire::{Command, Response, StatusWord};

/// Whether PINs and PUKs appear in a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// As `**`, one pair for each byte.
    #[default]
    Masked,
    /// In clear.
    Shown,
}

/// Something that happened between the terminal and the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Power was given; the answer to reset, empty when nothing answered.
    PowerOn(Vec<u8>),
    /// Power was taken away.
    PowerOff,
    /// The card was reset; the answer to reset, empty when nothing answered.
    Reset(Reset, Vec<u8>),
    /// A command and its response.
    Exchange(Exchange),
}

/// One command and its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The command in words.
    pub description: String,
    /// The command as it passed, secrets taken out.
    pub command: Bytes,
    /// The response as it passed; empty when nothing answered.
    pub response: Vec<u8>,
    /// The card's state before, if it can be looked into.
    pub before: Option<CardState>,
    /// The card's state after.
    pub after: Option<CardState>,
}

/// How a command passed, by its class byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// CLA `00`.
    Plain,
    /// CLA `10`: in plain, more links follow.
    Chained,
    /// CLA `0C`: through secure messaging.
    Protected,
    /// CLA `1C`: through secure messaging, more links follow.
    ProtectedChained,
    /// Any other class byte, or no command APDU at all.
    Unknown,
}

impl Passage {
    /// In words, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Chained => "plain, chained",
            Self::Protected => "secure messaging, protected view",
            Self::ProtectedChained => "secure messaging, chained, protected view",
            Self::Unknown => "unknown class",
        }
    }
}

impl Exchange {
    /// The status word; `None` when nothing answered.
    #[must_use]
    pub fn status(&self) -> Option<StatusWord> {
        Response::parse(&self.response)
            .ok()
            .map(|response| response.sw)
    }

    /// The response data.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        Response::parse(&self.response).map_or(&[], |response| response.data)
    }

    /// How the command passed.
    #[must_use]
    pub fn passage(&self) -> Passage {
        match self.command.shown().first() {
            _ if Command::parse(self.command.shown()).is_err() => Passage::Unknown,
            Some(0x00) => Passage::Plain,
            Some(0x10) => Passage::Chained,
            Some(0x0C) => Passage::Protected,
            Some(0x1C) => Passage::ProtectedChained,
            Some(_) | None => Passage::Unknown,
        }
    }

    /// What the exchange changed in the card, one sentence each; empty for a card that cannot be looked into.
    #[must_use]
    pub fn changes(&self) -> Vec<String> {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => changes(before, after),
            _ => Vec::new(),
        }
    }
}

/// The decorator. What passes is told to `listener`, which may print it, keep it or send it on.
pub struct Trace<T, L> {
    inner: T,
    listener: L,
    secrets: Secrets,
    /// The last response: the state after a command can only be asked for once `inner` is free again.
    response: Vec<u8>,
}

impl<T: Transceiver, L: FnMut(Event)> Trace<T, L> {
    /// Listens to `inner`, secrets masked.
    pub const fn new(inner: T, listener: L) -> Self {
        Self {
            inner,
            listener,
            secrets: Secrets::Masked,
            response: Vec::new(),
        }
    }

    /// With secrets as told.
    #[must_use]
    pub fn with_secrets(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// What is listened to.
    pub const fn inner(&self) -> &T {
        &self.inner
    }

    /// Stops listening.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: Transceiver, L: FnMut(Event)> Transceiver for Trace<T, L> {
    fn power_on(&mut self) -> &[u8] {
        let atr = self.inner.power_on();
        (self.listener)(Event::PowerOn(atr.to_vec()));
        atr
    }

    fn power_off(&mut self) {
        self.inner.power_off();
        (self.listener)(Event::PowerOff);
    }

    fn reset(&mut self, kind: Reset) -> &[u8] {
        let atr = self.inner.reset(kind);
        (self.listener)(Event::Reset(kind, atr.to_vec()));
        atr
    }

    fn transmit(&mut self, command: &[u8]) -> &[u8] {
        let before = self.inner.state();
        self.response.clear();
        self.response
            .extend_from_slice(self.inner.transmit(command));
        let after = self.inner.state();
        (self.listener)(Event::Exchange(Exchange {
            description: describe(command),
            command: Bytes::of_command(command, self.secrets),
            response: self.response.clone(),
            before,
            after,
        }));
        &self.response
    }

    fn state(&self) -> Option<CardState> {
        self.inner.state()
    }
}
