//! What may happen, drawn at random: mostly people who do what they are asked, and now and then everything else.

use cie_conformance::issuer::account::AccountState;
use cie_conformance::issuer::outbox::Fault;
use cie_conformance::issuer::registry::DocumentState;
use proptest::prelude::*;

use crate::play::{PEOPLE, POLICIES};
use crate::world::period;

/// Something somebody does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Begins a procedure: which, who, and whether what they tell is right.
    Start(usize, usize, bool),
    /// Answers the gate of one of the newest procedures.
    Answer(usize, Answer),
    Resend(usize),
    Wait(&'static str),
    /// Something is stamped with a time long past.
    Past,
    Document(usize, DocumentState),
    Operator(usize, &'static str, AccountState),
    /// What happens to the messages from now on.
    Delivery(Option<Fault>),
}

/// An answer to a gate.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// What the gate asks for, as far as messages have arrived.
    Right,
    /// Nothing that is right anywhere.
    Wrong,
    /// A code that was sent at some time: counted from the newest.
    Old(usize),
    /// A signature of a challenge of an earlier time.
    Replay(usize),
    /// The right kind with a rule broken.
    Careless,
}

pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(act(), 1..=64)
}

fn act() -> impl Strategy<Value = Act> {
    let waits = prop::sample::select(vec![
        "PT1S", "PT2M", "PT10M", "PT1H", "PT24H", "PT48H", "P8D", "P30D",
    ]);
    let documents = prop::sample::select(vec![
        DocumentState::Valid,
        DocumentState::Expired,
        DocumentState::Revoked,
        DocumentState::Replaced,
    ]);
    let states = prop::sample::select(vec![
        AccountState::Suspended,
        AccountState::Active,
        AccountState::Revoked,
    ]);
    let accounts = prop::sample::select(vec!["cie", "posteid", "inps"]);
    let faults = prop::option::of(prop_oneof![
        Just(Fault::Drop),
        Just(Fault::Duplicate),
        Just(Fault::Reorder),
        Just(Fault::Delay(period("PT5M"))),
    ]);
    prop_oneof![
        6 => (0..POLICIES.len(), 0..PEOPLE.len(), prop::bool::weighted(0.9)).prop_map(|(p, w, r)| Act::Start(p, w, r)),
        // Somebody with everything on record, so that most procedures get somewhere.
        6 => (0..POLICIES.len()).prop_map(|policy| Act::Start(policy, 0, true)),
        24 => (0..3_usize).prop_map(|which| Act::Answer(which, Answer::Right)),
        8 => (0..3_usize, answer()).prop_map(|(which, answer)| Act::Answer(which, answer)),
        2 => (0..3_usize).prop_map(Act::Resend),
        6 => waits.prop_map(Act::Wait),
        1 => Just(Act::Past),
        1 => (0..PEOPLE.len(), documents).prop_map(|(who, state)| Act::Document(who, state)),
        1 => (0..PEOPLE.len(), accounts, states).prop_map(|(who, account, state)| Act::Operator(who, account, state)),
        2 => faults.prop_map(Act::Delivery),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        3 => Just(Answer::Wrong),
        2 => (0..6_usize).prop_map(Answer::Old),
        1 => (0..4_usize).prop_map(Answer::Replay),
        2 => Just(Answer::Careless),
    ]
}
