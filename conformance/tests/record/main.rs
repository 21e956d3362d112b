//! Recordings: what stands in a trace and what must not, what a trace can do, and what two of them differ in.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod compared;
mod fixtures;
mod played;
mod privacy;
mod skeletons;
mod support;
mod tshark;
