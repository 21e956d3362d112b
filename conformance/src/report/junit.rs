//! The JUnit XML report, for continuous integration. Only elements and attributes that every reader of this format knows:
//! `testsuites`, `testsuite`, `testcase`, `failure`, `error`, `skipped`, `system-out`, suite properties.
//!
//! | verdict | in JUnit |
//! |---|---|
//! | `passed` | a test case without children |
//! | `warning` | passed, with the text in `system-out`; with `--strict` a `failure` of type `warning` |
//! | `failed` | `failure`, its type the kind of the first missed expectation |
//! | `inconclusive`, `error` | `error` of that type: nothing is said about the card |
//! | `skipped`, `not_applicable` | `skipped` of that type, with the reason |
//!
//! A run that was refused or broke gets one more test case that says so, in a suite of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::error::ReportError;
use super::explain;
use super::model::{CaseResult, RunResult, Stop, StopKind, Verdict};
use super::text::Paint;

/// Writes the JUnit report: one suite per folder of scenarios, one test case per matrix cell. Equal results give equal bytes.
///
/// # Errors
/// [`ReportError::Render`] when the serializer fails, which no value of the model causes.
pub fn render(run: &RunResult) -> Result<String, ReportError> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for case in &run.cases {
        let folder = folder(case);
        let suite = suites
            .entry(folder)
            .or_insert_with(|| TestSuite::new(folder));
        suite.add_test_case(test_case(case, run.strict));
    }
    let mut report = Report::new("cie-conf");
    for (_, mut suite) in suites {
        suite.add_properties(properties(run));
        report.add_test_suite(suite);
    }
    if let Some(stop) = &run.stopped
        && let Some(case) = stopped(stop)
    {
        let mut suite = TestSuite::new("cie-conf");
        suite.add_test_case(case);
        suite.add_properties(properties(run));
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| ReportError::Render {
        format: "JUnit",
        reason: error.to_string(),
    })
}

/// The folder of a scenario, which is its id without the last part.
fn folder(case: &CaseResult) -> &str {
    case.id.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

fn properties(run: &RunResult) -> Vec<Property> {
    let pairs = [
        ("tool", run.tool.as_str()),
        ("target", run.target.description.as_str()),
        ("seed", run.seed.as_str()),
        ("suite", run.suite.as_str()),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| Property::new(name, value))
        .collect()
}

fn test_case(case: &CaseResult, strict: bool) -> TestCase {
    let mut test = TestCase::new(case.name(), status(case, strict));
    test.set_classname(folder(case).replace('/', "."));
    if let Some(nanoseconds) = case.duration_ns {
        test.set_time(Duration::from_nanos(nanoseconds));
    }
    if case.verdict == Verdict::Warning && !strict {
        test.set_system_out(explain::case(case, Paint::plain()));
    }
    test
}

fn status(case: &CaseResult, strict: bool) -> TestCaseStatus {
    let kind = match case.verdict {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Warning if !strict => return TestCaseStatus::success(),
        Verdict::Skipped | Verdict::NotApplicable => {
            let mut status = TestCaseStatus::skipped();
            status
                .set_type(case.verdict.word())
                .set_message(reason(case));
            return status;
        }
        Verdict::Warning | Verdict::Failed => NonSuccessKind::Failure,
        Verdict::Inconclusive | Verdict::Error => NonSuccessKind::Error,
    };
    let first = case.steps.iter().flat_map(|step| &step.failures).next();
    let word = match (case.verdict, first) {
        (Verdict::Failed, Some(failure)) => failure.kind.word(),
        (other, _) => other.word(),
    };
    let mut status = TestCaseStatus::non_success(kind);
    let message = first.map_or_else(|| reason(case), |failure| failure.message.clone());
    status
        .set_type(word)
        .set_message(message)
        .set_description(explain::case(case, Paint::plain()));
    status
}

fn reason(case: &CaseResult) -> String {
    case.reason
        .clone()
        .unwrap_or_else(|| "no reason was given".to_owned())
}

fn stopped(stop: &Stop) -> Option<TestCase> {
    let word = match stop.kind {
        StopKind::Usage => "usage",
        StopKind::Harness => "harness",
        StopKind::Refused => "refused",
        StopKind::Interrupted => "interrupted",
        StopKind::FailFast => return None,
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(word).set_message(stop.message.as_str());
    let mut case = TestCase::new("run to the end", status);
    case.set_classname("cie-conf");
    Some(case)
}
