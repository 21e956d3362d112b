//! Traces on the command line: recorded, shown, compared, replayed, turned into other things; and every wrong input.

use std::path::Path;

use rstest::rstest;

use crate::program::{Said, call_in};

const FILES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../fixtures/traces/files.jsonl"
);
const LOGIN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../fixtures/traces/login.jsonl"
);

fn said(folder: &Path, arguments: &[&str], code: i32) -> Said {
    let said = call_in(folder, arguments);
    assert_eq!(said.code, code, "{arguments:?}\n{}", said.all());
    said
}

#[test]
fn recorded_shown_compared_replayed_and_turned_into_other_things() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let record = [
        "record",
        "read/end-of-file",
        "--out",
        "a.jsonl",
        "--pcap",
        "a.pcap",
        "--to-scenario",
        "a.yaml",
    ];
    let done = said(here, &record, 0);
    assert!(
        done.err.contains("a.jsonl: 8 exchanges of 1 case"),
        "{}",
        done.all()
    );
    let shown = said(here, &["trace", "show", "a.jsonl"], 0).out;
    assert!(
        shown.contains("redaction: allow_list") && shown.contains("left out: personal 3"),
        "{shown}"
    );
    assert!(std::fs::read(here.join("a.pcap")).unwrap().len() > 100);
    said(here, &["lint", "a.yaml"], 0);
    said(here, &["fmt", "--check", "a.yaml"], 0);
    said(here, &["run", "a.yaml", "--strict"], 0);
    said(here, &["replay", "a.jsonl"], 0);
    let same = said(here, &["diff", "a.jsonl", "emulator"], 0).out;
    assert!(
        same.ends_with("9 events compared, no difference\n"),
        "{same}"
    );
    let other = said(here, &["diff", "a.jsonl", "emulator:stm3", "--json"], 1).out;
    let other: serde_json::Value = serde_json::from_str(&other).unwrap();
    assert_eq!(other["differences"][0]["aspect"], "atr");
    let whole = [
        "record",
        "read/end-of-file",
        "--out",
        "b.jsonl",
        "--keep-all",
        "--show",
        "none",
    ];
    said(here, &whole, 0);
    said(
        here,
        &[
            "run",
            "read/end-of-file",
            "--target",
            "trace:b.jsonl",
            "--strict",
        ],
        0,
    );
    said(here, &["diff", "a.jsonl", "b.jsonl"], 0);
}

#[test]
fn equal_runs_give_equal_traces_and_times_only_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let text = |name: &str, more: &[&str]| {
        let arguments = [&["record", "select/unknown-file", "--out", name], more].concat();
        said(here, &arguments, 0);
        std::fs::read_to_string(here.join(name)).unwrap()
    };
    let [a, b] = ["a.jsonl", "b.jsonl"].map(|name| text(name, &[]));
    assert_eq!(a, b);
    assert!(!a.contains("at_us"));
    assert!(
        text("c.jsonl", &["--timing"])
            .lines()
            .skip(1)
            .all(|line| line.contains("\"at_us\":"))
    );
}

#[test]
fn a_difference_is_told_with_case_command_and_lines() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(FILES)
        .unwrap()
        .replace("\"response\":\"6B00\"", "\"response\":\"6A86\"");
    std::fs::write(folder.path().join("changed.jsonl"), text).unwrap();
    let said = said(folder.path(), &["diff", FILES, "changed.jsonl"], 1).out;
    assert!(
        said.contains(
            "read/end-of-file\n  READ BINARY of EF.ID_Servizi from offset 12, 1 byte (lines "
        ),
        "{said}"
    );
    assert!(
        said.contains(
            "    status word: 6B00 (offset outside the file) / 6A86 (incorrect parameters P1-P2)\n"
        ),
        "{said}"
    );
    assert!(said.ends_with("3 differences\n"), "{said}");
}

#[rstest]
#[case::no_file(&["diff", "nowhere.jsonl", "emulator"], "the trace nowhere.jsonl cannot be read")]
#[case::no_cases(&["diff", "emulator", "emulator:stm3"], "name some with --cases")]
#[case::chip(&["diff", FILES, "emulator:nothing"], "nothing")]
#[case::reader(&["diff", FILES, "reader"], "is recorded first, under its guard")]
#[case::no_trace(&["trace", "show", "no-trace.jsonl"], "no-trace.jsonl:1: this is no trace")]
#[case::newer(&["replay", "newer.jsonl"], "newer.jsonl:1: this trace has format 9, this program reads formats up to 1")]
#[case::cut(&["trace", "to-pcap", "cut.jsonl", "out.pcap"], "cut.jsonl:2: the last line is cut short")]
#[case::several(&["trace", "to-scenario", FILES, "out.yaml"], "choose one with --case")]
#[case::no_case(&["trace", "to-scenario", LOGIN, "out.yaml", "--case", "x"], "the trace has no case x; it has: pin/right-pin-opens[chip=bit4id2]")]
#[case::replay_to_a_reader(&["replay", FILES, "--against", "reader"], "a recording is not replayed to a physical card")]
#[case::seed(&["run", "read/end-of-file", "--target", concat!("trace:", env!("CARGO_MANIFEST_DIR"), "/../fixtures/traces/files.jsonl"), "--seed", "5"], "add --seed 1")]
#[case::folder(&["record", "read/end-of-file", "--out", "no/where.jsonl"], "the trace no/where.jsonl cannot be created")]
#[case::reveal(&["record", "read/end-of-file", "--out", "x.jsonl", "--reveal-secrets"], "--keep-all")]
#[case::same_place(&["record", "read/end-of-file", "--out", "x.jsonl", "--pcap", "x.jsonl"], "two files are to go to x.jsonl")]
#[case::no_place(&["record", "read/end-of-file", "--out", "x.jsonl", "--to-scenario", "no/where.yaml"], "no/where.yaml")]
#[case::unknown_name(&["record", "nothing-like-it", "--out", "x.jsonl"], "nothing-like-it")]
fn wrong_input_is_told_and_leaves_nothing(#[case] arguments: &[&str], #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("no-trace.jsonl", "{}\n"),
        ("newer.jsonl", "{\"cie-trace\":9}\n"),
        (
            "cut.jsonl",
            "{\"cie-trace\":1,\"recorded\":\"x\",\"redaction\":\"nothing\"}\n{\"event\":",
        ),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let said = said(folder.path(), arguments, 2);
    assert!(said.err.contains(message), "{}", said.all());
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        files.len()
    );
}

#[test]
fn a_plan_writes_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "record",
        "read/end-of-file",
        "--out",
        "a.jsonl",
        "--pcap",
        "a.pcap",
        "--dry-run",
    ];
    assert!(
        said(folder.path(), &arguments, 0)
            .out
            .contains("nothing was sent")
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_with_the_name_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let said = said(
        folder.path(),
        &["record", "read/end-of-file", "--out", "/dev/full"],
        3,
    );
    assert!(
        said.err.contains("/dev/full cannot be written"),
        "{}",
        said.all()
    );
}
