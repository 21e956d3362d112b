//! The issuer's promises: what it says of bad files, boundaries, and the invariants of recoveries as properties.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed step is a failed test"
)]

mod acts;
mod boundaries;
mod exhaustive;
mod files;
mod institute;
mod invariants;
mod names;
mod password;
mod play;
mod registry;
mod told;
mod typed;
mod walks;
mod world;
