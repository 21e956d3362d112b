//! Whatever is sent, in whatever order, over several runs and on cards of several tempers: what must never happen does not.

use std::collections::BTreeSet;

use cie_conformance::guard::{
    Admission, CardIdentity, CaseRisk, Farewell, Ledger, Permit, SerialNumber, Setup, derive_wrong,
};
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_emulator::credentials::{
    BadLength, CredentialPolicy, Credentials, LastWrong, PukExhaustion, VerifyEmpty,
};
use cie_emulator::wire::{Command, CommandBuf, ins};
use proptest::prelude::*;

use crate::card::{Bench, Card, NIS, PIN, POLICY, PUK, Shared, code, setup_with};

/// A value as a scenario may come by it.
#[derive(Clone, Debug)]
enum Value {
    InForce,
    Wrong(usize, u8),
    Labs,
    TheOther,
    Digits(&'static str),
}

#[derive(Clone, Debug)]
enum Op {
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
enum Fate {
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

fn ops() -> impl Strategy<Value = Op> {
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

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        20 => Just(Fate::Arrives),
        1 => Just(Fate::LostAfter),
        1 => Just(Fate::LostBefore),
    ]
}

/// What differs from one card and one lab to another.
#[derive(Clone, Debug)]
struct World {
    policy: CredentialPolicy,
    never_gives_back: bool,
    tries: (u8, u8),
    pin_mistyped: bool,
    puk_mistyped: bool,
    knows_puk: bool,
    allow: Vec<Hazard>,
    sacrificial: Option<&'static str>,
}

impl World {
    fn setup(&self, ledger: &Shared) -> Setup {
        let names: BTreeSet<&str> = self.allow.iter().map(|hazard| hazard.name()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let mut setup = setup_with(&names.join(","), Box::new(ledger.clone()));
        setup.sacrificial = self.sacrificial.map(|text| text.parse().unwrap());
        if !self.knows_puk {
            setup.secrets = cie_conformance::guard::Secrets::none().with(CodeName::Pin, code(PIN));
        }
        setup
    }

    fn card(&self) -> Card {
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

    fn tells(&self) -> bool {
        self.policy.verify_empty == VerifyEmpty::Report
    }

    fn may_block(&self) -> bool {
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
    fn worlds()(
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

/// A run: a bench and what it has been told.
struct Run {
    bench: Bench,
    bricks_announced: bool,
}

impl Run {
    fn value(&self, of: CodeName, value: &Value) -> Vec<u8> {
        let labs = match of {
            CodeName::Pin => PIN,
            CodeName::Puk => PUK,
        };
        let other = match of {
            CodeName::Pin => PUK,
            CodeName::Puk => PIN,
        };
        let right = self
            .bench
            .guard
            .in_force(of)
            .cloned()
            .unwrap_or_else(|| code(labs));
        match value {
            Value::InForce => right.reveal().to_vec(),
            Value::Wrong(at, step) => derive_wrong(&right, *at, *step).reveal().to_vec(),
            Value::Labs => labs.as_bytes().to_vec(),
            Value::TheOther => other.as_bytes().to_vec(),
            Value::Digits(digits) => digits.as_bytes().to_vec(),
        }
    }

    fn command(&self, op: &Op) -> Option<CommandBuf> {
        let build = |ins, p1, p2, data: Vec<u8>| Some(CommandBuf::new(0, ins, p1, p2).data(data));
        match op {
            Op::Verify(of, value) | Op::Spoiled(of, value) => {
                build(ins::VERIFY, 0, of.reference(), self.value(*of, value))
            }
            Op::Change(old, new) => {
                let data = [self.value(CodeName::Pin, old), new.as_bytes().to_vec()].concat();
                build(ins::CHANGE_REFERENCE_DATA, 0, 0x81, data)
            }
            Op::Reset(new) => build(ins::RESET_RETRY_COUNTER, 2, 0x81, new.as_bytes().to_vec()),
            Op::ResetTries => build(ins::RESET_RETRY_COUNTER, 3, 0x81, Vec::new()),
            Op::ResetWithPuk(puk, new) => {
                let data = [self.value(CodeName::Puk, puk), new.as_bytes().to_vec()].concat();
                build(ins::RESET_RETRY_COUNTER, 0, 0x81, data)
            }
            Op::Ask(of) => build(ins::VERIFY, 0, of.reference(), Vec::new()),
            Op::Raw([cla, ins, p1, p2], data) => {
                Some(CommandBuf::new(*cla, *ins, *p1, *p2).data(data.clone()))
            }
            Op::Bytes(_) | Op::Session | Op::Away | Op::Case(..) | Op::Plain(_) => None,
        }
    }

    fn perform(&mut self, op: &Op, fate: Fate) {
        match op {
            Op::Session => {
                self.bench.card.verified = Default::default();
                self.bench.guard.new_session();
            }
            Op::Away => {
                self.bench.card.verified = Default::default();
                self.bench.guard.card_removed();
                let card = CardIdentity::default().with_nis(NIS);
                self.bench.guard.card_present(card).unwrap();
            }
            Op::Case(hazard, named_explicitly) => {
                let admission = self.bench.guard.begin_case(CaseRisk {
                    hazard: *hazard,
                    named_explicitly: *named_explicitly,
                    restores: true,
                });
                self.bricks_announced |= *hazard == Hazard::Bricks && admission == Admission::Run;
            }
            Op::Plain(plain) => self.bench.protected = !plain,
            Op::Bytes(bytes) => {
                if self.bench.guard.permit_bytes(bytes) == Ok(Permit::Send)
                    && let Ok(command) = Command::parse(bytes)
                {
                    let answer = self.bench.card.transmit(&command, self.bench.protected);
                    self.bench.guard.observe_bytes(answer);
                }
            }
            Op::Spoiled(..) => self.spoil(op),
            _ => {
                if let Some(command) = self.command(op) {
                    let _ = self.bench.send_with(
                        &command,
                        fate == Fate::LostBefore,
                        fate != Fate::Arrives,
                    );
                }
            }
        }
    }

    /// A protected command whose value is changed on its way, to a card that neglects the checksum.
    fn spoil(&mut self, op: &Op) {
        let Some(mut command) = self.command(op) else {
            return;
        };
        let header = command.header;
        let wire = [0x0C, header.ins, header.p1, header.p2, 0];
        if self
            .bench
            .guard
            .permit_altered(&command.view(), &wire, true)
            != Ok(Permit::Send)
        {
            return;
        }
        if let Some(first) = command.data.first_mut() {
            *first ^= 0x40;
        }
        let answer = self.bench.card.transmit(&command.view(), true);
        command.data.clear();
        self.bench.guard.observe(&command.view(), answer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn what_must_never_happen_does_not(
        world in worlds(),
        runs in prop::collection::vec(prop::collection::vec((ops(), fates()), 1..30), 1..5),
    ) {
        let ledger = Shared::default();
        let mut card = Some(world.card());
        let mut bricks_announced = false;
        for ops in runs {
            let bench = Bench::new(card.take().unwrap(), world.setup(&ledger));
            let before = (bench.card.wrong_puks, bench.card.credentials.clone());
            let mut run = Run { bench, bricks_announced: false };
            for (op, fate) in &ops {
                let shut = run.bench.guard.latch().cloned();
                let arrived = run.bench.card.log.len();
                run.perform(op, *fate);
                if shut.is_some() {
                    prop_assert_eq!(run.bench.card.log.len(), arrived, "sent after {:?}", shut);
                }
                prop_assert_eq!(&shut, &shut.as_ref().and(run.bench.guard.latch().cloned()));
            }
            let farewell = run.bench.restore();
            bricks_announced |= run.bricks_announced;
            judge_run(&world, &run, &before, farewell, bricks_announced)?;
            card = Some(run.bench.card);
        }
        let card = card.unwrap();
        let life = ledger.life(&CardIdentity::default().with_nis(NIS).keys()).unwrap();
        prop_assert!(life.wrong_puks >= card.wrong_puks, "{} counted, {} sent", life.wrong_puks, card.wrong_puks);
    }
}

fn judge_run(
    world: &World,
    run: &Run,
    (wrong_before, found): &(u32, Credentials),
    farewell: Farewell,
    bricks_announced: bool,
) -> Result<(), TestCaseError> {
    let card = &run.bench.card;
    // Nothing can be known of a PIN on its last try on a card that does not tell, until a value is tried.
    let unknowable = !world.tells() && world.pin_mistyped && world.tries.0 == 1;
    if !world.may_block() && !unknowable {
        prop_assert_eq!(card.last_tries, 0);
    }
    if !bricks_announced {
        prop_assert!(!card.credentials.is_locked());
        prop_assert!(card.wrong_puks <= 5);
        prop_assert!(card.wrong_puks - wrong_before <= 2);
    }
    if farewell == Farewell::AsFound && !bricks_announced && found.pin == code(PIN) {
        prop_assert_eq!(&card.credentials.pin, &found.pin);
        if !world.never_gives_back {
            prop_assert!(card.credentials.pin_left >= found.pin_left);
        }
    }
    Ok(())
}

proptest! {
    /// On a sound card that tells, with the right codes given and every answer arriving, the lab's PIN is in force at the end.
    #[test]
    fn a_sound_card_is_left_as_it_was_found(
        ops in prop::collection::vec(ops(), 1..60),
        tries in 2_u8..=3,
    ) {
        let world = World {
            policy: POLICY,
            never_gives_back: false,
            tries: (tries, 10),
            pin_mistyped: false,
            puk_mistyped: false,
            knows_puk: true,
            allow: vec![Hazard::BurnsPin, Hazard::BurnsPuk, Hazard::Writes, Hazard::BlocksPin],
            sacrificial: None,
        };
        let bench = Bench::new(world.card(), world.setup(&Shared::default()));
        let mut run = Run { bench, bricks_announced: false };
        for op in &ops {
            run.perform(op, Fate::Arrives);
        }
        run.bench.protected = true;
        prop_assert_eq!(run.bench.restore(), Farewell::AsFound);
        prop_assert_eq!(&run.bench.card.credentials.pin, &code(PIN));
        prop_assert!(run.bench.card.credentials.pin_left >= tries);
    }

    /// A number that is not typed in full is no number.
    #[test]
    fn only_whole_numbers_give_a_card_up(text in "C?[A-Z]?[0-9]{0,13}[A-Z]{0,3}") {
        let letters = |range: std::ops::Range<usize>| {
            text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_uppercase()))
        };
        let digits = |range: std::ops::Range<usize>| {
            text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let document = text.len() == 9 && text.starts_with('C') && letters(1..2) && digits(2..7) && letters(7..9);
        let nis = text.len() == 12 && digits(0..12);
        prop_assert_eq!(text.parse::<SerialNumber>().is_ok(), document || nis);
    }
}
