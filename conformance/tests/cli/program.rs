//! Calling the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Options that choose the small suite of these tests and a day that does not pass.
pub(crate) const SUITE: [&str; 2] = ["--suite-dir", "suite/scenarios"];
pub(crate) const DAY: [&str; 2] = ["--today", "2026-01-01"];

/// What a call brought.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Everything a person would see, for golden texts.
    pub(crate) fn all(&self) -> String {
        format!(
            "exit code {}\n--- standard output\n{}--- standard error\n{}",
            self.code, self.out, self.err
        )
    }
}

/// The folder of these tests: names of files in it are the same on every machine.
pub(crate) fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli")
}

/// The program, to be called in a folder.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cie-conf"));
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("RUST_BACKTRACE");
    command
}

/// Calls the program in the folder of these tests.
pub(crate) fn call(arguments: &[&str]) -> Said {
    call_in(&here(), arguments)
}

/// Calls the program in a folder.
pub(crate) fn call_in(folder: &Path, arguments: &[&str]) -> Said {
    let output = program(folder).args(arguments).output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a part of the small suite.
pub(crate) fn run(arguments: &[&str]) -> Said {
    call(&[&["run"], &SUITE[..], &DAY, arguments].concat())
}
