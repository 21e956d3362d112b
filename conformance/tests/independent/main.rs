//! The card against programs that share no line of code with it: libeac, Debian's mrtdreader, the `emrtd` crate, a login written
//! in Python, openssl. Those programs must be installed, so the tests run where `CIE_PCSC=1` says that they are; everywhere else
//! each says that it was left out. There, a program that is missing is a failure.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

mod in_a_reader;
mod libeac;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cie_emulator::card::Card;
use cie_emulator::chip::{chip, preset};
use cie_emulator::crypto::random::Seeded;
use cie_emulator::persona::{CardData, Persona, personalise};

/// Whether these tests are to run; where not, says so.
fn wanted(what: &str) -> bool {
    let wanted = std::env::var_os("CIE_PCSC").is_some_and(|value| value == "1");
    if !wanted {
        println!("left to the lane with real programs (CIE_PCSC=1): {what}");
    }
    wanted
}

/// Where the independent programs are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent")
}

/// A card of this persona, with power, and what it was made of.
fn card_of(persona: &str, settings: &[&str]) -> (Card, CardData) {
    let persona = Persona::builtin(persona).unwrap();
    let data = personalise(&persona).unwrap();
    let profile = match settings {
        [] => preset("default").unwrap(),
        settings => cie_emulator::chip::Profile::with_settings(settings.iter().copied()).unwrap(),
    };
    let image = data.clone().into_image(chip("bit4id2").unwrap(), profile);
    let mut card = Card::new(Arc::new(image.unwrap()), Box::new(Seeded::new(42)));
    card.power_on();
    (card, data)
}

/// Compiles one of the C programs.
fn compile(source: &str, output: &Path, flags: &[&str]) {
    let status = Command::new("cc")
        .args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(output)
        .arg(folder().join(source))
        .args(flags)
        .status()
        .expect("a C compiler: apt-get install gcc");
    assert!(status.success(), "{source} does not compile");
}

/// The lines `NAME=HEX` of a program's output.
fn told(output: &str) -> BTreeMap<String, String> {
    output
        .lines()
        .filter_map(|line| line.trim_start_matches('=').split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A file of the document, as an independent program should read it.
fn file(data: &CardData, name: &str) -> String {
    let document = &data.document;
    let bytes = match name {
        "EF.COM" => &document.ef_com[..],
        "EF.SOD" => &document.ef_sod[..],
        group => {
            let number = group.strip_prefix("EF.DG").unwrap().parse().unwrap();
            document.data_group(number).unwrap()
        }
    };
    hex::encode_upper(bytes)
}
