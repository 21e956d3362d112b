//! PIN and PUK against a reference model. The model is a table of rules written from the published behaviour; the card
//! is driven in bytes, under secure messaging, as a terminal drives it. They must agree on every status word, counter and
//! verified flag after every step, under every combination of the parameters, and each invariant is a property of its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod card_space;
mod event;
mod exhaustive;
mod invariants;
mod laws;
mod model;
mod recovery;
mod rules_space;
mod secrecy;
mod survival;
mod tearing;

use cie_emulator::card::Channel;
use event::{Event, events};
use model::{Knobs, Model};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::{Terminal, authenticated_with, seeded_card_data};

/// A card with an authenticated terminal, and its model.
fn start(knobs: Knobs) -> (Terminal, Model) {
    let data = seeded_card_data();
    let terminal = authenticated_with(data, &knobs.settings());
    let model = Model::fresh(knobs, *data.pin.reveal(), *data.puk.reveal());
    (terminal, model)
}

/// What the card shows of itself, in the model's words.
fn compare(terminal: &Terminal, model: &Model) -> Result<(), TestCaseError> {
    let state = terminal.state();
    let card = (
        (state.pin_left, state.puk_left),
        (state.verified.pin, state.verified.puk),
        (state.channel != Channel::Plain, state.device_authenticated),
    );
    let expected = (
        (model.pin_left, model.puk_left),
        (model.pin_ok, model.puk_ok),
        (model.channel, model.device),
    );
    prop_assert_eq!(
        card,
        expected,
        "(pin_left, puk_left), (pin_ok, puk_ok), (channel, device)"
    );
    let credentials = &terminal.card.memory().credentials;
    prop_assert_eq!(credentials.pin.reveal(), &model.pin);
    prop_assert_eq!(credentials.puk.reveal(), &model.puk);
    Ok(())
}

/// One event on both; they must agree.
fn step(terminal: &mut Terminal, model: &mut Model, event: &Event) -> Result<(), TestCaseError> {
    let seen = event.apply(terminal, model);
    let before = model.clone();
    let expected = model.step(event);
    prop_assert_eq!(seen, expected, "{:?} in {:?}", event, before);
    compare(terminal, model)
        .map_err(|error| TestCaseError::fail(format!("{event:?} in {before:?}: {error}")))
}

fn agree(knobs: Knobs, life: &[Event]) -> Result<(), TestCaseError> {
    let (mut terminal, mut model) = start(knobs);
    compare(&terminal, &model)?;
    for event in life {
        step(&mut terminal, &mut model, event)?;
    }
    Ok(())
}

/// A few lives under each of the 256 combinations, so that none is left to luck.
#[test]
fn the_card_is_the_model_under_every_combination_of_parameters() {
    for number in 0..Knobs::COMBINATIONS {
        let config = Config {
            cases: 2,
            failure_persistence: None,
            ..Config::default()
        };
        let knobs = Knobs::combination(number);
        if let Err(error) = TestRunner::new(config).run(&events(), |life| agree(knobs, &life)) {
            panic!("combination {number}, {knobs:?}: {error}");
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 128, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_card_as_shipped_is_the_model(life in events()) {
        agree(Knobs::DEFAULT, &life)?;
    }

    /// Counters are numbers too: any from 1 to 15.
    #[test]
    fn the_card_is_the_model_with_other_numbers_of_tries(
        number in 0..Knobs::COMBINATIONS,
        pin_tries in prop_oneof![Just(1_u8), Just(2), Just(5), Just(15)],
        puk_tries in prop_oneof![Just(1_u8), Just(3), Just(15)],
        life in events(),
    ) {
        agree(Knobs { pin_tries, puk_tries, ..Knobs::combination(number) }, &life)?;
    }
}

#[test]
fn the_model_of_the_default_is_the_default_profile() {
    let profile = cie_emulator::chip::preset("default").unwrap();
    let settings = Knobs::DEFAULT.settings();
    let same = cie_emulator::chip::Profile::with_settings(settings.split_whitespace()).unwrap();
    assert_eq!(profile, same);
}
