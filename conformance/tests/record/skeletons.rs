//! A trace becomes a scenario that is in order and passes on the card it came from.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use cie_conformance::record::{SkeletonError, skeleton};
use cie_conformance::report::model::Verdict;
use cie_conformance::run::{EmbeddedCards, Options, Silent, run};
use cie_conformance::scenario::{Source, layout, lint};
use cie_conformance::suite::{Suite, select};
use cie_emulator::phy::trace::file::Redaction;
use rstest::rstest;

use crate::support::{cases, embedded};

/// One scenario of each kind, and whatever is in some folders.
const KINDS: [&str; 9] = [
    "pin",
    "puk/forgotten-pin",
    "read",
    "select",
    "lifecycle",
    "services",
    "signature",
    "robustness/garbage[length=16]",
    "secure-messaging",
];

#[rstest]
#[case::redacted(Redaction::AllowList)]
#[case::whole(Redaction::CodesOnly)]
fn every_trace_becomes_a_scenario_without_a_lint(#[case] redaction: Redaction) {
    let suite = Suite::embedded().unwrap();
    let mut names: Vec<String> = cases(&KINDS).iter().map(|case| case.name()).collect();
    // One in twelve shows the same, in a twelfth of the time.
    names = names.into_iter().step_by(12).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let trace = embedded("bit4id2", "adult-default", &names, redaction);
    for name in names {
        if !trace.records.iter().any(|(_, record)| {
            matches!(record, cie_emulator::phy::trace::file::Record::Case(case) if case.name == name)
        }) {
            continue;
        }
        let text = match skeleton(&trace, Some(name), "mine.yaml") {
            Ok(text) => text,
            Err(SkeletonError::Nothing) => continue,
            Err(SkeletonError::Unfit(problems)) => panic!("{name}: {}", problems.render(false)),
            Err(other) => panic!("{name}: {other}"),
        };
        let source = Source::new("mine.yaml", text.clone());
        let problems = lint(&source, suite.catalogue());
        assert_eq!(
            problems.iter().count(),
            0,
            "{name}: {}",
            problems.render(false)
        );
        assert_eq!(layout(&source).unwrap(), text, "{name}");
    }
}

#[rstest]
#[case::login(
    "pin/right-pin-opens[chip=stm3]",
    "open: device_authentication",
    "verify: { reference: pin, value: right }"
)]
#[case::files("read/end-of-file", "apdu: \"00B000000C\"", "sw: \"6B00\"")]
#[case::wrong_pin("pin/wrong-after-right[by=verify]", "hazard: ", "value: wrong")]
#[case::reset("pin/blocked-tells-nothing", "cie-scenario: 1", "6983")]
fn it_passes_where_it_was_recorded(#[case] name: &str, #[case] has: &str, #[case] and: &str) {
    let trace = embedded("bit4id2", "adult-default", &[name], Redaction::AllowList);
    let text = skeleton(&trace, None, "mine.yaml").unwrap();
    assert!(text.contains(has) && text.contains(and), "{text}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.yaml");
    std::fs::write(&path, &text).unwrap();
    let suite = Suite::embedded().unwrap();
    let chosen = select(&suite, &[path.display().to_string()]).unwrap();
    let quiet = AtomicBool::new(false);
    let cards = EmbeddedCards::new("bit4id2");
    let finished = run(
        &chosen.cases,
        &cards,
        &Options::default(),
        &BTreeSet::new(),
        &Silent,
        &quiet,
    );
    let case = &finished.cases[0];
    assert_eq!(case.verdict, Verdict::Passed, "{:?}\n{text}", case.reason);
}

#[test]
fn the_id_is_the_path_of_the_file() {
    let trace = embedded(
        "bit4id2",
        "adult-default",
        &["read/end-of-file"],
        Redaction::AllowList,
    );
    let id = |file: &str| {
        let text = skeleton(&trace, None, file).unwrap();
        let id = text.lines().find_map(|line| line.strip_prefix("id: "));
        id.unwrap().to_owned()
    };
    assert_eq!(id("a/scenarios/mine/first.yaml"), "mine/first");
    assert_eq!(
        id(Path::new("some/where/first.yml").to_str().unwrap()),
        "first"
    );
}

#[test]
fn one_scenario_is_one_case() {
    let names = ["read/end-of-file", "select/unknown-file"];
    let trace = embedded("bit4id2", "adult-default", &names, Redaction::AllowList);
    let error = skeleton(&trace, None, "mine.yaml").unwrap_err();
    assert!(
        matches!(&error, SkeletonError::Several(there) if there.len() == 2),
        "{error}"
    );
    let error = skeleton(&trace, Some("nothing"), "mine.yaml").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("read/end-of-file, select/unknown-file"),
        "{error}"
    );
}
