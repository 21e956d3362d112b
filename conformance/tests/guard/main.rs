//! The guard of physical cards, tried against a pretend-physical one.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod card;
mod rules;
mod sequences;
