//! The document application against the worked examples of ICAO 9303-11 and the rules of its protocols, byte for byte, on
//! cards made by hand and through a reader that shares nothing with the card but primitives.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

mod access;
mod any_commands;
mod cards;
mod channel;
mod chip;
mod coexistence;
mod examples;
mod pace_steps;
mod pace_values;
mod reader;
mod terminal;

use serde_json::Value;

/// Bytes of a hexadecimal text; spaces are for the eye.
fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(digits).unwrap()
}

/// One of the fixtures of the document side.
fn vectors(name: &str) -> Value {
    let path = format!(
        "{}/../fixtures/vectors/emrtd-{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A field of a fixture, as bytes.
fn field(source: &Value, name: &str) -> Vec<u8> {
    let text = source[name].as_str();
    hex(text.unwrap_or_else(|| panic!("no field {name}")))
}
