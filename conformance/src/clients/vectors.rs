//! The tables for developers of clients, as types: the files of `fixtures/vectors` that begin with `client-`. Unknown fields are
//! refused, so that a table says nothing this room does not read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::half_pin::{Caution, Event};
use super::new_pin::{Operation, Refusal};
use super::status::{Verdict, VerdictName};
use super::unblock::Traces;

const STATUS_WORDS: &str = include_str!("../../../fixtures/vectors/client-status-words.json");
const NEW_PINS: &str = include_str!("../../../fixtures/vectors/client-new-pins.json");
const HALF_PIN: &str = include_str!("../../../fixtures/vectors/client-half-pin.json");
const TRACES: &str = include_str!("../../../fixtures/vectors/client-unblock-traces.json");

/// A table that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}; mend the file and build again")]
pub struct VectorError {
    /// Its name in `fixtures/vectors`.
    pub file: &'static str,
    /// What is wrong, with line and column.
    pub reason: String,
}

/// `client-status-words.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusWords {
    /// What it is.
    pub about: String,
    /// Each verdict in words.
    pub verdicts: BTreeMap<VerdictName, String>,
    /// Ways to read status words wrongly, in words.
    pub misreadings: BTreeMap<String, String>,
    /// One row for each status word.
    pub vectors: Vec<StatusVector>,
}

/// A status word and what a client must make of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusVector {
    /// Its name.
    pub name: String,
    /// Four hexadecimal digits.
    pub sw: String,
    /// What it means.
    pub verdict: VerdictName,
    /// Tries left, of a wrong code.
    pub left: Option<u8>,
    /// The misreadings that get it wrong.
    pub misread_by: Vec<String>,
    /// Why it is here.
    pub note: Option<String>,
}

impl StatusVector {
    /// The two bytes; `None` when `sw` is something else.
    #[must_use]
    pub fn bytes(&self) -> Option<[u8; 2]> {
        hex::decode(&self.sw).ok()?.try_into().ok()
    }

    /// The verdict with its number.
    #[must_use]
    pub const fn wanted(&self) -> Verdict {
        match self.verdict {
            VerdictName::Ok => Verdict::Ok,
            VerdictName::Wrong => Verdict::Wrong { left: self.left },
            VerdictName::Blocked => Verdict::Blocked,
            VerdictName::CardError => Verdict::CardError,
        }
    }
}

/// `client-new-pins.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPins {
    /// What it is.
    pub about: String,
    /// Each reason in words.
    pub reasons: BTreeMap<Refusal, String>,
    /// The order in which they are looked for; the first one is told.
    pub order: Vec<Refusal>,
    /// One row for each entry.
    pub vectors: Vec<NewPinVector>,
}

/// A new PIN as it is typed, and whether it may be sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPinVector {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub operation: Operation,
    /// The PIN in force, in a change.
    pub current: Option<String>,
    /// The new PIN.
    pub new: String,
    /// The new PIN once more.
    pub again: String,
    /// Whether it may be sent.
    pub verdict: Sendable,
    /// Why not.
    pub because: Option<Refusal>,
    /// Why it is here.
    pub note: Option<String>,
}

/// Whether an entry may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sendable {
    /// It goes to the card.
    Accepted,
    /// Nothing goes to the card.
    Refused,
}

/// `client-half-pin.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HalfPins {
    /// What it is.
    pub about: String,
    /// Each kind of client in words.
    pub cautions: BTreeMap<Caution, String>,
    /// The PIN of the card at the beginning of every story.
    pub pin: String,
    /// One story each.
    pub stories: Vec<Story>,
}

/// What happens to a client that remembers half a PIN, and what it sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Its name.
    pub name: String,
    /// The client.
    pub client: Caution,
    /// What happens, in order.
    pub events: Vec<Happening>,
}

/// One event, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    /// What happens.
    pub event: Event,
    /// The verification data that go to the card; absent when nothing is sent.
    pub sends: Option<String>,
    /// The card's answer, four hexadecimal digits.
    pub sw: Option<String>,
    /// The tries of the PIN afterwards.
    pub tries: u8,
}

/// What every status word means to a client.
///
/// # Errors
/// [`VectorError`]; the tests see to it that there is none.
pub fn status_words() -> Result<StatusWords, VectorError> {
    read("client-status-words.json", STATUS_WORDS)
}

/// Which new PINs a client may send.
///
/// # Errors
/// [`VectorError`]; the tests see to it that there is none.
pub fn new_pins() -> Result<NewPins, VectorError> {
    read("client-new-pins.json", NEW_PINS)
}

/// What becomes of a remembered half.
///
/// # Errors
/// [`VectorError`]; the tests see to it that there is none.
pub fn half_pins() -> Result<HalfPins, VectorError> {
    read("client-half-pin.json", HALF_PIN)
}

/// How clients unblock.
///
/// # Errors
/// [`VectorError`]; the tests see to it that there is none.
pub fn unblock_traces() -> Result<Traces, VectorError> {
    read("client-unblock-traces.json", TRACES)
}

fn read<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, VectorError> {
    serde_json::from_str(text).map_err(|error| VectorError {
        file,
        reason: error.to_string(),
    })
}
