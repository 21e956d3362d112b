//! Each rule by its name, with the words a person reads.

use cie_conformance::guard::Farewell;
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_emulator::wire::{CommandBuf, StatusWord};
use rstest::rstest;

use crate::card::{Bench, Card, PIN, POLICY, PUK, change, code, reset, verify};

#[test]
fn the_tries_are_asked_for_before_each_wrong_pin() {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin", Hazard::BurnsPin);
    let wrong = verify(CodeName::Pin, "13572469");
    assert_eq!(bench.send(&wrong), Ok(StatusWord(0x63C2)));
    assert_eq!(bench.send(&wrong), Ok(StatusWord(0x63C1)));
    assert_eq!(
        bench.send(&wrong).unwrap_err().to_string(),
        "a wrong PIN with 1 try left would use up the last one; blocking the PIN needs --allow blocks_pin"
    );
    let sent: Vec<usize> = bench.card.log.iter().map(|c| c.data.len()).collect();
    assert_eq!(sent, [0, 8, 8, 0, 8, 0]);
    assert_eq!(bench.card.last_tries, 0);
}

#[rstest]
#[case::a_favourite("12345678")]
#[case::two_digits_off("13572486")]
#[case::the_puk(PUK)]
fn guesses_are_refused(#[case] value: &str) {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin", Hazard::BurnsPin);
    assert_ne!(value, PIN);
    assert_eq!(
        bench
            .send(&verify(CodeName::Pin, value))
            .unwrap_err()
            .to_string(),
        "this PIN is a guess: a wrong value differs from the right one in exactly one digit, or is one that was right before in this run"
    );
    assert!(bench.card.log.is_empty());
}

#[test]
fn a_mistyped_pin_costs_one_try_and_shuts_the_run() {
    let card = Card::new(POLICY).with_pin("99990000");
    let mut bench = Bench::case(card, "burns_pin", Hazard::BurnsPin);
    assert_eq!(
        bench.send(&verify(CodeName::Pin, PIN)),
        Ok(StatusWord(0x63C2))
    );
    assert_eq!(
        bench
            .send(&verify(CodeName::Pin, PIN))
            .unwrap_err()
            .to_string(),
        "nothing more is sent to this card: the card refused the right PIN and has 2 tries left for it; check that it was typed correctly. Only restoring what was changed is still possible; look at the card before the next run"
    );
    assert_eq!(
        bench.restore().to_string(),
        "THE CARD WAS NOT FULLY RESTORED: the PIN given to this run is not the one of this card, and tries are missing; PIN: at least 2 left; PUK: tries left not known. Verify the right one with the issuer's software"
    );
    assert_eq!(bench.card.credentials.pin_left, 2);
}

#[test]
fn a_mistyped_pin_is_not_sent_on_the_last_try() {
    let card = Card::new(POLICY).with_pin("99990000").with_tries(1, 10);
    let mut bench = Bench::case(card, "", Hazard::None);
    assert_eq!(
        bench
            .send(&verify(CodeName::Pin, PIN))
            .unwrap_err()
            .to_string(),
        "the PIN has 1 try left and this run has not seen it accepted; verify it once with the issuer's software, then run again"
    );
    assert_eq!(bench.card.credentials.pin_left, 1);
}

#[rstest]
#[case::changed(change(PIN, "22223333"))]
#[case::reset(reset("22223333"))]
fn the_labs_pin_is_put_back(#[case] command: CommandBuf) {
    let mut bench = Bench::case(Card::new(POLICY), "writes", Hazard::Writes);
    bench.send(&verify(CodeName::Puk, PUK)).unwrap();
    assert_eq!(bench.send(&command), Ok(StatusWord::NO_ERROR));
    assert_eq!(bench.card.credentials.pin, code("22223333"));
    assert_eq!(bench.guard.pin_in_force(), Some(&code("22223333")));
    assert_eq!(bench.restore(), Farewell::AsFound);
    assert_eq!(bench.card.credentials.pin, code(PIN));
    assert_eq!(bench.card.credentials.pin_left, 3);
}
