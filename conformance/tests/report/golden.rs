//! Golden texts: what each format says about the sample run, byte for byte.

use std::path::PathBuf;

use cie_conformance::report::coverage::Coverage;
use cie_conformance::report::model::{RunResult, Stop, StopKind};
use cie_conformance::report::text::Paint;
use cie_conformance::report::{html, json, junit, tap, terminal};

use crate::sample;

#[test]
fn terminal() {
    let written = [
        PathBuf::from("out/report.html"),
        PathBuf::from("out/report.json"),
    ];
    insta::assert_snapshot!(terminal::render(&sample::run(), &written, Paint::plain()));
}

#[test]
fn terminal_in_colour() {
    let mut run = sample::run();
    run.cases.retain(|case| case.id == "pin/lock-then-unblock");
    run.coverage.requirements.clear();
    let shown = terminal::render(&run, &[], Paint::coloured());
    insta::assert_snapshot!(shown.replace('\u{1b}', "␛"));
}

#[test]
fn terminal_of_a_refused_run() {
    let mut run = sample::run();
    run.cases.clear();
    run.coverage.requirements.clear();
    let message = "the PIN counter fell from 3 to 2 without a wrong PIN sent; check the card before the next run".to_owned();
    run.stopped = Some(Stop {
        kind: StopKind::Refused,
        message,
    });
    insta::assert_snapshot!(terminal::render(&run, &[], Paint::plain()));
}

#[test]
fn coverage() {
    insta::assert_snapshot!(Coverage::of(&sample::run()).render(Paint::plain()));
}

#[test]
fn junit_xml() {
    insta::assert_snapshot!(junit::render(&sample::run()).unwrap());
}

#[test]
fn junit_xml_strict_and_stopped() {
    let mut run = sample::run();
    run.cases.retain(|case| case.id == "emrtd/read-com");
    run.strict = true;
    run.stopped = Some(Stop {
        kind: StopKind::Harness,
        message: "the reader is gone".to_owned(),
    });
    insta::assert_snapshot!(junit::render(&run).unwrap());
}

#[test]
fn tap_14() {
    let mut run = sample::run();
    run.stopped = Some(Stop {
        kind: StopKind::Refused,
        message: "the guard is latched".to_owned(),
    });
    insta::assert_snapshot!(tap::render(&run));
}

#[test]
fn json_report() {
    let text = json::render(&sample::run()).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn json_reads_back_as_the_same_run() {
    let run = sample::run();
    assert_eq!(json::parse(&json::render(&run).unwrap()).unwrap(), run);
}

#[test]
fn members_that_are_not_known_are_ignored_and_other_versions_refused() {
    let text = json::render(&sample::run()).unwrap();
    let newer = text.replacen('{', "{\"later\": [1],", 1);
    assert_eq!(json::parse(&newer).unwrap(), sample::run());
    let other = text.replacen("\"cie-report\": 1", "\"cie-report\": 2", 1);
    assert!(
        json::parse(&other)
            .unwrap_err()
            .to_string()
            .contains("version 2")
    );
    assert!(json::parse("[]").is_err());
}

#[test]
fn the_page_holds_the_run_and_nothing_from_elsewhere() {
    let page = html::render(&sample::run()).unwrap();
    let (_, rest) = page
        .split_once("type=\"application/json\" id=\"data\">")
        .unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let run: RunResult = serde_json::from_value(data["run"].clone()).unwrap();
    assert_eq!(run, sample::run());
    insta::assert_snapshot!(serde_json::to_string_pretty(&data["words"]).unwrap());
    for reference in ["http:", "https:", "src=\"", "url(", "@import", "import("] {
        let ours = page.replace(data["run"].to_string().as_str(), "");
        assert!(!ours.contains(reference), "the page refers to {reference}");
    }
}

#[test]
fn equal_runs_give_equal_pages() {
    assert_eq!(
        html::render(&sample::run()).unwrap(),
        html::render(&sample::run()).unwrap()
    );
}
