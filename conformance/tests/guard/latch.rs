//! What shuts a run, and how a card is put back: after a shut run, after a lost answer, after a change.

use cie_conformance::guard::{CardIdentity, Farewell, Permit, Secrets, Setup};
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_emulator::wire::{CommandBuf, StatusWord, ins};
use rstest::rstest;

use crate::card::{Bench, Card, PIN, POLICY, PUK, change, code, reset, risk, setup, verify};

const WRONG_PIN: &str = "13572469";

fn refusal(bench: &mut Bench, command: &CommandBuf) -> String {
    bench.send(command).unwrap_err().to_string()
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

#[test]
fn a_mistyped_puk_is_no_way_back() {
    let mut card = Card::new(POLICY);
    card.credentials.puk = code("66665555");
    let mut bench = Bench::case(card, "blocks_pin", Hazard::BlocksPin);
    let wrong = verify(CodeName::Pin, WRONG_PIN);
    bench.send(&wrong).unwrap();
    bench.send(&wrong).unwrap();
    assert_eq!(
        refusal(&mut bench, &wrong),
        "nothing more is sent to this card: the card refused the right PUK and has 9 tries left for it; check that it was typed correctly. Only restoring what was changed is still possible; look at the card before the next run"
    );
    assert_eq!(bench.card.last_tries, 0);
    assert_eq!(
        bench.restore().to_string(),
        "THE CARD WAS NOT FULLY RESTORED: the PIN is the one given to this run, but tries are missing; PIN: at least 1 left; PUK: at least 9 left. Verify it once with the issuer's software"
    );
    assert_eq!(bench.card.credentials.pin_left, 1);
    assert_eq!(bench.card.credentials.puk_left, 9);
}

/// The first thing that nobody asked for shuts the run.
#[rstest]
#[case::fewer_than_there_should_be(&[("", 0x63C3), ("", 0x63C2)], "the PIN should have 3 tries left and has 2, and no command explains it")]
#[case::two_for_one(&[("", 0x63C3), (PIN, 0x9000), (WRONG_PIN, 0x63C1)], "the PIN should have 2 tries left and has 1, and no command explains it")]
#[case::blocked_at_once(&[("", 0x63C3), (PIN, 0x9000), (WRONG_PIN, 0x6983)], "the PIN is blocked although it should have 2 tries left")]
#[case::blocked_unasked(&[("", 0x63C3), ("", 0x6983)], "the PIN is blocked although it should have 3 tries left")]
#[case::the_right_one_refused(&[("", 0x63C3), (PIN, 0x63C2)], "the card refused the right PIN and has 2 tries left for it; check that it was typed correctly")]
#[case::refused_after_it_was_accepted(&[("", 0x63C3), (PIN, 0x9000), (PIN, 0x63C2)], "the card refused the right PIN and has 2 tries left for it; check that it was typed correctly")]
#[case::a_wrong_one_accepted(&[("", 0x63C3), (PIN, 0x9000), (WRONG_PIN, 0x9000)], "the card accepted a wrong PIN; either the one given to this run is not the right one, or the card accepts anything")]
fn what_shuts_a_run(#[case] exchanges: &[(&str, u16)], #[case] why: &str) {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin", Hazard::BurnsPin);
    for (value, answer) in exchanges {
        assert_eq!(bench.guard.latch(), None);
        let command = verify(CodeName::Pin, value);
        assert_eq!(bench.guard.permit(&command.view(), true), Ok(Permit::Send));
        bench.guard.observe(&command.view(), StatusWord(*answer));
    }
    assert_eq!(bench.guard.latch().unwrap().to_string(), why);
    let select = CommandBuf::new(0, ins::SELECT, 4, 0x0C);
    let refused = bench.guard.permit(&select.view(), false).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "nothing more is sent to this card: {why}. Only restoring what was changed is still possible; look at the card before the next run"
        )
    );
    assert_eq!(refused.exit_code().code(), 4);
    assert!(bench.guard.pass(&[0, ins::SELECT, 4, 0x0C]).is_err());
    // Restoring still is possible, with right values.
    let mut restoring = bench.guard.restoring();
    assert_eq!(restoring.permit(&select.view(), false), Ok(Permit::Send));
    assert!(
        restoring
            .permit(&verify(CodeName::Pin, "03572468").view(), true)
            .is_err()
    );
    drop(restoring);
    assert!(bench.guard.permit(&select.view(), false).is_err());
}

#[test]
fn a_counter_that_nobody_knows_shuts_the_run() {
    let mut bench = Bench::case(Card::new(POLICY), "", Hazard::None);
    let command = CommandBuf::new(0, ins::EXTERNAL_AUTHENTICATE, 0, 0).data([0; 8]);
    bench.guard.permit(&command.view(), true).unwrap();
    bench.guard.observe(&command.view(), StatusWord(0x63C4));
    assert_eq!(
        bench.guard.latch().unwrap().to_string(),
        "EXTERNAL AUTHENTICATE was answered 63C4 (verification failed, 4 tries left): the card counts something that this guard does not know"
    );
}

#[test]
fn another_card_shuts_the_run_for_good() {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin", Hazard::BurnsPin);
    bench.send(&verify(CodeName::Pin, WRONG_PIN)).unwrap();
    bench.guard.card_removed();
    let other = CardIdentity::default().with_nis("999999999999");
    assert_eq!(
        bench.guard.card_present(other).unwrap_err().to_string(),
        "nothing more is sent to this card: the card in the reader is not the one this run began with. Only restoring what was changed is still possible; look at the card before the next run"
    );
    let arrived = bench.card.log.len();
    assert_ne!(bench.restore(), Farewell::AsFound);
    assert_eq!(
        bench.card.log.len(),
        arrived,
        "not even restoring: it is another card"
    );
}

#[test]
fn only_right_values_restore() {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin", Hazard::BurnsPin);
    bench.guard.enter_restoring();
    assert_eq!(
        refusal(&mut bench, &verify(CodeName::Pin, WRONG_PIN)),
        "only right values are sent while the card is being restored; take the wrong PIN out of `finally`"
    );
}

#[test]
fn a_shut_run_restores_while_tries_are_left() {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin,writes", Hazard::Writes);
    bench.send(&change(PIN, "22223333")).unwrap();
    // Somebody else, or a fault, takes a try.
    bench.card.credentials.pin_left = 2;
    bench.card.verified = Default::default();
    bench.guard.new_session();
    bench.send(&verify(CodeName::Pin, "")).unwrap();
    assert!(bench.guard.latch().is_some());
    assert_eq!(bench.restore(), Farewell::AsFound);
    assert_eq!(bench.card.credentials.pin, code(PIN));
}

#[test]
fn a_shut_run_leaves_the_last_try_alone_and_says_so() {
    let secrets = Secrets::none().with(CodeName::Pin, code(PIN));
    let mut bench = Bench::new(
        Card::new(POLICY),
        Setup {
            secrets,
            ..setup("writes")
        },
    );
    bench.guard.begin_case(risk(Hazard::Writes));
    bench.send(&change(PIN, "22223333")).unwrap();
    bench.card.credentials.pin_left = 1;
    bench.card.verified = Default::default();
    bench.guard.new_session();
    bench.send(&verify(CodeName::Pin, "")).unwrap();
    let farewell = bench.restore().to_string();
    assert_eq!(
        farewell,
        "THE CARD WAS NOT RESTORED: its PIN is now another one than the one given to this run; PIN: at least 1 left; PUK: tries left not known. It is shown on the terminal only; write it down and change it back with the issuer's software"
    );
    assert!(!farewell.contains("22223333"));
    assert_eq!(bench.guard.reveal_pin().unwrap().as_str(), "22223333");
    assert_eq!(bench.card.credentials.pin_left, 1);
}

#[rstest]
#[case::it_arrived(true)]
#[case::it_did_not(false)]
fn a_lost_answer_leaves_a_doubt_that_restoring_settles(#[case] arrived: bool) {
    let mut bench = Bench::case(Card::new(POLICY), "writes", Hazard::Writes);
    bench.send(&verify(CodeName::Pin, PIN)).unwrap();
    bench
        .send_with(&change(PIN, "22223333"), !arrived, true)
        .unwrap();
    bench.card.verified = Default::default();
    bench.guard.new_session();
    assert_eq!(
        bench.guard.reveal_pin().unwrap().as_str(),
        "13572468 or 22223333"
    );
    let doubtful = bench.guard.farewell().to_string();
    assert!(doubtful.starts_with("THE CARD WAS NOT RESTORED: its PIN is either the one given to this run or one that the run tried to set"));
    assert_eq!(bench.restore(), Farewell::AsFound);
    assert_eq!(bench.card.credentials.pin, code(PIN));
    assert_eq!(bench.card.credentials.pin_left, 3);
    assert_eq!(bench.guard.latch(), None);
}
