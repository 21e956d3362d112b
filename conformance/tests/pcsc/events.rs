//! What happens to cards, readers and daemons while a run goes on: the case that meets it is inconclusive and says what happened;
//! where things come back, the cases after it are judged again.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Child;

use rstest::rstest;

use super::lane::{Said, card, count, daemon, done, program, runs, verdicts};

/// Three cases: one before, one that gives the event four seconds to happen in, one after.
const SUITE: [(&str, &str); 3] = [
    ("a-before", "  - select: cie"),
    ("b-during", "  - select: cie\n  - wait: 3s\n  - select: cie"),
    ("c-after", "  - select: cie"),
];

struct Run {
    child: Child,
    _folder: tempfile::TempDir,
}

fn begin(daemon: &cie_pcscd::PrivateDaemon, more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for (id, steps) in SUITE {
        let text = format!(
            "cie-scenario: 1\nid: {id}\ntitle: {id}\nrequirements: [CIE-FILE-001]\nmode: drive\nhazard: none\nsteps:\n{steps}\n"
        );
        let name = format!("./{id}.yaml");
        fs::write(folder.path().join(&name), text).unwrap();
        names.push(name);
    }
    let mut arguments = vec!["run", "--target", "reader", "--report", "json=-"];
    arguments.extend(names.iter().map(String::as_str));
    arguments.extend(more);
    let mut child = program(daemon, folder.path(), &arguments).spawn().unwrap();
    // The first line after the plan says that the first case is through: the second one runs.
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    loop {
        let mut line = String::new();
        assert!(err.read_line(&mut line).unwrap() > 0, "it ended: {said}");
        said.push_str(&line);
        if line.contains("passed") && line.contains("a-before") {
            break;
        }
    }
    // Into the second case's pause.
    std::thread::sleep(std::time::Duration::from_secs(1));
    std::thread::spawn(move || std::io::copy(&mut err, &mut std::io::sink()));
    Run {
        child,
        _folder: folder,
    }
}

impl Run {
    fn end(self) -> Said {
        done(self.child)
    }
}

fn told(said: &Said, case: &str, words: &str) {
    let table = verdicts(said);
    let (verdict, reason) = &table[&format!("{case}[]")];
    assert_eq!(verdict, "inconclusive", "{table:#?}");
    assert!(reason.contains(words), "{reason}");
}

#[rstest]
fn a_card_removed_in_the_middle_costs_the_case_and_no_other() {
    if !runs() {
        return;
    }
    let daemon = daemon(1);
    let card = card("adult-default", &daemon.endpoints()[0]);
    let run = begin(&daemon, &[]);
    let inserted = card.slot.remove().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    card.slot.insert(inserted);
    let said = run.end();
    told(&said, "b-during", "the card was removed");
    assert_eq!(verdicts(&said)["c-after[]"].0, "passed", "{}", said.out);
}

/// Another card in the same reader is not the one that was agreed on: the run is shut, exit code 4.
#[rstest]
fn a_card_swapped_in_the_middle_ends_the_run() {
    if !runs() {
        return;
    }
    let daemon = daemon(1);
    let card = card("adult-default", &daemon.endpoints()[0]);
    let run = begin(&daemon, &[]);
    let other = "adult-seeded"
        .parse::<cie_emulator::spec::CardSpec>()
        .unwrap();
    card.slot.insert(Box::new(other.issue().unwrap().card));
    let said = run.end();
    assert_eq!(said.code, 4, "{}", said.out);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let message = report["stopped"]["message"].as_str().unwrap();
    assert!(
        message.contains("not the one this run began with"),
        "{message}"
    );
    assert_eq!(count(&verdicts(&said), "passed"), 1, "{}", said.out);
}

#[rstest]
fn a_reset_by_another_process_is_noticed_where_the_card_is_shared() {
    if !runs() {
        return;
    }
    let daemon = daemon(1);
    let card = card("adult-default", &daemon.endpoints()[0]);
    let run = begin(&daemon, &["--share", "shared"]);
    // opensc-tool's reset is a reconnection with a reset of the card, from another process.
    let mut reset = std::process::Command::new("opensc-tool");
    daemon.serve(reset.args(["--reset=warm", "--reader", "0"]));
    let output = reset.output().expect("opensc is installed");
    assert!(output.status.success(), "{output:?}");
    let said = run.end();
    told(&said, "b-during", "another program reset the card");
    assert_eq!(verdicts(&said)["c-after[]"].0, "passed", "{}", said.out);
    drop(card);
}

#[rstest]
fn nobody_else_gets_at_a_card_that_is_not_shared() {
    if !runs() {
        return;
    }
    let daemon = daemon(1);
    let card = card("adult-default", &daemon.endpoints()[0]);
    let run = begin(&daemon, &[]);
    let mut reset = std::process::Command::new("opensc-tool");
    daemon.serve(reset.args(["--reset=warm", "--reader", "0"]));
    let output = reset.output().expect("opensc is installed");
    assert!(!output.status.success(), "{output:?}");
    let said = run.end();
    assert_eq!(count(&verdicts(&said), "passed"), 3, "{}", said.out);
    drop(card);
}

#[rstest]
#[case::comes_back(true)]
#[case::stays_away(false)]
fn a_daemon_killed_in_the_middle(#[case] comes_back: bool) {
    if !runs() {
        return;
    }
    let mut daemon = daemon(1);
    let card = card("adult-default", &daemon.endpoints()[0]);
    let run = begin(&daemon, &[]);
    daemon.kill();
    if comes_back {
        daemon.restart().unwrap();
    }
    let said = run.end();
    told(&said, "b-during", "the PC/SC service");
    let after = &verdicts(&said)["c-after[]"].0;
    let expected = if comes_back { "passed" } else { "inconclusive" };
    assert_eq!(after, expected, "{}", said.out);
    drop(card);
}
