//! C9: one unblocking, three client families, one result. And what a client does that sends half a value too many.

use crate::event::{GOOD, events};
use crate::invariants::{config, knobs, live};
use crate::model::{Knobs, Model};
use crate::start;
use crate::support::Terminal;
use crate::support::commands::{change, reset_retry_counter};
use proptest::prelude::*;

/// A client's way to a new PIN, from a card that was just reset.
type Trace = fn(&mut Terminal, &[u8; 8], &[u8; 8]);

fn login(terminal: &mut Terminal, puk: &[u8; 8]) {
    terminal.reset();
    terminal.authenticate();
    assert_eq!(terminal.verify(0x82, puk), 0x9000);
}

/// Mobile clients and the desktop PIN manager: PUK, new PIN.
fn one_step(terminal: &mut Terminal, puk: &[u8; 8], new: &[u8; 8]) {
    login(terminal, puk);
    terminal.sm(&reset_retry_counter(0x02, 0x81, new)).ok();
}

/// The minidriver: PUK, tries back, new PIN. The PUK must stay verified in between.
fn two_steps(terminal: &mut Terminal, puk: &[u8; 8], new: &[u8; 8]) {
    login(terminal, puk);
    terminal.sm(&reset_retry_counter(0x03, 0x81, b"")).ok();
    terminal.sm(&reset_retry_counter(0x02, 0x81, new)).ok();
}

/// PKCS#11: the security officer logs in, the card is reset, everything begins again.
fn two_logins(terminal: &mut Terminal, puk: &[u8; 8], new: &[u8; 8]) {
    login(terminal, puk);
    two_steps(terminal, puk, new);
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn c9_all_clients_unblock_into_the_same_state(knobs in knobs(), life in events(), new in 0..2_usize) {
        let mut last: Option<(Terminal, Model)> = None;
        live(knobs, &life, |terminal, model, _| {
            last = Some((terminal.fork(), model.clone()));
            Ok(())
        })?;
        let (terminal, model) = last.unwrap();
        prop_assume!(!model.locked());
        let traces: [Trace; 3] = [one_step, two_steps, two_logins];
        let ends = traces.map(|trace| {
            let mut terminal = terminal.fork();
            trace(&mut terminal, &model.puk, GOOD[new]);
            assert_eq!(terminal.verify(0x81, GOOD[new]), 0x9000);
            terminal.card.memory().clone()
        });
        prop_assert_eq!(&ends[0], &ends[1]);
        prop_assert_eq!(&ends[0], &ends[2]);
        prop_assert_eq!(ends[0].credentials.pin_left, knobs.pin_tries);
    }
}

/// A client that puts its cached half before eight typed digits: the tries are back, the PIN is the old one.
#[test]
fn twelve_digits_after_the_tries_are_back_leave_the_old_pin() {
    let (mut terminal, model) = start(Knobs::DEFAULT);
    for left in [2, 1, 0] {
        assert_eq!(terminal.verify(0x81, b"00000000"), 0x63C0 | left);
    }
    assert_eq!(terminal.verify(0x82, &model.puk), 0x9000);
    terminal.sm(&reset_retry_counter(0x03, 0x81, b"")).ok();
    let twelve = reset_retry_counter(0x02, 0x81, b"481548150726");
    assert_eq!(terminal.sm(&twelve).sw, 0x6700);
    assert_eq!(terminal.state().pin_left, 3);
    assert_eq!(terminal.verify(0x81, &model.pin), 0x9000);
}

/// Full eight digits typed into a client that puts four before them: refused, and no try is taken.
#[test]
fn twelve_digits_of_a_pin_cost_nothing() {
    let (mut terminal, model) = start(Knobs::DEFAULT);
    let twelve = [&model.pin[..4], &model.pin].concat();
    assert_eq!(terminal.verify(0x81, &twelve), 0x6700);
    assert_eq!(terminal.state().pin_left, 3);
}

/// The desktop's change of PIN: VERIFY, then CHANGE REFERENCE DATA; the old PIN is dead, the new one lives.
#[test]
fn change_after_verify() {
    let (mut terminal, model) = start(Knobs::DEFAULT);
    assert_eq!(terminal.verify(0x81, &model.pin), 0x9000);
    terminal
        .sm(&change(0x81, &[&model.pin[..], GOOD[0]].concat()))
        .ok();
    assert_eq!(terminal.verify(0x81, &model.pin), 0x63C2);
    assert_eq!(terminal.verify(0x81, GOOD[0]), 0x9000);
}

/// Blocked by three, unblocked by PUK, blocked for good by ten: the story of the card's life in status words.
#[test]
fn the_ladder_down_to_an_identity_document() {
    let (mut terminal, model) = start(Knobs::DEFAULT);
    for left in (0..3).rev() {
        assert_eq!(terminal.verify(0x81, b"00000000"), 0x63C0 | left);
    }
    assert_eq!(terminal.verify(0x81, &model.pin), 0x6983);
    for left in (0..10).rev() {
        assert_eq!(terminal.verify(0x82, b"00000000"), 0x63C0 | left);
    }
    assert_eq!(terminal.verify(0x82, &model.puk), 0x6983);
    terminal.reset();
    terminal.authenticate();
    assert_eq!(terminal.verify(0x82, &model.puk), 0x6983);
    assert_eq!(terminal.verify(0x81, &model.pin), 0x6983);
}
