//! Cards on disk: what is written is what is read, what is answered is kept, and whatever is wrong with a file is said and
//! left as it is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod check;
mod damage;
mod export;
mod files;
mod holder;
mod torn;
mod trouble;

use cie_emulator::spec::{CardSpec, Issued};
use cie_emulator::store::{self, Existing};
use std::path::PathBuf;
use tempfile::TempDir;

/// The card of these words in a file of its own.
fn stored(words: &str) -> (TempDir, PathBuf, Issued) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("card.cie");
    let issued = words.parse::<CardSpec>().unwrap().issue().unwrap();
    store::create(&path, &issued.persona, &issued.card, Existing::Refused).unwrap();
    (directory, path, issued)
}
