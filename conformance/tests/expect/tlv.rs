//! Data objects by path.

use rstest::rstest;
use serde_json::{Value, json};

use crate::bench::{Bench, only, said};

/// 7F49 { 81: 0102, 82: 03 }, 5F20: 4142.
const KEY: &str = "7F49078102010282010 35F20024142";

#[rstest]
#[case::present(json!({"7F49/82": "present"}), None)]
#[case::present_missed(json!({"7F49/83": "present"}),
    Some("data object 7F49/83 is not there; in 7F49 there are 81, 82"))]
#[case::outer_missed(json!({"7F21/83": "present"}), Some("data object 7F21/83 is not there; there are 7F49, 5F20"))]
#[case::below_a_primitive(json!({"7F49/82/83": "present"}),
    Some("data object 7F49/82/83 is not there; in 7F49/82 there is none"))]
#[case::absent(json!({"7F49/83": "absent"}), None)]
#[case::absent_missed(json!({"7F49/82": "absent"}), Some("data object 7F49/82 is there (1 byte), it must not be"))]
#[case::value(json!({"7F49/81": "01?2"}), None)]
#[case::value_missed(json!({"7F49/81": "01?3"}),
    Some("the bytes of data object 7F49/81 do not fit 01?3 from byte 1 on: 2 bytes"))]
#[case::function(json!({"5F20": {"value": {"text": "AC"}}}),
    Some("the bytes of data object 5F20 differ from what is expected, from byte 1 of 2"))]
#[case::length(json!({"7F49/81": {"length": 2}}), None)]
#[case::length_missed(json!({"7F49/81": {"length": "3..4"}}),
    Some("data object 7F49/81 has 2 bytes, expected 3 to 4 bytes"))]
#[case::closed(json!({"closed": true, "7F49": "present", "5F20": "present"}), None)]
#[case::closed_below(json!({"closed": true, "7F49/81": "present", "5F20": "present"}),
    Some("data object 7F49/82 (1 byte) is there and not named, expected no others"))]
#[case::closed_beside(json!({"closed": true, "7F49": "present"}),
    Some("data object 5F20 (2 bytes) is there and not named, expected no others"))]
#[case::a_tag_no_card_may_use(json!({"7F818283": "present"}),
    Some("data object 7F818283 is not there; there are 7F49, 5F20"))]
fn data_objects(#[case] tree: Value, #[case] message: Option<&str>) {
    let bench = Bench::data(&KEY.replace(' ', ""));
    assert_eq!(said(&bench, json!({"tlv": tree})), Vec::from_iter(message));
}

#[rstest]
#[case::one_fits(json!({"61/4F": "A0..39"}), None)]
#[case::none_fits(json!({"61/4F": "A1.."}),
    Some("the bytes of data object 61/4F do not fit A1.. from byte 0 on: 2 bytes (the first of 2 such objects; none is as expected)"))]
fn one_of_several_is_enough(#[case] tree: Value, #[case] message: Option<&str>) {
    let bench = Bench::data("61044F02A00161054F03A00239");
    assert_eq!(said(&bench, json!({"tlv": tree})), Vec::from_iter(message));
}

#[test]
fn broken_data_are_told_where_they_matter() {
    let bench = Bench::data("5F2002414299");
    assert_eq!(said(&bench, json!({"tlv": {"5F20": "present"}})), [""; 0]);
    let broken = "the data are not data objects from end to end: the data object is cut short inside its tag or length";
    assert_eq!(
        said(&bench, json!({"tlv": {"99": "present"}})),
        ["data object 99 is not there; there is 5F20", broken]
    );
    assert_eq!(
        said(&bench, json!({"tlv": {"closed": true, "5F20": "present"}})),
        [broken]
    );
}

#[test]
fn a_value_is_compared_digit_by_digit() {
    let failure = only(&Bench::data("5F20024142"), json!({"tlv": {"5F20": "4152"}}));
    assert_eq!(
        (
            failure.expected.as_deref(),
            failure.got.as_deref(),
            failure.pointer
        ),
        (Some("4152"), Some("4142"), Some(2))
    );
}
