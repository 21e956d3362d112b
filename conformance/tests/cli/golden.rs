//! Golden texts: what a person sees, word for word.

use std::process::Command;

use rstest::rstest;

use crate::program::{DAY, SUITE, call, call_in, here, run};

#[test]
fn a_good_run() {
    insta::assert_snapshot!(run(&["demo"]).all());
}

#[test]
fn a_failing_run() {
    insta::assert_snapshot!(run(&["broken/one-try-too-many[chip=nxp]"]).all());
}

#[test]
fn every_kind_of_verdict() {
    insta::assert_snapshot!(run(&["--show", "failed"]).all());
}

#[test]
fn a_file_of_ones_own() {
    let file = "suite/scenarios/broken/one-try-too-many.yaml[chip=nxp]";
    let said = call(&[&["run"], &DAY[..], &["--show", "none", file]].concat());
    insta::assert_snapshot!(said.all());
}

#[rstest]
#[case::of_a_suite(&["broken/one-try-too-many[chip=nxp]", "--suite-dir", "suite/scenarios", "--chip", "stm3"])]
#[case::of_a_file(&["suite/scenarios/broken/one-try-too-many.yaml[chip=nxp]", "--seed", "7"])]
fn the_command_it_names_runs_just_that_cell_again(#[case] arguments: &[&str]) {
    let first = call(
        &[
            &["run", "--show", "none", "--today", "2026-01-01"],
            arguments,
        ]
        .concat(),
    );
    let line = first
        .err
        .lines()
        .find_map(|line| line.trim().strip_prefix("rerun"));
    let command = line
        .unwrap()
        .trim()
        .replacen("cie-conf", env!("CARGO_BIN_EXE_cie-conf"), 1);
    let again = Command::new("sh")
        .args(["-c", &format!("{command} --show none")])
        .current_dir(here())
        .output();
    let again = again.unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(String::from_utf8(again.stderr).unwrap(), first.err);
}

#[rstest]
#[case::people("list", &["list", "demo"])]
#[case::names("list_names", &["list", "--names", "demo", "broken/*"])]
#[case::programs("list_json", &["list", "--json", "demo/wrong-once[tries=2]"])]
#[case::dry_run("dry_run", &["run", "--dry-run", "demo", "broken", "--report", "json=never-written.json"])]
#[case::scenario("explain_scenario", &["explain", "demo/wrong-once"])]
#[case::requirement("explain_requirement", &["explain", "CIE-DEMO-002"])]
#[case::uncited("explain_uncited", &["explain", "cie-demo-003"])]
#[case::digits("explain_digits", &["explain", "63C2", "69??", "002C020108"])]
#[case::coverage("coverage", &["coverage"])]
#[case::gaps("coverage_gaps", &["coverage", "--gaps"])]
#[case::coverage_for_programs("coverage_json", &["coverage", "--gaps", "--format", "json"])]
fn words(#[case] name: &str, #[case] arguments: &[&str]) {
    insta::assert_snapshot!(name, call(&[arguments, &SUITE].concat()).all());
    assert!(!here().join("never-written.json").exists());
}

/// A suite beside articles: the items come after the requirements, and one that is forgotten ends the command with 1.
#[rstest]
#[case::people("articles", &["coverage"])]
#[case::gaps("articles_gaps", &["coverage", "--gaps"])]
#[case::programs("articles_json", &["coverage", "--gaps", "--format", "json"])]
#[case::item("articles_item", &["explain", "s0-01"])]
#[case::open_item("articles_open_item", &["explain", "S0-03"])]
#[case::citing_scenario("articles_citing_scenario", &["explain", "challenge"])]
fn articles(#[case] name: &str, #[case] arguments: &[&str]) {
    let suite = ["--suite-dir", "articles/scenarios"];
    insta::assert_snapshot!(name, call(&[arguments, &suite].concat()).all());
}

/// An item demands nothing: what only should be met stays a warning beside it, and an item alone makes a failure of it.
#[rstest]
#[case::beside_a_should("longer", 0, "1 warning")]
#[case::alone("alone", 1, "1 failed")]
fn items_leave_verdicts_alone(#[case] scenario: &str, #[case] code: i32, #[case] words: &str) {
    let said = call(&[
        "run",
        "--suite-dir",
        "articles/scenarios",
        "--today",
        "2026-01-01",
        scenario,
    ]);
    assert_eq!(said.code, code, "{}", said.all());
    assert!(said.all().contains(words), "{}", said.all());
}

#[rstest]
#[case::bad_files("lint_bad", &["lint", "bad"])]
#[case::bad_files_are_not_run("run_bad", &["run", "bad", "demo"])]
#[case::good_files("lint_good", &["lint", "suite/scenarios"])]
#[case::check("fmt_check", &["fmt", "--check", "bad"])]
fn files(#[case] name: &str, #[case] arguments: &[&str]) {
    insta::assert_snapshot!(
        name,
        call(&[arguments, &SUITE[..usize::from(arguments[0] == "run") * 2]].concat()).all()
    );
}

#[rstest]
#[case::policies("../../../fixtures/policies", 0, "8 files: nothing wrong")]
#[case::people("../../../fixtures/people/sample.yaml", 0, "1 file: nothing wrong")]
#[case::bad_policy("../bad-policies/unknown-gate.yaml", 2, "unknown-gate.yaml:")]
#[case::bad_people("../bad-policies/real-addresses.yaml", 2, "may belong to somebody")]
fn files_of_the_issuer(#[case] name: &str, #[case] code: i32, #[case] words: &str) {
    let said = call(&["lint", name]);
    assert_eq!(said.code, code, "{}", said.all());
    assert!(said.err.contains(words), "{}", said.err);
}

#[test]
fn fmt_rewrites_what_is_out_of_order_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unordered.yaml");
    std::fs::copy(here().join("bad/unordered.yaml"), &path).unwrap();
    let first = call_in(folder.path(), &["fmt", "unordered.yaml"]);
    assert_eq!((first.code, first.err.as_str()), (0, "1 file, 1 changed\n"));
    let ordered = std::fs::read_to_string(&path).unwrap();
    assert!(
        ordered.contains("title: \"single quotes\"\nrequirements: [CIE-PIN-001]\n\nhazard"),
        "{ordered}"
    );
    let second = call_in(folder.path(), &["fmt", "unordered.yaml"]);
    assert_eq!(second.err, "1 file, 0 changed\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), ordered);
}

#[rstest]
#[case(&[])]
#[case(&["run"])]
#[case(&["list"])]
#[case(&["lint"])]
#[case(&["fmt"])]
#[case(&["explain"])]
#[case(&["coverage"])]
#[case(&["schema"])]
#[case(&["report", "merge"])]
#[case(&["issuer", "list"])]
#[case(&["issuer", "walk"])]
#[case(&["issuer", "serve"])]
fn help_teaches_by_examples(#[case] command: &[&str]) {
    let said = call(&[command, &["--help"]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("Example"), "{}", said.out);
    assert!(
        said.out.lines().all(|line| line.chars().count() <= 120),
        "{}",
        said.out
    );
}

#[rstest]
#[case::scenarios(&["schema"], cie_conformance::scenario::scenario_schema())]
#[case::scenarios_by_name(&["schema", "scenario"], cie_conformance::scenario::scenario_schema())]
#[case::blocks(&["schema", "--block"], cie_conformance::scenario::block_schema())]
#[case::blocks_by_name(&["schema", "block"], cie_conformance::scenario::block_schema())]
#[case::policies(&["schema", "policy"], cie_conformance::issuer::policy::policy_schema())]
#[case::traces(&["schema", "trace"], cie_emulator::phy::trace::file::schema())]
fn the_schema_is_printed(#[case] arguments: &[&str], #[case] schema: String) {
    assert_eq!(call(arguments).out, schema);
}

/// Everything is inside the program: it works in a folder that knows nothing of the project.
#[test]
fn far_from_a_checkout() {
    let folder = tempfile::tempdir().unwrap();
    let names = call_in(folder.path(), &["list", "--names"]);
    assert_eq!(names.code, 0, "{}", names.err);
    let first = names.out.lines().next().unwrap();
    let said = call_in(folder.path(), &["run", first]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.err.contains(&format!("passed  {first}\n")),
        "{}",
        said.err
    );
    assert_eq!(call_in(folder.path(), &["lint"]).code, 0);
}
