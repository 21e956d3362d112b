//! The examples in `fixtures/traces` are what the documented commands write today.

use std::path::{Path, PathBuf};
use std::process::Command;

use rstest::rstest;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/traces")
}

/// The command in the folder's README that writes a file.
fn documented(file: &str) -> Vec<String> {
    let page = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let line = page
        .lines()
        .find(|line| {
            line.starts_with("cargo conf record ")
                && line.ends_with(&format!("fixtures/traces/{file}"))
        })
        .unwrap();
    let words = line.split_whitespace().skip(2);
    words
        .map(|word| word.trim_matches('\'').to_owned())
        .collect()
}

#[rstest]
#[case("login.jsonl")]
#[case("files.jsonl")]
fn an_example_is_what_its_command_writes(#[case] file: &str) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join(file);
    let mut arguments = documented(file);
    *arguments.last_mut().unwrap() = path.display().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_cie-conf"))
        .args(&arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let written = std::fs::read_to_string(&path).unwrap();
    let kept = std::fs::read_to_string(folder().join(file)).unwrap();
    assert!(
        written == kept,
        "{file} is not what its command in fixtures/traces/README.md writes now; run that command"
    );
}
