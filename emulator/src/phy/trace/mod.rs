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
pub mod file;
mod json;
mod masked;
mod names;
pub mod pcap;
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
use crate::wire::{Command, Header, Response, StatusWord};

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
    /// Any other class byte.
    OtherClass,
    /// Not even a command APDU.
    Malformed,
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
            Self::OtherClass => "a class the CIE does not have",
            Self::Malformed => "no class",
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
            _ if Command::parse(self.command.shown()).is_err() => Passage::Malformed,
            Some(0x00) => Passage::Plain,
            Some(0x10) => Passage::Chained,
            Some(0x0C) => Passage::Protected,
            Some(0x1C) => Passage::ProtectedChained,
            Some(_) | None => Passage::OtherClass,
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
    /// INS P1 P2 of the chain that is open in plain.
    chain: Option<[u8; 3]>,
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
            chain: None,
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

    /// The command in words, in the light of the links that went before it.
    fn describe(&mut self, command: &[u8]) -> String {
        let Ok(parsed) = Command::parse(command) else {
            self.chain = None;
            return describe(command);
        };
        let Header { cla, ins, p1, p2 } = parsed.header;
        let continues = self.chain == Some([ins, p1, p2]);
        self.chain = (cla == 0x10).then_some([ins, p1, p2]);
        if cla == 0x00 && continues {
            words::describe_last_link(&parsed)
        } else {
            describe_command(&parsed)
        }
    }

    /// Stops listening.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: Transceiver, L: FnMut(Event)> Transceiver for Trace<T, L> {
    fn power_on(&mut self) -> &[u8] {
        self.chain = None;
        let atr = self.inner.power_on();
        (self.listener)(Event::PowerOn(atr.to_vec()));
        atr
    }

    fn power_off(&mut self) {
        self.chain = None;
        self.inner.power_off();
        (self.listener)(Event::PowerOff);
    }

    fn reset(&mut self, kind: Reset) -> &[u8] {
        self.chain = None;
        let atr = self.inner.reset(kind);
        (self.listener)(Event::Reset(kind, atr.to_vec()));
        atr
    }

    fn transmit(&mut self, command: &[u8]) -> &[u8] {
        let description = self.describe(command);
        let before = self.inner.state();
        self.response.clear();
        self.response
            .extend_from_slice(self.inner.transmit(command));
        let after = self.inner.state();
        (self.listener)(Event::Exchange(Exchange {
            description,
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

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::sync::mpsc;

    /// Something that answers and cannot be looked into: the command backwards, then a status word; nothing to `FF`.
    #[derive(Default)]
    struct Echo {
        answer: Vec<u8>,
    }

    impl Transceiver for Echo {
        fn power_on(&mut self) -> &[u8] {
            &[0x3B, 0x00]
        }

        fn power_off(&mut self) {}

        fn reset(&mut self, _: Reset) -> &[u8] {
            &[]
        }

        fn transmit(&mut self, command: &[u8]) -> &[u8] {
            self.answer.clear();
            if command != [0xFF] {
                self.answer.extend(command.iter().rev());
                self.answer.extend([0x90, 0x00]);
            }
            &self.answer
        }
    }

    fn exchanges(events: &mpsc::Receiver<Event>) -> Vec<Exchange> {
        events
            .try_iter()
            .filter_map(|event| match event {
                Event::Exchange(exchange) => Some(exchange),
                Event::PowerOn(_) | Event::PowerOff | Event::Reset(..) => None,
            })
            .collect()
    }

    #[test]
    fn everything_passes_unchanged_through_two_layers() {
        let (outer, outer_events) = mpsc::channel();
        let (inner, inner_events) = mpsc::channel();
        let boxed: Box<dyn Transceiver> = Box::new(Trace::new(Echo::default(), move |event| {
            drop(inner.send(event));
        }));
        let mut trace = Trace::new(boxed, move |event| drop(outer.send(event)));
        assert_eq!(trace.power_on(), [0x3B, 0x00]);
        assert_eq!(trace.reset(Reset::Warm), b"");
        let verify = hex::decode("00200081023132").unwrap();
        assert_eq!(
            trace.transmit(&verify),
            hex::decode("323102810020009000").unwrap()
        );
        assert_eq!(trace.transmit(&[0xFF]), b"");
        trace.power_off();
        assert_eq!(trace.state(), None);
        let seen: Vec<Event> = outer_events.try_iter().collect();
        assert_eq!(seen, inner_events.try_iter().collect::<Vec<_>>());
        assert_eq!(seen.len(), 5);
        assert_eq!(seen[1], Event::Reset(Reset::Warm, vec![]));
        let Event::Exchange(mute) = &seen[3] else {
            panic!("{seen:?}")
        };
        assert_eq!(
            (mute.status(), mute.data().len(), mute.changes().len()),
            (None, 0, 0)
        );
        assert_eq!(mute.passage(), Passage::Malformed);
    }

    #[rstest]
    #[case::the_last(&["102A00AE0101", "002A00AE0102"], "PERFORM SECURITY OPERATION: VERIFY CERTIFICATE, the last link of 1 byte in a chain")]
    #[case::another_command(&["102A00AE0101", "0084000008"], "GET CHALLENGE, 8 bytes")]
    #[case::after_another(&["102A00AE0101", "0084000008", "002A00AE0102"], "PERFORM SECURITY OPERATION: VERIFY CERTIFICATE, 1 byte")]
    fn the_last_link_of_a_chain(#[case] commands: &[&str], #[case] expected: &str) {
        let (sender, events) = mpsc::channel();
        let mut trace = Trace::new(Echo::default(), move |event| drop(sender.send(event)));
        for command in commands {
            trace.transmit(&hex::decode(command).unwrap());
        }
        assert_eq!(exchanges(&events).last().unwrap().description, expected);
    }

    #[rstest]
    #[case::masked(Secrets::Masked, "0020008102****")]
    #[case::shown(Secrets::Shown, "00200081023132")]
    fn secrets_are_taken_out_before_the_record(#[case] secrets: Secrets, #[case] expected: &str) {
        let (sender, events) = mpsc::channel();
        let mut trace = Trace::new(Echo::default(), move |event| drop(sender.send(event)))
            .with_secrets(secrets);
        trace.transmit(&hex::decode("00200081023132").unwrap());
        assert_eq!(exchanges(&events)[0].command.to_string(), expected);
    }
}
