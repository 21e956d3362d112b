//! Real PC/SC: a daemon of the tests' own, cards of this project behind our driver and behind vpcd, and `cie-conf` as the client.
//! Everything here is left to the PC/SC lane (CIE_PCSC=1); where that is set, a missing program is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

mod events;
mod issuer;
mod lane;
mod physical;
mod served;
mod without;
