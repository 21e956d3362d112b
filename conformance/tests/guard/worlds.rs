//! What can happen to a guard, drawn: steps and bytes in any order, answers that are lost, cards of several tempers, labs that know
//! and allow more or less.

use std::collections::BTreeSet;

use cie_conformance::guard::Setup;
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_emulator::credentials::{
    BadLength, CredentialPolicy, LastWrong, PukExhaustion, VerifyEmpty,
};
use proptest::prelude::*;

use crate::card::{Card, NIS, PIN, POLICY, PUK, Shared, code, setup_with};

/// A value as a scenario may come by it.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    InForce,
    Wrong(usize, u8),
    Labs,
    TheOther,
    Digits(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Verify(CodeName, Value),
    Change(Value, &'static str),
    Reset(&'static str),
    ResetTries,
    ResetWithPuk(Value, &'static str),
    Ask(CodeName),
    Raw([u8; 4], Vec<u8>),
    Bytes(Vec<u8>),
    Spoiled(CodeName, Value),
    Session,
    Away,
    Case(Hazard, bool),
    Plain(bool),
}

/// What becomes of the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    Arrives,
    LostAfter,
    LostBefore,
}

const NEW_PINS: [&str; 3] = ["22223333", "13572469", "90817263"];

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(Value::InForce),
        6 => (0_usize..8, 0_u8..9).prop_map(|(at, step)| Value::Wrong(at, step)),
        1 => Just(Value::Labs),
        1 => Just(Value::TheOther),
        1 => prop::sample::select(vec!["12345678", "00000000", "22223333"]).prop_map(Value::Digits),
    ]
}

fn codes() -> impl Strategy<Value = CodeName> {
    prop::sample::select(vec![CodeName::Pin, CodeName::Pin, CodeName::Puk])
}

fn new_pins() -> impl Strategy<Value = &'static str> {
    prop::sample::select(NEW_PINS.to_vec())
}

fn hazards() -> impl Strategy<Value = Hazard> {
    prop::sample::select(vec![
        Hazard::None,
        Hazard::BurnsPin,
        Hazard::BurnsPuk,
        Hazard::Writes,
        Hazard::BlocksPin,
        Hazard::BlocksPin,
        Hazard::Bricks,
    ])
}

pub(crate) fn ops() -> impl Strategy<Value = Op> {
    let credential = prop::sample::select(vec![0x20_u8, 0x21, 0x24, 0x25, 0x2C, 0x2D]);
    let classes = prop::sample::select(vec![0x00_u8, 0x10, 0x0C, 0x01, 0x80, 0xFF]);
    let references = prop::sample::select(vec![0x81_u8, 0x82, 0x80, 0x00, 0x83]);
    let data = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        Just(PIN.as_bytes().to_vec()),
        Just(PUK.as_bytes().to_vec()),
        "[0-9]{8}".prop_map(String::into_bytes),
        "[0-9]{16}".prop_map(String::into_bytes),
    ];
    let raw = (
        classes,
        prop_oneof![credential, any::<u8>()],
        0_u8..4,
        references,
    )
        .prop_map(|(cla, ins, p1, p2)| [cla, ins, p1, p2]);
    prop_oneof![
        12 => (codes(), values()).prop_map(|(code, value)| Op::Verify(code, value)),
        3 => (values(), new_pins()).prop_map(|(old, new)| Op::Change(old, new)),
        2 => new_pins().prop_map(Op::Reset),
        2 => Just(Op::ResetTries),
        1 => (values(), new_pins()).prop_map(|(puk, new)| Op::ResetWithPuk(puk, new)),
        2 => codes().prop_map(Op::Ask),
        3 => (raw, data).prop_map(|(header, data)| Op::Raw(header, data)),
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(Op::Bytes),
        1 => (codes(), values()).prop_map(|(code, value)| Op::Spoiled(code, value)),
        2 => Just(Op::Session),
        1 => Just(Op::Away),
        4 => (hazards(), any::<bool>()).prop_map(|(hazard, named)| Op::Case(hazard, named)),
        1 => any::<bool>().prop_map(Op::Plain),
    ]
}

pub(crate) fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        20 => Just(Fate::Arrives),
        1 => Just(Fate::LostAfter),
        1 => Just(Fate::LostBefore),
    ]
}

/// What differs from one card and one lab to another.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) policy: CredentialPolicy,
    pub(crate) never_gives_back: bool,
    pub(crate) tries: (u8, u8),
    pub(crate) pin_mistyped: bool,
    pub(crate) puk_mistyped: bool,
    pub(crate) knows_puk: bool,
    pub(crate) allow: Vec<Hazard>,
    pub(crate) sacrificial: Option<&'static str>,
}

impl World {
    pub(crate) fn setup(&self, ledger: &Shared) -> Setup {
        let names: BTreeSet<&str> = self.allow.iter().map(|hazard| hazard.name()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let mut setup = setup_with(&names.join(","), Box::new(ledger.clone()));
        setup.sacrificial = self.sacrificial.map(|text| text.parse().unwrap());
        if !self.knows_puk {
            setup.secrets = cie_conformance::guard::Secrets::none().with(CodeName::Pin, code(PIN));
        }
        setup
    }

    pub(crate) fn card(&self) -> Card {
        let mut card = Card::new(self.policy).with_tries(self.tries.0, self.tries.1);
        card.never_gives_back = self.never_gives_back;
        if self.pin_mistyped {
            card.credentials.pin = code("77778888");
        }
        if self.puk_mistyped {
            card.credentials.puk = code("66665555");
        }
        card
    }

    pub(crate) fn tells(&self) -> bool {
        self.policy.verify_empty == VerifyEmpty::Report
    }

    pub(crate) fn may_block(&self) -> bool {
        self.allow.contains(&Hazard::BlocksPin) || self.is_given_up()
    }

    fn is_given_up(&self) -> bool {
        self.sacrificial == Some(NIS)
    }
}

prop_compose! {
    fn policies()(
        tells in prop::bool::weighted(0.8),
        blocked_at_once in any::<bool>(),
        counts_length in any::<bool>(),
        resets in any::<bool>(),
        rrc_00 in any::<bool>(),
        verifies in any::<bool>(),
        object_only in any::<bool>(),
    ) -> CredentialPolicy {
        CredentialPolicy {
            verify_empty: if tells { VerifyEmpty::Report } else { VerifyEmpty::WrongLength },
            last_wrong: if blocked_at_once { LastWrong::Blocked } else { LastWrong::Remaining },
            bad_length: if counts_length { BadLength::Count } else { BadLength::Ignore },
            puk_exhaustion: if object_only { PukExhaustion::PukObjectOnly } else { PukExhaustion::AuthLocked },
            puk_success_resets: resets,
            rrc_00,
            change_verifies_pin: verifies,
            ..POLICY
        }
    }
}

prop_compose! {
    pub(crate) fn worlds()(
        policy in policies(),
        flawed in prop::bool::weighted(0.15),
        tries in (0_u8..=3, 1_u8..=10),
        fresh in prop::bool::weighted(0.6),
        pin_mistyped in prop::bool::weighted(0.15),
        puk_mistyped in prop::bool::weighted(0.15),
        knows_puk in prop::bool::weighted(0.9),
        allow in prop::sample::subsequence(
            vec![Hazard::BurnsPin, Hazard::BurnsPuk, Hazard::Writes, Hazard::BlocksPin], 0..=4),
        sacrificial in prop::sample::select(vec![None, None, None, Some(NIS), Some("999999999999")]),
    ) -> World {
        let tells = policy.verify_empty == VerifyEmpty::Report;
        World {
            policy,
            // On a card that neither tells nor gives back nothing could be known.
            never_gives_back: flawed && tells,
            tries: if fresh { (3, 10) } else { tries },
            pin_mistyped,
            puk_mistyped,
            knows_puk,
            allow,
            sacrificial,
        }
    }
}
