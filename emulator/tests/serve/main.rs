//! The real `cie-card serve`, with this test as its reader: whoever plays vpcd is all that a card can see of a daemon. What
//! needs a real daemon is in [`daemon`], and runs where `CIE_PCSC=1` says that there is one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod control;
mod daemon;
mod faults;
mod keys;
mod lines;
mod support;
