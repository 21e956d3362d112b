//! Files that strangers could give to the judge: too large, endless, exploding, or pointing elsewhere. Each call has one
//! gibibyte of address space and ends with a sentence.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use rstest::rstest;

use crate::PROGRAM;
use crate::bounded::{Said, call, holes, pipe};
use crate::strangers::{laughs, tell_cases, with_file};

const HEAD: &str =
    "cie-scenario: 1\nid: bad\ntitle: bad on purpose\nrequirements: [CIE-PIN-001]\nhazard: none\n";
const TRACE: &str = "{\"cie-trace\":1,\"recorded\":\"a stranger\",\"chip\":\"bit4id2\",\"persona\":\"adult-default\",\"seed\":1,\"redaction\":\"codes_only\",\"timing\":false}\n";

fn conf(folder: &Path, arguments: &[&str]) -> Said {
    call(PROGRAM, folder, arguments, Stdio::null())
}

/// Every command that takes a file.
const READERS: [&[&str]; 9] = [
    &["run", "FILE"],
    &["lint", "FILE"],
    &["fmt", "FILE"],
    &["trace", "show", "FILE"],
    &["replay", "FILE"],
    &["diff", "FILE", "emulator"],
    &["run", "select", "--target", "trace:FILE"],
    &["coverage", "--json", "FILE"],
    &["report", "merge", "FILE"],
];

fn every_reader(name: &str, prepare: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    prepare(&path);
    with_file(&READERS, name, |arguments| {
        conf(folder.path(), arguments).refused(2, name);
    });
}

#[test]
fn a_file_of_ten_gigabytes_is_refused_by_its_length() {
    every_reader("huge.yaml", |path| holes(path, 10_000_000_000));
}

#[test]
fn a_pipe_that_never_answers_is_not_waited_for() {
    every_reader("pipe.yaml", pipe);
}

#[test]
fn an_endless_device_is_no_file() {
    every_reader("zero.yaml", |path| symlink("/dev/zero", path).unwrap());
}

/// Scenarios that would be large: told with the file's name, and nothing is run.
#[rstest]
#[case::billion_laughs(laughs(HEAD) + "steps: []\n", "aliases")]
#[case::nested(format!("{HEAD}steps: {}", "[".repeat(100_000)), "bad.yaml:6")]
#[case::nested_maps(format!("{HEAD}steps: {}", "{a: ".repeat(100_000)), "nested too deeply")]
#[case::million_values(format!("{HEAD}steps: [{}]", "x,".repeat(1_000_000)), "too many")]
#[case::repeat(format!("{HEAD}steps:\n  - repeat: 999999999\n    do: [note: again]\n"), "more than 50000 steps")]
#[case::repeat_in_repeat(format!("{HEAD}steps:\n  - repeat: 40000\n    do:\n      - repeat: 40000\n        do: [note: again]\n"), "50000")]
#[case::matrix(matrix(), "cells")]
#[case::giant_hex(format!("{HEAD}steps:\n  - apdu: \"${{repeat(\"00\", 999999999)}}\"\n"), "repeat")]
#[case::repeat_of_repeat(format!("{HEAD}vars: {{ a: \"${{repeat(\"00\", 65536)}}\" }}\nsteps:\n  - apdu: \"${{repeat(${{a}}, 65536)}}\"\n"), "bad.yaml")]
#[case::long_line(format!("{HEAD}title2: {}", "x".repeat(5_000_000)), "longer than")]
fn an_exploding_scenario(#[case] text: String, #[case] words: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.yaml"), text).unwrap();
    for command in ["lint", "run"] {
        conf(folder.path(), &[command, "bad.yaml"]).refused(2, words);
    }
}

fn matrix() -> String {
    let axes = (0..9).map(|axis| {
        format!("a{axis}: [\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\"]")
    });
    let axes: Vec<String> = axes.collect();
    let used: String = (0..9).map(|axis| format!("${{a{axis}}}")).collect();
    format!(
        "{HEAD}matrix: {{ {} }}\nsteps: [note: \"{used}\"]\n",
        axes.join(", ")
    )
}

/// Nothing in a scenario runs a program, asks the environment, or opens a file.
#[rstest]
#[case::include_tag("steps: !include secret.txt")]
#[case::python_tag("steps: !!python/object/apply:os.system [\"touch made\"]")]
#[case::shell("steps:\n  - note: \"$(touch made) `touch made` ${env(HOME)}\"\n")]
#[case::block_above("steps:\n  - use: ../secret\n")]
#[case::block_absolute("steps:\n  - use: /etc/passwd\n")]
#[case::block_below("steps:\n  - use: blocks/../../secret\n")]
#[case::persona_file("card: { persona: ../secret.yaml }\nsteps: [note: x]\n")]
#[case::chip_file("card: { chip: ./secret.yaml }\nsteps: [note: x]\n")]
fn a_scenario_reaches_nothing(#[case] rest: &str) {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("suite");
    fs::create_dir(&inner).unwrap();
    for place in [folder.path(), &inner] {
        fs::write(
            place.join("secret.yaml"),
            "cie-block: 1\ntop-secret: true\n",
        )
        .unwrap();
        fs::write(place.join("secret.txt"), "top-secret").unwrap();
    }
    fs::write(inner.join("bad.yaml"), format!("{HEAD}{rest}")).unwrap();
    let before = fs::read_dir(&inner).unwrap().count();
    for command in ["lint", "run"] {
        let said = conf(&inner, &[command, "bad.yaml"]);
        said.refused(2, "bad.yaml");
        assert!(!said.all().contains("top-secret"), "{}", said.all());
    }
    assert_eq!(fs::read_dir(&inner).unwrap().count(), before);
}

/// A folder of scenarios gives what is in it, and nothing else of this machine.
#[rstest]
#[case::file_outside("a.yaml", "../outside/secret.yaml", "it is a link out of the folder")]
#[case::absolute("a.yaml", "/etc/passwd", "it is a link out of the folder")]
#[case::folder_outside("more", "../outside", "it is a link to a folder")]
#[case::everything("all", "/", "it is a link to a folder")]
#[case::loop_of_folders("loop", ".", "it is a link to a folder")]
#[case::blocks("blocks", "../outside", "it is a link")]
#[case::nowhere("a.yaml", "a.yaml", "a.yaml")]
fn links_do_not_lead_out(#[case] name: &str, #[case] target: &str, #[case] words: &str) {
    let folder = tempfile::tempdir().unwrap();
    let suite = folder.path().join("suite");
    let outside = folder.path().join("outside");
    fs::create_dir(&suite).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret.yaml"), "top-secret: true\n").unwrap();
    fs::write(suite.join("good.yaml"), format!("{HEAD}steps: [note: x]\n")).unwrap();
    symlink(target, suite.join(name)).unwrap();
    for arguments in [
        &["run", "--suite-dir", "suite"][..],
        &["lint", "suite"],
        &["fmt", "suite"],
    ] {
        let said = conf(folder.path(), arguments);
        said.refused(2, words);
        assert!(!said.all().contains("top-secret"), "{}", said.all());
    }
}

/// A link of the folder's own to a file in it is a file.
#[test]
fn links_inside_a_folder_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("suite")).unwrap();
    let text = format!("{HEAD}steps: [note: x]\n");
    fs::write(folder.path().join("suite/bad.txt"), text).unwrap();
    symlink("bad.txt", folder.path().join("suite/bad.yaml")).unwrap();
    let said = conf(folder.path(), &["fmt", "--check", "suite"]);
    assert_ne!(said.code, Some(2), "{}", said.all());
}

/// A report replaces a link; it is not written to where the link leads.
#[test]
fn a_report_is_not_written_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "precious").unwrap();
    for format in ["json", "junit", "tap", "html"] {
        let link = format!("report.{format}");
        symlink("mine", folder.path().join(&link)).unwrap();
        let said = conf(
            folder.path(),
            &[
                "run",
                "select/unknown-file",
                "--report",
                &format!("{format}={link}"),
            ],
        );
        assert_eq!(said.code, Some(0), "{}", said.all());
        let found = folder.path().join(&link).symlink_metadata().unwrap();
        assert!(found.is_file(), "{format}: the link was replaced");
    }
    let mine = fs::read_to_string(folder.path().join("mine")).unwrap();
    assert_eq!(mine, "precious");
}

/// Recordings that claim more than they hold.
#[rstest]
#[case::long_line(format!("{TRACE}{}", "x".repeat(2 << 20)), "bad.jsonl:2: the line is longer")]
#[case::giant_length(format!("{TRACE}{{\"event\":\"exchange\",\"command\":\"<data:99999999999>\",\"response\":\"9000\"}}\n"), "bad.jsonl:2")]
#[case::many_placeholders(format!("{TRACE}{{\"event\":\"exchange\",\"command\":\"{}\",\"response\":\"9000\"}}\n", "<pin:60000>".repeat(90_000)), "bad.jsonl:2")]
#[case::nested(format!("{TRACE}{}\n", "[".repeat(500_000)), "bad.jsonl:2")]
#[case::newer("{\"cie-trace\":18446744073709551615}\n".to_owned(), "bad.jsonl:1")]
#[case::no_end(format!("{TRACE}{{\"event\":\"power"), "cut short")]
#[case::many_lines(format!("{TRACE}{}", "{\"event\":\"power_off\"}\n".repeat(1_000_002)), "more than 1000000 lines")]
fn a_trace_that_claims_too_much(#[case] text: String, #[case] words: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.jsonl"), text).unwrap();
    for arguments in [
        &["trace", "show", "bad.jsonl"][..],
        &["replay", "bad.jsonl"],
        &["run", "select", "--target", "trace:bad.jsonl"],
    ] {
        conf(folder.path(), arguments).refused(2, words);
    }
}

#[rstest]
#[case::nested(format!("{{\"cie-report\":1,\"a\":{}", "[".repeat(1_000_000)))]
#[case::newer("{\"cie-report\":99}".to_owned())]
#[case::no_json("\u{0}".repeat(1_000_000))]
fn a_report_of_a_stranger(#[case] text: String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.json"), text).unwrap();
    for arguments in [
        &["coverage", "--json", "bad.json"][..],
        &["report", "merge", "bad.json"],
    ] {
        conf(folder.path(), arguments).refused(2, "bad.json");
    }
}

#[test]
fn standard_input_has_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let zero = fs::File::open("/dev/zero").unwrap();
    call(PROGRAM, folder.path(), &["fmt", "-"], zero.into()).refused(2, "longer than");
}

/// How much of these cases there is, for the page on trust.
#[test]
fn the_numbers() {
    tell_cases("judge", include_str!("hostile.rs"), 30);
}
