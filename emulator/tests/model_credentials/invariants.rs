//! The invariants of PIN and PUK, each a property of its own over random lives. C9, C10, C11 and C13 have files of their
//! own.

use crate::event::{Command, Event, NewPin, Presented, events, restored};
use crate::laws::{self, Law, Step, View};
use crate::model::{Knobs, Model};
use crate::start;
use crate::support::Terminal;
use crate::support::commands::{change, verify};
use cie_emulator::card::Channel;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rstest::rstest;

/// Random parameters, now and then with other numbers of tries.
pub(crate) fn knobs() -> impl Strategy<Value = Knobs> {
    prop_oneof![
        2 => Just(Knobs::DEFAULT),
        6 => (0..Knobs::COMBINATIONS).prop_map(Knobs::combination),
        1 => Just(Knobs { pin_tries: 1, puk_tries: 2, ..Knobs::DEFAULT }),
    ]
}

pub(crate) fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

/// Lives a life; after each event `look` sees the terminal and the step.
pub(crate) fn live(
    knobs: Knobs,
    life: &[Event],
    mut look: impl FnMut(&Terminal, &Model, &Step<'_>) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let (mut terminal, mut model) = start(knobs);
    for event in life {
        let before = View::from(&terminal.state());
        let seen = event.apply(&mut terminal, &model);
        model.step(event);
        let after = View::from(&terminal.state());
        let step = Step {
            knobs,
            event,
            seen,
            before,
            after,
        };
        look(&terminal, &model, &step)?;
    }
    Ok(())
}

#[rstest]
#[case::c1_counters_stay_in_range(laws::counters_stay_in_range)]
#[case::c2_an_exhausted_puk_is_terminal(laws::an_exhausted_puk_is_terminal)]
#[case::c3_only_the_puk_unblocks(laws::only_an_unblocking_command_lifts_a_blocked_pin)]
#[case::c4_the_status_word_tells_the_counter(laws::the_status_word_tells_the_counter)]
#[case::c5_counters_never_rise_without_success(
    laws::counters_rise_only_on_success_of_their_own_command
)]
#[case::c8_nothing_is_verified_without_a_channel(laws::nothing_is_verified_without_a_channel)]
#[case::c8_a_reset_takes_the_session_and_no_counter(laws::a_reset_takes_the_session_and_no_counter)]
#[case::c12_a_verified_pin_has_all_its_tries(laws::a_verified_pin_has_all_its_tries)]
#[case::c14_a_document_only_card_refuses_every_use(laws::a_document_only_card_refuses_every_use)]
fn invariant(#[case] law: Law) {
    TestRunner::new(config(40))
        .run(&(knobs(), events()), |(knobs, life)| {
            live(knobs, &life, |_, _, step| {
                prop_assert!(law(step), "{:?} {:?}", step.event, step.after);
                Ok(())
            })
        })
        .unwrap();
}

/// A terminal's guess, asked in whatever state the card is in.
fn answer(terminal: &Terminal, reference: u8, value: &[u8]) -> Vec<u8> {
    let mut fork = terminal.fork();
    let bytes = fork
        .channel
        .as_mut()
        .unwrap()
        .protect(&verify(reference, value));
    fork.raw(&bytes)
}

proptest! {
    #![proptest_config(config(40))]

    /// C4, second half: VERIFY without data says the same as the `63Cx` before it.
    #[test]
    fn c4_the_report_agrees_with_the_last_status_word(number in 0..Knobs::COMBINATIONS, life in events()) {
        let knobs = Knobs { verify_empty_reports: true, ..Knobs::combination(number) };
        live(knobs, &life, |terminal, _, step| {
            let reference = match step.event {
                Event::Protected(Command::VerifyPin(_) | Command::Change(..)) => 0x81,
                Event::Protected(Command::VerifyPuk(_)) => 0x82,
                _ => return Ok(()),
            };
            let Some(sw) = step.seen.map(|seen| seen.sw).filter(|sw| sw & 0xFFF0 == 0x63C0) else {
                return Ok(());
            };
            let blocked = sw == 0x63C0 || (reference == 0x81 && step.knobs.auth_locked && step.after.puk_left == 0);
            let expected = if blocked { 0x6983 } else { sw };
            prop_assert_eq!(terminal.fork().verify(reference, b""), expected);
            Ok(())
        })?;
    }

    /// C6: between two restores at most `tries` wrong values are compared; the next answer is `6983`, even to a right one.
    #[test]
    fn c6_no_more_comparisons_than_tries(knobs in knobs(), life in events()) {
        let (mut wrong_pins, mut wrong_puks) = (0, 0);
        live(knobs, &life, |terminal, model, step| {
            let (before, after) = (step.before, step.after);
            wrong_pins = if after.pin_left > before.pin_left { 0 } else { wrong_pins + before.pin_left - after.pin_left };
            wrong_puks = if after.puk_left > before.puk_left { 0 } else { wrong_puks + before.puk_left - after.puk_left };
            prop_assert!(wrong_pins <= knobs.pin_tries && wrong_puks <= knobs.puk_tries);
            if after.device && after.channel {
                if wrong_pins == knobs.pin_tries {
                    prop_assert_eq!(terminal.fork().verify(0x81, &model.pin), 0x6983);
                }
                if wrong_puks == knobs.puk_tries {
                    prop_assert_eq!(terminal.fork().verify(0x82, &model.puk), 0x6983);
                }
            }
            Ok(())
        })?;
    }

    /// C7: a blocked code answers the same bytes to a right value, a wrong one and rubbish; nothing is learnt from it.
    #[test]
    fn c7_a_blocked_code_is_no_oracle(knobs in knobs(), life in events()) {
        live(knobs, &life, |terminal, model, step| {
            if !step.after.channel {
                return Ok(());
            }
            let mut blocked = Vec::new();
            if model.pin_blocked() { blocked.push((0x81, model.pin)); }
            if model.locked() { blocked.push((0x82, model.puk)); }
            for (reference, right) in blocked {
                let of_right = answer(terminal, reference, &right);
                prop_assert_eq!(&of_right, &answer(terminal, reference, b"00000000"));
                prop_assert_eq!(&of_right, &answer(terminal, reference, b"\xFF\0abcdef"));
            }
            if model.pin_blocked() {
                let change = |old: &[u8]| {
                    let mut fork = terminal.fork();
                    fork.sm(&change(0x81, &[old, b"48150726"].concat()))
                };
                prop_assert_eq!(change(&model.pin), change(b"00000000"));
            }
            Ok(())
        })?;
    }

    /// C15: what survives power is exactly values and counters; a card made of a card's memory is the same card, with no
    /// session.
    #[test]
    fn c15_a_snapshot_keeps_the_memory_and_no_session(knobs in knobs(), life in events()) {
        live(knobs, &life, |terminal, _, _| {
            let copy = restored(&terminal.card, 8);
            prop_assert_eq!(copy.memory(), terminal.card.memory());
            let state = copy.state();
            prop_assert_eq!((state.channel, state.current_df), (Channel::Plain, None));
            prop_assert!(!state.verified.pin && !state.verified.puk && !state.device_authenticated);
            Ok(())
        })?;
    }

    /// The same seed and the same bytes give the same bytes: a fork answers like its original, whatever happens.
    #[test]
    fn a_fork_answers_like_its_original(knobs in knobs(), life in events()) {
        let (mut one, mut model) = start(knobs);
        let mut other = one.fork();
        for event in &life {
            let answers = [event.apply(&mut one, &model), event.apply(&mut other, &model)];
            prop_assert_eq!(answers[0], answers[1]);
            prop_assert_eq!(one.card.state(), other.card.state());
            model.step(event);
        }
        prop_assert_eq!(one.card.memory(), other.card.memory());
    }
}

/// The sixteen trivial PINs are refused by a card that checks, in all three commands, and by no other card.
#[rstest]
#[case::checked(true, 0x6A80)]
#[case::unchecked(false, 0x9000)]
fn the_sixteen_trivial_pins(#[case] trivial_refused: bool, #[case] sw: u16) {
    let knobs = Knobs {
        trivial_refused,
        rrc_00: true,
        ..Knobs::DEFAULT
    };
    for number in 0..16 {
        let new = NewPin::Trivial(number);
        for command in [
            Command::Change(Presented::Right, new),
            Command::ResetWithPin(new),
            Command::ResetWithPuk(Presented::Right, new),
        ] {
            let (mut terminal, model) = start(knobs);
            assert_eq!(terminal.verify(0x82, &model.puk), 0x9000);
            let seen = Event::Protected(command).apply(&mut terminal, &model);
            assert_eq!(seen.unwrap().sw, sw, "{number} {command:?}");
        }
    }
}
