//! The guard of physical cards, tried against a pretend-physical one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod admission;
mod bytes;
mod card;
mod latch;
mod ledger;
mod rules;
mod secrets;
mod sequences;
mod wall;
mod worlds;
