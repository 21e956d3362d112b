//! The recovery of a lost PUK through a reader: with cards that the run serves itself, and with one that is treated as anybody's.

use std::fs;
use std::path::Path;

use rstest::rstest;

use super::lane::{call, card, count, daemon, runs, verdicts};

const CARD: &str = "persona=adult-default,chip=bit4id2";

/// Through a reader the recoveries come out as they do in the process.
#[rstest]
fn recoveries_run_through_a_daemon_of_the_runs_own() {
    if !runs() {
        return;
    }
    let daemon = daemon(1);
    let folder = tempfile::tempdir().unwrap();
    let way = format!("driver:{}", daemon.endpoints()[0]);
    let arguments = [
        "run",
        "issuer/puk",
        "articles/puk-lost",
        "--target",
        "reader",
        "--serve",
        &way,
        "--show",
        "none",
        "--report",
        "json=-",
    ];
    let table = verdicts(&call(&daemon, folder.path(), &arguments));
    assert!(table.len() > 40, "{table:#?}");
    assert_eq!(count(&table, "passed"), table.len(), "{table:#?}");
}

fn private(folder: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The holder is taken in by the card, the PUK comes back by messages, and unblocks it; its PIN is put back, and every case that
/// does not run says why.
#[rstest]
fn the_puk_of_a_card_that_is_anybodys_comes_back() {
    if !runs() {
        return;
    }
    let daemon = daemon(1);
    let card = card(CARD, &daemon.endpoints()[0]);
    let folder = tempfile::tempdir().unwrap();
    let (pin, puk) = &card.codes;
    private(folder.path(), "codes", &format!("pin={pin}\npuk={puk}\n"));
    let run = |more: &[&str]| {
        let arguments = [
            "run",
            "issuer/puk",
            "--target",
            "reader",
            "--show",
            "none",
            "--report",
            "json=-",
        ];
        call(&daemon, folder.path(), &[&arguments, more].concat())
    };
    let forbidden = run(&[]);
    let reason = &verdicts(&forbidden)["issuer/puk/lost-and-found[]"];
    assert_eq!(reason.0, "skipped", "{reason:?}");
    assert!(reason.1.contains("--allow writes"), "{reason:?}");

    let allowed = run(&["--allow", "writes", "--secrets", "codes"]);
    let table = verdicts(&allowed);
    let bad = ["error", "failed", "inconclusive"];
    let bad: Vec<_> = table
        .iter()
        .filter(|(_, (verdict, _))| bad.contains(&verdict.as_str()))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}\n{}", allowed.err);
    assert_eq!(
        table["issuer/puk/lost-and-found[]"].0, "passed",
        "{table:#?}"
    );
    for (name, (verdict, reason)) in &table {
        assert!(
            verdict == "passed" || !reason.is_empty(),
            "{name} is {verdict} without a reason"
        );
    }
    for text in [&allowed.out, &allowed.err] {
        assert!(
            !text.contains(pin.as_str()) && !text.contains(puk.as_str()),
            "{text}"
        );
    }
    // The lab's PIN is in force again: the holder reads the number behind it once more.
    let again = verdicts(&run(&["--allow", "writes", "--secrets", "codes"]));
    assert_eq!(
        again["issuer/puk/lost-and-found[]"].0, "passed",
        "{again:#?}"
    );
    drop(card);
}
