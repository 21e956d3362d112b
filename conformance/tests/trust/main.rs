//! What strangers may do to the judge, and what the judge tells: hostile scenarios, traces and reports in little memory, and
//! all output of a whole run searched for the secrets of its cards.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

#[path = "../../../emulator/tests/trust/bounded.rs"]
mod bounded;
#[path = "../../../emulator/tests/trust/forms.rs"]
mod forms;
mod hostile;
mod secrets;
#[path = "../../../emulator/tests/trust/strangers.rs"]
mod strangers;

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_cie-conf");
