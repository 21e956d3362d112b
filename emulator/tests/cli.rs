//! The real `cie-card` against golden transcripts in `tests/golden/cli`: every command, and one wrong input of each kind.
//! Each transcript holds what was typed, standard output, standard error and the exit code.
//!
//! `UPDATE_GOLDEN=1 cargo test -p cie-emulator --test cli` writes them anew; read the difference before you commit it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use rstest::rstest;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn cie_card(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cie-card"));
    command
        .args(arguments)
        .current_dir(directory)
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(directory: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = cie_card(directory, arguments).spawn().unwrap();
    // A command that reads no input may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn transcript(arguments: &[&str], input: &[u8], output: &Output) -> String {
    let mut text = format!("$ cie-card {}\n", arguments.join(" "));
    for line in String::from_utf8_lossy(input).lines() {
        writeln!(text, "| {line}").unwrap();
    }
    text.push_str(std::str::from_utf8(&output.stdout).expect("standard output is UTF-8"));
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        writeln!(text, "! {line}").unwrap();
    }
    writeln!(text, "[exit code {}]", output.status.code().unwrap()).unwrap();
    text
}

fn golden_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/cli/{name}.txt"))
}

/// Runs the command in an empty directory and compares the transcript.
fn golden(name: &str, arguments: &[&str], input: &[u8]) {
    let directory = tempfile::tempdir().unwrap();
    golden_in(directory.path(), name, arguments, input);
}

fn golden_in(directory: &Path, name: &str, arguments: &[&str], input: &[u8]) {
    let output = run(directory, arguments, input);
    let found = transcript(arguments, input, &output);
    let path = golden_path(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &found).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; see the top of this file", path.display()));
    if let Some((number, (expected, found))) = expected
        .lines()
        .zip(found.lines())
        .enumerate()
        .find(|(_, (expected, found))| expected != found)
    {
        panic!(
            "{name}, line {}:\n  golden {expected}\n  now    {found}\n(UPDATE_GOLDEN=1 writes it anew)",
            number + 1
        );
    }
    assert_eq!(expected, found, "{name}: one is longer than the other");
}

#[rstest]
#[case::help("help", &["--help"])]
#[case::help_new("help-new", &["new", "--help"])]
#[case::help_show("help-show", &["show", "--help"])]
#[case::help_apdu("help-apdu", &["apdu", "--help"])]
#[case::help_apdu_short("help-apdu-short", &["apdu", "-h"])]
#[case::help_chips("help-chips", &["chips", "--help"])]
#[case::help_fsck("help-fsck", &["fsck", "--help"])]
#[case::help_export("help-export", &["export", "--help"])]
#[case::help_import("help-import", &["import", "--help"])]
#[case::help_personas("help-personas", &["personas", "--help"])]
#[case::help_serve("help-serve", &["serve", "--help"])]
#[case::help_driver("help-driver", &["driver", "--help"])]
#[case::help_driver_install("help-driver-install", &["driver", "install", "--help"])]
#[case::help_doctor("help-doctor", &["doctor", "--help"])]
#[case::driver_print("driver-print", &["driver", "print", "--readers", "2"])]
#[case::driver_nothing("driver-nothing", &["driver", "uninstall", "--root", "."])]
#[case::new("new", &["new"])]
#[case::new_seed("new-seed", &["new", "--seed", "7"])]
#[case::new_json("new-json", &["new", "--persona", "adult-sod-pss", "--chip", "stm-2021", "--json"])]
#[case::show("show", &["show"])]
#[case::show_changed("show-changed", &["show", "--profile", "strict", "--set", "pin_tries=5", "--set", "puk_tries=10", "--set", "pad_files=true"])]
#[case::show_revealed("show-revealed", &["show", "--seed", "7", "--reveal-secrets"])]
#[case::show_json("show-json", &["show", "--seed", "7", "--set", "sn_icc_in_cie_df=true", "--json"])]
#[case::show_document("show-document", &["show", "--document"])]
#[case::show_awkward_document("show-document-long-names", &["show", "--document", "--persona", "adult-long-names"])]
#[case::show_file("show-file", &["show", "--file", "EF.Int.Kpub"])]
#[case::show_file_hex("show-file-hex", &["show", "--file", "d003", "--hex"])]
#[case::show_file_json("show-file-json", &["show", "--file", "1001", "--json"])]
#[case::chips("chips", &["chips"])]
#[case::chips_json("chips-json", &["chips", "--json"])]
#[case::parameters("parameters", &["chips", "--parameters"])]
#[case::parameters_json("parameters-json", &["chips", "--parameters", "--json"])]
#[case::personas("personas", &["personas"])]
#[case::personas_json("personas-json", &["personas", "--json"])]
#[case::apdu("apdu", &["apdu", "--seed", "7", "00A40000", "00A4020402D003", "00B0000080"])]
#[case::apdu_tlv("apdu-tlv", &["apdu", "--tlv", "00 A4 04 0C 06 A00000000039", "00 A4 02 04 02 10 05 00", "00B00000 00", "00CB3FFF 0B 4D097007BFA004037F4980"])]
#[case::apdu_services_key("apdu-services-key", &["apdu", "00A4040C06A00000000039", "002241A406800102840183", "008800000C313233343536373839303132"])]
#[case::apdu_masked("apdu-masked", &["apdu", "00A4040C06A00000000039", "0020008200", "00200081083132333435363738", "002C02810831"])]
#[case::apdu_revealed("apdu-revealed", &["apdu", "--reveal-secrets", "00200081083132333435363738"])]
#[case::apdu_json("apdu-json", &["apdu", "--json", "00A40000", "!reset", "00200081083132333435363738", "00", "!off", "00A40000"])]
#[case::apdu_faults("apdu-faults", &["apdu", "--fault", "truncate=3@READ BINARY,#1", "--fault", "gone@#5", "00A40000", "00A4020402D003", "00B0000080", "00B0000080", "00A40000", "!reset", "!on", "00A40000"])]
#[case::apdu_faults_json("apdu-faults-json", &["apdu", "--json", "--fault", "unheard@VERIFY", "--fault", "sw=6f00@VERIFY", "00A4040C06A00000000039", "0020008108 3132333435363738"])]
fn done(#[case] name: &str, #[case] arguments: &[&str]) {
    golden(name, arguments, b"");
}

#[rstest]
#[case::no_command("wrong-no-command", &[])]
#[case::unknown_command("wrong-command", &["make"])]
#[case::unknown_chip("wrong-chip", &["new", "--chip", "infineon"])]
#[case::unknown_persona("wrong-persona", &["new", "--persona", "nobody"])]
#[case::missing_persona_file("wrong-persona-path", &["new", "--persona", "missing/citizen.yaml"])]
#[case::unknown_profile("wrong-profile", &["show", "--profile", "lax"])]
#[case::unknown_parameter("wrong-parameter", &["show", "--set", "pin_trys=5"])]
#[case::parameter_without_value("wrong-setting", &["show", "--set", "pin_tries"])]
#[case::parameter_value("wrong-value", &["show", "--set", "pin_tries=16"])]
#[case::seed("wrong-seed", &["new", "--seed", "-1"])]
#[case::two_holders("wrong-seed-and-persona", &["new", "--seed", "7", "--persona", "adult-default"])]
#[case::unknown_file("wrong-file", &["show", "--file", "2001"])]
#[case::no_picture("wrong-picture", &["show", "--document", "--out", "card.png"])]
#[case::document_and_file("wrong-document-and-file", &["show", "--document", "--file", "1001"])]
#[case::out_of_nothing("wrong-out", &["show", "--out", "card.svg"])]
#[case::hex_without_file("wrong-hex-without-file", &["show", "--hex"])]
#[case::digit("wrong-digit", &["apdu", "00A40000", "00A4O000"])]
#[case::half_byte("wrong-half-byte", &["apdu", "00A4000"])]
#[case::word("wrong-word", &["apdu", "!restart"])]
#[case::card_key("wrong-card-key", &["serve", "--card", "seed=7", "--card", "sed=7"])]
#[case::card_chip("wrong-card-chip", &["serve", "--card", "chip=infineon"])]
#[case::card_in_drawer("wrong-card-also", &["serve", "--also", "seed=seven"])]
#[case::card_twice("wrong-card-twice", &["serve", "--card", "seed=7", "--chip", "nxp"])]
#[case::way("wrong-way", &["serve", "--via", "usb"])]
#[case::way_port("wrong-way-port", &["serve", "--via", "vpcd:0"])]
#[case::way_abroad("wrong-way-abroad", &["serve", "--via", "driver:0.0.0.0:35970"])]
#[case::way_shared("wrong-way-shared", &["serve", "--card", "seed=1", "--card", "seed=2", "--via", "driver:unix:/tmp/a"])]
#[case::ways_too_many("wrong-ways", &["serve", "--via", "driver", "--via", "vpcd"])]
#[case::way_and_daemon("wrong-way-and-daemon", &["serve", "--via", "vpcd", "--start-pcscd"])]
#[case::control_abroad("wrong-control-abroad", &["serve", "--control", "0.0.0.0:35980"])]
#[case::control_name("wrong-control-name", &["serve", "--control", "localhost"])]
#[case::token_without_control("wrong-token-file", &["serve", "--control-token-file", "token"])]
#[case::trace_of_two("wrong-trace", &["serve", "--card", "seed=1", "--card", "seed=2", "--trace", "run.jsonl"])]
#[case::fault("wrong-fault", &["serve", "--fault", "lost@VERIFY", "--fault", "delay=300@READ BINARY"])]
#[case::fault_command("wrong-fault-command", &["serve", "--fault", "lost@VERYFY,#2"])]
#[case::quiet_json("wrong-quiet-json", &["serve", "--quiet", "--json"])]
#[case::no_readers("wrong-readers", &["driver", "install", "--readers", "0"])]
#[case::no_action("wrong-driver", &["driver"])]
#[case::exchanges("wrong-exchanges", &["doctor", "--exchanges", "1001"])]
fn wrong_input(#[case] name: &str, #[case] arguments: &[&str]) {
    golden(name, arguments, b"");
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), arguments, b"").status.code(), Some(2));
}

#[rstest]
#[case::script(
    "script",
    b"# the words, comments and blank lines\n\n00 A4 00 00   # MF\r\n00B09C0000\n!reset\n00B09C0000\n!cold\n!off\n00A40000\n!on\n00A40000"
)]
#[case::errors(
    "script-errors",
    b"80CA9F7F00\n00CA9F7F00\n00A4020C021234\n00A40000\n00A4020C021234\n00B0\n00A400000A00\n"
)]
#[case::bad_line("script-bad-line", b"00A40000\n\n 00A4 02xC 02 D003\n00B0000000\n")]
#[case::bad_text("script-bad-text", b"00A40000\n00\xFF\n")]
#[case::nothing("script-nothing", b"")]
fn standard_input(#[case] name: &str, #[case] input: &[u8]) {
    golden(name, &["apdu"], input);
}

/// Key agreement with a recorded public value of a terminal: secure messaging opens, and a wrong checksum ends it.
#[test]
fn secure_messaging_in_the_trace() {
    let path = format!(
        "{}/../fixtures/vectors/ias-session.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let recording: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let public = recording["ifdpub"].as_str().unwrap();
    let template = format!("80019B83018191820100{public}");
    let (first, last) = template.split_at(2 * 255);
    let script = format!(
        "00A4040C06A00000000039\n102241A6FF{first}\n002241A60B{last}\n00CB3FFF064D04A6029100\n\
         0CB000000D9701808E08010203040506070800\n0CB000000D9701808E08010203040506070800\n"
    );
    golden("secure-messaging", &["apdu", "--tlv"], script.as_bytes());
}

const CITIZEN: &str = "\
persona: 1
id: citizen
title: From a file
seed: 5
holder:
  surname: VERDI
  given_names: ADA
  sex: F
  birth_date: 1990-02-03
  birth_place: { name: ROMA, cadastral_code: H501 }
document:
  number: CA12345BB
  issued: 2024-01-01
  expires: 2034-02-03
codes: seeded
sod: v0
";

#[rstest]
#[case::good("persona-file", CITIZEN.to_owned(), 0)]
#[case::unknown_field("wrong-persona-field", CITIZEN.replace("title", "titel"), 2)]
#[case::value("wrong-persona-value", CITIZEN.replace("CA12345BB", "AA12345BB"), 2)]
#[case::contradiction("wrong-persona-dates", CITIZEN.replace("2034-02-03", "2023-02-03"), 2)]
#[case::not_yaml("wrong-persona-yaml", "persona: [1".to_owned(), 2)]
fn persona_files(#[case] name: &str, #[case] yaml: String, #[case] code: i32) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("citizen.yaml"), yaml).unwrap();
    let arguments = ["new", "--persona", "citizen.yaml"];
    golden_in(directory.path(), name, &arguments, b"");
    assert_eq!(
        run(directory.path(), &arguments, b"").status.code(),
        Some(code)
    );
}

#[test]
fn a_file_is_written_whole_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["show", "--file", "1003", "--out", "certificate.der"];
    fs::write(directory.path().join("certificate.der"), b"older").unwrap();
    golden_in(directory.path(), "show-out", &arguments, b"");
    let hex = run(directory.path(), &["show", "--file", "1003", "--hex"], b"").stdout;
    let written = fs::read(directory.path().join("certificate.der")).unwrap();
    assert_eq!(
        hex::encode_upper(written),
        String::from_utf8(hex).unwrap().trim_end()
    );
    assert_eq!(
        names(directory.path()),
        ["certificate.der"],
        "nothing is left beside it"
    );
}

#[test]
fn the_data_page_is_written_as_a_picture() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["show", "--document", "--out", "card.svg"];
    assert!(run(directory.path(), &arguments, b"").status.success());
    let picture = fs::read_to_string(directory.path().join("card.svg")).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(picture.contains("ROSSI&lt;&lt;MARIO&lt;"));
    assert_eq!(names(directory.path()), ["card.svg"]);
}

#[rstest]
#[case::no_directory("out-no-directory", "missing/certificate.der")]
#[case::a_directory("out-directory", "taken")]
fn a_file_that_cannot_be_written(#[case] name: &str, #[case] out: &str) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("taken")).unwrap();
    let arguments = ["show", "--file", "1003", "--out", out];
    golden_in(directory.path(), name, &arguments, b"");
    assert_eq!(names(directory.path()), ["taken"]);
    assert_eq!(
        run(directory.path(), &arguments, b"").status.code(),
        Some(1)
    );
}

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// `cie-card ... | head -1` ends quietly.
#[rstest]
#[case::parameters(&["chips", "--parameters"])]
#[case::trace(&["apdu", "00A40000"])]
#[case::json(&["show", "--json"])]
fn a_reader_that_left(#[case] arguments: &[&str]) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = cie_card(Path::new("."), arguments)
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}

/// The codes in the clear stand on receipt and letter, which are for that, and where they were asked for.
#[rstest]
#[case::show(&["show", "--seed", "7"])]
#[case::show_json(&["show", "--seed", "7", "--json"])]
#[case::trace(&["apdu", "--seed", "7", "0020008108{}", "0024008110{}{}"])]
#[case::trace_json(&["apdu", "--seed", "7", "--json", "0020008108{}", "002C008110{}{}"])]
fn no_code_where_none_was_asked_for(#[case] arguments: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let revealed = ["show", "--seed", "7", "--json", "--reveal-secrets"];
    let view: serde_json::Value =
        serde_json::from_slice(&run(directory.path(), &revealed, b"").stdout).unwrap();
    let pin = view["secrets"]["pin"].as_str().unwrap();
    let pin_hex = hex::encode(pin);
    let filled: Vec<String> = arguments
        .iter()
        .map(|text| text.replace("{}", &pin_hex))
        .collect();
    let filled: Vec<&str> = filled.iter().map(String::as_str).collect();
    let output = run(directory.path(), &filled, b"");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text.len() > 100 && !text.contains(pin) && !text.contains(&pin_hex),
        "{text}"
    );
}

/// A card that is kept: made, looked into, used, looked into again.
#[test]
fn stored_card() {
    let directory = tempfile::tempdir().unwrap();
    let steps: [(&str, &[&str], &[u8]); 13] = [
        (
            "stored-new",
            &["new", "--seed", "7", "--chip", "nxp", "--out", "card.cie"],
            b"",
        ),
        (
            "stored-new-again",
            &["new", "--seed", "8", "--out", "card.cie"],
            b"",
        ),
        ("stored-show", &["show", "--card", "card.cie"], b""),
        (
            "stored-apdu",
            &[
                "apdu",
                "--card",
                "card.cie",
                "00A40000",
                "00A4020402D003",
                "00B0000080",
            ],
            b"",
        ),
        ("stored-fsck", &["fsck", "card.cie"], b""),
        ("stored-fsck-json", &["fsck", "card.cie", "--json"], b""),
        (
            "stored-export",
            &["export", "card.cie", "--out", "card.json"],
            b"",
        ),
        (
            "stored-export-again",
            &["export", "card.cie", "--out", "card.json"],
            b"",
        ),
        (
            "stored-import",
            &["import", "card.json", "--out", "copy.cie"],
            b"",
        ),
        (
            "stored-import-again",
            &["import", "card.json", "--out", "copy.cie"],
            b"",
        ),
        (
            "stored-new-forced",
            &["new", "--out", "card.cie", "--force", "--json"],
            b"",
        ),
        (
            "stored-and-seed",
            &["show", "--card", "card.cie", "--seed", "7"],
            b"",
        ),
        ("stored-new-card", &["new", "--card", "card.cie"], b""),
    ];
    for (name, arguments, input) in steps {
        golden_in(directory.path(), name, arguments, input);
    }
}

#[rstest]
#[case::missing("stored-missing", None)]
#[case::text("stored-no-card", Some("a letter"))]
fn no_stored_card(#[case] name: &str, #[case] contents: Option<&str>) {
    let directory = tempfile::tempdir().unwrap();
    if let Some(contents) = contents {
        fs::write(directory.path().join("card.cie"), contents).unwrap();
    }
    golden_in(directory.path(), name, &["show", "--card", "card.cie"], b"");
}
