//! A whole card against a reference state machine, in random lives: selection, plain and protected commands, key agreement,
//! authentication of terminal and chip, PIN and PUK, the keys that sign, files, spoiled messages, unfinished chains, resets,
//! lost power. The machine is written only from published tables and requirements, never from the card's code; both
//! sides meet in bytes. Where the documents leave something open the machine does not ask.
//!
//! `CIE_MODEL_STEPS` asks for another number of steps than the default, `CIE_MODEL_SEED` for other lives.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

// PIN and PUK have one model, which the other suite compares with the card under every combination of parameters.
#[allow(dead_code, reason = "the other suite uses the rest")]
#[path = "../model_credentials/event.rs"]
mod event;
#[allow(dead_code, reason = "the other suite uses the rest")]
#[path = "../model_credentials/model.rs"]
mod model;

mod ask;
mod choose;
mod codes;
mod coverage;
mod driver;
mod files;
mod introduction;
mod rules;
mod state;
mod told;
mod transition;
#[cfg(feature = "defects")]
mod wrong_cards;

use crate::event::{Command, Presented};
use crate::model::Knobs;
use crate::support::{image, seeded_card_data};
use ask::Ask;
use cie_emulator::card::Image;
use coverage::Coverage;
use driver::{Difference, Driver};
use files::CHIP;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use state::State;
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use told::Told;
use transition::{Depth, Transition};

/// Steps of one life.
const LIFE: usize = 60;
/// Steps of all lives, if nobody says otherwise.
const STEPS: usize = 10_000;
/// The seed, if nobody says otherwise: the same lives every time.
const SEED: u64 = 0x00C1_E300;

/// Where a life begins: so far everything has gone its usual way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Start {
    /// Nothing happened.
    Powered,
    /// A client has logged in.
    LoggedIn,
    /// Logged in to a card with one try left for the PIN, after so many wrong PUKs.
    Worn(usize),
}

impl Start {
    fn steps(self) -> Vec<Transition> {
        let verify = |code: fn(Presented) -> Command, times| {
            let wrong = Transition::Protected(Ask::Code(code(Presented::Wrong(4))));
            std::iter::repeat_n(wrong, times)
        };
        let login = std::iter::once(Transition::Login(Depth::Chip));
        match self {
            Self::Powered => Vec::new(),
            Self::LoggedIn => login.collect(),
            Self::Worn(puks) => login
                .chain(verify(Command::VerifyPin, 2))
                .chain(verify(Command::VerifyPuk, puks))
                .collect(),
        }
    }
}

/// A life so far.
#[derive(Clone, Debug)]
struct Life {
    start: Start,
    locks: bool,
    state: State,
    /// What the last step must have told.
    told: Told,
}

impl Life {
    fn begin(start: Start, locks: bool) -> Self {
        let fresh = Self {
            start,
            locks,
            state: State::fresh(knobs(locks)),
            told: Told::Nothing,
        };
        start.steps().iter().fold(fresh, Machine::apply)
    }
}

/// The card as shipped, and the same with the other meaning of an exhausted PUK.
const fn knobs(locks: bool) -> Knobs {
    Knobs {
        auth_locked: locks,
        ..Knobs::DEFAULT
    }
}

struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Life;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<Life> {
        let starts = vec![
            Start::Powered,
            Start::LoggedIn,
            Start::LoggedIn,
            Start::Worn(9),
            Start::Worn(4),
        ];
        (select(starts), prop::bool::weighted(0.7))
            .prop_map(|(start, locks)| Life::begin(start, locks))
            .boxed()
    }

    fn transitions(life: &Life) -> BoxedStrategy<Transition> {
        choose::transition(&life.state)
    }

    fn apply(mut life: Life, transition: &Transition) -> Life {
        if let Some((state, told)) = life.state.next(transition) {
            (life.state, life.told) = (state, told);
        }
        life
    }

    fn preconditions(life: &Life, transition: &Transition) -> bool {
        life.state.next(transition).is_some()
    }
}

/// The cards that lives begin with.
struct Bench {
    /// By what an exhausted PUK takes along.
    images: HashMap<bool, Arc<Image>>,
    begun: RefCell<HashMap<(Start, bool), Driver>>,
}

impl Bench {
    fn new(prepare: impl Fn(&mut Image)) -> Self {
        let images = [true, false].map(|locks| {
            let mut image = image(seeded_card_data(), CHIP, &knobs(locks).settings());
            prepare(Arc::get_mut(&mut image).expect("nobody else has it"));
            (locks, image)
        });
        Self {
            images: images.into(),
            begun: RefCell::default(),
        }
    }

    /// A card at the start of a life; the way there is compared like any other.
    fn begin(&self, start: Start, locks: bool) -> Result<Driver, Difference> {
        if let Some(driver) = self.begun.borrow().get(&(start, locks)) {
            return Ok(driver.fork());
        }
        let mut driver = Driver::new(Arc::clone(&self.images[&locks]));
        let mut life = Life::begin(Start::Powered, locks);
        for step in start.steps() {
            let before = life.state.clone();
            life = Machine::apply(life, &step);
            driver.step(&before, &step, &life.told)?;
        }
        let fork = driver.fork();
        self.begun.borrow_mut().insert((start, locks), driver);
        Ok(fork)
    }

    /// A life, step by step.
    fn live(
        &self,
        begin: &Life,
        steps: &[Transition],
        mut passed: impl FnMut(&Transition, &State, &Driver),
    ) -> Result<(), Difference> {
        let mut driver = self.begin(begin.start, begin.locks)?;
        let mut life = begin.clone();
        for step in steps {
            let before = life.state.clone();
            life = Machine::apply(life, step);
            driver
                .step(&before, step, &life.told)
                .map_err(|difference| format!("{step:?} in {before:?}: {difference}"))?;
            passed(step, &life.state, &driver);
        }
        Ok(())
    }

    /// Random lives until so many steps are taken, or card and machine differ; what was seen until then.
    fn run(&self, steps: usize, seed: u64, shrink: u32) -> (Coverage, Result<(), Difference>) {
        self.run_watched(steps, seed, shrink, |_| {})
    }

    /// The same, and somebody looks at every step.
    fn run_watched(
        &self,
        steps: usize,
        seed: u64,
        shrink: u32,
        watch: impl Fn(&Transition),
    ) -> (Coverage, Result<(), Difference>) {
        let cases = u32::try_from(steps.div_ceil(LIFE)).expect("fewer steps");
        let config = Config {
            cases,
            failure_persistence: None,
            max_local_rejects: u32::MAX,
            max_shrink_iters: shrink,
            rng_seed: RngSeed::Fixed(seed),
            ..Config::default()
        };
        let coverage = RefCell::new(Coverage::default());
        let lives = Machine::sequential_strategy(LIFE);
        let result = TestRunner::new(config).run(&lives, |(begin, steps, passed)| {
            let mut coverage = coverage.borrow_mut();
            coverage.runs += 1;
            coverage.arrived(&begin.state);
            let mut seen = 0;
            let mut words = std::collections::BTreeMap::new();
            let mut counted = |step: &Transition, state: &State, driver: &Driver| {
                watch(step);
                coverage.step(step, state);
                seen += 1;
                words.clone_from(&driver.seen);
            };
            // A panic, of the card or of this side, is a difference like any other: it is made short and shown with its life.
            let lived = catch_unwind(AssertUnwindSafe(|| self.live(&begin, &steps, &mut counted)));
            let lived = lived.unwrap_or_else(|payload| Err(panic_text(payload.as_ref())));
            if let Some(passed) = passed.filter(|_| shrink > 0) {
                passed.store(seen + 1, std::sync::atomic::Ordering::SeqCst);
            }
            for (sw, count) in words {
                *coverage.status_words.entry(sw).or_default() += count;
            }
            lived.map_err(TestCaseError::fail)
        });
        let result = match result {
            Ok(()) => Ok(()),
            Err(TestError::Fail(reason, (begin, steps, _))) => Err(format!(
                "{reason}\nthe shortest life that shows it, from {:?} (PUK takes PIN: {}):\n{steps:#?}",
                begin.start, begin.locks
            )),
            Err(other) => Err(other.to_string()),
        };
        (coverage.into_inner(), result)
    }
}

/// What a panic said.
fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("without words"))
}

fn number<T: std::str::FromStr>(variable: &str, default: T) -> T {
    let Ok(text) = std::env::var(variable) else {
        return default;
    };
    let Ok(number) = text.replace('_', "").parse() else {
        panic!("{variable}={text}: a number of at least 1 is needed, for example 1000000");
    };
    number
}

/// The card answers as the documents say, for as many steps as asked for; and the steps went everywhere.
#[test]
fn the_card_is_the_machine() {
    let steps = number("CIE_MODEL_STEPS", STEPS);
    let bench = Bench::new(|_| {});
    let (coverage, result) = bench.run(steps, number("CIE_MODEL_SEED", SEED), 2000);
    result.unwrap_or_else(|difference| panic!("{difference}"));
    println!("{}{}", coverage.table(), coverage.trust());
    assert!(coverage.steps >= u64::try_from(steps).unwrap());
    let missing = coverage.missing();
    if steps >= STEPS {
        assert!(missing.is_empty(), "never seen: {missing:#?}");
    } else {
        println!("coverage is judged from {STEPS} steps on; never seen: {missing:?}");
    }
}

/// A panic in the middle of a life is told with the shortest life that brings it about.
#[test]
fn a_panic_is_made_short_too() {
    let bench = Bench::new(|_| {});
    let (_, result) = bench.run_watched(STEPS, SEED, 2000, |step| {
        assert!(!matches!(step, Transition::Torn(..)), "not this step");
    });
    let told = result.unwrap_err();
    assert!(told.contains("panicked: not this step"), "{told}");
    assert_eq!(told.matches("Torn(").count(), 1, "{told}");
}

/// The judgement of coverage can fail: a run that did nothing lacks everything.
#[test]
fn nothing_done_is_nothing_covered() {
    let missing = Coverage::default().missing();
    assert!(missing.iter().any(|line| line == "state: document only"));
    assert!(missing.iter().any(|line| line == "step: torn AfterCommit"));
    assert!(missing.iter().any(|line| line == "status word: 63C0"));
}
