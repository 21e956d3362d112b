//! The properties of a remembered half (K1 to K3), by random histories and, where there are few enough, by all of them.

use cie_conformance::clients::half_pin::{Caution, HalfPinClient};
use cie_conformance::clients::status::{Verdict, decode};
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::credentials::{
    change_reference_data, reset_retry_counter, verify,
};
use cie_conformance::terminal::ias::{Code, OpenOptions, Reference, open_device_authentication};
use proptest::prelude::*;
use rstest::rstest;

use crate::{IMAGE, PUK, Start, card};

/// A card in an open session, its PIN, and a client beside it.
struct World {
    terminal: Terminal,
    pin: String,
    client: HalfPinClient,
}

impl World {
    fn new(pin: &str, caution: Caution) -> Self {
        let mut terminal = card(&IMAGE, &Start::new(pin, 3, 10));
        open_device_authentication(&mut terminal, OpenOptions::default()).unwrap();
        Self {
            terminal,
            pin: pin.to_owned(),
            client: HalfPinClient::unpaired(caution),
        }
    }

    fn tries(&mut self) -> u8 {
        self.terminal.state().unwrap().pin_tries.unwrap()
    }

    fn verify(&mut self, reference: Reference, code: &Code) -> Verdict {
        let command = verify(reference, code);
        decode(self.terminal.transmit(&command).unwrap().sw.to_bytes())
    }

    /// What the client makes of what is typed; `None` when it sends nothing.
    fn login(&mut self, typed: &str) -> Option<(Code, Verdict)> {
        let data = self.client.verification_data(typed).ok()?;
        let verdict = self.verify(Reference::Pin, &data);
        self.client.answered(&data, verdict);
        Some((data, verdict))
    }

    /// Somebody sets a new PIN; with the PUK, when the PIN is blocked.
    fn set(&mut self, new: &str) {
        let code = Code::from(new);
        let command = if self.tries() == 0 {
            assert_eq!(self.verify(Reference::Puk, &Code::from(PUK)), Verdict::Ok);
            reset_retry_counter(Reference::Pin, Some(&code))
        } else {
            let old = Code::from(self.pin.as_str());
            change_reference_data(Reference::Pin, &old, &code)
        };
        assert!(self.terminal.transmit(&command).unwrap().sw.is_ok());
        new.clone_into(&mut self.pin);
    }

    /// What the holder, who knows the PIN, types into the client's question.
    fn right_answer(&self) -> String {
        self.pin[8 - self.client.asks_for()..].to_owned()
    }
}

#[derive(Clone, Debug)]
enum Happens {
    Typed(String),
    TypedRight,
    Here(String),
    Elsewhere(String),
    Unpaired,
}

/// Few halves, so that they meet.
fn pin() -> impl Strategy<Value = String> {
    let half = || proptest::sample::select(vec!["1234", "5678", "9753"]);
    (half(), half()).prop_map(|(first, second)| format!("{first}{second}"))
}

fn happens() -> impl Strategy<Value = Happens> {
    let typed = prop_oneof![
        pin(),
        pin().prop_map(|pin| pin[4..].to_owned()),
        "[0-9]{0,9}".prop_map(|digits| digits)
    ];
    prop_oneof![
        3 => typed.prop_map(Happens::Typed),
        4 => Just(Happens::TypedRight),
        1 => pin().prop_map(Happens::Here),
        2 => pin().prop_map(Happens::Elsewhere),
        1 => Just(Happens::Unpaired),
    ]
}

fn caution() -> impl Strategy<Value = Caution> {
    proptest::sample::select(vec![Caution::Trusting, Caution::Careful])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// K1: a login succeeds if and only if the half and what is typed make the card's PIN, and a try is left. A client never sends
    /// anything but the two put together, and a careful one nothing but eight digits.
    #[test]
    fn k1_a_login_succeeds_iff_the_parts_make_the_pin(
        first in pin(),
        caution in caution(),
        history in proptest::collection::vec(happens(), 1..24),
    ) {
        let mut world = World::new(&first, caution);
        for event in history {
            let before = world.tries();
            let typed = match event {
                Happens::Typed(digits) => digits,
                Happens::TypedRight => world.right_answer(),
                Happens::Here(new) => {
                    world.set(&new);
                    world.client.changed_here(&Code::from(new.as_str()));
                    continue;
                }
                Happens::Elsewhere(new) => {
                    world.set(&new);
                    continue;
                }
                Happens::Unpaired => {
                    world.client.unpair();
                    continue;
                }
            };
            // VERIFY without data asks for the state and is no login.
            if typed.is_empty() && !world.client.is_paired() {
                continue;
            }
            let half = world.client.remembered().cloned();
            let Some((data, verdict)) = world.login(&typed) else {
                prop_assert_eq!(world.tries(), before, "nothing was sent");
                continue;
            };
            let right = data.as_bytes() == world.pin.as_bytes() && before > 0;
            prop_assert_eq!(verdict == Verdict::Ok, right);
            let joined = half.map_or_else(Vec::new, |half| half.as_bytes().to_vec());
            let joined = [joined, typed.clone().into_bytes()].concat();
            match caution {
                Caution::Trusting => prop_assert_eq!(data.as_bytes(), joined),
                Caution::Careful => {
                    prop_assert!(data.as_bytes() == joined || data.as_bytes() == typed.as_bytes());
                    prop_assert_eq!(data.as_bytes().len(), 8);
                }
            }
            if right {
                prop_assert_eq!(
                    world.client.remembered().map(|half| half.as_bytes().to_vec()),
                    Some(world.pin.as_bytes()[..4].to_vec())
                );
            }
        }
    }

    /// K3: whatever is changed elsewhere, a holder who knows the PIN and a careful client never come below two tries, and are in at
    /// the second attempt.
    #[test]
    fn k3_a_careful_client_is_in_at_the_second_attempt(
        first in pin(),
        changes in proptest::collection::vec(pin(), 1..8),
    ) {
        let mut world = World::new(&first, Caution::Careful);
        let whole = world.right_answer();
        prop_assert_eq!(world.login(&whole).map(|said| said.1), Some(Verdict::Ok));
        for new in changes {
            let stale = new[..4] != world.pin[..4];
            world.set(&new);
            let typed = world.right_answer();
            let said = world.login(&typed).map(|said| said.1);
            if stale {
                prop_assert_eq!(said, Some(Verdict::Wrong { left: Some(2) }));
                prop_assert_eq!(world.client.asks_for(), 8);
                let typed = world.right_answer();
                prop_assert_eq!(world.login(&typed).map(|said| said.1), Some(Verdict::Ok));
            } else {
                prop_assert_eq!(said, Some(Verdict::Ok));
            }
            prop_assert_eq!(world.tries(), 3);
            prop_assert_eq!(world.client.asks_for(), 4);
        }
    }
}

/// K2, with the right last digits: the third login of a trusting client blocks the card.
#[rstest]
#[case::changed("97531357")]
#[case::one_digit("22345678")]
#[case::last_digit_of_the_half("12355678")]
fn k2_a_trusting_client_blocks_a_pin_with_another_first_half(#[case] new: &str) {
    let mut world = World::new("12345678", Caution::Trusting);
    assert_eq!(world.login("12345678").unwrap().1, Verdict::Ok);
    world.set(new);
    let said: Vec<Verdict> = (0..4)
        .map(|_| {
            let typed = world.right_answer();
            world.login(&typed).unwrap().1
        })
        .collect();
    let wrong = |left| Verdict::Wrong { left: Some(left) };
    assert_eq!(
        said,
        [wrong(2), wrong(1), Verdict::Blocked, Verdict::Blocked]
    );
    assert_eq!(world.tries(), 0);
}

/// K2, all of it: none of the ten thousand last halves is accepted, and each costs a try. The PUK gives the tries back in between.
#[test]
fn k2_no_last_half_helps_a_stale_first_half() {
    let mut world = World::new("12345678", Caution::Trusting);
    assert_eq!(world.login("12345678").unwrap().1, Verdict::Ok);
    world.set("97535678");
    assert_eq!(world.verify(Reference::Puk, &Code::from(PUK)), Verdict::Ok);
    for last in 0..10_000_u32 {
        if world.tries() == 1 {
            let back = reset_retry_counter(Reference::Pin, None);
            assert!(world.terminal.transmit(&back).unwrap().sw.is_ok());
        }
        let before = world.tries();
        let (data, verdict) = world.login(&format!("{last:04}")).unwrap();
        assert_eq!(data.as_bytes()[..4], *b"1234");
        let left = Some(before - 1);
        assert_eq!(verdict, Verdict::Wrong { left }, "{last:04}");
        world.terminal.take_exchanges();
    }
    println!("trust: stale half: 10000 last halves, none accepted");
}

/// A session that is over says nothing of what is remembered: a careful client keeps its half.
#[rstest]
fn an_error_of_the_card_changes_nothing(
    #[values(Caution::Trusting, Caution::Careful)] caution: Caution,
) {
    let mut world = World::new("12345678", caution);
    assert_eq!(world.login("12345678").unwrap().1, Verdict::Ok);
    world.terminal.power_on().unwrap();
    let (_, verdict) = world.login("5678").unwrap();
    assert_eq!(verdict, Verdict::CardError, "VERIFY in clear");
    assert_eq!(world.client.asks_for(), 4);
    assert_eq!(world.tries(), 3);
}
