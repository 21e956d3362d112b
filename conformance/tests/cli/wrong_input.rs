//! Every wrong input ends with exit code 2, a sentence that names it, and what to do.

use rstest::rstest;

use crate::program::{SUITE, call, call_in};

#[rstest]
#[case::nothing_at_all(&[], "Usage: cie-conf")]
#[case::command(&["judge"], "unrecognized subcommand 'judge'")]
#[case::name(&["run", "demo/rihgt-pin"], "did you mean demo/right-pin?")]
#[case::folder(&["run", "demoo"], "did you mean demo?")]
#[case::every_wrong_name(&["run", "zzz", "yyy"], "nothing is selected by `yyy`")]
#[case::glob(&["run", "nothing/*"], "`nothing/*`")]
#[case::file(&["run", "no-such.yaml"], "`no-such.yaml`")]
#[case::cell(&["run", "demo/right-pin[chip=bit4id]"], "did you mean demo/right-pin[chip=stm3]")]
#[case::axis(&["run", "demo/right-pin[chop=stm3]"], "demo/right-pin[chop=stm3]")]
#[case::target(&["run", "--target", "card"], "reader:NAME")]
#[case::reader_without_name(&["run", "--target", "reader:"], "reader:NAME")]
#[case::hazard_without_reader(&["run", "--allow", "writes"], "add --target reader")]
#[case::hazard(&["run", "--target", "reader", "--allow", "burns"], "no such hazard")]
#[case::hazard_bricks(&["run", "--target", "reader", "--allow", "bricks"], "--sacrificial")]
#[case::sacrificial(&["run", "--target", "reader", "--sacrificial", "all"], "type the document number in full")]
#[case::secret(&["run", "--target", "reader", "--secret", "pin=1"], "--secret")]
#[case::secret_file(&["run", "--target", "reader", "--secret", "pin=@no-such"], "no-such")]
#[case::persona_of_a_reader(&["run", "--target", "reader", "--persona", "adult-default"], "--persona")]
#[case::way(&["run", "--target", "reader", "--serve", "usb"], "vpcd:PORT")]
#[case::control_without_token(&["run", "--target", "reader", "--reader-control", "127.0.0.1:1"], "--reader-control-token-file")]
#[case::chip(&["run", "--chip", "stm4"], "stm4")]
#[case::persona(&["run", "--persona", "nobody"], "nobody")]
#[case::seed(&["run", "--seed", "one"], "--seed")]
#[case::jobs(&["run", "--jobs", "0"], "--jobs")]
#[case::share(&["run", "--partition", "hash:0/3"], "hash:K/N with 1")]
#[case::share_beyond(&["run", "--partition", "hash:4/3"], "hash:K/N with 1")]
#[case::day(&["run", "--today", "2026-02-30"], "2026-02-30")]
#[case::show(&["run", "--show", "some"], "possible values: all, failed, none")]
#[case::report_format(&["run", "--report", "xml=a"], "write junit=PATH")]
#[case::report_folder(&["run", "--report", "json=no-folder/a.json"], "no-folder/a.json could not be written")]
#[case::report_is_a_folder(&["run", "--report", "json=suite"], "it is a folder")]
#[case::reports_at_one_place(&["run", "--report", "json=-", "--report", "tap=-"], "two reports are to go to standard output")]
#[case::list_name(&["list", "demo/wrong-onec"], "did you mean demo/wrong-once?")]
#[case::lint_name(&["lint", "nowhere"], "`nowhere`")]
#[case::explain_requirement(&["explain", "CIE-DEMO-999"], "CIE-DEMO-001 to CIE-DEMO-004")]
#[case::explain_topic(&["explain", "CIE-XYZ-001"], "the topics are DEMO")]
#[case::explain_name(&["explain", "challenge-not"], "`challenge-not`")]
#[case::coverage_report(&["coverage", "--json", "no-such.json"], "no-such.json")]
#[case::coverage_of_something_else(&["coverage", "--json", "bad/typo.yaml"], "bad/typo.yaml: this is not a JSON report")]
fn in_the_small_suite(#[case] arguments: &[&str], #[case] named: &str) {
    let reads_suite = arguments.first().is_some_and(|command| *command != "judge");
    let suite = if reads_suite { &SUITE[..] } else { &[] };
    refused(&[arguments, suite].concat(), named);
}

#[rstest]
#[case::explain_item(&["explain", "s0-09", "--suite-dir", "articles/scenarios"], "there is no item S0-09; the articles have S0-01 to S0-04")]
#[case::suite_folder(&["run", "--suite-dir", "nowhere"], "nowhere cannot be read")]
#[case::fmt_nothing(&["fmt"], "<FILE>")]
#[case::fmt_file(&["fmt", "no-such.yaml"], "no-such.yaml cannot be read")]
#[case::schema_of_what(&["schema", "recipe"], "possible values: scenario, block, policy, trace")]
#[case::schema_of_two(&["schema", "policy", "--block"], "cannot be used with")]
#[case::report_nothing(&["report"], "Usage: cie-conf report")]
#[case::merge_nothing(&["report", "merge"], "<SHARD.json>")]
#[case::merge_missing(&["report", "merge", "no-such.json"], "no-such.json")]
#[case::merge_something_else(&["report", "merge", "bad/typo.yaml"], "bad/typo.yaml: this is not a JSON report")]
fn elsewhere(#[case] arguments: &[&str], #[case] named: &str) {
    refused(arguments, named);
}

fn refused(arguments: &[&str], named: &str) {
    let said = call(arguments);
    assert_eq!(said.code, 2, "{}", said.all());
    assert_eq!(said.out, "", "words for people go to standard error");
    assert!(said.err.contains(named), "{}", said.err);
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn a_folder_without_scenarios_is_said_to_be_that() {
    let folder = tempfile::tempdir().unwrap();
    let said = call_in(folder.path(), &["run", "--suite-dir", "."]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (2, "error: there are no scenarios in .\n")
    );
}

#[test]
fn a_file_that_is_no_text_is_said_to_be_that() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), [0xFF, 0xFE, 0x00]).unwrap();
    for command in ["run", "lint", "fmt"] {
        let said = call_in(folder.path(), &[command, "a.yaml"]);
        assert_eq!(said.code, 2, "{command}: {}", said.err);
        assert!(
            said.err.contains("a.yaml cannot be read"),
            "{command}: {}",
            said.err
        );
    }
}

#[test]
fn two_files_of_one_id_are_not_run_together() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        std::fs::read_to_string(crate::program::here().join("suite/scenarios/demo/challenge.yaml"))
            .unwrap();
    let text = text.replace("CIE-DEMO-004", "CIE-PIN-001");
    for place in ["a/demo", "b/demo"] {
        std::fs::create_dir_all(folder.path().join(place)).unwrap();
        std::fs::write(folder.path().join(place).join("challenge.yaml"), &text).unwrap();
    }
    let said = call_in(folder.path(), &["run", "a", "b"]);
    assert_eq!(said.code, 2, "{}", said.all());
    assert!(
        said.err
            .contains("two of the chosen files have the id `demo/challenge`"),
        "{}",
        said.err
    );
}
