//! All families of clients, from every starting state, end in the same memory of the card.

use std::sync::Arc;

use cie_conformance::clients::status::Verdict;
use cie_conformance::clients::unblock::{Codes, Family, Played, Traces, play};
use cie_conformance::clients::vectors::unblock_traces;
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::{Code, OpenOptions};
use cie_emulator::card::Image;
use proptest::prelude::*;
use rstest::rstest;

use crate::{IMAGE, PUK, PUK_COUNTS_FOR_LIFE, Start, card};

pub(crate) const FAMILIES: [Family; 4] = [
    Family::Mobile,
    Family::DesktopManager,
    Family::Minidriver,
    Family::TokenLibrary,
];

pub(crate) fn traces() -> Traces {
    unblock_traces().unwrap()
}

/// Plays a family on a card that begins like this.
pub(crate) fn unblock(
    family: Family,
    image: &Arc<Image>,
    start: &Start,
    codes: &Codes,
) -> (Played, Terminal) {
    let mut terminal = card(image, start);
    let traces = traces();
    let trace = traces.of(family).unwrap();
    let played = play(trace, &mut terminal, OpenOptions::default(), codes).unwrap();
    (played, terminal)
}

/// What each family has in hand to set a new PIN: all eight digits, or, where a half is remembered, the other half.
fn ways(puk: &str, new: &str) -> Vec<(Family, Codes)> {
    let whole = Codes {
        puk: Code::from(puk),
        given: Code::from(new),
        remembered: None,
    };
    let half = Codes {
        given: Code::from(&new[4..]),
        remembered: Some(Code::from(&new[..4])),
        ..whole.clone()
    };
    let mut ways: Vec<_> = FAMILIES.map(|family| (family, whole.clone())).to_vec();
    ways.push((Family::TokenLibrary, half));
    ways
}

/// C9 from one state: every way ends in the same memory, and it is the one that was wanted.
fn all_end_alike(image: &Arc<Image>, start: &Start, new: &str) {
    let wanted = Start::new(
        new,
        3,
        match Arc::ptr_eq(image, &PUK_COUNTS_FOR_LIFE) {
            true => start.puk_left,
            false => 10,
        },
    );
    for (family, codes) in ways(PUK, new) {
        let (played, mut terminal) = unblock(family, image, start, &codes);
        assert_eq!(
            (played.verdict(), played.left_out),
            (Verdict::Ok, 0),
            "{family:?} from {start:?}"
        );
        let state = terminal.state().unwrap();
        assert_eq!(
            state.persistent_digest,
            wanted.digest(),
            "{family:?} from {start:?}"
        );
        assert!(!state.security.pin_verified, "{family:?} from {start:?}");
    }
}

#[rstest]
fn every_family_ends_in_the_same_memory(
    #[values(0, 1, 2, 3)] pin_left: u8,
    #[values(1, 10)] puk_left: u8,
) {
    all_end_alike(
        &IMAGE,
        &Start::new("12345678", pin_left, puk_left),
        "97531357",
    );
}

#[rstest]
#[case::blocked(0, 1)]
#[case::forgotten(3, 10)]
#[case::half_used(1, 5)]
fn it_does_not_depend_on_whether_a_right_puk_gives_its_tries_back(
    #[case] pin_left: u8,
    #[case] puk_left: u8,
) {
    let start = Start::new("12345678", pin_left, puk_left);
    all_end_alike(&PUK_COUNTS_FOR_LIFE, &start, "97531357");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn whatever_the_codes_and_counters(
        pin in "[0-9]{8}",
        new in "[0-9]{8}",
        pin_left in 0_u8..=3,
        puk_left in 1_u8..=10,
    ) {
        all_end_alike(&IMAGE, &Start::new(&pin, pin_left, puk_left), &new);
    }
}

/// The traces are the ones the whole clients of the other tests send: told here once in bytes.
#[rstest]
#[case::mobile(Family::Mobile, &["00200082", "002C0281"])]
#[case::desktop_manager(Family::DesktopManager, &["00200082", "002C0281"])]
#[case::minidriver(Family::Minidriver, &["00200082", "002C0381", "002C0281"])]
#[case::token_library(Family::TokenLibrary, &["00200082", "00200082", "002C0381", "002C0281"])]
fn a_family_sends_these_commands(#[case] family: Family, #[case] headers: &[&str]) {
    let (_, codes) = ways(PUK, "97531357")
        .into_iter()
        .find(|way| way.0 == family)
        .unwrap();
    let start = Start::new("12345678", 0, 10);
    let (played, terminal) = unblock(family, &IMAGE, &start, &codes);
    let sent: Vec<String> = terminal.exchanges()[..]
        .iter()
        .filter_map(|exchange| exchange.plain_command.as_ref())
        .map(|command| hex::encode_upper(&command[..4]))
        .filter(|header| headers.contains(&header.as_str()))
        .collect();
    assert_eq!(sent, headers);
    assert_eq!(played.sent.len(), headers.len());
}

#[rstest]
fn a_wrong_puk_ends_every_family_and_takes_one_try(#[values(1, 2, 10)] puk_left: u8) {
    let start = Start::new("12345678", 0, puk_left);
    let after = Start::new("12345678", 0, puk_left - 1);
    let told = match puk_left {
        1 => Verdict::Blocked,
        left => Verdict::Wrong {
            left: Some(left - 1),
        },
    };
    for (family, codes) in ways("87654320", "97531357") {
        let (played, mut terminal) = unblock(family, &IMAGE, &start, &codes);
        assert_eq!(
            (played.verdict(), played.sent.len()),
            (told, 1),
            "{family:?}"
        );
        let digest = terminal.state().unwrap().persistent_digest;
        assert_eq!(digest, after.digest(), "{family:?}");
    }
}

#[rstest]
fn an_exhausted_puk_ends_every_family_with_its_first_code(#[values(0, 3)] pin_left: u8) {
    let start = Start::new("12345678", pin_left, 0);
    for (family, codes) in ways(PUK, "97531357") {
        let (played, mut terminal) = unblock(family, &IMAGE, &start, &codes);
        assert_eq!(
            (played.verdict(), played.sent.len()),
            (Verdict::Blocked, 1),
            "{family:?}"
        );
        let digest = terminal.state().unwrap().persistent_digest;
        assert_eq!(digest, start.digest(), "{family:?}");
    }
}

#[rstest]
fn half_a_puk_ends_every_family_and_takes_nothing(#[values("8765", "4321", "")] puk: &str) {
    let start = Start::new("12345678", 0, 10);
    for (family, codes) in ways(puk, "97531357") {
        let (played, mut terminal) = unblock(family, &IMAGE, &start, &codes);
        assert!(!matches!(played.verdict(), Verdict::Ok), "{family:?}");
        assert_eq!(played.sent.len(), 1, "{family:?}");
        let digest = terminal.state().unwrap().persistent_digest;
        assert_eq!(digest, start.digest(), "{family:?}");
    }
}
