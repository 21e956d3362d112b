//! C13: power may go away at any write, before or after it is durable, and nobody wins a guess by it.

use crate::event::{Command, Event, GOOD, NewPin, Presented, command};
use crate::invariants::{config, knobs};
use crate::model::{Knobs, Model};
use crate::start;
use crate::support::Terminal;
use cie_emulator::store::{Tear, Tearing};
use proptest::prelude::*;
use rstest::rstest;

/// The card loses power at write `nth` of the next command.
fn arm(terminal: &mut Terminal, tear: Tear, nth: u32) {
    let durable = terminal.card.memory().credentials.clone();
    terminal
        .card
        .replace_store(Box::new(Tearing::new(durable, tear, nth)));
}

/// Sends one command; `None` when the card went mute, which must have switched it off.
fn send(terminal: &mut Terminal, model: &Model, command: &Command) -> Option<u16> {
    let command = command.build(model);
    let bytes = terminal.channel.as_mut().unwrap().protect(&command);
    let answer = terminal.raw(&bytes);
    assert_eq!(answer.is_empty(), !terminal.card.is_powered());
    if answer.is_empty() {
        assert!(terminal.raw(&bytes).is_empty(), "mute until powered again");
        return None;
    }
    let opened = terminal.channel.as_mut().unwrap().open(&answer, false);
    Some(opened.unwrap().sw)
}

/// How many writes a command makes in this state.
fn writes(terminal: &Terminal, model: &Model, command: &Command) -> u32 {
    (0..10)
        .find(|nth| {
            let mut fork = terminal.fork();
            arm(&mut fork, Tear::AfterCommit, *nth);
            send(&mut fork, model, command).is_some()
        })
        .unwrap()
}

/// What a memory is worth: tries, and which PIN.
pub(crate) type Memory = (u8, u8, [u8; 8]);

pub(crate) fn memory(terminal: &Terminal) -> Memory {
    let credentials = &terminal.card.memory().credentials;
    (
        credentials.pin_left,
        credentials.puk_left,
        *credentials.pin.reveal(),
    )
}

/// Cuts the power at every write of one command, on both sides of it, and looks at what a power-up finds.
pub(crate) fn tear_everywhere(
    terminal: &Terminal,
    model: &Model,
    command: &Command,
    look: impl Fn(&mut Terminal, &Model, Memory),
) -> Result<(), TestCaseError> {
    let before = memory(terminal);
    let mut whole = terminal.fork();
    let sw = send(&mut whole, model, command).unwrap();
    let end = memory(&whole);
    let count = writes(terminal, model, command);
    for nth in 0..count {
        for tear in [Tear::BeforeCommit, Tear::AfterCommit] {
            let mut torn = terminal.fork();
            arm(&mut torn, tear, nth);
            prop_assert_eq!(send(&mut torn, model, command), None);
            let found = memory(&torn);
            let says =
                format!("{command:?} ({sw:04X}) torn at {nth} {tear:?}: {before:?} -> {found:?}");
            // The PIN is one of the two, whole.
            prop_assert!(found.2 == before.2 || found.2 == end.2, "{}", says);
            // No tries appear out of nothing.
            prop_assert!(
                found.0 <= before.0.max(end.0) && found.1 <= before.1.max(end.1),
                "{}",
                says
            );
            // A wrong value that was compared has been paid for, and an unfinished command gave nothing back.
            if sw != 0x9000 {
                prop_assert!(found.0 <= before.0 && found.1 <= before.1, "{}", says);
            }
            // Before the first write nothing happened; after the last, everything that lasts.
            if (nth, tear) == (0, Tear::BeforeCommit) {
                prop_assert_eq!(found, before, "{}", says);
            }
            if (nth, tear) == (count - 1, Tear::AfterCommit) {
                prop_assert_eq!(found, end, "{}", says);
            }
            look(&mut torn, model, found);
        }
    }
    Ok(())
}

/// After the power is back: no session, the same memory, and a card that works as its counters say.
fn survives(torn: &mut Terminal, model: &Model, found: Memory) {
    torn.card.power_on();
    let state = torn.state();
    assert!(!state.verified.pin && !state.verified.puk && !state.device_authenticated);
    assert_eq!(memory(torn), found);
    torn.authenticate();
    let (pin_left, puk_left, pin) = found;
    let locked = puk_left == 0;
    let blocked = pin_left == 0 || (locked && model.knobs.auth_locked);
    let expected = |refused: bool| if refused { 0x6983 } else { 0x9000 };
    assert_eq!(torn.verify(0x82, &model.puk), expected(locked));
    assert_eq!(torn.verify(0x81, &pin), expected(blocked));
}

#[rstest]
#[case::verify_right(Command::VerifyPin(Presented::Right))]
#[case::verify_wrong(Command::VerifyPin(Presented::Wrong(1)))]
#[case::puk_right(Command::VerifyPuk(Presented::Right))]
#[case::puk_wrong(Command::VerifyPuk(Presented::Wrong(1)))]
#[case::change(Command::Change(Presented::Right, NewPin::Good(0)))]
#[case::change_wrong(Command::Change(Presented::Wrong(1), NewPin::Good(0)))]
#[case::change_refused(Command::Change(Presented::Right, NewPin::NotDigits))]
#[case::reset_with_new_pin(Command::ResetWithPin(NewPin::Good(0)))]
#[case::reset_tries(Command::ResetTries)]
#[case::reset_with_puk(Command::ResetWithPuk(Presented::Right, NewPin::Good(0)))]
#[case::reset_with_puk_refused(Command::ResetWithPuk(Presented::Right, NewPin::NotDigits))]
#[case::reset_with_wrong_puk(Command::ResetWithPuk(Presented::Wrong(1), NewPin::Good(0)))]
fn c13_torn_at_every_write(
    #[case] command: Command,
    #[values(true, false)] puk_success_resets: bool,
    #[values(0, 1, 2)] wrong_pins: u8,
    #[values(0, 9)] wrong_puks: u8,
) {
    let knobs = Knobs {
        rrc_00: true,
        puk_success_resets,
        ..Knobs::DEFAULT
    };
    let (mut terminal, mut model) = start(knobs);
    let wrong = |count, code: fn(Presented) -> Command| {
        std::iter::repeat_n(code(Presented::Wrong(0)), usize::from(count))
    };
    let verified = matches!(command, Command::ResetWithPin(_) | Command::ResetTries)
        .then_some(Command::VerifyPuk(Presented::Right));
    let road = wrong(wrong_pins, Command::VerifyPin).chain(wrong(wrong_puks, Command::VerifyPuk));
    for step in road.chain(verified) {
        let event = Event::Protected(step);
        event.apply(&mut terminal, &model);
        model.step(&event);
    }
    tear_everywhere(&terminal, &model, &command, survives).unwrap();
}

/// An attacker with a knife at the power line: as many torn or answered guesses as he likes, one always wrong.
fn attack(knobs: Knobs, moves: &[(Command, Option<(Tear, u32)>)]) -> Result<(), TestCaseError> {
    let (mut terminal, mut model) = start(knobs);
    let mut answered_wrong = [0, 0];
    for (command, cut) in moves {
        let before = memory(&terminal);
        if let Some((tear, nth)) = cut {
            arm(&mut terminal, *tear, *nth);
        }
        let sw = send(&mut terminal, &model, command);
        let after = memory(&terminal);
        // The model follows what is durable: it needs the codes for the next guess.
        (model.pin_left, model.puk_left, model.pin) = after;
        let gained = [after.0 > before.0, after.1 > before.1];
        let lost = [
            before.0.saturating_sub(after.0),
            before.1.saturating_sub(after.1),
        ];
        for code in [0, 1] {
            answered_wrong[code] = if gained[code] {
                0
            } else {
                answered_wrong[code] + lost[code]
            };
        }
        prop_assert!(answered_wrong[0] <= knobs.pin_tries && answered_wrong[1] <= knobs.puk_tries);
        match sw {
            // Whatever was answered was paid for before.
            Some(sw) if sw & 0xFFF0 == 0x63C0 => prop_assert!(lost[0] + lost[1] == 1),
            Some(_) => {}
            None => {
                terminal.card.power_on();
                terminal.authenticate();
                let right = terminal.state();
                prop_assert!(!right.verified.pin && !right.verified.puk);
            }
        }
    }
    Ok(())
}

/// Well-formed attempts only: VERIFY without data answers `63Cx` and compares nothing.
fn attempt() -> impl Strategy<Value = Command> {
    command().prop_filter("compares something", |command| {
        !matches!(
            command,
            Command::VerifyPin(Presented::Length(0)) | Command::VerifyPuk(Presented::Length(0))
        )
    })
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn c13_cutting_the_power_never_wins_a_guess(
        knobs in knobs(),
        moves in prop::collection::vec(
            (attempt(), prop::option::weighted(0.3, (prop_oneof![Just(Tear::BeforeCommit), Just(Tear::AfterCommit)], 0..3_u32))),
            1..32,
        ),
    ) {
        attack(knobs, &moves)?;
    }
}

/// The order of things: the try is durable before the comparison, so a cut right after it costs the try, also for a right PIN.
#[test]
fn c13_the_try_is_taken_before_the_comparison() {
    let (terminal, model) = start(Knobs::DEFAULT);
    for presented in [Presented::Right, Presented::Wrong(0)] {
        let mut torn = terminal.fork();
        arm(&mut torn, Tear::AfterCommit, 0);
        assert_eq!(
            send(&mut torn, &model, &Command::VerifyPin(presented)),
            None
        );
        assert_eq!(torn.card.memory().credentials.pin_left, 2);
    }
    let right = Command::VerifyPin(Presented::Right);
    assert_eq!(writes(&terminal, &model, &right), 2, "take, give back");
    let wrong = Command::VerifyPin(Presented::Wrong(0));
    assert_eq!(writes(&terminal, &model, &wrong), 1, "take");
    assert_eq!(*GOOD[0], *b"48150726");
}
