//! A divided run: the shares are disjoint and complete, and joined they are the undivided run.

use std::collections::BTreeSet;
use std::path::Path;

use cie_conformance::report::model::CaseResult;
use cie_conformance::suite::{Share, Suite};
use rstest::rstest;

use crate::program::{call, call_in};
use crate::reports::report_of;

fn shards(folder: &Path, count: u32, arguments: &[&str]) -> Vec<Vec<String>> {
    (1..=count)
        .map(|index| {
            let share = format!("hash:{index}/{count}");
            let arguments = [&["--partition", &share], arguments].concat();
            let (_, result) = report_of(folder, &format!("{index}.json"), &arguments);
            result.cases.iter().map(CaseResult::name).collect()
        })
        .collect()
}

#[test]
fn joined_shards_are_the_undivided_run_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, result) = report_of(folder.path(), "whole.json", &[]);
    let shards = shards(folder.path(), 3, &[]);
    let names: Vec<String> = shards.concat();
    let distinct: BTreeSet<&String> = names.iter().collect();
    assert_eq!(names.len(), distinct.len(), "a case is in two shards");
    assert_eq!(
        distinct,
        result
            .cases
            .iter()
            .map(CaseResult::name)
            .collect::<Vec<_>>()
            .iter()
            .collect()
    );
    assert!(
        shards.iter().all(|shard| !shard.is_empty()),
        "nothing was divided"
    );
    let said = call_in(
        folder.path(),
        &[
            "report",
            "merge",
            "3.json",
            "1.json",
            "2.json",
            "--report",
            "json=joined.json",
            "--report",
            "junit=-",
        ],
    );
    assert_eq!(
        said.code, 3,
        "the exit code is that of the whole: {}",
        said.err
    );
    assert!(
        said.err
            .contains("12 cases: 1 error, 2 failed, 1 warning, 8 passed"),
        "{}",
        said.err
    );
    assert!(said.out.starts_with("<?xml"));
    assert!(
        std::fs::read_to_string(folder.path().join("joined.json")).unwrap() == whole,
        "the reports differ"
    );
}

#[rstest]
#[case::missing(&["1.json", "3.json"], "shard 2 of 3 is missing")]
#[case::twice(&["1.json", "2.json", "2.json"], "shard 2 of 3 was given twice")]
#[case::other_seed(&["1.json", "2.json", "seed.json"], "differ in the seed")]
#[case::other_suite(&["1.json", "2.json", "suite.json"], "differ in the suite")]
#[case::undivided(&["1.json", "2.json", "3.json", "whole.json"], "not a shard")]
fn what_does_not_belong_together_is_not_joined(#[case] files: &[&str], #[case] named: &str) {
    let folder = tempfile::tempdir().unwrap();
    let selection = ["demo/challenge", "demo/right-pin"];
    shards(folder.path(), 3, &selection);
    let third = ["--partition", "hash:3/3"];
    report_of(
        folder.path(),
        "seed.json",
        &[&selection[..], &third, &["--seed", "9"]].concat(),
    );
    report_of(
        folder.path(),
        "suite.json",
        &[&selection[..1], &third].concat(),
    );
    report_of(folder.path(), "whole.json", &selection);
    let said = call_in(folder.path(), &[&["report", "merge"], files].concat());
    assert_eq!(said.code, 2, "{}", said.all());
    assert!(said.err.contains(named), "{}", said.err);
}

#[test]
fn an_undivided_report_can_be_written_in_another_format() {
    let folder = tempfile::tempdir().unwrap();
    report_of(folder.path(), "whole.json", &["demo"]);
    let said = call_in(
        folder.path(),
        &["report", "merge", "whole.json", "--report", "tap=-"],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.starts_with("TAP version 14\n1..8\n"),
        "{}",
        said.out
    );
}

#[test]
fn every_case_of_the_program_is_in_one_share_of_any_division() {
    let cases = Suite::embedded().unwrap().cases().unwrap();
    for count in 1..=7 {
        let shares: Vec<Share> = (1..=count)
            .map(|index| format!("hash:{index}/{count}").parse().unwrap())
            .collect();
        for case in &cases {
            let of = shares.iter().filter(|share| share.has(case)).count();
            assert_eq!(of, 1, "{} in {count} shares", case.name());
        }
    }
}

#[test]
fn a_share_is_the_same_whatever_else_is_chosen() {
    let listed = |names: &[&str]| {
        let plan = call(
            &[
                &[
                    "run",
                    "--dry-run",
                    "--suite-dir",
                    "suite/scenarios",
                    "--partition",
                    "hash:1/2",
                ],
                names,
            ]
            .concat(),
        );
        let cases = plan
            .out
            .lines()
            .filter(|line| line.contains("  demo/right-pin["));
        cases.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]), listed(&["demo/right-pin"]));
}
