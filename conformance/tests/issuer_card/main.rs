//! The recovery of a lost PUK between the issuer and the embedded card: the promises R1 to R10 as properties with the card's own
//! cryptography, and a small model of the messages walked through in every order.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod lab;
mod model;
mod promises;
