//! The terminal: its side of the recorded session, and everything it refuses.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

mod card;
mod channel;
mod checks;
mod document;
mod document_card;
mod document_channel;
mod emulator;
mod ias;
mod refusals;
mod session;
mod targets;
mod vectors;

/// A card without historical bytes.
const ATR: &[u8] = &[0x3B, 0x80, 0x80, 0x01, 0x01];
