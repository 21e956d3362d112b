//! Every input of `fixtures/corpora`, through the function that found it worth keeping: what fuzzing has seen once is tested
//! always, without a fuzzer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use cie_fuzz_targets::{TARGETS, Target};
use rstest::rstest;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The names in a folder, without the endings.
fn names(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .map(|name| name.split('.').next().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    names
}

fn sorted_targets() -> Vec<String> {
    let mut targets: Vec<String> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    targets.sort();
    targets
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let targets = sorted_targets();
    assert_eq!(names(&root().join("emulator/fuzz/fuzz_targets")), targets);
    let mut corpora = names(&root().join("fixtures/corpora"));
    corpora.retain(|name| name != "README");
    assert_eq!(corpora, targets);
    let manifest = fs::read_to_string(root().join("emulator/fuzz/Cargo.toml")).unwrap();
    for target in targets {
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")),
            "{target}"
        );
    }
}

#[rstest]
#[case::apdu("apdu")]
#[case::tlv("tlv")]
#[case::served_files("served_files")]
#[case::sm_unprotect("sm_unprotect")]
#[case::card_session("card_session")]
#[case::emrtd_session("emrtd_session")]
#[case::stored_card("stored_card")]
#[case::scenario("scenario")]
#[case::card_words("card_words")]
#[case::vpcd("vpcd")]
#[case::driver("driver")]
#[case::trace("trace")]
#[case::control_http("control_http")]
fn corpus(#[case] name: &str) {
    let target = Target::named(name).unwrap();
    let folder = root().join("fixtures/corpora").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in &files {
        let input = fs::read(file).unwrap();
        assert!(
            input.len() <= target.longest,
            "{} is too long",
            file.display()
        );
        // Shown only where the next line panics.
        eprintln!("{}", file.display());
        target.run(&input);
    }
    assert!(!files.is_empty());
    println!(
        "trust: corpus {name}: {} inputs, replayed without a fuzzer",
        files.len()
    );
}
