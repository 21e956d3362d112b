//! Every state that can be reached, with every event tried in each: of the rules alone, and of the rules with the card
//! beside them. Both are searched by a model checker; each law is a property by name.

use crate::card_space::Cards;
use crate::model::Knobs;
use crate::rules_space::{Rules, TABLE};
use crate::support::seeded_card_data;
#[cfg(feature = "defects")]
use cie_emulator::card::{Defect, Flaw};
use rstest::rstest;
use stateright::{Checker, Model as _};

/// What a search went through.
struct Searched {
    states: usize,
    transitions: usize,
    properties: usize,
}

fn search<M>(space: M) -> Searched
where
    M: stateright::Model + Send + Sync + 'static,
    M::State: std::fmt::Debug + std::hash::Hash + Send + Sync + Clone + PartialEq + 'static,
    M::Action: std::fmt::Debug + Clone + PartialEq,
{
    let properties = space.properties().len();
    let checked = space.checker().spawn_bfs().join();
    checked.assert_properties();
    Searched {
        states: checked.unique_state_count(),
        // The first state was not reached by any.
        transitions: checked.state_count() - 1,
        properties,
    }
}

const fn knobs(auth_locked: bool) -> Knobs {
    Knobs {
        auth_locked,
        ..Knobs::DEFAULT
    }
}

fn rules(knobs: Knobs) -> Rules {
    let data = seeded_card_data();
    Rules {
        knobs,
        pin: *data.pin.reveal(),
        puk: *data.puk.reveal(),
    }
}

/// Two PINs, four and eleven values of the counters, with and without a session; then the verified: the PIN with all its
/// tries (and no exhausted PUK, where that locks), the PUK with all its own, and both.
const fn reachable(auth_locked: bool, kinds_of_channel: usize) -> usize {
    let pin_verified = if auth_locked { 10 } else { 11 };
    2 * (kinds_of_channel * 4 * 11 + pin_verified + 4 + 1)
}

/// The published table by itself: 206 states and 3 708 transitions where an exhausted PUK takes the PIN along, 208 and 3 744
/// where it does not. Another count means that somebody changed a rule.
#[test]
fn the_rules_alone() {
    let mut sum = (0, 0, 0);
    for (auth_locked, states, transitions) in [(true, 206, 3_708), (false, 208, 3_744)] {
        let searched = search(rules(knobs(auth_locked)));
        assert_eq!(searched.states, states);
        assert_eq!(searched.states, reachable(auth_locked, 2));
        assert_eq!(searched.transitions, transitions);
        assert_eq!(searched.transitions, states * TABLE.len());
        sum = (
            sum.0 + searched.states,
            sum.1 + searched.transitions,
            searched.properties,
        );
    }
    println!(
        "trust: states: {} states, {} transitions, the rules alone in 2 profiles, {} properties each",
        sum.0, sum.1, sum.2
    );
}

/// The same with a card in every state. There are more of them: key agreement and authentication are two events here, and
/// a session without an authenticated terminal is a state of its own.
#[test]
fn the_card_in_every_state() {
    let mut sum = (0, 0, 0);
    for auth_locked in [true, false] {
        let searched = search(Cards::new(knobs(auth_locked)));
        assert_eq!(searched.states, reachable(auth_locked, 3));
        assert!(searched.transitions > 25 * searched.states);
        sum = (
            sum.0 + searched.states,
            sum.1 + searched.transitions,
            searched.properties,
        );
    }
    println!(
        "trust: states_with_card: {} states, {} transitions, a real card in every state, 2 profiles, {} properties each",
        sum.0, sum.1, sum.2
    );
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
    search(rules(knobs));
    let searched = search(Cards::new(knobs));
    assert!(searched.states > 50, "{} states", searched.states);
}

/// The fifteen laws, and where each is a property of every state: of the rules, of the card, or of both.
#[test]
fn every_law_is_a_property() {
    let of_rules = rules(Knobs::DEFAULT).properties();
    let of_cards = Cards::new(Knobs::DEFAULT).properties();
    let rules: Vec<&str> = of_rules.iter().map(|property| property.name).collect();
    let cards: Vec<&str> = of_cards.iter().map(|property| property.name).collect();
    let holds = |names: &[&'static str], law: u8| {
        let prefix = format!("C{law} ");
        let mut found = names
            .iter()
            .filter(|name| name.starts_with(&prefix))
            .copied();
        found.next()
    };
    for law in 1..=15 {
        let (of_rules, of_cards) = (holds(&rules, law), holds(&cards, law));
        let name = of_rules.or(of_cards);
        println!(
            "  {}: rules {}, card {}",
            name.unwrap_or_else(|| panic!("C{law} is nobody's property")),
            of_rules.is_some(),
            of_cards.is_some()
        );
        // What only a card's bytes can show must have been asked of a card.
        assert!(
            of_cards.is_some() || ![10, 11, 13, 15].contains(&law),
            "C{law}"
        );
    }
}

/// A search that finds nothing wrong with a wrong card is worthless.
#[cfg(feature = "defects")]
#[rstest]
#[case::pin_never_blocks(Defect::PinNeverBlocks)]
#[case::puk_never_blocks(Defect::PukNeverBlocks)]
#[case::tries_not_restored(Defect::TriesNotRestored)]
#[case::change_costs_nothing(Defect::ChangeCostsNothing)]
#[case::wrong_length_costs(Defect::WrongLengthCosts)]
#[case::puk_back_at_power_on(Defect::PukBackAtPowerOn)]
#[case::unblock_without_puk(Defect::UnblockWithoutPuk)]
#[case::puk_used_up_by_unblock(Defect::PukUsedUpByUnblock)]
#[case::unblock_verifies_pin(Defect::UnblockVerifiesPin)]
#[case::pin_flag_survives_reset(Defect::PinFlagSurvivesReset)]
#[case::verify_in_plain(Defect::VerifyInPlain)]
#[case::counter_lies(Defect::CounterLies)]
#[case::error_keeps_session(Defect::ErrorKeepsSession)]
#[case::plain_keeps_session(Defect::PlainKeepsSession)]
#[case::certificate_readable(Defect::CertificateReadable)]
fn a_wrong_card_is_found(#[case] defect: Defect) {
    let knobs = Knobs {
        pin_tries: 2,
        puk_tries: 2,
        ..Knobs::DEFAULT
    };
    let (_, model) = crate::start(knobs);
    let data = seeded_card_data();
    let mut image = crate::support::image(data, "gemalto", &knobs.settings());
    let flawed = std::sync::Arc::get_mut(&mut image).expect("nobody else has it");
    flawed.flaw = Flaw::of(defect);
    let mut terminal = crate::support::switched_on(image);
    terminal.authenticate();
    let checked = Cards::with(knobs, terminal, model)
        .checker()
        .spawn_bfs()
        .join();
    let found = checked.discovery("the card is the model").is_some()
        || checked
            .discoveries()
            .keys()
            .any(|name| name.starts_with('C'));
    assert!(found, "{defect:?}");
}
