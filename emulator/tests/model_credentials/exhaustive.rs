//! Every state that a reduced alphabet of events can reach, with every event tried in each: the card must be the model
//! and keep every law on every edge.

use crate::event::{Command, Event, File, NewPin, Presented};
use crate::laws::{Step, check_all};
use crate::model::{Knobs, Model};
use crate::support::Terminal;
use crate::{start, step};
use rstest::rstest;
use std::collections::{HashMap, VecDeque};

/// One event of each kind; the new PIN is always the same, so that the states are finite.
fn alphabet(model: &Model) -> Vec<Event> {
    use Command::*;
    let new = NewPin::Good(0);
    let mut events: Vec<Event> = [
        VerifyPin(Presented::Right),
        VerifyPin(Presented::Wrong(7)),
        VerifyPin(Presented::Length(0)),
        VerifyPin(Presented::Length(4)),
        VerifyPuk(Presented::Right),
        VerifyPuk(Presented::Wrong(0)),
        VerifyPuk(Presented::Length(0)),
        VerifyPuk(Presented::Length(12)),
        Change(Presented::Right, new),
        Change(Presented::Wrong(3), new),
        Change(Presented::Right, NewPin::NotDigits),
        ResetWithPin(new),
        ResetWithPin(NewPin::NotDigits),
        ResetTries,
        ResetWithPuk(Presented::Right, new),
        ChangePuk,
    ]
    .map(Event::Protected)
    .to_vec();
    events.extend([
        Event::Reset,
        Event::Restore,
        Event::Clear(VerifyPin(Presented::Right)),
        Event::Clear(ResetWithPin(new)),
        Event::BadChecksum,
        Event::LeaveAndReturn,
        Event::Read(File::Nis),
        Event::Read(File::Serial),
        Event::PlainRead(File::Certificate),
    ]);
    // The costly ways back, where they lead somewhere new.
    if !model.channel {
        events.push(Event::Agree);
    } else if !model.device {
        events.push(Event::Authenticate);
    }
    events
}

/// All reachable states, each with a card in it.
pub(crate) fn explore(knobs: Knobs, mut on_edge: impl FnMut(&Step<'_>)) -> Vec<(Model, Terminal)> {
    let (terminal, model) = start(knobs);
    let mut known: HashMap<Model, usize> = HashMap::from([(model.clone(), 0)]);
    let mut states = vec![(model, terminal)];
    let mut waiting = VecDeque::from([0]);
    while let Some(at) = waiting.pop_front() {
        for event in alphabet(&states[at].0) {
            let (mut model, mut terminal) = (states[at].0.clone(), states[at].1.fork());
            let before = terminal.state();
            let expected = {
                let mut model = model.clone();
                model.step(&event)
            };
            step(&mut terminal, &mut model, &event).unwrap();
            on_edge(&Step {
                knobs,
                event: &event,
                seen: expected,
                before: &before,
                after: &terminal.state(),
            });
            if !known.contains_key(&model) {
                known.insert(model.clone(), states.len());
                waiting.push_back(states.len());
                states.push((model, terminal));
            }
        }
    }
    states
}

#[rstest]
#[case::puk_exhaustion_takes_the_pin_along(true)]
#[case::puk_exhaustion_leaves_the_pin(false)]
fn every_reachable_state_and_every_edge(#[case] auth_locked: bool) {
    let knobs = Knobs {
        auth_locked,
        ..Knobs::DEFAULT
    };
    let mut edges = 0;
    let states = explore(knobs, |step| {
        check_all(step);
        edges += 1;
    });
    // Two PINs, four and eleven counter values, in three kinds of channel; then the verified: the PIN with all its tries
    // (and no exhausted PUK, where that locks), the PUK with all its own, and both.
    let memories = 2 * 4 * 11;
    let pin_verified = 2 * if auth_locked { 10 } else { 11 };
    assert_eq!(states.len(), 3 * memories + pin_verified + 2 * 4 + 2);
    assert!(edges > 25 * states.len(), "{edges} edges");
}

/// The other parameters, with fewer tries so that it stays quick.
#[rstest]
#[case::last_wrong_answers_blocked(1 | 2 | 4 | 32)]
#[case::wrong_length_costs_a_try(1 | 4 | 8 | 32)]
#[case::right_puk_gives_nothing_back(1 | 4 | 128)]
#[case::the_form_with_puk_exists(4 | 32 | 64)]
#[case::all_at_once(255)]
#[case::none_at_all(0)]
fn the_same_under_other_parameters(#[case] number: u16) {
    let knobs = Knobs {
        pin_tries: 2,
        puk_tries: 2,
        ..Knobs::combination(number)
    };
    let states = explore(knobs, check_all);
    assert!(states.len() > 50, "{} states", states.len());
}
