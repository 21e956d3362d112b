//! An event as one JSON object. Field names agree with the exchanges of the conformance reports; fields may be added, none
//! changes its meaning.

use super::{Event, Passage, TlvNode, tree};
use crate::card::Reset;
use serde::Serialize;

/// One event; `event` tells which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventRecord {
    /// Power was given.
    PowerOn {
        /// Answer to reset, hexadecimal; empty when nothing answered.
        atr: String,
    },
    /// Power was taken away.
    PowerOff,
    /// A reset.
    Reset {
        /// `warm` or `cold`.
        kind: &'static str,
        /// Answer to reset, hexadecimal; empty when nothing answered.
        atr: String,
    },
    /// A command and its response.
    Exchange(ExchangeRecord),
}

/// A command and its response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExchangeRecord {
    /// Counts the exchanges of a trace from 1.
    pub number: usize,
    /// The command in words.
    pub command: String,
    /// `plain` or `protected`; `unknown` for other classes and for bytes that are no command APDU.
    pub channel: &'static str,
    /// Whether more links of a command chain follow.
    pub chained: bool,
    /// The bytes as sent, hexadecimal, `**` for each byte of a secret.
    pub wire_command: String,
    /// Whether secrets were taken out of `wire_command`.
    pub masked: bool,
    /// The bytes as received, hexadecimal; absent when nothing answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire_response: Option<String>,
    /// The status word, four hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sw: Option<String>,
    /// The status word in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sw_text: Option<String>,
    /// The response data as a tree, when they are BER-TLV from end to end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tlv: Vec<TlvNode>,
    /// What the exchange changed in the card, in words.
    pub changes: Vec<String>,
    /// Tries left after it; absent for a card that cannot be looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<Counters>,
}

/// Tries left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Of the PIN.
    pub pin: u8,
    /// Of the PUK.
    pub puk: u8,
}

impl EventRecord {
    /// The record of an event; `number` counts the exchanges of a trace from 1.
    #[must_use]
    pub fn new(event: &Event, number: usize) -> Self {
        match event {
            Event::PowerOn(atr) => Self::PowerOn {
                atr: hex::encode_upper(atr),
            },
            Event::PowerOff => Self::PowerOff,
            Event::Reset(kind, atr) => Self::Reset {
                kind: match kind {
                    Reset::Cold => "cold",
                    Reset::Warm => "warm",
                },
                atr: hex::encode_upper(atr),
            },
            Event::Exchange(exchange) => Self::Exchange(ExchangeRecord::new(exchange, number)),
        }
    }
}

impl ExchangeRecord {
    fn new(exchange: &super::Exchange, number: usize) -> Self {
        let (channel, chained) = match exchange.passage() {
            Passage::Plain => ("plain", false),
            Passage::Chained => ("plain", true),
            Passage::Protected => ("protected", false),
            Passage::ProtectedChained => ("protected", true),
            Passage::OtherClass | Passage::Malformed => ("unknown", false),
        };
        let status = exchange.status();
        Self {
            number,
            command: exchange.description.clone(),
            channel,
            chained,
            wire_command: exchange.command.to_string(),
            masked: exchange.command.is_masked(),
            wire_response: status.map(|_| hex::encode_upper(&exchange.response)),
            sw: status.map(|sw| format!("{:04X}", sw.0)),
            sw_text: status.map(|sw| sw.to_string()),
            tlv: tree(exchange.data()).unwrap_or_default(),
            changes: exchange.changes(),
            tries: exchange.after.as_ref().map(|state| Counters {
                pin: state.pin_left,
                puk: state.puk_left,
            }),
        }
    }
}
