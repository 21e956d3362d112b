//! A card in a reader that is treated as anybody's: the guard stands before it, the ledger remembers it, reports keep its secrets.

use std::fs;

use rstest::rstest;

use cie_pcscd::PrivateDaemon;
use tempfile::TempDir;

use super::lane::{Card, Said, Verdicts, call, card, count, daemon, runs, verdicts};

/// A reader with a card in it, and a folder to work in.
struct Lab {
    card: Card,
    folder: TempDir,
    daemon: PrivateDaemon,
}

impl Lab {
    fn new() -> Self {
        let daemon = daemon(1);
        Self {
            card: card("persona=adult-default,chip=bit4id2", &daemon.endpoints()[0]),
            folder: tempfile::tempdir().unwrap(),
            daemon,
        }
    }

    fn call(&self, arguments: &[&str]) -> Said {
        call(&self.daemon, self.folder.path(), arguments)
    }
}

/// Nothing failed, and nothing could not be tried.
fn assert_nothing_bad(table: &Verdicts) {
    let bad = ["error", "failed"];
    let bad: Vec<_> = table
        .iter()
        .filter(|(_, (verdict, _))| bad.contains(&verdict.as_str()))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[rstest]
fn nothing_that_costs_runs_unless_it_was_allowed() {
    if !runs() {
        return;
    }
    let lab = Lab::new();
    let arguments = [
        "run",
        "--target",
        "reader",
        "--patience",
        "0",
        "--show",
        "none",
        "--report",
        "json=-",
    ];
    let said = lab.call(&arguments);
    let table = verdicts(&said);
    assert!(
        said.err.starts_with("Plan for the card in reader CIE 1"),
        "{}",
        said.err
    );
    assert!(said.err.contains("chip family bit4id2"), "{}", said.err);
    assert_nothing_bad(&table);
    assert!(count(&table, "passed") > 100, "{}", count(&table, "passed"));
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    for case in report["cases"].as_array().unwrap() {
        let ran = case["verdict"] == "passed";
        assert!(!ran || case["hazard"] == "none", "{case}");
    }
    for (name, (verdict, reason)) in &table {
        let explained = verdict == "passed" || !reason.is_empty();
        assert!(explained, "{name} is {verdict} and nobody says why");
    }
}

#[rstest]
fn with_permission_and_codes_the_pin_is_spent_and_put_back_and_shown_nowhere() {
    if !runs() {
        return;
    }
    let lab = Lab::new();
    let (pin, puk) = &lab.card.codes;
    let private = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let path = lab.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    private("codes", &format!("pin={pin}\npuk={puk}\n"));
    let arguments = [
        "run",
        "pin",
        "--target",
        "reader",
        "--allow",
        "burns_pin,blocks_pin,writes",
        "--secrets",
        "codes",
        "--show",
        "none",
        "--report",
        "json=-",
        "--report",
        "html=page.html",
    ];
    let said = lab.call(&arguments);
    let table = verdicts(&said);
    assert_nothing_bad(&table);
    assert!(
        said.err
            .contains("Allowed by: --allow burns_pin,writes,blocks_pin"),
        "{}",
        said.err
    );
    let page = fs::read_to_string(lab.folder.path().join("page.html")).unwrap();
    for text in [&said.out, &said.err, &page] {
        assert!(!text.contains(pin.as_str()) && !text.contains(puk.as_str()));
        assert!(!text.contains(&hex::encode_upper(pin)) && !text.contains(&hex::encode_upper(puk)));
    }
    // The lab's PIN is in force: whatever it opens is open.
    private("pin", pin);
    let again = [
        "run",
        "signature",
        "--target",
        "reader",
        "--secret",
        "pin=@pin",
        "--show",
        "none",
        "--report",
        "json=-",
    ];
    let again = verdicts(&lab.call(&again));
    assert!(count(&again, "passed") > 10, "{again:#?}");
    assert_eq!(
        count(&again, "failed") + count(&again, "inconclusive"),
        0,
        "{again:#?}"
    );
    assert!(count(&table, "passed") > 15, "{table:#?}");
}

#[rstest]
fn a_code_on_the_command_line_is_warned_about() {
    if !runs() {
        return;
    }
    let lab = Lab::new();
    let secret = format!("pin={}", lab.card.codes.0);
    let said = lab.call(&[
        "run",
        "select/in-a-session",
        "--target",
        "reader",
        "--secret",
        &secret,
    ]);
    assert!(said.err.contains("process lists"), "{}", said.err);
    assert!(!said.err.contains(&lab.card.codes.0), "{}", said.err);
}

#[rstest]
fn two_readers_with_two_citizens() {
    if !runs() {
        return;
    }
    let daemon = daemon(2);
    let first = card("persona=adult-default,chip=bit4id2", &daemon.endpoints()[0]);
    let second = card("persona=adult-seeded,chip=nxp", &daemon.endpoints()[1]);
    let folder = tempfile::tempdir().unwrap();
    let both = call(
        &daemon,
        folder.path(),
        &["run", "select", "--target", "reader"],
    );
    assert_eq!(both.code, 2, "{}", both.err);
    assert!(
        both.err.contains("CIE 1") && both.err.contains("CIE 2"),
        "{}",
        both.err
    );
    for (name, chip) in [("reader:cie 1", "bit4id2"), ("reader:cie 2", "nxp")] {
        let arguments = [
            "run", "services", "--target", name, "--show", "none", "--report", "json=-",
        ];
        let said = call(&daemon, folder.path(), &arguments);
        let table = verdicts(&said);
        assert!(
            said.err.contains(&format!("chip family {chip}")),
            "{}",
            said.err
        );
        assert!(count(&table, "passed") > 0, "{table:#?}");
        assert_eq!(
            count(&table, "failed") + count(&table, "error"),
            0,
            "{table:#?}"
        );
    }
    drop((first, second));
}

#[rstest]
fn readers_are_listed_with_their_cards() {
    if !runs() {
        return;
    }
    let daemon = daemon(2);
    let card = card("persona=adult-default,chip=stm3", &daemon.endpoints()[0]);
    let folder = tempfile::tempdir().unwrap();
    // A daemon needs a moment to see a card.
    let list = || {
        let said = call(&daemon, folder.path(), &["readers", "--json"]);
        serde_json::from_str::<serde_json::Value>(&said.out).unwrap()
    };
    let readers = (0..100)
        .find_map(|_| {
            let readers = list();
            let seen = readers[0]["state"] == "card";
            if !seen {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            seen.then_some(readers)
        })
        .expect("the card is seen");
    assert_eq!(readers[0]["chip"], "stm3", "{readers}");
    assert_eq!(readers[0]["atr_attribute"], "readable", "{readers}");
    assert_eq!(readers[0]["protocol"], "T=1", "{readers}");
    assert_eq!(readers[1]["state"], "empty", "{readers}");
    let said = call(
        &daemon,
        folder.path(),
        &["doctor", "--json", "--exchanges", "3"],
    );
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let checks: Vec<&str> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "fine")
        .filter_map(|finding| finding["check"].as_str())
        .collect();
    for check in [
        "client.library",
        "client.protocol",
        "client.timing",
        "readers.atr",
    ] {
        assert!(checks.contains(&check), "{check} in {found}");
    }
    drop(card);
}
