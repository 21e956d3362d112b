//! The real `cie-card driver` below a directory of its own, and the real `cie-card doctor` on whatever machine this is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use cie_emulator::install::{CONFIGURATION, LIBRARY, MARK, below};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A driver that is one by its mark.
fn built(directory: &Path, version: &str) -> String {
    let path = directory.join("libcie_ifd.so");
    fs::write(&path, format!("ELF{MARK}{version}\0")).unwrap();
    path.to_str().unwrap().to_owned()
}

fn driver(directory: &Path, library: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cie-card"))
        .arg("driver")
        .args(arguments)
        .args(["--root", "stage"])
        .current_dir(directory)
        .env("CIE_IFD", library)
        .output()
        .unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

#[test]
fn a_driver_comes_is_replaced_and_goes() {
    let directory = tempfile::tempdir().unwrap();
    let stage = directory.path().join("stage");
    let library = built(directory.path(), "0.0.9");
    let dry = driver(directory.path(), &library, &["install", "--dry-run"]);
    assert!(
        words(&dry).starts_with("would write stage/usr/lib/"),
        "{}",
        words(&dry)
    );
    assert!(!stage.exists());
    let first = driver(directory.path(), &library, &["install"]);
    assert!(first.status.success(), "{}", words(&first));
    let library = built(directory.path(), "0.1.0");
    let second = driver(directory.path(), &library, &["install", "--readers", "3"]);
    assert!(
        words(&second).starts_with("replace stage/usr/lib/"),
        "{}",
        words(&second)
    );
    assert_eq!(
        fs::read(below(&stage, LIBRARY)).unwrap(),
        fs::read(&library).unwrap()
    );
    let configuration = fs::read_to_string(below(&stage, CONFIGURATION)).unwrap();
    assert_eq!(configuration.matches(LIBRARY).count(), 3);
    let gone = driver(directory.path(), &library, &["uninstall"]);
    assert!(gone.status.success(), "{}", words(&gone));
    assert!(!below(&stage, LIBRARY).exists() && !below(&stage, CONFIGURATION).exists());
}

#[test]
fn what_somebody_else_wrote_stays() {
    let directory = tempfile::tempdir().unwrap();
    let place = below(&directory.path().join("stage"), CONFIGURATION);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, "FRIENDLYNAME \"mine\"\n").unwrap();
    let library = built(directory.path(), "0.1.0");
    for action in ["install", "uninstall"] {
        let refused = driver(directory.path(), &library, &[action]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            words(&refused).contains("was not written by"),
            "{}",
            words(&refused)
        );
    }
    assert_eq!(
        fs::read_to_string(&place).unwrap(),
        "FRIENDLYNAME \"mine\"\n"
    );
}

#[test]
fn what_is_not_our_driver_is_not_installed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.so");
    fs::write(&path, "ELF").unwrap();
    let refused = driver(directory.path(), path.to_str().unwrap(), &["install"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        words(&refused).contains("is not our reader driver"),
        "{}",
        words(&refused)
    );
    assert!(!directory.path().join("stage").exists());
}

/// What it finds depends on the machine; that its words, its record and its exit code agree does not.
#[test]
fn the_doctor_is_of_one_mind() {
    let doctor = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_cie-card"))
            .args(["doctor", "--exchanges", "0"])
            .args(arguments)
            .output()
            .unwrap()
    };
    let output = doctor(&["--json"]);
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.success(), record["healthy"] == true);
    let findings = record["findings"].as_array().unwrap();
    assert!(findings.len() >= 5, "{record}");
    for finding in findings {
        let bad = finding["severity"] == "problem" || finding["severity"] == "warning";
        assert_eq!(bad, finding["fix"].is_string(), "{finding}");
    }
    let text = doctor(&[]);
    assert_eq!(text.status.code(), output.status.code());
    assert!(words(&text).contains("problems: "), "{}", words(&text));
}
