//! The lines of a trace as types: a header, then one record per event. Reading and writing are elsewhere; what may stand in a
//! record is decided by the redaction.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Octets;

/// The version of the format that this program writes, and the newest it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The first line of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format.
    #[serde(rename = "cie-trace")]
    pub version: u32,
    /// What was recorded, for people: the kind of target, never the number or the name on a card.
    pub recorded: String,
    /// The chip family, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<String>,
    /// The synthetic citizen in an emulated card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// Answer to reset, when it was known at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atr: Option<Octets>,
    /// Where everything random derived from, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What was left out.
    pub redaction: Redaction,
    /// Whether records say when they happened.
    #[serde(default)]
    pub timing: bool,
}

impl Header {
    /// The header of what is about to be recorded, with nothing personal in the trace and no times.
    #[must_use]
    pub fn new(recorded: &str) -> Self {
        Self {
            version: FORMAT_VERSION,
            recorded: recorded.to_owned(),
            chip: None,
            persona: None,
            atr: None,
            seed: None,
            redaction: Redaction::AllowList,
            timing: false,
        }
    }
}

/// What is left out of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Redaction {
    /// Everything that is not known to be harmless.
    #[default]
    AllowList,
    /// Codes only (PIN and PUK in clear): for synthetic cards.
    CodesOnly,
    /// Nothing, not even codes that pass in clear.
    Nothing,
}

/// One line after the header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Record {
    /// A case begins, on a card of its own or on the same one.
    Case(Case),
    /// The card was put into the reader.
    Insert(Moment),
    /// The card was taken out.
    Remove(Moment),
    /// Power was given.
    PowerOn(PowerOn),
    /// Power was taken away.
    PowerOff(Moment),
    /// The card was reset.
    Reset(Restart),
    /// A command and its response.
    Exchange(Exchange),
}

/// A case of a run, and the emulated card that was made for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name of the case: id of the scenario and cell.
    pub name: String,
    /// The chip family, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<String>,
    /// The synthetic citizen in an emulated card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// The preset of parameters of an emulated card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Parameters set on top of the preset, as text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profile: BTreeMap<String, String>,
    /// Microseconds since the beginning of the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_us: Option<u64>,
}

/// Something of which nothing is to say but that it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// Microseconds since the beginning of the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_us: Option<u64>,
}

/// Power was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerOn {
    /// Answer to reset; empty when nothing answered.
    pub atr: Octets,
    /// Microseconds since the beginning of the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_us: Option<u64>,
}

/// A reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// Warm or cold.
    pub kind: ResetKind,
    /// Answer to reset; empty when nothing answered.
    pub atr: Octets,
    /// Microseconds since the beginning of the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_us: Option<u64>,
}

/// How a card is reset (ISO/IEC 7816-3:2006 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetKind {
    /// The reset line; power stays.
    Warm,
    /// Power off and on.
    Cold,
}

/// A command and its response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Counts the exchanges of the trace from 1.
    pub number: u64,
    /// The command in words.
    pub words: String,
    /// The command APDU as it passed.
    pub command: Octets,
    /// The response APDU as it passed; empty when nothing answered.
    pub response: Octets,
    /// What secure messaging carried, when whoever recorded knew the keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner: Option<Inner>,
    /// Tries left after it, of a card that could be looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<Tries>,
    /// Microseconds since the beginning of the trace, when the response was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_us: Option<u64>,
}

/// A command and its response inside secure messaging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inner {
    /// The command APDU before it was protected.
    pub command: Octets,
    /// The response APDU after its protection was verified; empty when that was wrong or absent.
    #[serde(default, skip_serializing_if = "Octets::is_empty")]
    pub response: Octets,
}

/// Tries left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tries {
    /// Of the PIN.
    pub pin: u8,
    /// Of the PUK.
    pub puk: u8,
}
