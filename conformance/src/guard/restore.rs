//! Putting back what was changed: the lab's PIN, its tries, those of the PUK. It runs in `finally`, also after the run was shut,
//! and when it does not succeed it says so loudly: without the PIN in a report, with it for the person at the terminal.

use std::fmt;
use std::ops::{Deref, DerefMut};

use zeroize::Zeroizing;

use super::Guard;
use super::known::Standing;
use super::probe::{Access, Owned, SecretCommand, clear_way, sent};
use crate::scenario::model::CodeName;
use cie_emulator::wire::{Command, StatusWord};

/// One step on the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// VERIFY with the PIN believed right: gives its tries back, settles a doubt.
    VerifyPin,
    /// CHANGE REFERENCE DATA to the lab's PIN.
    ChangePin,
    /// VERIFY with the PUK: gives its tries back, opens the way to a reset.
    VerifyPuk,
    /// RESET RETRY COUNTER with the lab's PIN.
    ResetPin,
}

/// How often each step was tried since restoring began, so that it ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempts([u8; 4]);

impl Attempts {
    /// Two are enough for every step: one that settles a doubt, one that does the work.
    const MOST: u8 = 2;

    fn take(&mut self, act: Act) -> bool {
        let Some(count) = self.0.get_mut(act as usize) else {
            return false;
        };
        *count += 1;
        *count <= Self::MOST
    }
}

/// The guard while it restores; dropping it ends that.
pub struct Restoring<'a>(&'a mut Guard);

impl Deref for Restoring<'_> {
    type Target = Guard;

    fn deref(&self) -> &Guard {
        self.0
    }
}

impl DerefMut for Restoring<'_> {
    fn deref_mut(&mut self) -> &mut Guard {
        self.0
    }
}

impl Drop for Restoring<'_> {
    fn drop(&mut self) {
        self.0.leave_restoring();
    }
}

impl Guard {
    /// For `finally`: right values that put the card back are permitted without a flag, also when the run is shut, as long as more
    /// than one try is left. Wrong ones are not.
    pub fn restoring(&mut self) -> Restoring<'_> {
        self.enter_restoring();
        Restoring(self)
    }

    /// The same for a runner that cannot hold the borrow; [`leave_restoring`](Self::leave_restoring) or the next case ends it.
    pub fn enter_restoring(&mut self) {
        self.lost();
        self.restoring = true;
        self.attempts = Attempts::default();
    }

    /// Ends restoring.
    pub fn leave_restoring(&mut self) {
        self.lost();
        self.restoring = false;
    }

    /// Whether something was changed and not put back, as far as is known.
    #[must_use]
    pub fn needs_restoring(&self) -> bool {
        self.pin_is_another() || self.pin.burnt || (self.puk.burnt && self.puk.right.is_some())
    }

    fn pin_is_another(&self) -> bool {
        let lab = self.pin.lab.as_ref();
        lab.is_some() && (self.pin.right.as_ref() != lab || self.pin.other.is_some())
    }

    /// The next command on the way back, to be weighed, sent and observed like any other; `None` when everything is back or nothing
    /// more can be tried.
    pub fn next_restoring(&mut self) -> Option<SecretCommand> {
        let acts = self.way_back();
        let act = acts.into_iter().find(|act| self.attempts.take(*act))?;
        let (pin, puk) = (&self.pin, &self.puk);
        match act {
            Act::VerifyPin => Some(SecretCommand::verify(
                CodeName::Pin,
                Some(pin.right.as_ref()?),
            )),
            Act::VerifyPuk => Some(SecretCommand::verify(
                CodeName::Puk,
                Some(puk.right.as_ref()?),
            )),
            Act::ChangePin => Some(SecretCommand::change_pin(
                pin.right.as_ref()?,
                pin.lab.as_ref()?,
            )),
            Act::ResetPin => Some(SecretCommand::reset_pin(pin.lab.as_ref()?)),
        }
    }

    /// Carries out the whole way back through `send`, which protects and transmits.
    ///
    /// What comes of it is in the [`Farewell`]; a step that is refused or cannot be sent gives way to the next one.
    pub fn restore<E>(
        &mut self,
        protected: bool,
        mut send: impl FnMut(&Command<'_>) -> Result<StatusWord, E>,
    ) -> Farewell {
        restore(&mut Owned(self), protected, &mut send)
    }

    fn way_back(&self) -> Vec<Act> {
        let mut acts = Vec::new();
        if !self.needs_restoring() {
            return acts;
        }
        let has_puk = self.puk.right.is_some() && self.puk.standing != Standing::Disproved;
        let has_pin = self.pin.right.is_some() && self.pin.standing != Standing::Disproved;
        let blocked = self.pin.is_blocked();
        let another = self.pin_is_another();
        if another && has_pin && !blocked {
            if self.pin.other.is_some() || self.pin.right == self.pin.lab {
                acts.push(Act::VerifyPin);
            } else {
                acts.push(Act::ChangePin);
            }
        }
        if self.pin.burnt && has_pin && !another && !blocked {
            acts.push(Act::VerifyPin);
        }
        // A PIN that was never the lab's is not made so: the lab mistyped it.
        let is_labs = self.pin.lab_was_right || self.pin.changed;
        let by_puk = is_labs && has_puk && (blocked || another || self.pin.burnt);
        if by_puk && self.needs_reset(blocked) {
            // The reset needs a verified PUK, each time it is tried.
            let [.., verified, resets] = self.attempts.0;
            acts.push(if verified > resets {
                Act::ResetPin
            } else {
                Act::VerifyPuk
            });
        } else if self.puk.burnt && has_puk {
            acts.push(Act::VerifyPuk);
        }
        acts
    }

    /// Whether only the PUK can help: blocked, unknown, or everything that needs the PIN has been tried.
    fn needs_reset(&self, blocked: bool) -> bool {
        let [verify, change, ..] = self.attempts.0;
        blocked || self.pin.right.is_none() || verify.max(change) >= Attempts::MOST
    }

    /// How the card is left, as far as is known.
    #[must_use]
    pub fn farewell(&self) -> Farewell {
        if !self.needs_restoring() {
            return Farewell::AsFound;
        }
        let disproved = self.pin.standing == Standing::Disproved;
        let pin = match (&self.pin.right, &self.pin.other) {
            (Some(_), None) if disproved && !self.pin.changed => PinLeft::NotTheOneGiven,
            (Some(_), _) if disproved => PinLeft::Unknown,
            (None, _) => PinLeft::Unknown,
            (Some(_), Some(_)) => PinLeft::InDoubt,
            (Some(right), None) if Some(right) == self.pin.lab.as_ref() => PinLeft::Labs,
            (Some(_), None) => PinLeft::Another,
        };
        Farewell::Changed {
            pin,
            pin_tries: self.pin.counter.expected,
            puk_tries: self.puk.counter.expected,
        }
    }

    /// The PINs that may be in force, in clear, for the person at the terminal and nobody else: never for a report, a log, a trace.
    /// `None` when none is known.
    #[must_use]
    pub fn reveal_pin(&self) -> Option<Zeroizing<String>> {
        let right = self.pin.right.as_ref()?;
        let mut text = Zeroizing::new(String::with_capacity(40));
        for (place, code) in [Some(right), self.pin.other.as_ref()]
            .into_iter()
            .flatten()
            .enumerate()
        {
            if place > 0 {
                text.push_str(" or ");
            }
            code.reveal()
                .iter()
                .for_each(|digit| text.push(char::from(*digit)));
        }
        Some(text)
    }
}

/// See [`Guard::restore`].
pub(super) fn restore<E>(
    guard: &mut impl Access,
    protected: bool,
    send: &mut impl FnMut(&Command<'_>) -> Result<StatusWord, E>,
) -> Farewell {
    let was = guard.with(|guard| {
        let was = guard.restoring;
        guard.enter_restoring();
        was
    });
    while let Some(command) = guard.with(Guard::next_restoring) {
        let plain = command.view();
        // What does not work gives way to the next step; how it ends is in the farewell.
        let next = |guard: &mut Guard| guard.next_question(&plain, protected);
        if clear_way(guard, next, &mut *send).is_ok() {
            let _ = sent(guard, &plain, send);
        }
    }
    guard.with(|guard| {
        guard.restoring = was;
        guard.farewell()
    })
}

/// How a card is left at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// The lab's PIN is in force and no try is missing that this run used.
    AsFound,
    /// Something could not be put back.
    Changed {
        /// Which PIN is in force.
        pin: PinLeft,
        /// Tries of the PIN that are left at least, where known.
        pin_tries: Option<u8>,
        /// Tries of the PUK that are left at least, where known.
        puk_tries: Option<u8>,
    },
}

/// Which PIN a card is left with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinLeft {
    /// The lab's, with fewer tries.
    Labs,
    /// Not the one given to the run, which never changed it: a typing error that cost a try.
    NotTheOneGiven,
    /// One that this run set.
    Another,
    /// The lab's or one that this run tried to set: an answer was lost.
    InDoubt,
    /// Nobody knows.
    Unknown,
}

impl fmt::Display for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Changed {
            pin,
            pin_tries,
            puk_tries,
        } = self
        else {
            return f.write_str("the card is left as it was found");
        };
        f.write_str(match pin {
            PinLeft::Labs => "THE CARD WAS NOT FULLY RESTORED: the PIN is the one given to this run, but tries are missing",
            PinLeft::NotTheOneGiven => "THE CARD WAS NOT FULLY RESTORED: the PIN given to this run is not the one of this card, and tries are missing",
            PinLeft::Another => "THE CARD WAS NOT RESTORED: its PIN is now another one than the one given to this run",
            PinLeft::InDoubt => "THE CARD WAS NOT RESTORED: its PIN is either the one given to this run or one that the run tried to set",
            PinLeft::Unknown => "THE CARD WAS NOT RESTORED: its PIN is not known",
        })?;
        for (name, tries) in [("PIN", pin_tries), ("PUK", puk_tries)] {
            match tries {
                Some(0) => write!(f, "; the {name} is blocked")?,
                Some(tries) => write!(f, "; {name}: at least {tries} left")?,
                None => write!(f, "; {name}: tries left not known")?,
            }
        }
        f.write_str(match pin {
            PinLeft::Labs => ". Verify it once with the issuer's software",
            PinLeft::NotTheOneGiven => ". Verify the right one with the issuer's software",
            PinLeft::Another | PinLeft::InDoubt => {
                ". It is shown on the terminal only; write it down and change it back with the issuer's software"
            }
            PinLeft::Unknown => ". Set a new one with the PUK",
        })
    }
}
