//! The table of new PINs, the reference check, and what reaches the card: nothing of what is refused, everything of what is not.

use std::collections::BTreeSet;

use cie_conformance::clients::new_pin::{
    Entry, Operation, Refusal, Submitted, check, is_trivial, submit,
};
use cie_conformance::clients::status::Verdict;
use cie_conformance::clients::vectors::{NewPinVector, Sendable, new_pins};
use cie_conformance::target::ScriptedTarget;
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::OpenOptions;
use cie_crypto::random::Seeded;
use proptest::prelude::*;
use rstest::rstest;

use crate::{CHECKS_NEW_PINS, IMAGE, PUK, Start, card};

const SIXTEEN: [&str; 16] = [
    "00000000", "11111111", "22222222", "33333333", "44444444", "55555555", "66666666", "77777777",
    "88888888", "99999999", "01234567", "12345678", "23456789", "76543210", "87654321", "98765432",
];

fn vectors() -> Vec<NewPinVector> {
    new_pins().unwrap().vectors
}

fn entry(vector: &NewPinVector) -> Entry<'_> {
    Entry {
        known: vector.current.as_deref().unwrap_or(PUK),
        new: &vector.new,
        again: &vector.again,
    }
}

#[test]
fn the_reference_passes_the_table() {
    let table = new_pins().unwrap();
    let mut names = BTreeSet::new();
    for vector in &table.vectors {
        let name = &vector.name;
        assert!(names.insert(name), "{name} twice");
        let said = check(vector.operation, &entry(vector));
        assert_eq!(said.as_ref().err(), vector.because.as_ref(), "{name}");
        let verdict = match said {
            Ok(_) => Sendable::Accepted,
            Err(_) => Sendable::Refused,
        };
        assert_eq!(verdict, vector.verdict, "{name}");
        assert_eq!(
            vector.current.is_some(),
            vector.operation == Operation::Change,
            "{name}"
        );
    }
    let told: BTreeSet<Refusal> = table.vectors.iter().filter_map(|row| row.because).collect();
    let order: BTreeSet<Refusal> = table.order.iter().copied().collect();
    assert_eq!(told, order, "every reason has a row");
    assert!(order.iter().eq(table.reasons.keys()));
}

/// K4: what is refused costs no command. The target behind the terminal answers nothing at all.
#[test]
fn k4_refused_entries_send_no_command() {
    let mut refused = 0;
    for vector in vectors() {
        let target = ScriptedTarget::new(&[0x3B, 0x00], []);
        let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(1)));
        terminal.power_on().unwrap();
        let said = submit(
            vector.operation,
            &entry(&vector),
            &mut terminal,
            OpenOptions::default(),
        );
        match vector.because {
            Some(because) => {
                assert_eq!(
                    said.unwrap(),
                    Submitted::Refused(because),
                    "{}",
                    vector.name
                );
                assert_eq!(terminal.exchanges().len(), 0, "{}", vector.name);
                refused += 1;
            }
            // The same target is not even selected: this is what a command would have looked like.
            None => assert!(said.is_err() && !terminal.exchanges().is_empty()),
        }
    }
    println!("trust: refused new PINs: {refused} entries, 0 commands sent");
    assert!(refused > 50);
}

#[test]
fn accepted_entries_are_set_on_the_card() {
    let accepted = vectors();
    let accepted = accepted
        .iter()
        .filter(|row| row.verdict == Sendable::Accepted);
    for vector in accepted {
        let pin = vector.current.as_deref().unwrap_or("31415926");
        let left = match vector.operation {
            Operation::Change => 3,
            Operation::Unblock => 0,
        };
        let mut terminal = card(&IMAGE, &Start::new(pin, left, 10));
        let said = submit(
            vector.operation,
            &entry(vector),
            &mut terminal,
            OpenOptions::default(),
        );
        let name = &vector.name;
        assert_eq!(said.unwrap(), Submitted::Answered(Verdict::Ok), "{name}");
        let digest = terminal.state().unwrap().persistent_digest;
        assert_eq!(digest, Start::new(&vector.new, 3, 10).digest(), "{name}");
    }
}

/// Ten first digits and three steps make thirty rows; those that stay among the digits are the sixteen of the table.
#[test]
fn there_are_exactly_sixteen() {
    let mut made = BTreeSet::new();
    for first in 0_i32..10 {
        for step in -1_i32..=1 {
            let digits: Vec<i32> = (0..8).map(|place| first + place * step).collect();
            if digits.iter().all(|digit| (0..10).contains(digit)) {
                made.insert(digits.iter().map(i32::to_string).collect::<String>());
            }
        }
    }
    let wanted: BTreeSet<String> = SIXTEEN.iter().map(|pin| (*pin).to_owned()).collect();
    assert_eq!(made, wanted);
    let table = vectors();
    for operation in [Operation::Change, Operation::Unblock] {
        let of_table = table
            .iter()
            .filter(|row| row.because == Some(Refusal::Trivial) && row.operation == operation);
        let of_table: BTreeSet<String> = of_table.map(|row| row.new.clone()).collect();
        assert_eq!(of_table, wanted, "{operation:?}");
    }
}

#[test]
fn every_neighbour_of_the_sixteen_is_accepted() {
    let mut neighbours = 0;
    for pin in SIXTEEN {
        assert!(is_trivial(pin.as_bytes()));
        for place in 0..8 {
            for digit in b'0'..=b'9' {
                let mut other = pin.as_bytes().to_vec();
                if other[place] != digit {
                    other[place] = digit;
                    assert!(!is_trivial(&other), "{}", String::from_utf8_lossy(&other));
                    neighbours += 1;
                }
            }
        }
    }
    assert_eq!(neighbours, 16 * 8 * 9);
}

/// The sixteen are no business of the card, unless it is one that checks them.
#[rstest]
#[case::any_card(false, Submitted::Answered(Verdict::Ok))]
#[case::card_that_checks(true, Submitted::Answered(Verdict::CardError))]
fn a_client_that_does_not_check(#[case] checks: bool, #[case] wanted: Submitted) {
    use cie_conformance::terminal::ias::credentials::{change_reference_data, verify};
    use cie_conformance::terminal::ias::{Code, Reference, open_device_authentication};

    let image = if checks { &*CHECKS_NEW_PINS } else { &*IMAGE };
    let mut terminal = card(image, &Start::new("31415926", 3, 10));
    open_device_authentication(&mut terminal, OpenOptions::default()).unwrap();
    let mut pin = "31415926";
    for new in SIXTEEN {
        let known = Code::from(pin);
        let verified = terminal.transmit(&verify(Reference::Pin, &known)).unwrap();
        assert!(verified.sw.is_ok());
        let change = change_reference_data(Reference::Pin, &known, &Code::from(new));
        let answer = terminal.transmit(&change).unwrap().sw.to_bytes();
        let said = Submitted::Answered(cie_conformance::clients::status::decode(answer));
        assert_eq!(said, wanted, "{new}");
        if !checks {
            pin = new;
        }
    }
}

#[rstest]
#[case::pin(Operation::Change, "31415927", Submitted::NotVerified(Verdict::Wrong { left: Some(2) }))]
#[case::puk(Operation::Unblock, "87654320", Submitted::NotVerified(Verdict::Wrong { left: Some(9) }))]
fn a_new_pin_stays_here_when_the_known_code_is_wrong(
    #[case] operation: Operation,
    #[case] known: &str,
    #[case] wanted: Submitted,
) {
    let mut terminal = card(&IMAGE, &Start::new("31415926", 3, 10));
    let entry = Entry {
        known,
        new: "13572468",
        again: "13572468",
    };
    let said = submit(operation, &entry, &mut terminal, OpenOptions::default());
    assert_eq!(said.unwrap(), wanted);
}

proptest! {
    #[test]
    fn a_pin_is_sent_only_if_nothing_speaks_against_it(
        new in prop_oneof!["[0-9]{8}", "[0-9]{0,10}", "\\PC{8}", proptest::sample::select(SIXTEEN.to_vec()).prop_map(str::to_owned)],
        again in prop_oneof![Just(None), "[0-9]{8}".prop_map(Some)],
        known in prop_oneof![Just(None), "[0-9]{8}".prop_map(Some)],
        change in any::<bool>(),
    ) {
        let again = again.unwrap_or_else(|| new.clone());
        let known = known.unwrap_or_else(|| new.clone());
        let operation = if change { Operation::Change } else { Operation::Unblock };
        let digits = new.len() == 8 && new.bytes().all(|byte| byte.is_ascii_digit());
        let sound = digits && !SIXTEEN.contains(&new.as_str()) && new == again && !(change && new == known);
        let entry = Entry { known: &known, new: &new, again: &again };
        let said = check(operation, &entry);
        prop_assert_eq!(said.is_ok(), sound);
        if let Ok(code) = said {
            prop_assert_eq!(code.as_bytes(), new.as_bytes());
        }
    }
}
