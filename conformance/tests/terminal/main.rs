//! The terminal: its side of the recorded session, and everything it refuses.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod session;
mod vectors;
