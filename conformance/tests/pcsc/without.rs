//! Machines where something is missing: one sentence says what to install or to start. No daemon is needed for these.

use std::process::{Command, Stdio};

use rstest::rstest;

/// Calls the program with a library and a daemon's socket by these names.
fn call(arguments: &[&str], library: &str, socket: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cie-conf"))
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .env("CIE_PCSC_LIBRARY", library)
        .env("PCSCLITE_CSOCK_NAME", socket)
        .env("XDG_STATE_HOME", folder.path())
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[rstest]
#[case::run(&["run", "--target", "reader"])]
#[case::readers(&["readers"])]
#[case::served(&["run", "select", "--target", "reader", "--serve", "driver:unix:/nowhere/at/all"])]
fn without_the_library(#[case] arguments: &[&str]) {
    let (code, said) = call(
        arguments,
        "/nowhere/libpcsclite.so.1",
        "/nowhere/pcscd.comm",
    );
    assert_eq!(code, 3, "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 1, "{said}");
    if !arguments.contains(&"--serve") {
        assert!(said.contains("apt install libpcsclite1"), "{said}");
    }
}

#[rstest]
#[case::run(&["run", "--target", "reader"])]
#[case::readers(&["readers"])]
fn without_the_daemon(#[case] arguments: &[&str]) {
    if !super::lane::runs() {
        return;
    }
    let (code, said) = call(arguments, "", "/nowhere/pcscd.comm");
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("the PC/SC service does not run; start it"),
        "{said}"
    );
}

#[rstest]
fn without_a_reader_or_a_card() {
    if !super::lane::runs() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let daemon = super::lane::daemon(1);
    let said = super::lane::call(&daemon, folder.path(), &["run", "--target", "reader"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("no reader has a card"), "{}", said.err);
    let said = super::lane::call(&daemon, folder.path(), &["run", "--target", "reader:acme"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(
        said.err.contains("no reader is called \"acme\""),
        "{}",
        said.err
    );
}
