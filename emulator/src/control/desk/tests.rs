//! Cards wander between readers and drawer, and none is lost.

use super::*;
use crate::control::{Order, Refusal};
use crate::spec::CardSpec;
use proptest::prelude::*;
use rstest::rstest;
use std::sync::Mutex;

/// Two readers with cards 1 and 2 in them, card 3 in the drawer.
fn desk() -> Desk {
    let mut desk = Desk::new(vec![Slot::new("left"), Slot::new("right")], None);
    for seed in 1..=3 {
        let spec: CardSpec = format!("seed={seed}").parse().unwrap();
        desk.add(spec.label(), Box::new(spec.issue().unwrap().card));
    }
    for reader in 1..=2 {
        desk.carry_out(insert(Some(reader), None)).unwrap();
    }
    desk
}

const fn insert(reader: Option<usize>, card: Option<usize>) -> Order {
    Order::Insert { reader, card }
}

const fn remove(reader: usize) -> Order {
    Order::Remove {
        reader: Some(reader),
    }
}

const fn swap(reader: usize, card: Option<usize>) -> Order {
    Order::Swap {
        reader: Some(reader),
        card,
    }
}

const fn reset(reader: usize) -> Order {
    Order::Reset {
        reader: Some(reader),
    }
}

/// The cards in the readers, then those in the drawer.
fn places(desk: &Desk) -> (Vec<Option<usize>>, Vec<usize>) {
    let status = desk.status();
    (
        status
            .readers
            .iter()
            .map(|reader| reader.card.as_ref().map(|card| card.card))
            .collect(),
        status.drawer.iter().map(|card| card.card).collect(),
    )
}

#[rstest]
#[case::start(&[], (vec![Some(1), Some(2)], vec![3]))]
#[case::out(&[remove(1)], (vec![None, Some(2)], vec![3, 1]))]
#[case::back_in(&[remove(1), insert(Some(1), None)], (vec![Some(1), Some(2)], vec![3]))]
#[case::named(&[remove(1), insert(Some(1), Some(3))], (vec![Some(3), Some(2)], vec![1]))]
#[case::across(&[remove(1), remove(2), insert(Some(2), Some(1))], (vec![None, Some(1)], vec![3, 2]))]
#[case::swap(&[swap(2, None)], (vec![Some(1), Some(3)], vec![2]))]
#[case::swap_twice(&[swap(2, None), swap(2, None)], (vec![Some(1), Some(2)], vec![3]))]
#[case::swap_named(&[remove(1), swap(2, Some(1))], (vec![None, Some(1)], vec![3, 2]))]
#[case::last_is_elsewhere(&[remove(1), swap(2, Some(1)), insert(Some(1), None)], (vec![Some(3), Some(1)], vec![2]))]
#[case::reset(&[reset(1)], (vec![Some(1), Some(2)], vec![3]))]
fn moved(#[case] orders: &[Order], #[case] expected: (Vec<Option<usize>>, Vec<usize>)) {
    let mut desk = desk();
    for order in orders {
        desk.carry_out(*order).unwrap();
    }
    assert_eq!(places(&desk), expected);
}

#[rstest]
#[case::which(insert(None, None), Refusal::WhichReader { readers: 2 })]
#[case::no_reader(remove(3), Refusal::NoReader { reader: 3, readers: 2 })]
#[case::reader_0(remove(0), Refusal::NoReader { reader: 0, readers: 2 })]
#[case::no_card(swap(1, Some(9)), Refusal::NoCard { card: 9, cards: 3 })]
#[case::card_0(swap(1, Some(0)), Refusal::NoCard { card: 0, cards: 3 })]
#[case::elsewhere(swap(1, Some(2)), Refusal::Elsewhere { card: 2, reader: 2 })]
#[case::itself(swap(1, Some(1)), Refusal::Occupied { reader: 1, card: 1 })]
#[case::occupied(insert(Some(1), Some(3)), Refusal::Occupied { reader: 1, card: 1 })]
fn refused(#[case] order: Order, #[case] refusal: Refusal) {
    let mut desk = desk();
    let before = desk.status();
    assert_eq!(desk.carry_out(order), Err(refusal));
    assert_eq!(desk.status(), before);
}

#[rstest]
#[case::remove(remove(1))]
#[case::swap(swap(1, None))]
#[case::reset(reset(1))]
fn an_empty_reader(#[case] order: Order) {
    let mut desk = desk();
    desk.carry_out(remove(1)).unwrap();
    let refusal = desk.carry_out(order);
    assert_eq!(refusal, Err(Refusal::Empty { reader: 1 }));
}

#[test]
fn an_empty_drawer() {
    let mut desk = desk();
    desk.carry_out(remove(1)).unwrap();
    desk.drawer.clear();
    assert_eq!(
        desk.carry_out(insert(Some(1), None)),
        Err(Refusal::DrawerEmpty)
    );
    assert_eq!(desk.carry_out(swap(2, None)), Err(Refusal::DrawerEmpty));
}

#[test]
fn what_passes_is_told_with_its_place() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let passing: Passing = {
        let told = Arc::clone(&told);
        Arc::new(move |passed| told.lock().unwrap().push(passed))
    };
    let slot = Slot::new("only");
    let mut desk = Desk::new(vec![slot.clone()], Some(passing));
    let spec = CardSpec::default();
    desk.add("default", Box::new(spec.issue().unwrap().card));
    desk.carry_out(insert(None, None)).unwrap();
    slot.with(|card| {
        let card = card.unwrap();
        card.power_on();
        card.transmit(&[0x00, 0x20, 0x00, 0x81, 0x02, 0x31, 0x32]);
    });
    desk.clear();
    let told = told.lock().unwrap();
    let places: Vec<_> = told
        .iter()
        .map(|passed| (passed.reader, passed.card))
        .collect();
    assert_eq!(places, [(1, 1); 5]);
    let kinds: Vec<bool> = told
        .iter()
        .map(|passed| matches!(passed.what, What::Event(_)))
        .collect();
    assert_eq!(kinds, [false, true, true, true, false]);
    assert_eq!(
        (&told[0].what, &told[4].what),
        (&What::Inserted, &What::Removed)
    );
    let What::Event(Event::Exchange(exchange)) = &told[2].what else {
        panic!("{told:?}")
    };
    assert_eq!(exchange.command.to_string(), "0020008102****");
}

#[test]
fn a_loose_contact_forgets_the_session_and_keeps_the_counters() {
    let slot = Slot::new("only");
    let mut desk = Desk::new(vec![slot.clone()], None);
    let spec: CardSpec = "profile=default".parse().unwrap();
    desk.add("default", Box::new(spec.issue().unwrap().card));
    desk.carry_out(insert(None, None)).unwrap();
    let select = [0x00, 0xA4, 0x04, 0x0C, 0x06, 0xA0, 0, 0, 0, 0, 0x39];
    let state = |slot: &Slot| slot.with(|card| card.unwrap().state().unwrap());
    slot.with(|card| {
        let card = card.unwrap();
        card.power_on();
        card.transmit(&select);
    });
    let before = state(&slot);
    desk.carry_out(Order::Reset { reader: None }).unwrap();
    let after = state(&slot);
    assert!(after.powered);
    assert_ne!(before.current_df, after.current_df);
    assert_eq!(before.pin_left, after.pin_left);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever is asked for: every card is in exactly one place.
    #[test]
    fn no_card_is_lost(orders in prop::collection::vec((0_u8..4, 0_usize..4, prop::option::of(0_usize..5)), 0..20)) {
        struct Nothing;
        impl crate::phy::Transceiver for Nothing {
            fn power_on(&mut self) -> &[u8] { &[] }
            fn power_off(&mut self) {}
            fn reset(&mut self, _: crate::card::Reset) -> &[u8] { &[] }
            fn transmit(&mut self, _: &[u8]) -> &[u8] { &[] }
        }
        let mut desk = Desk::new(vec![Slot::new("a"), Slot::new("b")], None);
        for _ in 0..4 {
            desk.add("nothing", Box::new(Nothing));
        }
        for (kind, reader, card) in orders {
            let order = match kind {
                0 => insert(Some(reader), card),
                1 => remove(reader),
                2 => swap(reader, card),
                _ => reset(reader),
            };
            let _ = desk.carry_out(order);
            let (inside, mut all) = places(&desk);
            all.extend(inside.into_iter().flatten());
            all.sort_unstable();
            prop_assert_eq!(all, vec![1, 2, 3, 4]);
        }
    }
}
