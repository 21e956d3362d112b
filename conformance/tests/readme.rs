//! Every command the README shows is executed here, in the order of the page, in an empty folder, with the programs this build
//! made. `cargo card` and `cargo conf` are the aliases of `.cargo/config.toml`; what cannot run inside a test says so.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Commands that would run this test again, and where they are tested instead.
const ELSEWHERE: [(&str, &str); 4] = [
    ("cargo test --workspace", "it is what runs this test"),
    (
        "cargo run --quiet -p cie-emulator --example session",
        "emulator/tests/examples.rs runs the example",
    ),
    (
        "cargo conf issuer walk cie-puk",
        "it asks somebody; conformance/tests/cli/walk.rs answers it",
    ),
    (
        ".ci/trust",
        "it counts for ten minutes; .ci/run has it count",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// The lines behind `$ ` in the page's console blocks.
fn commands() -> Vec<String> {
    let page = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for line in page.lines() {
        match (line.starts_with("```"), inside) {
            (true, false) => inside = line == "```console",
            (true, true) => inside = false,
            (false, true) => found.extend(line.strip_prefix("$ ").map(str::to_owned)),
            (false, false) => {}
        }
    }
    found
}

/// The card's program stands beside the judge's, once the workspace is built.
fn program(alias: &str) -> PathBuf {
    let judge = PathBuf::from(env!("CARGO_BIN_EXE_cie-conf"));
    match alias {
        "conf" => judge,
        "card" => judge.with_file_name(format!("cie-card{}", std::env::consts::EXE_SUFFIX)),
        other => panic!("the README uses an alias this test does not know: cargo {other}"),
    }
}

#[test]
fn every_command_of_the_readme_works() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root().join("fixtures"), folder.path().join("fixtures")).unwrap();
    let commands = commands();
    assert!(
        commands.len() > 15,
        "only {} commands were found",
        commands.len()
    );
    let mut ran = 0;
    for line in &commands {
        if let Some((_, why)) = ELSEWHERE.iter().find(|(command, _)| command == line) {
            println!("not run here: `{line}`: {why}");
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["cargo", alias, arguments @ ..] = words.as_slice() else {
            panic!("the README shows a command this test cannot run: {line}");
        };
        let program = program(alias);
        if !program.exists() {
            println!(
                "not run here: `{line}`: {} is not built; cargo test --workspace builds it",
                program.display()
            );
            continue;
        }
        let output = Command::new(&program)
            .args(arguments)
            .current_dir(folder.path())
            .output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "`{line}` ended with {}:\n{said}",
            output.status
        );
        ran += 1;
    }
    println!("{ran} of {} commands were run", commands.len());
    assert!(ran > 10, "only {ran} commands were run");
    for report in ["junit.xml", "run.json", "run.tap", "merged.xml", "pin.html"] {
        assert!(
            folder
                .path()
                .join(report)
                .metadata()
                .is_ok_and(|file| file.len() > 0),
            "{report}"
        );
    }
}
