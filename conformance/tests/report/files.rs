//! All reports at once, masked, on the disk; and shards joined through their JSON files.

use cie_conformance::report::mask::Masker;
use cie_conformance::report::merge::merge;
use cie_conformance::report::model::{Partition, Verdict};
use cie_conformance::report::{Destination, json, write_all};

use crate::sample;

#[test]
fn no_report_shows_a_secret_and_one_that_cannot_be_written_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let asked = [
        "junit=a.xml",
        "html=a.html",
        "json=missing/a.json",
        "tap=a.tap",
        "json=a.json",
    ];
    let destinations: Vec<Destination> = asked
        .iter()
        .map(|given| {
            let (format, name) = given.split_once('=').unwrap();
            format!("{format}={}", path(name).display())
                .parse()
                .unwrap()
        })
        .collect();
    let mut masker = Masker::new();
    masker.add_text("12345679");
    let mut run = sample::run();
    run.cases[1]
        .rerun_command
        .push_str(" --secret pin=12345679");
    let written = write_all(&mut run, &masker, &destinations);
    assert_eq!(
        written.paths,
        ["a.xml", "a.html", "a.tap", "a.json"].map(path)
    );
    let [error] = written.errors.as_slice() else {
        panic!("{:?}", written.errors)
    };
    assert!(error.to_string().contains("missing/a.json"), "{error}");
    for path in &written.paths {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(
            text.contains("••••••••"),
            "{} was not masked",
            path.display()
        );
        for secret in ["12345679", "3132333435363739"] {
            assert!(!text.contains(secret), "{} shows {secret}", path.display());
        }
    }
}

#[test]
fn shards_read_from_their_reports_become_the_undivided_run() {
    let whole = sample::run();
    let folder = tempfile::tempdir().unwrap();
    let mut shards = Vec::new();
    for index in 1..=3 {
        let mut shard = whole.clone();
        shard.partition = Some(Partition { index, count: 3 });
        let mut number = 0;
        shard.cases.retain(|_| {
            number += 1;
            number % 3 + 1 == index
        });
        let path = folder.path().join(format!("{index}.json"));
        let destination = Destination {
            path: Some(path.clone()),
            ..format!("json={}", path.display()).parse().unwrap()
        };
        assert!(
            write_all(&mut shard, &Masker::new(), &[destination])
                .errors
                .is_empty()
        );
        shards.push(json::read(&path).unwrap());
    }
    let joined = merge(shards).unwrap();
    let mut wanted = whole;
    wanted.cases.sort_by_key(|case| case.id.clone());
    assert_eq!(joined, wanted);
    assert_eq!(joined.exit_code().code(), 3);
    assert!(
        joined
            .cases
            .iter()
            .any(|case| case.verdict == Verdict::Failed)
    );
}
