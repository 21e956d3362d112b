//! Reports of a run: every format, the same bytes for the same run, and no code in any of them.

use std::path::Path;

use cie_conformance::report::json;
use cie_conformance::report::model::{RunResult, Verdict};
use cie_emulator::persona::{Persona, personalise};
use rstest::rstest;

use crate::program::{call_in, here, run};

/// Runs the small suite and reads the JSON report.
pub(crate) fn report_of(folder: &Path, name: &str, arguments: &[&str]) -> (String, RunResult) {
    let path = folder.join(name);
    let report = format!("json={}", path.display());
    run(&[&["--show", "none", "--report", &report], arguments].concat());
    let text = std::fs::read_to_string(&path).unwrap();
    let result = json::parse(&text).unwrap();
    (text, result)
}

#[rstest]
#[case::twice(&[], &[])]
#[case::whatever_the_jobs(&["--jobs", "1"], &["--jobs", "7"])]
#[case::whatever_is_shown(&["--show", "all"], &["--show", "none"])]
fn the_same_run_gives_the_same_bytes(#[case] one: &[&str], #[case] other: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    // `--show` may be given once: what is given here comes without the helper's own.
    let bytes = |name: &str, arguments: &[&str]| {
        let path = folder.path().join(name);
        let report = format!("json={}", path.display());
        run(&[&["--seed", "5", "--report", &report], arguments].concat());
        std::fs::read(&path).unwrap()
    };
    assert!(
        bytes("one.json", one) == bytes("other.json", other),
        "the reports differ"
    );
}

#[test]
fn lines_come_in_the_order_of_the_plan_whatever_the_jobs() {
    let alone = run(&["--jobs", "1"]);
    let together = run(&["--jobs", "7"]);
    assert_eq!(alone.err, together.err);
}

#[test]
fn another_seed_is_another_run_with_the_same_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let (one, first) = report_of(folder.path(), "1.json", &["--seed", "1", "demo"]);
    let (other, second) = report_of(folder.path(), "2.json", &["--seed", "2", "demo"]);
    assert_ne!(one, other);
    let verdicts = |run: &RunResult| {
        run.cases
            .iter()
            .map(|case| case.verdict)
            .collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&first), verdicts(&second));
    assert_ne!(first.cases[0].seed, second.cases[0].seed);
}

#[test]
fn times_are_there_when_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (_, without) = report_of(folder.path(), "a.json", &["demo/challenge"]);
    let (_, with) = report_of(folder.path(), "b.json", &["demo/challenge", "--durations"]);
    assert!(without.cases.iter().all(|case| case.duration_ns.is_none()));
    assert!(
        with.cases
            .iter()
            .all(|case| case.duration_ns.is_some_and(|time| time > 0))
    );
}

#[rstest]
#[case::junit("junit", "<?xml", "</testsuites>")]
#[case::html("html", "<!doctype html>", "</html>")]
#[case::json("json", "{\n  \"cie-report\": 1,", "}")]
#[case::tap("tap", "TAP version 14\n1..12\n", "")]
fn every_format_goes_to_standard_output(
    #[case] format: &str,
    #[case] begins: &str,
    #[case] ends: &str,
) {
    let said = run(&["--show", "none", "--report", &format!("{format}=-")]);
    let begin: String = said.out.chars().take(begins.len()).collect();
    assert_eq!(begin.to_lowercase(), begins.to_lowercase());
    assert!(said.out.trim_end().ends_with(ends));
}

#[test]
fn files_are_written_and_named_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let suite = here().join("suite/scenarios");
    let suite = suite.to_str().unwrap();
    let reports = ["junit=a.xml", "html=a.html", "json=a.json", "tap=a.tap"];
    let mut arguments = vec!["run", "demo", "--suite-dir", suite];
    for report in reports {
        arguments.extend(["--report", report]);
    }
    let said = call_in(folder.path(), &arguments);
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    let last: Vec<&str> = said.err.lines().rev().take(4).collect();
    assert_eq!(
        last,
        [
            "  report a.tap",
            "  report a.json",
            "  report a.html",
            "  report a.xml"
        ]
    );
    for report in reports {
        let (_, name) = report.split_once('=').unwrap();
        assert!(folder.path().join(name).is_file(), "{name}");
    }
}

#[test]
fn no_code_of_the_card_is_in_any_report() {
    let persona = Persona::builtin("adult-seeded").unwrap();
    let card = personalise(&persona).unwrap();
    let codes =
        [&card.pin, &card.puk].map(|code| String::from_utf8(code.reveal().to_vec()).unwrap());
    for format in ["junit", "html", "json", "tap"] {
        let said = run(&[
            "--persona",
            "adult-seeded",
            "--report",
            &format!("{format}=-"),
        ]);
        for code in &codes {
            for form in [code.clone(), hex::encode(code), hex::encode_upper(code)] {
                assert!(
                    !said.out.contains(&form),
                    "a code is in the {format} report"
                );
                assert!(!said.err.contains(&form), "a code is in what people read");
            }
        }
        let wrong_value = said.out.contains("0020008108****************");
        assert!(
            wrong_value || format == "html",
            "the command itself is there ({format})"
        );
    }
}

#[rstest]
#[case::good(&["demo"], 0)]
#[case::failed(&["demo", "broken/one*"], 1)]
#[case::warning(&["broken/short-challenge"], 0)]
#[case::warning_strict(&["broken/short-challenge", "--strict"], 1)]
#[case::harness(&["broken"], 3)]
#[case::empty_share_is_no_failure(&["demo/challenge", "--partition", "hash:1/9"], 0)]
#[case::fail_fast(&["broken/one-try-too-many", "--fail-fast", "--jobs", "1"], 1)]
fn exit_codes(#[case] arguments: &[&str], #[case] code: i32) {
    assert_eq!(run(arguments).code, code);
}

#[test]
fn fail_fast_skips_the_rest_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "broken/one-try-too-many",
        "demo",
        "--fail-fast",
        "--jobs",
        "1",
    ];
    let (_, result) = report_of(folder.path(), "a.json", &arguments);
    assert_eq!(result.cases[0].verdict, Verdict::Failed);
    assert!(
        result.cases[1..]
            .iter()
            .all(|case| case.verdict == Verdict::Skipped)
    );
    assert!(result.stopped.is_some());
    let all = report_of(
        folder.path(),
        "b.json",
        &[&arguments[..], &["--no-fail-fast"]].concat(),
    )
    .1;
    assert!(
        all.cases
            .iter()
            .all(|case| case.verdict != Verdict::Skipped),
        "the later option counts"
    );
}

#[test]
fn coverage_shows_the_verdicts_of_reports() {
    let folder = tempfile::tempdir().unwrap();
    report_of(folder.path(), "a.json", &[]);
    let path = folder.path().join("a.json");
    let said = run_coverage(path.to_str().unwrap());
    assert!(
        said.contains("    + demo/right-pin  emulator passed\n"),
        "{said}"
    );
    assert!(
        said.contains("    ± broken/one-try-too-many  emulator failed\n"),
        "{said}"
    );
}

fn run_coverage(report: &str) -> String {
    let said = crate::program::call(&[
        "coverage",
        "--suite-dir",
        "suite/scenarios",
        "--json",
        report,
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    said.out
}
