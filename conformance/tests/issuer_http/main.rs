//! The issuer over HTTP: real sockets on this machine, on any ports that are free. What it does must be what it does in a
//! scenario, whatever comes at its ports must leave it standing, and nobody but this machine must be able to reach it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod agreement;
mod client;
mod controlled;
mod document;
mod given;
mod hostile;
mod messages;
mod program;
mod repeated;
mod steps;
