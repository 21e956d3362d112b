//! One command and its response, in the plain and in the protected view.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::case::Counters;

/// One command and its response.
///
/// Without secure messaging the wire view is the plain view and is left out. Bytes that are not even an APDU have only the
/// wire view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The command in words: `VERIFY PIN, 8 bytes`.
    pub command: String,
    /// The command before protection, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_command: Option<String>,
    /// Data and status word after the protection was checked and taken off, hexadecimal. Absent when that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_response: Option<String>,
    /// The bytes as sent, when they differ from the plain view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire_command: Option<String>,
    /// The bytes as received, when they differ from the plain view. Absent also when nothing came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire_response: Option<String>,
    /// How the status came back.
    #[serde(default)]
    pub channel: Channel,
    /// The status word, four hexadecimal digits. Absent when no response came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sw: Option<String>,
    /// The status word in words: `2 tries left`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sw_text: Option<String>,
    /// The response data as a tree, when it is BER-TLV from end to end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tlv: Vec<TlvNode>,
    /// Tries left after this exchange, when the target can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<Counters>,
    /// What the emulator's state was afterwards, in words: `security_status: PIN verified`.
    #[serde(default, skip_serializing_if = "State::is_empty")]
    pub state: State,
    /// How long the card took, in nanoseconds. Absent in a deterministic run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ns: Option<u64>,
}

/// Names with words beside them, a mapping in the report. There is one for every exchange of a long run and most hold two names,
/// where the smallest node of a map has room for eleven.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub Vec<(Cow<'static, str>, String)>);

impl State {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, words)| (name, words)))
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = State;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names with words beside them")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<State, A::Error> {
                let mut pairs = Vec::new();
                while let Some((name, words)) = map.next_entry::<String, String>()? {
                    pairs.push((Cow::Owned(name), words));
                }
                Ok(State(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// How a status came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Without secure messaging.
    #[default]
    Plain,
    /// Inside secure messaging, with a correct cryptographic checksum.
    Protected,
}

/// One data object of a response (ISO/IEC 7816-4:2020 §6.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlvNode {
    /// The tag, hexadecimal.
    pub tag: String,
    /// What the tag means there, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The length of the value in bytes.
    pub length: usize,
    /// The value of a primitive object, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The objects inside a constructed one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<TlvNode>,
}
