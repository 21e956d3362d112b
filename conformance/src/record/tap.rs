//! A listener between terminal and card: everything passes unchanged and is kept. Behind a guard's wall it would see what
//! reached the card, here in front of it what was asked for; what the wall refused is not kept, as no card saw it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use cie_emulator::phy::trace::file::Tries;
use cie_emulator::store::{Tear, TearAt};

use crate::guard::SharedGuard;
use crate::run::{Provider, Setup};
use crate::scenario::Case;
use crate::target::{CardState, Reset, Target, TargetError, TargetKind};

/// Something that happened between terminal and card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The card was put into the reader.
    Insert,
    /// The card was taken out.
    Remove,
    /// Power was given; the answer to reset.
    PowerOn(Vec<u8>),
    /// Power was taken away.
    PowerOff,
    /// A reset; the answer to reset.
    Reset(Reset, Vec<u8>),
    /// A command and its response.
    Exchange {
        /// The command as it was sent.
        command: Vec<u8>,
        /// The response as it came; empty when nothing did.
        response: Vec<u8>,
        /// Tries left after it, of a card that can be looked into.
        tries: Option<Tries>,
    },
}

/// What happened in a case, and with which card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The case, as the trace names it.
    pub case: cie_emulator::phy::trace::file::Case,
    /// What happened and when, in order.
    pub happenings: Vec<(Instant, Happening)>,
}

/// Where happenings are kept until their case is through.
#[derive(Clone, Default)]
pub struct Ear(Arc<Mutex<Option<Heard>>>);

impl Ear {
    fn lock(&self) -> MutexGuard<'_, Option<Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was heard since a card was handed out; `None` when none was.
    #[must_use]
    pub fn take(&self) -> Option<Heard> {
        self.lock().take()
    }

    /// From here on is heard what belongs to this case.
    pub fn begin(&self, heard: Heard) {
        *self.lock() = Some(heard);
    }

    fn hear(&self, happening: Happening) {
        if let Some(heard) = self.lock().as_mut() {
            heard.happenings.push((Instant::now(), happening));
        }
    }
}

/// A target under which something listens.
pub struct Tapped<T> {
    target: T,
    ear: Ear,
}

impl<T: Target> Tapped<T> {
    /// Listens to a target.
    pub const fn new(target: T, ear: Ear) -> Self {
        Self { target, ear }
    }

    fn tries(&mut self) -> Option<Tries> {
        let state = self.target.state()?;
        let (pin, puk) = state.pin_tries.zip(state.puk_tries)?;
        Some(Tries { pin, puk })
    }
}

impl<T: Target> Target for Tapped<T> {
    fn kind(&self) -> TargetKind {
        self.target.kind()
    }

    fn describe(&self) -> String {
        self.target.describe()
    }

    fn power_on(&mut self) -> Result<Vec<u8>, TargetError> {
        let atr = self.target.power_on()?;
        self.ear.hear(Happening::PowerOn(atr.clone()));
        Ok(atr)
    }

    fn power_off(&mut self) -> Result<(), TargetError> {
        self.target.power_off()?;
        self.ear.hear(Happening::PowerOff);
        Ok(())
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        let atr = self.target.reset(reset)?;
        self.ear.hear(Happening::Reset(reset, atr.clone()));
        Ok(atr)
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        let result = self.target.transmit(command, response);
        let seen = !matches!(
            result,
            Err(TargetError::Refused(_) | TargetError::Unsupported(_) | TargetError::Harness(_))
        );
        if seen {
            let tries = self.tries();
            self.ear.hear(Happening::Exchange {
                command: command.to_vec(),
                response: response.clone(),
                tries,
            });
        }
        result
    }

    fn remove(&mut self) -> Result<(), TargetError> {
        self.target.remove()?;
        self.ear.hear(Happening::Remove);
        Ok(())
    }

    fn insert(&mut self) -> Result<(), TargetError> {
        self.target.insert()?;
        self.ear.hear(Happening::Insert);
        Ok(())
    }

    fn tear(&mut self, tear: Tear, at: TearAt) -> Result<(), TargetError> {
        self.target.tear(tear, at)
    }

    fn state(&mut self) -> Option<CardState> {
        self.target.state()
    }
}

/// Cards of another provider, one at a time, each with a listener.
pub struct TappedCards<'a> {
    cards: &'a dyn Provider,
    ear: Ear,
}

impl<'a> TappedCards<'a> {
    /// Listens to the cards of a provider.
    #[must_use]
    pub const fn new(cards: &'a dyn Provider, ear: Ear) -> Self {
        Self { cards, ear }
    }
}

impl Provider for TappedCards<'_> {
    fn kind(&self) -> TargetKind {
        self.cards.kind()
    }

    fn describe(&self) -> String {
        self.cards.describe()
    }

    fn capacity(&self) -> usize {
        1
    }

    fn guard(&self) -> Option<SharedGuard> {
        self.cards.guard()
    }

    fn card(&self, case: &Case, seed: u64) -> Result<Setup, String> {
        let setup = self.cards.card(case, seed)?;
        let wanted = case.card();
        let profile = wanted.profile.iter();
        let emulated = setup.target.kind() == TargetKind::Emulator;
        let told = cie_emulator::phy::trace::file::Case {
            name: case.name(),
            chip: setup.facts.chip.clone(),
            persona: setup.facts.persona.clone().filter(|_| emulated),
            preset: wanted.preset.as_ref().map(|preset| preset.value.clone()),
            profile: profile
                .map(|(name, value)| (name.clone(), value.value.0.clone()))
                .collect(),
            at_us: None,
        };
        self.ear.begin(Heard {
            case: told,
            happenings: Vec::new(),
        });
        Ok(Setup {
            target: Box::new(Tapped::new(setup.target, self.ear.clone())),
            ..setup
        })
    }
}
