//! Whatever is sent, in whatever order, over several runs and on cards of several tempers: what must never happen does not.

use cie_conformance::guard::{
    Admission, CardIdentity, CaseRisk, Farewell, Ledger, Permit, SerialNumber, derive_wrong,
};
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_emulator::credentials::Credentials;
use cie_emulator::wire::{Command, CommandBuf, ins};
use proptest::prelude::*;

use crate::card::{Bench, NIS, PIN, POLICY, PUK, Shared, code};
use crate::worlds::{Fate, Op, Value, World, fates, ops, worlds};

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
            let mut powered = card.take().unwrap();
            // A run begins by giving power: what was verified in the run before is not any more.
            powered.verified = Default::default();
            let bench = Bench::new(powered, world.setup(&ledger));
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
