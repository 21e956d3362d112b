//! The credential object: the transition table of PIN and PUK.

use super::{
    BadLength, Code, Commit, CredentialPolicy, LastWrong, NewPinCheck, PowerLost, PukExhaustion,
    VerifyEmpty, WritePoint,
};
use crate::card::{Defect, Flaw};

/// Which of the two credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The holder's PIN, reference `81`.
    Pin,
    /// The unblocking code, reference `82`.
    Puk,
}

/// What survives the loss of power.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The PIN in force.
    pub pin: Code,
    /// The PUK, which nothing changes.
    pub puk: Code,
    /// Tries left for the PIN; 0: blocked.
    pub pin_left: u8,
    /// Tries left for the PUK; 0: for ever.
    pub puk_left: u8,
}

impl Credentials {
    /// Fresh from the factory: all tries left.
    #[must_use]
    pub const fn new(pin: Code, puk: Code, policy: &CredentialPolicy) -> Self {
        Self {
            pin,
            puk,
            pin_left: policy.pin_tries,
            puk_left: policy.puk_tries,
        }
    }

    /// Whether the PUK is used up: no command brings it back.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.puk_left == 0
    }

    /// Whether the PIN is refused without being compared.
    #[must_use]
    pub const fn is_pin_blocked(&self, policy: &CredentialPolicy) -> bool {
        self.pin_left == 0
            || (self.is_locked() && matches!(policy.puk_exhaustion, PukExhaustion::AuthLocked))
    }

    const fn left(&self, reference: Reference) -> u8 {
        match reference {
            Reference::Pin => self.pin_left,
            Reference::Puk => self.puk_left,
        }
    }

    const fn left_mut(&mut self, reference: Reference) -> &mut u8 {
        match reference {
            Reference::Pin => &mut self.pin_left,
            Reference::Puk => &mut self.puk_left,
        }
    }
}

/// What a session has verified; dies with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The PIN.
    pub pin: bool,
    /// The PUK.
    pub puk: bool,
}

/// What a credential command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Compared and wrong; this many tries are left.
    Wrong(u8),
    /// Not compared: blocked.
    Blocked,
    /// Data of the wrong length; nothing compared.
    WrongLength,
    /// The PUK must be verified first.
    NotAllowed,
    /// The new PIN is not acceptable.
    NewPinRefused,
}

/// Persistent credentials and session flags together with the rules: what the commands act on.
pub struct CredentialObject<'a> {
    /// What survives.
    pub credentials: &'a mut Credentials,
    /// What the session has verified.
    pub verified: &'a mut Verified,
    /// The rules.
    pub policy: &'a CredentialPolicy,
    /// Where changes become durable.
    pub memory: &'a mut dyn Commit,
    /// What is wrong with the card: nothing, outside tests of judges.
    pub flaw: Flaw,
}

/// Both steps a check can end with, before the caller says what a right value is worth.
enum Comparison {
    Right,
    Not(Outcome),
}

impl CredentialObject<'_> {
    /// VERIFY (ISO/IEC 7816-4:2020 §11.5.6): `presented` is the command data field, any length.
    ///
    /// # Errors
    /// [`PowerLost`].
    pub fn verify(&mut self, reference: Reference, presented: &[u8]) -> Result<Outcome, PowerLost> {
        if presented.is_empty() {
            return Ok(self.report(reference));
        }
        let counts =
            self.policy.bad_length == BadLength::Count || self.flaw.is(Defect::WrongLengthCosts);
        if presented.len() != 8 && !counts {
            return Ok(Outcome::WrongLength);
        }
        match self.compare(reference, presented)? {
            Comparison::Not(outcome) => Ok(outcome),
            Comparison::Right => {
                let (point, tries) = match reference {
                    Reference::Pin => (WritePoint::PinTriesRestored, self.policy.pin_tries),
                    Reference::Puk => (WritePoint::PukTriesRestored, self.policy.puk_tries),
                };
                match reference {
                    Reference::Pin if self.flaw.is(Defect::TriesNotRestored) => {}
                    _ => self.give_back(reference, point, tries)?,
                }
                *self.flag(reference) = true;
                Ok(Outcome::Done)
            }
        }
    }

    /// CHANGE REFERENCE DATA with P1 = `00` (§11.5.7): `data` is old PIN and new PIN, 8 bytes each.
    ///
    /// # Errors
    /// [`PowerLost`].
    pub fn change(&mut self, data: &[u8]) -> Result<Outcome, PowerLost> {
        if self.is_blocked(Reference::Pin) {
            self.verified.pin = false;
            return Ok(Outcome::Blocked);
        }
        let Some((old, new)) = data.split_at_checked(8).filter(|(_, new)| new.len() == 8) else {
            return Ok(Outcome::WrongLength);
        };
        let before = self.credentials.pin_left;
        let was_verified = self.verified.pin;
        match self.compare(Reference::Pin, old)? {
            Comparison::Not(outcome) => {
                if self.flaw.is(Defect::ChangeCostsNothing) {
                    self.credentials.pin_left = before;
                }
                Ok(outcome)
            }
            Comparison::Right => {
                let Some(new) = self.acceptable(new) else {
                    self.verified.pin = was_verified;
                    self.give_back(Reference::Pin, WritePoint::PinTriesRestored, before)?;
                    return Ok(Outcome::NewPinRefused);
                };
                self.replace_pin(new, WritePoint::PinChanged)?;
                self.verified.pin = self.policy.change_verifies_pin;
                Ok(Outcome::Done)
            }
        }
    }

    /// RESET RETRY COUNTER with P1 = `02` (§11.5.10): `data` is the new PIN, 8 bytes. The PUK stays verified, because
    /// one family of clients sends the form without data first.
    ///
    /// # Errors
    /// [`PowerLost`].
    pub fn reset_with_new_pin(&mut self, data: &[u8]) -> Result<Outcome, PowerLost> {
        if let Some(refusal) = self.unblocking_refused() {
            return Ok(refusal);
        }
        if data.len() != 8 {
            return Ok(Outcome::WrongLength);
        }
        let Some(new) = self.acceptable(data) else {
            return Ok(Outcome::NewPinRefused);
        };
        self.replace_pin(new, WritePoint::PinReplaced)?;
        self.unblocked();
        Ok(Outcome::Done)
    }

    /// RESET RETRY COUNTER with P1 = `03` (§11.5.10), no data: full tries, same PIN.
    ///
    /// # Errors
    /// [`PowerLost`].
    pub fn reset_tries(&mut self, data: &[u8]) -> Result<Outcome, PowerLost> {
        if let Some(refusal) = self.unblocking_refused() {
            return Ok(refusal);
        }
        if !data.is_empty() {
            return Ok(Outcome::WrongLength);
        }
        self.give_back(
            Reference::Pin,
            WritePoint::PinUnblocked,
            self.policy.pin_tries,
        )?;
        self.unblocked();
        Ok(Outcome::Done)
    }

    /// RESET RETRY COUNTER with P1 = `00` (§11.5.10): `data` is PUK and new PIN, 8 bytes each. Only where the card has it.
    ///
    /// # Errors
    /// [`PowerLost`].
    pub fn reset_with_puk_and_new_pin(&mut self, data: &[u8]) -> Result<Outcome, PowerLost> {
        if self.is_blocked(Reference::Puk) {
            return Ok(Outcome::Blocked);
        }
        let Some((puk, new)) = data.split_at_checked(8).filter(|(_, new)| new.len() == 8) else {
            return Ok(Outcome::WrongLength);
        };
        let before = self.credentials.puk_left;
        let was_verified = self.verified.puk;
        match self.compare(Reference::Puk, puk)? {
            Comparison::Not(outcome) => Ok(outcome),
            Comparison::Right => {
                // A refused command gives nothing: neither tries nor a verified PUK.
                let Some(new) = self.acceptable(new) else {
                    self.verified.puk = was_verified;
                    self.give_back(Reference::Puk, WritePoint::PukTriesRestored, before)?;
                    return Ok(Outcome::NewPinRefused);
                };
                let tries = self.policy.puk_tries;
                self.give_back(Reference::Puk, WritePoint::PukTriesRestored, tries)?;
                self.verified.puk = true;
                self.replace_pin(new, WritePoint::PinReplaced)?;
                self.verified.pin = false;
                Ok(Outcome::Done)
            }
        }
    }

    /// Unblocking verifies nothing, and leaves the PUK verified.
    fn unblocked(&mut self) {
        self.verified.pin = self.flaw.is(Defect::UnblockVerifiesPin);
        if self.flaw.is(Defect::PukUsedUpByUnblock) {
            self.verified.puk = false;
        }
    }

    fn report(&self, reference: Reference) -> Outcome {
        if self.policy.verify_empty == VerifyEmpty::WrongLength {
            return Outcome::WrongLength;
        }
        let verified = match reference {
            Reference::Pin => self.verified.pin,
            Reference::Puk => self.verified.puk,
        };
        if verified {
            Outcome::Done
        } else if self.is_blocked(reference) {
            Outcome::Blocked
        } else {
            Outcome::Wrong(self.credentials.left(reference))
        }
    }

    /// Takes a try, makes that durable, then compares. The flag falls first: only a right value raises it again.
    fn compare(&mut self, reference: Reference, presented: &[u8]) -> Result<Comparison, PowerLost> {
        *self.flag(reference) = false;
        if self.is_blocked(reference) {
            return Ok(Comparison::Not(Outcome::Blocked));
        }
        let compare_first = self.flaw.is(Defect::CompareFirst);
        if compare_first && self.secret(reference).matches(presented) {
            return Ok(Comparison::Right);
        }
        let left = self.credentials.left_mut(reference);
        *left = left.saturating_sub(1);
        self.memory.commit(
            match reference {
                Reference::Pin => WritePoint::PinTryTaken,
                Reference::Puk => WritePoint::PukTryTaken,
            },
            self.credentials,
        )?;
        if self.secret(reference).matches(presented) {
            return Ok(Comparison::Right);
        }
        if self.is_blocked(Reference::Pin) {
            self.verified.pin = false;
        }
        let left = self.credentials.left(reference);
        Ok(Comparison::Not(match self.policy.last_wrong {
            LastWrong::Blocked if left == 0 => Outcome::Blocked,
            LastWrong::Blocked | LastWrong::Remaining => Outcome::Wrong(left),
        }))
    }

    const fn secret(&self, reference: Reference) -> &Code {
        match reference {
            Reference::Pin => &self.credentials.pin,
            Reference::Puk => &self.credentials.puk,
        }
    }

    /// Gives tries back after a right value. A PUK whose tries are not restored by success still gets its own try back.
    fn give_back(
        &mut self,
        reference: Reference,
        point: WritePoint,
        tries: u8,
    ) -> Result<(), PowerLost> {
        let left = self.credentials.left_mut(reference);
        *left = match reference {
            Reference::Puk if !self.policy.puk_success_resets => left.saturating_add(1),
            Reference::Puk | Reference::Pin => tries,
        };
        self.memory.commit(point, self.credentials)
    }

    fn replace_pin(&mut self, new: Code, point: WritePoint) -> Result<(), PowerLost> {
        self.credentials.pin = new;
        self.credentials.pin_left = self.policy.pin_tries;
        self.memory.commit(point, self.credentials)
    }

    fn acceptable(&self, new: &[u8]) -> Option<Code> {
        let new = Code::from_digits(new).ok()?;
        match self.policy.new_pin_check {
            NewPinCheck::Trivial if new.is_trivial() => None,
            NewPinCheck::Trivial | NewPinCheck::None => Some(new),
        }
    }

    fn unblocking_refused(&self) -> Option<Outcome> {
        if self.credentials.is_locked() {
            Some(Outcome::Blocked)
        } else if self.policy.rrc_needs_puk
            && !self.verified.puk
            && !self.flaw.is(Defect::UnblockWithoutPuk)
        {
            Some(Outcome::NotAllowed)
        } else {
            None
        }
    }

    fn is_blocked(&self, reference: Reference) -> bool {
        match reference {
            Reference::Pin if self.flaw.is(Defect::PinNeverBlocks) => false,
            Reference::Puk if self.flaw.is(Defect::PukNeverBlocks) => false,
            Reference::Pin => self.credentials.is_pin_blocked(self.policy),
            Reference::Puk => self.credentials.is_locked(),
        }
    }

    const fn flag(&mut self, reference: Reference) -> &mut bool {
        match reference {
            Reference::Pin => &mut self.verified.pin,
            Reference::Puk => &mut self.verified.puk,
        }
    }
}
