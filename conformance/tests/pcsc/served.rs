//! Cards that `cie-conf` itself serves into a virtual reader: every case runs as on the embedded card, with the same verdict.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use rstest::rstest;

use super::lane::{call, daemon, done, runs, verdicts};

/// Verdicts and reasons of the whole suite.
fn whole_suite(arguments: &[&str]) -> BTreeMap<String, (String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let said = done(
        Command::new(env!("CARGO_BIN_EXE_cie-conf"))
            .args(["run", "--show", "none", "--report", "json=-"])
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    verdicts(&said)
}

/// The whole suite, through a daemon of its own: our driver carries everything, even a command of one byte; vpcd takes that for
/// a control byte, so the cases that send one stay open there, and no other.
#[rstest]
#[case::our_driver("private", 0)]
#[case::vpcd("private:vpcd", 5)]
fn every_verdict_is_the_embedded_cards(#[case] way: &str, #[case] open: usize) {
    if !runs() {
        return;
    }
    let embedded = whole_suite(&[]);
    let through = whole_suite(&["--target", "reader", "--serve", way]);
    assert!(embedded.len() > 1_600, "{} cases", embedded.len());
    assert!(through.keys().eq(embedded.keys()));
    let different: Vec<_> = embedded
        .iter()
        .map(|(name, (verdict, _))| (name, verdict, &through[name]))
        .filter(|(_, verdict, (there, _))| there != *verdict)
        .collect();
    let cannot_be_sent = |(verdict, reason): &(String, String)| {
        verdict == "inconclusive" && reason.contains("no command of fewer than two bytes")
    };
    assert!(
        different.iter().all(|(_, _, there)| cannot_be_sent(there)),
        "{different:#?}"
    );
    assert_eq!(different.len(), open, "{different:#?}");
}

/// A reader that does not follow the slot holds another card, perhaps a citizen's: nothing is sent to it.
#[rstest]
fn another_reader_is_not_mistaken_for_the_virtual_one() {
    if !runs() {
        return;
    }
    let daemon = daemon(2);
    let folder = tempfile::tempdir().unwrap();
    let other = super::lane::card("adult-default", &daemon.endpoints()[1]);
    let way = format!("driver:{}", daemon.endpoints()[0]);
    let arguments = [
        "run",
        "select",
        "--target",
        "reader:CIE 2",
        "--serve",
        &way,
        "--patience",
        "2",
    ];
    let said = call(&daemon, folder.path(), &arguments);
    assert_eq!(said.code, 4, "{}", said.err);
    assert!(said.err.contains("nothing is sent to it"), "{}", said.err);
    drop(other);
}
