//! What stands behind both ports: the issuer, whom it trusts, the faults that wait for its answers, and states that were kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cie_crypto::random::Seeded;

use super::faults::AnswerFault;
use crate::issuer::Registry;
use crate::issuer::clock::Timestamp;
use crate::issuer::engine::Engine;
use crate::issuer::evidence::Trusted;
use crate::issuer::policy::Policies;
use crate::scenario::Problems;

/// Most states that are kept at a time.
const MOST_KEPT: usize = 16;

/// Most faults that wait at a time.
const MOST_FAULTS: usize = 256;

/// Why there is no issuer to serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The program's own policies or people cannot be read.
    #[error("the program's own policies or people cannot be read: {}", .0.render(false))]
    Files(Problems),
    /// The certificates of the invented country cannot be read.
    #[error("the built-in certificates cannot be read: {0}")]
    Certificates(String),
}

impl From<Problems> for OpenError {
    fn from(problems: Problems) -> Self {
        Self::Files(problems)
    }
}

/// Everything that an answer depends on, but the faults that wait for it.
#[derive(Clone, Debug)]
struct State {
    engine: Engine,
    trusted: Trusted,
    /// How many people were taken in: the salt of each one's secrets is their own.
    enrolled: u64,
}

/// The issuer with everything around it.
#[derive(Debug)]
pub struct Desk {
    state: State,
    opened: State,
    kept: BTreeMap<String, State>,
    faults: VecDeque<AnswerFault>,
    seed: u64,
}

impl Desk {
    /// An issuer that opens at an instant of its own clock, with the policies and people of the program. Everything random in it
    /// derives from `seed`.
    ///
    /// # Errors
    /// [`OpenError`]; tests see to it that there is none.
    pub fn open(opens: Timestamp, seed: u64) -> Result<Self, OpenError> {
        let policies = Policies::embedded()?;
        let people = Registry::embedded(policies.accounts())?;
        let trusted = Trusted::synthetic().map_err(OpenError::Certificates)?;
        let engine = Engine::new(Arc::new(policies), people, opens, seed);
        Ok(Self::new(engine, trusted, seed))
    }

    /// An issuer as it is.
    #[must_use]
    pub fn new(engine: Engine, trusted: Trusted, seed: u64) -> Self {
        let state = State {
            engine,
            trusted,
            enrolled: 0,
        };
        Self {
            opened: state.clone(),
            state,
            kept: BTreeMap::new(),
            faults: VecDeque::new(),
            seed,
        }
    }

    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) const fn engine(&self) -> &Engine {
        &self.state.engine
    }

    pub(super) const fn engine_mut(&mut self) -> &mut Engine {
        &mut self.state.engine
    }

    pub(super) const fn trusted_mut(&mut self) -> &mut Trusted {
        &mut self.state.trusted
    }

    /// What a message needs of it.
    pub(super) const fn parts(&mut self) -> (&mut Engine, &Trusted) {
        (&mut self.state.engine, &self.state.trusted)
    }

    /// Randomness for the secrets of the next person.
    pub(super) fn salts(&mut self) -> Seeded {
        self.state.enrolled += 1;
        let label = format!("issuer/people {}", self.state.enrolled);
        Seeded::derived(self.seed, &label)
    }

    /// As it was when it opened; kept states stay.
    pub(super) fn reset(&mut self) {
        self.state = self.opened.clone();
        self.faults.clear();
    }

    /// Keeps the present state under a name, over what was kept under it before.
    pub(super) fn keep(&mut self, name: &str) -> Result<(), String> {
        if !self.kept.contains_key(name) && self.kept.len() >= MOST_KEPT {
            return Err(format!(
                "{MOST_KEPT} states are kept already; keep this one under the name of one that is not needed any more"
            ));
        }
        self.kept.insert(name.to_owned(), self.state.clone());
        Ok(())
    }

    /// Goes back to a state. Whether there is one of that name.
    pub(super) fn restore(&mut self, name: &str) -> bool {
        let kept = self.kept.get(name).cloned();
        let found = kept.is_some();
        if let Some(kept) = kept {
            self.state = kept;
            self.faults.clear();
        }
        found
    }

    /// These faults wait for the next answers.
    pub(super) fn wait_for_answers(&mut self, faults: &[AnswerFault]) -> Result<(), String> {
        if self.faults.len() + faults.len() > MOST_FAULTS {
            return Err(format!("at most {MOST_FAULTS} faults wait at a time"));
        }
        self.faults.extend(faults);
        Ok(())
    }

    /// How many faults wait for answers.
    pub(super) fn waiting(&self) -> usize {
        self.faults.len()
    }

    /// The fault that waited for this answer.
    pub(super) fn next_fault(&mut self, granted: bool) -> Option<AnswerFault> {
        let spares = |fault: &AnswerFault| granted && *fault == AnswerFault::WithoutReason;
        match self.faults.front() {
            Some(fault) if !spares(fault) => self.faults.pop_front(),
            Some(_) | None => None,
        }
    }
}
