//! A minimal terminal for the emulator's own tests: it builds commands, agrees on keys, authenticates as the published
//! terminal does, and protects and opens APDUs. It shares nothing with the card but primitives and the APDU and TLV
//! formats, so that a mistake on one side cannot hide on the other.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    reason = "every suite uses a part of it, and helpers of tests fail by panicking"
)]

mod cards;
mod channel;
pub(crate) mod commands;
mod device;
pub(crate) mod published;
mod steps;
mod terminal;

pub(crate) use cards::{
    authenticated, authenticated_with, card_data, contents, files, image, opened, powered,
    powered_with, seeded_card_data, switched_on,
};
pub(crate) use channel::Channel;
pub(crate) use device::{Agreement, Certificate, RND_IFD, SN_IFD};
pub(crate) use steps::{introduced, not_authenticated, present, prove};
pub(crate) use terminal::{Reply, Terminal};

/// Bytes of a hexadecimal text; spaces are for the eye.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(digits).unwrap()
}
