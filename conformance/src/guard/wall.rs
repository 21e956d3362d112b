//! The last wall: a decorator around the target through which every byte must pass. It cannot read protected commands; it knows
//! which ones were weighed, and lets each through once. A path that forgot to ask the guard ends here, before the card.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cie_emulator::wire::{Command, StatusWord, ins};

use super::meaning::{Meaning, is_credential};
use super::permit::unjudged;
use super::probe::{self, Access};
use super::{Farewell, Guard, Refusal, Stopped, Unjudged, restore};
use crate::target::{CardState, Reset, Target, TargetError, TargetKind};

impl Guard {
    /// Weighs the bytes that are about to reach the card. What touches a code must have been permitted before, and passes once.
    /// Everything else is judged by its header here, so that only commands with codes, raw bytes and spoiled commands need a permit.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn pass(&mut self, wire: &[u8]) -> Result<(), Refusal> {
        if self.free {
            return Ok(());
        }
        let passed = self.weigh_wire(wire);
        self.note_refusal(passed)
    }

    fn weigh_wire(&mut self, wire: &[u8]) -> Result<(), Refusal> {
        self.not_shut()?;
        let (cla, instruction, parameters) = match *wire {
            [] | [_] => return Ok(()),
            [cla, instruction, ref parameters @ ..] => (cla, instruction, parameters),
        };
        if let Some(pending) = self.pending.as_mut().filter(|pending| !pending.passed) {
            let header = pending.header;
            let class = if pending.protected { 0x0C } else { 0x00 };
            let same = instruction == header.ins && parameters.starts_with(&[header.p1, header.p2]);
            // One that cannot be weighed was let through as it is, to a card that was given up.
            let as_is = matches!(pending.meaning, Meaning::Unjudged(_));
            if as_is || (same && (cla == class || !is_credential(instruction))) {
                pending.passed = true;
                return Ok(());
            }
        }
        if is_credential(instruction) {
            return Err(Refusal::NotWeighed);
        }
        if instruction != ins::GET_RESPONSE {
            self.lost();
        }
        let meaning = match Command::parse(wire) {
            Ok(command) => Meaning::of(&command),
            Err(_) => Meaning::of_malformed(wire),
        };
        match meaning {
            Meaning::Harmless => {
                self.ask_again();
                Ok(())
            }
            Meaning::Unjudged(why) if why == Unjudged::Reader || !self.may_brick() => {
                Err(unjudged(instruction, why))
            }
            Meaning::Unjudged(_) => Ok(()),
            Meaning::AskTries(_) | Meaning::Present { .. } | Meaning::Reset(_) => {
                Err(Refusal::NotWeighed)
            }
        }
    }
}

/// A guard that a run and its wall share.
#[derive(Clone)]
pub struct SharedGuard(Arc<Mutex<Guard>>);

impl SharedGuard {
    /// Shares this guard.
    #[must_use]
    pub fn new(guard: Guard) -> Self {
        Self(Arc::new(Mutex::new(guard)))
    }

    /// The guard, until what is returned is dropped. Held while something goes through the wall, it would wait for itself for ever:
    /// [`clear_way`](Self::clear_way) and [`restore`](Self::restore) are here for that.
    pub fn lock(&self) -> MutexGuard<'_, Guard> {
        // Whatever panicked elsewhere, the books are still the best there are, and their doubts err on the safe side.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedGuard {
    /// [`Guard::clear_way`], holding the guard between the questions only.
    ///
    /// # Errors
    /// [`Stopped`]. The command is not to be sent then.
    pub fn clear_way<E>(
        &self,
        plain: &Command<'_>,
        protected: bool,
        send: impl FnMut(&Command<'_>) -> Result<StatusWord, E>,
    ) -> Result<(), Stopped<E>> {
        let next = |guard: &mut Guard| guard.next_question(plain, protected);
        probe::clear_way(&mut self.clone(), next, send)
    }

    /// [`Guard::clear_way_altered`], holding the guard between the questions only.
    ///
    /// # Errors
    /// [`Stopped`]. The command is not to be sent then.
    pub fn clear_way_altered<E>(
        &self,
        plain: &Command<'_>,
        wire: &[u8],
        value_may_change: bool,
        send: impl FnMut(&Command<'_>) -> Result<StatusWord, E>,
    ) -> Result<(), Stopped<E>> {
        let next = |guard: &mut Guard| guard.next_question_altered(plain, wire, value_may_change);
        probe::clear_way(&mut self.clone(), next, send)
    }

    /// [`Guard::restore`], holding the guard between the commands only.
    pub fn restore<E>(
        &self,
        protected: bool,
        mut send: impl FnMut(&Command<'_>) -> Result<StatusWord, E>,
    ) -> Farewell {
        restore::restore(&mut self.clone(), protected, &mut send)
    }
}

impl Access for SharedGuard {
    fn with<R>(&mut self, act: impl FnOnce(&mut Guard) -> R) -> R {
        act(&mut self.lock())
    }
}

impl fmt::Debug for SharedGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedGuard")
    }
}

/// A target behind the wall.
pub struct Guarded<T> {
    target: T,
    guard: SharedGuard,
}

impl<T: Target> Guarded<T> {
    /// Puts a target behind the wall.
    pub fn new(target: T, guard: SharedGuard) -> Self {
        Self { target, guard }
    }
}

impl<T: Target> Target for Guarded<T> {
    fn kind(&self) -> TargetKind {
        self.target.kind()
    }

    fn describe(&self) -> String {
        self.target.describe()
    }

    fn power_on(&mut self) -> Result<Vec<u8>, TargetError> {
        self.target.power_on()
    }

    fn power_off(&mut self) -> Result<(), TargetError> {
        self.guard.lock().new_session();
        self.target.power_off()
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.guard.lock().new_session();
        self.target.reset(reset)
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        response.clear();
        self.guard
            .lock()
            .pass(command)
            .map_err(|refusal| TargetError::Refused(refusal.to_string()))?;
        let sent = self.target.transmit(command, response);
        match &sent {
            Err(TargetError::CardRemoved | TargetError::ReaderGone(_)) => {
                self.guard.lock().card_removed();
            }
            Err(TargetError::CardReset) => self.guard.lock().new_session(),
            Ok(()) | Err(_) => {}
        }
        sent
    }

    fn remove(&mut self) -> Result<(), TargetError> {
        self.guard.lock().card_removed();
        self.target.remove()
    }

    fn insert(&mut self) -> Result<(), TargetError> {
        self.target.insert()
    }

    fn state(&mut self) -> Option<CardState> {
        self.target.state()
    }
}
