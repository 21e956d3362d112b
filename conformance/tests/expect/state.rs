//! Counters and the state of the card.

use cie_conformance::report::model::FailureKind;
use cie_conformance::scenario::model::Application;
use cie_conformance::target::{CardState, SecurityStatus, StateChannel};
use rstest::rstest;
use serde_json::{Value, json};

use crate::bench::{Around, Bench, misses, only, said};

type Known = (Option<u8>, Option<u8>);

#[rstest]
#[case::both_witnesses(json!({"pin": 2}), Some((2, 10)), (Some(2), None), &[])]
#[case::state_only(json!({"pin": 2, "puk": ">=2"}), Some((2, 10)), (None, None), &[])]
#[case::status_only(json!({"pin": 2}), None, (Some(2), None), &[])]
#[case::both_missed(json!({"pin": 2}), Some((1, 10)), (Some(1), None),
    &["the PIN has 1 try left, expected 2 (from the card's state and the status words)"])]
#[case::state_missed(json!({"puk": 10}), Some((3, 9)), (Some(3), None),
    &["the PUK has 9 tries left, expected 10 (from the card's state)"])]
#[case::status_missed(json!({"pin": ">=2"}), None, (Some(1), None),
    &["the PIN has 1 try left, expected at least 2 (from the status words)"])]
#[case::contradiction(json!({"pin": "1..3"}), Some((3, 10)), (Some(2), None),
    &["the tries of the PIN contradict each other: 3 in the card's state, 2 told by the status words"])]
#[case::contradiction_and_missed(json!({"pin": 2}), Some((3, 10)), (Some(2), None),
    &["the PIN has 3 tries left, expected 2 (from the card's state)",
      "the tries of the PIN contradict each other: 3 in the card's state, 2 told by the status words"])]
#[case::contradiction_of_the_other_code_is_not_asked(json!({"puk": 10}), Some((3, 10)), (Some(2), None), &[])]
#[case::unknown(json!({"puk": 10}), None, (Some(2), None),
    &["the tries of the PUK are not known: no status word told them, and the card's state cannot be seen"])]
fn tries(
    #[case] expect: Value,
    #[case] tries_from_state: Option<(u8, u8)>,
    #[case] tries_from_status: Known,
    #[case] messages: &[&str],
) {
    let bench = Bench {
        tries_from_state,
        tries_from_status,
        ..Bench::default()
    };
    assert_eq!(said(&bench, json!({"tries": expect})), messages);
}

#[test]
fn a_counter_nobody_knows_is_not_the_cards_fault() {
    let failure = only(&Bench::default(), json!({"tries": {"pin": 3}}));
    assert_eq!(failure.kind, FailureKind::Harness);
}

fn in_the_cie(state: CardState) -> Bench {
    Bench {
        state: Some(state),
        persistent_changed: Some(true),
        around: Around {
            application: Some(Application::Cie),
            ..Around::default()
        },
        ..Bench::default()
    }
}

/// EF.1002 selected after device authentication, the PIN verified.
fn authenticated() -> CardState {
    CardState {
        selected_application: Some(vec![0xA0, 0, 0, 0, 0, 0x39]),
        selected_file: Some(0x1002),
        channel: StateChannel::Protected { counter: Some(4) },
        security: SecurityStatus {
            device_authenticated: true,
            pin_verified: true,
            puk_verified: false,
        },
        ..CardState::default()
    }
}

#[rstest]
#[case::application(json!({"application": "cie"}), None)]
#[case::application_missed(json!({"application": "ias"}),
    Some("the selected application: the CIE directory, expected IAS ECC"))]
#[case::file(json!({"file": "1002"}), None)]
#[case::file_missed(json!({"file": "1003"}), Some("the selected file: 1002, expected 1003"))]
#[case::channel(json!({"channel": "device_authentication"}), None)]
#[case::channel_missed(json!({"channel": "none"}),
    Some("the channel: a session of the CIE directory with a terminal that proved itself, expected no secure messaging session"))]
#[case::no_proof_wanted(json!({"channel": "key_agreement"}),
    Some("the channel: a session of the CIE directory with a terminal that proved itself, expected a key agreement without device authentication"))]
#[case::other_protocol(json!({"channel": "bac"}),
    Some("the channel: a session of the CIE directory with a terminal that proved itself, expected basic access control"))]
#[case::security(json!({"security": {"device": true, "pin": true, "puk": false}}), None)]
#[case::security_missed(json!({"security": {"pin": false}}), Some("the PIN: verified, expected not verified"))]
#[case::changed(json!({"changed": true}), None)]
#[case::changed_missed(json!({"changed": false}), Some("the card's memory: changed, expected unchanged"))]
fn states(#[case] expect: Value, #[case] message: Option<&str>) {
    let found = said(&in_the_cie(authenticated()), json!({"state": expect}));
    assert_eq!(found, Vec::from_iter(message));
}

#[test]
fn everything_that_differs_is_told() {
    let bench = Bench {
        around: Around::default(),
        ..in_the_cie(CardState::default())
    };
    let expect = json!({"application": "cie", "file": "1001", "channel": "key_agreement",
        "security": {"device": true, "pin": true}});
    assert_eq!(
        said(&bench, json!({"state": expect})),
        [
            "the selected application: none, expected the CIE directory",
            "the selected file: none, expected 1001",
            "the channel: no secure messaging session, expected a key agreement without device authentication",
            "the terminal's proof: not verified, expected verified",
            "the PIN: not verified, expected verified",
        ]
    );
}

#[test]
fn a_state_nobody_sees_is_said_once_and_is_not_the_cards_fault() {
    let expect = json!({"state": {"application": "cie", "file": "1001", "changed": true}});
    let found = misses(&Bench::default(), expect);
    let told: Vec<(FailureKind, &str)> = found
        .iter()
        .map(|miss| (miss.failure.kind, miss.failure.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                FailureKind::Harness,
                "whether the card's memory changed cannot be seen; expect `changed` on the emulator only"
            ),
            (
                FailureKind::Harness,
                "this card's state cannot be seen; expect `state` on the emulator only"
            ),
        ]
    );
}
