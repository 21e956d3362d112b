//! A decorator that stands between a terminal and any target and spoils one answer on its way back: what an attacker, or a
//! faulty card, would do. It knows no keys, so whatever it changes in a protected answer the checksum must reveal.

use cie_emulator::store::{Tear, TearAt};
use cie_emulator::wire::tlv::{self, Objects, Tag};

use super::{CardState, Reset, Target, TargetError, TargetKind};

/// Which answer is spoiled. Counting starts at 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// The n-th answer to a command with secure messaging in its class byte.
    Protected(usize),
    /// The n-th answer of all.
    Exchange(usize),
    /// The n-th answer to a command that starts with these bytes.
    CommandStarts(Vec<u8>, usize),
}

/// What happens to the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// One bit of the whole answer; the first byte and the lowest bit are 0. Beyond the end nothing happens.
    FlipBit {
        /// Position of the byte.
        byte: usize,
        /// Position of the bit in it, 0 to 7.
        bit: u8,
    },
    /// The lowest bit of the last byte of the value of this object (`87`, `99`, `8E`, ...).
    FlipLastBitOf(u32),
    /// The object is taken out.
    DropObject(u32),
    /// The object comes twice.
    DuplicateObject(u32),
    /// The objects come in the opposite order.
    ReverseObjects,
    /// One object more, in front.
    InsertObject {
        /// Its tag.
        tag: u32,
        /// Its value.
        value: Vec<u8>,
    },
    /// The value of this object is replaced.
    ReplaceValue {
        /// Its tag.
        tag: u32,
        /// The new value.
        value: Vec<u8>,
    },
    /// The two bytes at the very end are replaced.
    OuterStatus(u16),
    /// Only the two status bytes are left.
    BareStatus,
    /// The answer ends after this many bytes.
    Truncate(usize),
    /// Another answer altogether.
    Replace(Vec<u8>),
    /// No answer: the card is mute.
    Mute,
}

/// Spoils one answer of the target inside.
#[derive(Debug)]
pub struct Tampering<T> {
    inner: T,
    when: When,
    alteration: Alteration,
    matching: usize,
    applied: bool,
}

impl<T: Target> Tampering<T> {
    /// Around this target.
    pub fn new(inner: T, when: When, alteration: Alteration) -> Self {
        Self {
            inner,
            when,
            alteration,
            matching: 0,
            applied: false,
        }
    }

    /// Whether the moment has come: a test that never got there proved nothing.
    #[must_use]
    pub fn applied(&self) -> bool {
        self.applied
    }

    /// The target inside.
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn hits(&mut self, command: &[u8]) -> bool {
        let (matches, number) = match &self.when {
            When::Protected(number) => (
                command.first().is_some_and(|cla| cla & 0x0C == 0x0C),
                *number,
            ),
            When::Exchange(number) => (true, *number),
            When::CommandStarts(prefix, number) => (command.starts_with(prefix), *number),
        };
        if !matches {
            return false;
        }
        self.matching += 1;
        self.matching == number + 1
    }
}

impl<T: Target> Target for Tampering<T> {
    fn kind(&self) -> TargetKind {
        self.inner.kind()
    }

    fn describe(&self) -> String {
        format!("{}, one answer spoiled", self.inner.describe())
    }

    fn power_on(&mut self) -> Result<Vec<u8>, TargetError> {
        self.inner.power_on()
    }

    fn power_off(&mut self) -> Result<(), TargetError> {
        self.inner.power_off()
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.inner.reset(reset)
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        let hit = self.hits(command);
        self.inner.transmit(command, response)?;
        if hit {
            self.applied = true;
            if self.alteration == Alteration::Mute {
                response.clear();
                return Err(TargetError::NoResponse);
            }
            *response = altered(&self.alteration, response);
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<(), TargetError> {
        self.inner.remove()
    }

    fn insert(&mut self) -> Result<(), TargetError> {
        self.inner.insert()
    }

    fn tear(&mut self, tear: Tear, at: TearAt) -> Result<(), TargetError> {
        self.inner.tear(tear, at)
    }

    fn state(&mut self) -> Option<CardState> {
        self.inner.state()
    }
}

fn altered(alteration: &Alteration, response: &[u8]) -> Vec<u8> {
    let (body, status) = match response.split_last_chunk::<2>() {
        Some((body, status)) => (body, &status[..]),
        None => (response, &[][..]),
    };
    let mut bytes = response.to_vec();
    match alteration {
        Alteration::FlipBit { byte, bit } => {
            if let Some(byte) = bytes.get_mut(*byte) {
                *byte ^= 1 << (bit & 7);
            }
            bytes
        }
        Alteration::OuterStatus(sw) => [body, &sw.to_be_bytes()].concat(),
        Alteration::BareStatus => status.to_vec(),
        Alteration::Truncate(length) => {
            bytes.truncate(*length);
            bytes
        }
        Alteration::Replace(other) => other.clone(),
        Alteration::Mute => Vec::new(),
        Alteration::FlipLastBitOf(_)
        | Alteration::DropObject(_)
        | Alteration::DuplicateObject(_)
        | Alteration::ReverseObjects
        | Alteration::InsertObject { .. }
        | Alteration::ReplaceValue { .. } => {
            [&altered_objects(alteration, body)[..], status].concat()
        }
    }
}

fn altered_objects(alteration: &Alteration, body: &[u8]) -> Vec<u8> {
    let mut out: Vec<Vec<u8>> = Vec::new();
    for object in Objects::new(body).filter_map(Result::ok) {
        let is = |tag: &u32| object.tag == Tag(*tag);
        match alteration {
            Alteration::DropObject(tag) if is(tag) => {}
            Alteration::DuplicateObject(tag) if is(tag) => {
                out.extend([object.raw.to_vec(), object.raw.to_vec()]);
            }
            Alteration::FlipLastBitOf(tag) if is(tag) => {
                let mut raw = object.raw.to_vec();
                if let Some(last) = raw.last_mut() {
                    *last ^= 1;
                }
                out.push(raw);
            }
            Alteration::ReplaceValue { tag, value } if is(tag) => {
                out.push(tlv::object(*tag, value));
            }
            _ => out.push(object.raw.to_vec()),
        }
    }
    match alteration {
        Alteration::ReverseObjects => out.reverse(),
        Alteration::InsertObject { tag, value } => out.insert(0, tlv::object(*tag, value)),
        _ => {}
    }
    out.concat()
}
