//! What the answers teach: which value is in force, how many tries are left, and when something happened that nobody asked for.
//! The first such thing shuts the run.

use cie_emulator::credentials::Code;
use cie_emulator::wire::{Command, Header, StatusWord, ins};

use super::Guard;
use super::known::{Judgement, Standing};
use super::meaning::{Meaning, is_credential};
use super::refusal::{Latch, command_name};
use crate::scenario::model::CodeName;

/// A command that was permitted and has no answer yet.
pub(super) struct Pending {
    pub(super) header: Header,
    pub(super) meaning: Meaning,
    pub(super) judgement: Judgement,
    /// It was changed after it was built, and the value perhaps with it.
    pub(super) spoiled: bool,
    /// What the ledger was told before it left.
    pub(super) booked: Booked,
    pub(super) protected: bool,
    /// Tries that were left at least.
    pub(super) before: Option<u8>,
    /// It went through the wall.
    pub(super) passed: bool,
}

/// What the ledger was told of a command before it left, to be taken back when nothing was compared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Booked {
    /// A wrong PUK.
    pub(super) charged: bool,
    /// A PIN tried unseen; what was noted before.
    pub(super) noted: Option<Option<u8>>,
}

/// What an answer says of a value that was presented.
enum Told {
    /// Accepted.
    Accepted,
    /// Compared and refused, this many tries left.
    Refused(u8),
    /// Not compared: blocked.
    Blocked,
    /// Not compared for another reason.
    NotCompared,
    /// Nobody knows.
    Nothing,
}

impl Told {
    const fn by(answer: StatusWord) -> Self {
        if let Some(left) = answer.tries_left() {
            return Self::Refused(left);
        }
        match answer.sw1() {
            0x90 => Self::Accepted,
            _ if answer.0 == StatusWord::AUTHENTICATION_METHOD_BLOCKED.0 => Self::Blocked,
            // ISO/IEC 7816-4:2020, table 5: checking errors, before anything is executed.
            0x67..=0x6E => Self::NotCompared,
            _ => Self::Nothing,
        }
    }
}

impl Guard {
    /// Learns from the answer to the command that was permitted last: the status word behind secure messaging.
    pub fn observe(&mut self, plain: &Command<'_>, answer: StatusWord) {
        let rest = plain.header.ins == ins::GET_RESPONSE;
        match self.pending.take() {
            // `61xx`: the answer is still to be fetched.
            Some(pending) if answer.sw1() == 0x61 => self.pending = Some(pending),
            Some(pending) if rest || pending.header == plain.header => {
                self.learn(&pending, answer);
            }
            // An answer to something else: what was permitted is lost, and this was never weighed.
            Some(pending) => {
                self.pending = Some(pending);
                self.lost();
                self.learn_unweighed(plain, answer);
            }
            None => self.learn_unweighed(plain, answer),
        }
    }

    /// The answer to raw bytes.
    pub fn observe_bytes(&mut self, answer: StatusWord) {
        if let Some(pending) = self.pending.take() {
            self.learn(&pending, answer);
        }
    }

    /// No answer came, or none that could be believed (the card was taken out, power failed, the checksum was wrong).
    pub fn lost(&mut self) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        match pending.meaning {
            Meaning::Harmless | Meaning::AskTries(_) => {}
            Meaning::Reset(new) => self.set_unseen(new),
            Meaning::Present { code, then, .. } => {
                self.set_unseen(then);
                let known = self.known_mut(code);
                known.counter.expected = pending.before.map(|left| left.saturating_sub(1));
                known.counter.fresh = false;
                known.burnt = true;
                self.right_puk_owed |= code == CodeName::Puk;
            }
            Meaning::Unjudged(_) => self.forget_counters(),
        }
    }

    fn set_unseen(&mut self, new: Option<Code>) {
        self.pin.counter.fresh = false;
        if let Some(new) = new {
            self.pin.doubt(new);
        }
    }

    fn forget_counters(&mut self) {
        for known in [&mut self.pin, &mut self.puk] {
            known.counter.expected = None;
            known.counter.fresh = false;
            known.burnt = true;
        }
    }

    fn learn_unweighed(&mut self, plain: &Command<'_>, answer: StatusWord) {
        match Meaning::of(plain) {
            Meaning::Harmless => self.unknown_counter(plain.header, answer),
            Meaning::AskTries(_)
            | Meaning::Present { .. }
            | Meaning::Reset(_)
            | Meaning::Unjudged(_) => self.forget_counters(),
        }
    }

    fn learn(&mut self, pending: &Pending, answer: StatusWord) {
        match &pending.meaning {
            Meaning::Harmless => self.unknown_counter(pending.header, answer),
            Meaning::AskTries(code) => self.tries_told(*code, pending, answer),
            Meaning::Reset(new) => self.reset_answered(new.as_ref(), pending, answer),
            Meaning::Present { code, value, then } => match pending.judgement {
                Judgement::Right | Judgement::Other => {
                    self.right_answered(*code, value, then.as_ref(), pending, answer);
                }
                Judgement::Wrong | Judgement::Guess | Judgement::Unknown => {
                    self.wrong_answered(*code, value, then.as_ref(), pending, answer);
                }
            },
            Meaning::Unjudged(_) => {
                self.forget_counters();
                // Something may have been set that nobody here knows.
                if is_credential(pending.header.ins)
                    && pending.header.ins & 0xFE != ins::VERIFY
                    && answer.is_ok()
                {
                    self.pin.right = None;
                    self.pin.other = None;
                }
            }
        }
    }

    fn alarm(&mut self, result: Result<(), Latch>) {
        if let Err(latch) = result {
            self.shut(latch);
        }
    }

    fn unknown_counter(&mut self, header: Header, answer: StatusWord) {
        if answer.tries_left().is_some() {
            self.shut(Latch::UnknownCounter {
                command: command_name(header.ins),
                answer,
            });
        }
    }

    /// VERIFY without data was answered.
    fn tries_told(&mut self, code: CodeName, pending: &Pending, answer: StatusWord) {
        let known = self.known_mut(code);
        let result = match Told::by(answer) {
            Told::Refused(left) => {
                known.counter.forget_answers();
                known.counter.fresh = true;
                known.counter.reports = Some(true);
                known.told(pending.before, 0, left)
            }
            Told::Blocked => known.told_blocked(pending.before),
            // Verified already: true, and no number.
            Told::Accepted => {
                known.counter.silent = Some(pending.protected);
                Ok(())
            }
            Told::NotCompared | Told::Nothing => {
                known.counter.silent = Some(pending.protected);
                // `69xx`: not here, not now. Anything else: not at all.
                if answer.sw1() != 0x69 {
                    known.counter.reports = Some(false);
                }
                Ok(())
            }
        };
        self.alarm(result);
    }

    fn reset_answered(&mut self, new: Option<&Code>, pending: &Pending, answer: StatusWord) {
        match Told::by(answer) {
            Told::Accepted => self.pin_set(new),
            Told::Refused(_) => self.unknown_counter(pending.header, answer),
            Told::Blocked | Told::NotCompared => {}
            Told::Nothing => self.set_unseen(new.cloned()),
        }
    }

    fn pin_set(&mut self, new: Option<&Code>) {
        if let Some(new) = new {
            self.pin.set(new.clone());
        }
        self.pin.burnt = false;
        self.pin.counter.reset();
        self.note_pin(None);
    }

    /// A value that should be accepted was answered.
    fn right_answered(
        &mut self,
        code: CodeName,
        value: &Code,
        then: Option<&Code>,
        pending: &Pending,
        answer: StatusWord,
    ) {
        match Told::by(answer) {
            Told::Accepted => {
                self.refund(pending);
                self.known_mut(code).accepted(value, pending.before);
                match code {
                    CodeName::Pin => self.note_pin(None),
                    CodeName::Puk => self.right_puk_owed = false,
                }
                match (code, then) {
                    // CHANGE REFERENCE DATA: the tries are those after a right value.
                    (CodeName::Pin, Some(new)) => self.pin.set(new.clone()),
                    (CodeName::Puk, Some(_)) => self.pin_set(then),
                    (CodeName::Pin | CodeName::Puk, None) => {}
                }
            }
            Told::Refused(left) => self.right_refused(code, left, pending),
            Told::Blocked => {
                // Blocked before, nothing was compared; otherwise this may have been the last try.
                if pending.before == Some(0) {
                    self.refund(pending);
                }
                let result = self.known_mut(code).told_blocked(pending.before);
                self.alarm(result);
            }
            Told::NotCompared => {
                self.refund(pending);
                let known = self.known_mut(code);
                known.counter.deaf = Some((pending.protected, answer));
                known.counter.silent = None;
            }
            Told::Nothing => self.unanswered(code, then, pending),
        }
    }

    fn right_refused(&mut self, code: CodeName, left: u8, pending: &Pending) {
        self.right_puk_owed |= code == CodeName::Puk;
        if code == CodeName::Puk && !pending.booked.charged {
            self.charge_afterwards();
        }
        let known = self.known_mut(code);
        let fresh = known.counter.reports == Some(false);
        known.burnt = true;
        known.counter.fresh = fresh;
        let dropped = known.told(pending.before, 1, left);
        if known.eliminated(pending.judgement) {
            if pending.booked.noted.is_some() {
                self.note_pin(Some(left));
            }
            return self.alarm(dropped);
        }
        known.standing = match known.standing {
            // A card that forgets what it accepted: once more, while there are tries, and only to restore.
            Standing::Proven => Standing::Unproven,
            Standing::Unproven | Standing::Disproved => Standing::Disproved,
        };
        self.shut(Latch::RightRefused { code, left });
        if code == CodeName::Pin {
            self.note_pin(Some(left));
        }
    }

    /// A value that should be refused was answered.
    fn wrong_answered(
        &mut self,
        code: CodeName,
        value: &Code,
        then: Option<&Code>,
        pending: &Pending,
        answer: StatusWord,
    ) {
        let one_less = pending.before.map(|left| left.saturating_sub(1));
        match Told::by(answer) {
            Told::Refused(left) => {
                self.right_puk_owed |= code == CodeName::Puk;
                let known = self.known_mut(code);
                let result = known.told(pending.before, 1, left);
                // A card that tells is asked; one that does not has told here.
                known.counter.fresh = known.counter.reports == Some(false);
                known.counter.silent = None;
                self.alarm(result);
                self.puk_exhausted();
            }
            Told::Blocked => {
                self.right_puk_owed |= code == CodeName::Puk;
                let result = self.known_mut(code).told_blocked(one_less);
                self.alarm(result);
                self.puk_exhausted();
            }
            Told::NotCompared => self.refund(pending),
            // The card neglected the checksum and read the right value: a fault, and no try was used.
            Told::Accepted if pending.spoiled => {}
            Told::Accepted if pending.judgement == Judgement::Unknown => {
                self.known_mut(code).accepted(value, pending.before);
                if then.is_some() {
                    self.pin_set(then);
                }
            }
            Told::Accepted => {
                self.known_mut(code).doubt(value.clone());
                if then.is_some() {
                    self.set_unseen(then.cloned());
                }
                self.shut(Latch::WrongAccepted(code));
            }
            Told::Nothing => self.unanswered(code, then, pending),
        }
    }

    /// The card failed in the middle: whatever it had begun may have been done.
    fn unanswered(&mut self, code: CodeName, then: Option<&Code>, pending: &Pending) {
        self.right_puk_owed |= code == CodeName::Puk;
        self.known_mut(code).counter.expected = pending.before.map(|left| left.saturating_sub(1));
        if then.is_some() {
            self.set_unseen(then.cloned());
        }
    }

    /// With the PUK used up the PIN may be blocked too.
    fn puk_exhausted(&mut self) {
        if self.puk.is_blocked() {
            self.pin.counter.expected = None;
            self.pin.counter.fresh = false;
        }
    }

    /// Takes back what was booked: it was right, or not compared.
    fn refund(&mut self, pending: &Pending) {
        if let Some(before) = pending.booked.noted {
            self.note_pin(before);
        }
        if !pending.booked.charged {
            return;
        }
        self.run_wrong_puks = self.run_wrong_puks.saturating_sub(1);
        if let Ok(card) = self.keys() {
            // Left undone the count is too high, which errs on the safe side.
            let _ = self.setup.ledger.refund(&card);
        }
    }

    /// A PUK that had been accepted before was refused: it was not counted when it left.
    fn charge_afterwards(&mut self) {
        self.run_wrong_puks = self.run_wrong_puks.saturating_add(1);
        if let (false, Ok(card)) = (self.free, self.keys()) {
            // The run is shut by the same answer; there is nothing left to refuse if this fails.
            let _ = self.setup.ledger.charge(&card, None);
        }
    }

    /// Remembers a refused PIN for the runs to come, or that it was accepted again.
    fn note_pin(&mut self, left: Option<u8>) {
        if self.free || (left.is_none() && !self.pin_noted) {
            return;
        }
        if let Ok(card) = self.keys() {
            let life = self.setup.ledger.life(&card).unwrap_or_default();
            if life.refused_pin_left == left {
                self.pin_noted = left.is_some();
                return;
            }
            // Without the note the next run asks the card, or takes one try less for granted than there is.
            let noted = self.setup.ledger.note_pin(&card, left);
            self.pin_noted = left.is_some() || noted.is_err();
        }
    }
}
