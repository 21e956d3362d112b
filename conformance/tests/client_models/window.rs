//! The window between two commands: a client that gives the tries back first leaves, when the second command is not done, a PIN
//! that is unblocked with its old value, while it tells its user that it failed.

use std::collections::BTreeSet;

use cie_conformance::clients::status::Verdict;
use cie_conformance::clients::unblock::{Codes, Family, Trace, play};
use cie_conformance::terminal::ias::credentials::verify;
use cie_conformance::terminal::ias::{Code, OpenOptions, Reference, open_device_authentication};
use rstest::rstest;

use crate::unblock::{FAMILIES, traces, unblock};
use crate::{IMAGE, PUK, Start, card, word};

const OLD: &str = "12345678";
const NEW: &str = "97531357";

fn codes(given: &str, remembered: Option<&str>) -> Codes {
    Codes {
        puk: Code::from(PUK),
        given: Code::from(given),
        remembered: remembered.map(Code::from),
    }
}

/// Eight digits typed where four are asked for: twelve are sent, after the tries have been given back.
#[rstest]
fn twelve_digits_unblock_the_old_pin_and_are_told_as_an_error(#[values(0, 1, 3)] pin_left: u8) {
    let start = Start::new(OLD, pin_left, 10);
    let codes = codes(NEW, Some(&OLD[..4]));
    let (played, mut terminal) = unblock(Family::TokenLibrary, &IMAGE, &start, &codes);
    let told: Vec<(String, usize, Option<u8>)> = played
        .sent
        .iter()
        .map(|sent| {
            let tries = sent.state.as_ref().and_then(|state| state.pin_tries);
            (word(sent.sw), sent.length, tries)
        })
        .collect();
    let row = |sw: &str, length, tries| (sw.to_owned(), length, Some(tries));
    assert_eq!(
        told,
        [
            row("9000", 8, pin_left),
            row("9000", 8, pin_left),
            row("9000", 0, 3),
            row("6700", 12, 3)
        ]
    );
    assert_eq!(played.verdict(), Verdict::CardError);
    let unblocked = Start::new(OLD, 3, 10);
    let digest = terminal.state().unwrap().persistent_digest;
    assert_eq!(
        digest,
        unblocked.digest(),
        "the old value, with all its tries"
    );
    let mut answer = |digits: &str| {
        let command = verify(Reference::Pin, &Code::from(digits));
        word(terminal.transmit(&command).unwrap().sw)
    };
    assert_eq!([answer(NEW), answer(OLD)], ["63C2", "9000"]);
}

/// The memories a family can leave behind when the card is taken away after any of its steps.
fn left_behind(trace: &Trace, start: &Start) -> BTreeSet<&'static str> {
    let known = [
        ("as before", start.digest()),
        ("the old PIN, unblocked", Start::new(OLD, 3, 10).digest()),
        ("the new PIN", Start::new(NEW, 3, 10).digest()),
    ];
    let mut found = BTreeSet::new();
    for done in 0..=trace.steps.len() {
        let part = Trace {
            steps: trace.steps[..done].to_vec(),
            ..trace.clone()
        };
        let mut terminal = card(&IMAGE, start);
        let played = play(
            &part,
            &mut terminal,
            OpenOptions::default(),
            &codes(NEW, None),
        );
        assert_eq!(played.unwrap().left_out, 0);
        terminal.target_mut().remove().unwrap();
        terminal.target_mut().insert().unwrap();
        terminal.power_on().unwrap();
        let digest = terminal.state().unwrap().persistent_digest;
        let name = known.iter().find(|(_, known)| *known == digest);
        found.insert(name.expect("one of three memories").0);
    }
    found
}

/// One command has no window; two have one, and it is the same in both families. The PUK still has all its tries, and the
/// unblocking can be done again.
#[rstest]
#[case::mobile(Family::Mobile, false)]
#[case::desktop_manager(Family::DesktopManager, false)]
#[case::minidriver(Family::Minidriver, true)]
#[case::token_library(Family::TokenLibrary, true)]
fn a_card_taken_away_at_any_point(#[case] family: Family, #[case] window: bool) {
    let traces = traces();
    let start = Start::new(OLD, 0, 10);
    let mut wanted = BTreeSet::from(["as before", "the new PIN"]);
    if window {
        wanted.insert("the old PIN, unblocked");
    }
    assert_eq!(left_behind(traces.of(family).unwrap(), &start), wanted);
}

#[rstest]
fn whoever_comes_next_can_finish(
    #[values(Family::Minidriver, Family::TokenLibrary)] interrupted: Family,
) {
    let traces = traces();
    let trace = traces.of(interrupted).unwrap();
    for next in FAMILIES {
        let mut terminal = card(&IMAGE, &Start::new(OLD, 0, 10));
        let part = Trace {
            steps: trace.steps[..trace.steps.len() - 1].to_vec(),
            ..trace.clone()
        };
        let codes = codes(NEW, None);
        play(&part, &mut terminal, OpenOptions::default(), &codes).unwrap();
        terminal.power_on().unwrap();
        let played = play(
            traces.of(next).unwrap(),
            &mut terminal,
            OpenOptions::default(),
            &codes,
        );
        assert_eq!(played.unwrap().verdict(), Verdict::Ok, "{next:?}");
        terminal.power_on().unwrap();
        open_device_authentication(&mut terminal, OpenOptions::default()).unwrap();
        let command = verify(Reference::Pin, &Code::from(NEW));
        assert!(terminal.transmit(&command).unwrap().sw.is_ok(), "{next:?}");
    }
}
