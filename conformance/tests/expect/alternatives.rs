//! `any_of`, `not`, and when `9000` is implied.

use cie_conformance::report::model::FailureKind;
use rstest::rstest;
use serde_json::{Value, json};

use crate::bench::{Bench, misses, said};

#[rstest]
#[case::first(json!({"any_of": [{"sw": "6985"}, {"sw": "6982"}]}), 0x6985, "", None)]
#[case::second(json!({"any_of": [{"sw": "6985"}, {"sw": "6982"}]}), 0x6982, "", None)]
#[case::none(json!({"any_of": [{"sw": "6985", "note": "the standard"}, {"sw": "6982", "note": "older chips", "empty": true}]}), 0x9000, "01",
    Some("none of 2 alternatives is met: (1) the standard: the status word is 9000 (no error), expected 6985 (conditions of use not satisfied); (2) older chips: the status word is 9000 (no error), expected 6982 (security status not satisfied), and no data are expected, 1 byte came"))]
#[case::only_one(json!({"any_of": [{"sw": "6985"}]}), 0x9000, "",
    Some("the only alternative is not met: (1) the status word is 9000 (no error), expected 6985 (conditions of use not satisfied)"))]
#[case::a_silent_alternative_wants_9000(json!({"any_of": [{"sw": "6985"}, {"empty": true}]}), 0x6982, "",
    Some("none of 2 alternatives is met: (1) the status word is 6982 (security status not satisfied), expected 6985 (conditions of use not satisfied); (2) the status word is 6982 (security status not satisfied), expected 9000 (no error), as nothing else is asked for"))]
#[case::nobody_speaks_of_the_status(json!({"any_of": [{"empty": true}, {"length": 2}]}), 0x6982, "",
    Some("the status word is 6982 (security status not satisfied), expected 9000 (no error), as nothing else is asked for"))]
#[case::status_outside(json!({"sw": "6282", "any_of": [{"empty": true}, {"length": 2}]}), 0x6282, "", None)]
#[case::not(json!({"not": {"sw": "9000"}}), 0x6982, "", None)]
#[case::not_missed(json!({"not": {"sw": "9000"}}), 0x9000, "",
    Some("what must not be is: everything under `not` is met"))]
#[case::not_about_data_keeps_9000(json!({"not": {"data": "00.."}}), 0x6982, "01",
    Some("the status word is 6982 (security status not satisfied), expected 9000 (no error), as nothing else is asked for"))]
#[case::not_all_together(json!({"not": {"sw": "9000", "empty": false}}), 0x9000, "", None)]
#[case::not_knowable(json!({"not": {"same_as": "gone"}}), 0x9000, "",
    Some("nothing is captured as \"gone\" yet"))]
fn frames(
    #[case] expect: Value,
    #[case] sw: u16,
    #[case] data: &str,
    #[case] message: Option<&str>,
) {
    let bench = Bench::data(data).status(sw);
    assert_eq!(said(&bench, expect), Vec::from_iter(message));
}

#[test]
fn misses_point_at_their_lines() {
    let expect =
        json!({"sw": "6985", "any_of": [{"empty": true}], "not": {"sw": "9000", "note": "never"}});
    let found = misses(&Bench::data("01"), expect);
    let kinds: Vec<FailureKind> = found.iter().map(|miss| miss.failure.kind).collect();
    assert_eq!(
        kinds,
        [
            FailureKind::Sw,
            FailureKind::Alternatives,
            FailureKind::Alternatives
        ]
    );
    assert!(found.iter().all(|miss| miss.span.is_some()));
    assert_eq!(found[2].failure.note.as_deref(), Some("never"));
}

#[test]
fn what_is_implied_stands_nowhere() {
    let found = misses(&Bench::default().status(0x6F00), json!({}));
    assert!(found.iter().all(|miss| miss.span.is_none()));
    assert_eq!(found.len(), 1);
}

#[test]
fn an_alternative_nobody_can_judge_is_not_held_against_the_card() {
    let unknown = json!({"any_of": [{"sw": "6985"}, {"tries": {"pin": 3}}]});
    let found = misses(&Bench::default(), unknown);
    let kinds: Vec<FailureKind> = found.iter().map(|miss| miss.failure.kind).collect();
    assert_eq!(kinds, [FailureKind::Harness]);
}
