//! The real program, as people and programs call it: what it writes, where, and with which exit code.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod golden;
#[cfg(unix)]
mod interrupt;
mod program;
mod reports;
mod shards;
mod traces;
mod walk;
mod wrong_input;
