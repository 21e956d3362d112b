//! What the program promises to those who trust it: hostile files in little memory, all output searched for secrets, types
//! that print none, and the page that says so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod bounded;
mod forms;
mod hostile;
mod page;
mod printed;
mod secrets;
mod strangers;

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_cie-card");
