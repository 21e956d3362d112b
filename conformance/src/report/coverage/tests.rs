//! Which row comes first, and what stands in it.

use rstest::rstest;

use super::{Coverage, Gap};
use crate::report::accounting::{Accounts, ItemStatus};
use crate::report::model::{
    CaseResult, ItemInfo, Level, Polarity, RequirementInfo, RunResult, ScenarioInfo, TargetInfo,
    Verdict,
};
use crate::report::text::Paint;
use crate::requirements::Disposition;

fn requirement(id: &str, level: Level) -> RequirementInfo {
    RequirementInfo {
        id: id.to_owned(),
        level,
        text: "text".to_owned(),
        source: "clause".to_owned(),
    }
}

fn case(id: &str, requirement: &str, polarity: Polarity, verdict: Verdict) -> CaseResult {
    let requirements = vec![requirement.to_owned()];
    CaseResult {
        id: id.to_owned(),
        requirements,
        polarity,
        verdict,
        ..CaseResult::default()
    }
}

fn run(kind: &str, cases: Vec<CaseResult>) -> RunResult {
    let target = TargetInfo {
        kind: kind.to_owned(),
        description: String::new(),
    };
    RunResult {
        cases,
        ..RunResult::new("t", "1", "00", target)
    }
}

#[test]
fn a_must_that_lacks_a_side_comes_first() {
    let (plus, minus) = (Polarity::Positive, Polarity::Negative);
    let requirements = [
        requirement("A", Level::Must),
        requirement("B", Level::Should),
        requirement("C", Level::Must),
        requirement("D", Level::Must),
        requirement("E", Level::Must),
    ];
    let cases = vec![
        case("a+", "A", plus, Verdict::Passed),
        case("a-", "A", minus, Verdict::Passed),
        case("c-", "C", minus, Verdict::Passed),
        case("d+", "D", plus, Verdict::Passed),
        case("x", "X", plus, Verdict::Passed),
    ];
    let coverage = Coverage::new(&requirements, &[], &[&run("emulator", cases)]);
    let order: Vec<(&str, Gap)> = coverage
        .rows
        .iter()
        .map(|row| (row.requirement.id.as_str(), row.gap))
        .collect();
    let wanted = [
        ("E", Gap::Uncited),
        ("C", Gap::NoPositive),
        ("D", Gap::NoNegative),
        ("A", Gap::None),
        ("B", Gap::None),
    ];
    assert_eq!(order, wanted);
    assert_eq!(coverage.unknown, ["X"]);
    assert_eq!(coverage.musts(), (4, 1));
}

#[test]
fn the_last_verdict_per_target_counts_and_the_gravest_cell_speaks_for_the_matrix() {
    let plus = Polarity::Positive;
    let old = run("emulator", vec![case("a", "A", plus, Verdict::Error)]);
    let new = run(
        "emulator",
        vec![
            case("a", "A", plus, Verdict::Failed),
            case("a", "A", plus, Verdict::Passed),
        ],
    );
    let reader = run("reader", vec![case("a", "A", plus, Verdict::Warning)]);
    let never = ScenarioInfo {
        id: "b".to_owned(),
        requirements: vec!["A".to_owned()],
        polarity: Polarity::Negative,
    };
    let coverage = Coverage::new(
        &[requirement("A", Level::Must)],
        &[never],
        &[&old, &new, &reader],
    );
    let row = &coverage.rows[0];
    assert_eq!(row.citations[0].verdicts["emulator"], Verdict::Failed);
    assert_eq!(row.citations[0].verdicts["reader"], Verdict::Warning);
    assert!(row.citations[1].verdicts.is_empty());
    assert_eq!((row.gap, row.verdict), (Gap::None, Some(Verdict::Failed)));
    let shown = coverage.render(Paint::plain());
    assert!(
        shown.contains("    + a  emulator failed, reader warning\n    - b  not run\n"),
        "{shown}"
    );
}

fn item(id: &str, reason: Option<&str>, open: Option<&str>) -> ItemInfo {
    ItemInfo {
        id: id.to_owned(),
        lines: "9".to_owned(),
        text: "text".to_owned(),
        disposition: vec![Disposition::Card, Disposition::LeftOut],
        reason: reason.map(str::to_owned),
        open: open.map(str::to_owned),
    }
}

#[rstest]
#[case::neither(false, None, None, ItemStatus::Unaccounted)]
#[case::open(false, None, Some("a day"), ItemStatus::Open)]
#[case::reason(false, Some("a reason"), None, ItemStatus::Reasoned)]
#[case::cited(true, None, None, ItemStatus::Cited)]
#[case::cited_with_a_reason(true, Some("a reason"), None, ItemStatus::Cited)]
#[case::cited_and_no_longer_open(true, None, Some("a day"), ItemStatus::Cited)]
fn an_item_is_cited_or_has_a_reason_or_waits(
    #[case] cited: bool,
    #[case] reason: Option<&str>,
    #[case] open: Option<&str>,
    #[case] status: ItemStatus,
) {
    let cases = match cited {
        true => vec![case("a", "S0-01", Polarity::Positive, Verdict::Passed)],
        false => Vec::new(),
    };
    let run = run("emulator", cases);
    let items = [item("S0-01", reason, open)];
    let coverage = Coverage::new(&[], &[], &[&run]).with_items(&items, &[], &[&run]);
    let row = &coverage.items[0];
    assert_eq!(row.status, status);
    assert_eq!(row.verdict, cited.then_some(Verdict::Passed));
    let gaps = coverage.render_gaps(Paint::plain());
    assert_eq!(gaps.contains("S0-01"), status.lacks_something(), "{gaps}");
}

#[test]
fn what_lacks_something_comes_first_and_everything_is_counted() {
    let run = run(
        "emulator",
        vec![
            case("a", "S0-01", Polarity::Positive, Verdict::Passed),
            case("b", "S0-99", Polarity::Positive, Verdict::Passed),
        ],
    );
    let items = [
        item("S0-01", None, None),
        item("S0-02", Some("no matter"), None),
        item("S0-03", None, Some("another day")),
        item("S0-04", None, None),
    ];
    let coverage = Coverage::new(&[], &[], &[&run]).with_items(&items, &[], &[&run]);
    let order = coverage.items.iter().map(|row| row.item.id.as_str());
    let order: Vec<&str> = order.collect();
    assert_eq!(order, ["S0-04", "S0-03", "S0-01", "S0-02"]);
    assert_eq!(coverage.unknown, ["S0-99"]);
    let counts = Accounts::of(&coverage.items);
    let each = [
        counts.cited,
        counts.reasoned,
        counts.open,
        counts.unaccounted,
    ];
    assert_eq!((counts.total(), each), (4, [1, 1, 1, 1]));
    let shown = coverage.render(Paint::plain());
    for words in [
        "S0-04  line 9  card, left out  neither a scenario nor a reason\n",
        "S0-03  line 9  card, left out  open\n    text\n    waits for another day\n",
        "    because no matter\n",
        "4 items of the articles: 1 cited by scenarios, 1 left to a written reason, 1 open, 1 unaccounted for\n",
    ] {
        assert!(shown.contains(words), "{shown}");
    }
}
