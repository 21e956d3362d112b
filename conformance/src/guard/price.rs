//! The price of a value: what has to be known, and allowed, before one that should be accepted or one that should be refused may be
//! compared by the card.

use super::known::{Judgement, PUK_TRIES, Standing};
use super::observe::Booked;
use super::permit::Permit;
use super::refusal::Refusal;
use super::{CardKey, Guard, Life, WRONG_PUKS_PER_LIFE, WRONG_PUKS_PER_RUN};
use crate::scenario::model::{CodeName, Hazard};

impl Guard {
    /// A value that should be accepted. Until it has been, it may be a typing error, and is treated like one.
    pub(super) fn right_value(
        &mut self,
        code: CodeName,
        judgement: Judgement,
        protected: bool,
        booked: &mut Booked,
    ) -> Result<Permit, Refusal> {
        let known = self.known(code);
        if known.standing == Standing::Disproved {
            return Err(Refusal::Disproved(code));
        }
        let trusted = known.is_proven() && judgement == Judgement::Right;
        if trusted && self.latch.is_none() {
            return Ok(Permit::Send);
        }
        match known.counter.reading() {
            // Blocked: nothing is compared.
            Some(0) => return Ok(Permit::Send),
            Some(1) => return Err(Refusal::UnprovenOnTheLastTry { code, left: 1 }),
            Some(_) => {}
            None if known.counter.can_be_asked(protected) => {
                return Ok(Permit::ReadTriesFirst(code));
            }
            None => {
                self.may_try_unseen(code)?;
                if code == CodeName::Pin && !trusted {
                    self.note_unseen(booked)?;
                }
            }
        }
        if code == CodeName::Puk && !trusted {
            self.charge()?;
            booked.charged = true;
        }
        Ok(Permit::Send)
    }

    /// The card does not tell its tries: what is remembered has to do for the PIN, and nothing does for the PUK.
    fn may_try_unseen(&self, code: CodeName) -> Result<(), Refusal> {
        let least = match code {
            CodeName::Pin => match self.remembered()?.refused_pin_left {
                Some(0..=1) if !self.may_brick() => return Err(Refusal::Remembered),
                Some(_) | None => self.pin.counter.expected,
            },
            CodeName::Puk => Some(self.puk_tries_at_least()?),
        };
        match least {
            Some(left @ 0..=1) if !self.may_brick() => {
                Err(Refusal::UnprovenOnTheLastTry { code, left })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A PIN is about to be tried that may be mistyped, with nobody knowing how often that may go wrong: once. The ledger is told
    /// before, in case this run does not live to see the answer.
    fn note_unseen(&mut self, booked: &mut Booked) -> Result<(), Refusal> {
        let card = self.keys()?;
        booked.noted = Some(self.remembered()?.refused_pin_left);
        self.setup.ledger.note_pin(&card, Some(1))?;
        self.pin_noted = true;
        Ok(())
    }

    /// Tries of a PUK that the card will not tell just now: those it told before, less what was used since.
    fn puk_tries_at_least(&self) -> Result<u8, Refusal> {
        let counter = &self.puk.counter;
        match (counter.reports, counter.expected) {
            (Some(true), Some(left)) => Ok(left),
            _ if self.may_brick() => Ok(counter.expected.unwrap_or(PUK_TRIES)),
            _ => Err(Refusal::Untold),
        }
    }

    /// A value that should be refused.
    pub(super) fn wrong_value(
        &mut self,
        code: CodeName,
        protected: bool,
        booked: &mut Booked,
    ) -> Result<Permit, Refusal> {
        match &self.latch {
            Some(latch) => return Err(Refusal::Shut(latch.clone())),
            None if self.restoring => return Err(Refusal::WrongWhileRestoring(code)),
            None => {}
        }
        match code {
            CodeName::Pin => self.covered(Hazard::BurnsPin, "a wrong PIN")?,
            CodeName::Puk => self.covered(Hazard::BurnsPuk, "a wrong PUK")?,
        }
        if let Some(first) = self.proof_first(code, protected)? {
            return Ok(first);
        }
        let left = match self.known(code).counter.reading() {
            Some(left) => left,
            None => match self.tries_first(code, protected)? {
                Ok(left) => left,
                Err(first) => return Ok(first),
            },
        };
        match code {
            CodeName::Pin if left <= 1 => self.last_pin_try(left, protected),
            CodeName::Pin => Ok(Permit::Send),
            CodeName::Puk => self.wrong_puk(left, booked),
        }
    }

    /// The right value must have been accepted in this run, so that what is burnt can be given back.
    fn proof_first(&self, code: CodeName, protected: bool) -> Result<Option<Permit>, Refusal> {
        let known = self.known(code);
        if known.is_proven() || known.is_blocked() {
            return Ok(None);
        }
        if known.standing == Standing::Disproved {
            return Err(Refusal::Disproved(code));
        }
        match known.counter.deaf_to(protected) {
            Some(answer) => Err(Refusal::NotEstablished { code, answer }),
            None => Ok(Some(Permit::VerifyRightFirst(code))),
        }
    }

    /// Tries left of a code whose counter has to be asked for, or the question.
    fn tries_first(&self, code: CodeName, protected: bool) -> Result<Result<u8, Permit>, Refusal> {
        let counter = &self.known(code).counter;
        if counter.can_be_asked(protected) {
            return Ok(Err(Permit::ReadTriesFirst(code)));
        }
        match code {
            CodeName::Puk => Ok(Ok(self.puk_tries_at_least()?)),
            CodeName::Pin => match (counter.deaf_to(protected), counter.before_right) {
                (Some(answer), _) => Err(Refusal::NotEstablished { code, answer }),
                (None, Some(left @ 0..=1)) => Err(Refusal::NotGivenBack { left }),
                (None, _) => Ok(Err(Permit::VerifyRightFirst(code))),
            },
        }
    }

    /// Blocking the PIN: allowed, announced, and with a proven PUK that has tries.
    fn last_pin_try(&self, left: u8, protected: bool) -> Result<Permit, Refusal> {
        let last = |advice| Refusal::LastTry {
            code: CodeName::Pin,
            left,
            advice,
        };
        if !self.may_brick() {
            if !self.setup.allow.covers(Hazard::BlocksPin) {
                return Err(last("blocking the PIN needs --allow blocks_pin"));
            }
            self.covered(Hazard::BlocksPin, "blocking the PIN")?;
        }
        if self.puk.right.is_none() {
            return Err(last("give the PUK too, or nothing could unblock it"));
        }
        let tries = match self.puk.counter.reading() {
            Some(tries) => tries,
            None => match self.tries_first(CodeName::Puk, protected)? {
                Ok(tries) => tries,
                Err(first) => return Ok(first),
            },
        };
        if tries <= 1 && !self.may_brick() {
            return Err(last("the PUK has too few tries left to unblock it"));
        }
        match self.proof_first(CodeName::Puk, protected)? {
            Some(first) => Ok(first),
            None => Ok(Permit::Send),
        }
    }

    /// Wrong PUKs: two a run, each followed by a right one, five a life. The ledger is written before the command leaves.
    fn wrong_puk(&mut self, left: u8, booked: &mut Booked) -> Result<Permit, Refusal> {
        if !self.may_brick() {
            if left <= 1 {
                return Err(Refusal::LastTry {
                    code: CodeName::Puk,
                    left,
                    advice: "that costs the card; give it up with --sacrificial, or take another one",
                });
            }
            if self.right_puk_owed {
                return Err(Refusal::RightPukFirst);
            }
        }
        self.charge()?;
        booked.charged = true;
        Ok(Permit::Send)
    }

    /// Counts a PUK that is wrong, or may be.
    fn charge(&mut self) -> Result<(), Refusal> {
        let card = self.keys()?;
        let limit = if self.may_brick() {
            None
        } else if self.run_wrong_puks >= WRONG_PUKS_PER_RUN {
            return Err(Refusal::RunLimit {
                limit: WRONG_PUKS_PER_RUN,
            });
        } else {
            Some(WRONG_PUKS_PER_LIFE)
        };
        self.setup.ledger.charge(&card, limit)?;
        self.run_wrong_puks = self.run_wrong_puks.saturating_add(1);
        Ok(())
    }

    fn remembered(&self) -> Result<Life, Refusal> {
        Ok(self.setup.ledger.life(&self.keys()?)?)
    }

    pub(super) fn keys(&self) -> Result<Vec<CardKey>, Refusal> {
        let keys = self.identity().map(|card| card.keys()).unwrap_or_default();
        if keys.is_empty() {
            Err(Refusal::NotIdentified)
        } else {
            Ok(keys)
        }
    }
}
