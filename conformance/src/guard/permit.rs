//! The second gate: every single command, weighed by what it would do to the codes. Nothing is sent here and nothing is learnt
//! here; what comes back is a yes, a no, or the question that has to be asked first.

use cie_emulator::credentials::Code;
use cie_emulator::wire::{Command, Header, ins};

use super::known::{Judgement, Standing};
use super::meaning::{Meaning, is_credential};
use super::observe::Pending;
use super::refusal::{Latch, Refusal, Unjudged, command_name};
use super::{Guard, WRONG_PUKS_PER_LIFE, WRONG_PUKS_PER_RUN};
use crate::scenario::model::{CodeName, Hazard};

/// What may happen to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It may be sent, now, once.
    Send,
    /// First the tries left must be asked for: VERIFY without data. Then ask again.
    ReadTriesFirst(CodeName),
    /// First the right value must be accepted: it proves the value, and establishes the tries of a card that does not tell. Then
    /// ask again.
    VerifyRightFirst(CodeName),
}

impl Guard {
    /// Weighs a command before it is protected. `protected`: whether it will go through secure messaging.
    ///
    /// What was permitted before and never observed counts as lost.
    ///
    /// # Errors
    /// [`Refusal`]. Nothing is to be sent then.
    pub fn permit(&mut self, plain: &Command<'_>, protected: bool) -> Result<Permit, Refusal> {
        if plain.header.ins == ins::GET_RESPONSE && self.pending.is_some() {
            // The rest of the answer to the command before.
            return Ok(Permit::Send);
        }
        self.lost();
        self.weigh(plain.header, Meaning::of(plain), protected, false)
    }

    /// Weighs bytes that go to the card as they are: a raw command, or something that is not even one.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn permit_bytes(&mut self, bytes: &[u8]) -> Result<Permit, Refusal> {
        match Command::parse(bytes) {
            Ok(command) => self.permit(&command, command.header.cla & 0x0C != 0),
            Err(_) => self.permit_malformed(bytes),
        }
    }

    fn permit_malformed(&mut self, bytes: &[u8]) -> Result<Permit, Refusal> {
        self.lost();
        let mut header = [0; 4];
        for (to, from) in header.iter_mut().zip(bytes) {
            *to = *from;
        }
        let [cla, ins, p1, p2] = header;
        let header = Header { cla, ins, p1, p2 };
        self.weigh(header, Meaning::of_malformed(bytes), false, false)
    }

    /// Weighs a protected command that is spoiled on its way: `plain` as it was built, `wire` as it will reach the card.
    /// `value_may_change`: whether a card that neglects the checksum could read other data than were built (a bit of the cryptogram,
    /// the padding, the send sequence counter, the length). A code in it then counts as wrong.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn permit_altered(
        &mut self,
        plain: &Command<'_>,
        wire: &[u8],
        value_may_change: bool,
    ) -> Result<Permit, Refusal> {
        self.lost();
        let meaning = altered(plain, wire, value_may_change);
        self.weigh(plain.header, meaning, true, value_may_change)
    }

    fn weigh(
        &mut self,
        header: Header,
        meaning: Meaning,
        protected: bool,
        spoiled: bool,
    ) -> Result<Permit, Refusal> {
        let judgement = match &meaning {
            Meaning::Present { code, value, .. } => match self.known(*code).judge(value) {
                Judgement::Right | Judgement::Other if spoiled => Judgement::Wrong,
                judgement => judgement,
            },
            Meaning::Harmless | Meaning::AskTries(_) | Meaning::Reset(_) | Meaning::Unjudged(_) => {
                Judgement::Unknown
            }
        };
        let mut charged = false;
        if !self.free {
            let permit = self.decide(header, &meaning, judgement, protected, &mut charged)?;
            if permit != Permit::Send {
                return Ok(permit);
            }
        }
        self.sent(&meaning, judgement);
        let before = match &meaning {
            Meaning::AskTries(code) | Meaning::Present { code, .. } => {
                self.known(*code).counter.expected
            }
            Meaning::Harmless | Meaning::Reset(_) | Meaning::Unjudged(_) => None,
        };
        self.pending = Some(Pending {
            header,
            meaning,
            judgement,
            spoiled,
            charged,
            protected,
            before,
        });
        Ok(Permit::Send)
    }

    /// Books what is true from the moment a command leaves, whatever comes back.
    fn sent(&mut self, meaning: &Meaning, judgement: Judgement) {
        let code = match meaning {
            Meaning::Present { code, .. } => code,
            Meaning::Harmless => {
                // A channel opened, an application selected: what the card would not answer before it may answer now.
                for known in [&mut self.pin, &mut self.puk] {
                    known.counter.silent = None;
                    known.counter.deaf = None;
                }
                return;
            }
            Meaning::AskTries(_) | Meaning::Reset(_) | Meaning::Unjudged(_) => return,
        };
        let known = self.known_mut(*code);
        known.counter.fresh = false;
        if !known.is_blocked() && (judgement != Judgement::Right || !known.is_proven()) {
            known.burnt = true;
        }
    }

    fn decide(
        &mut self,
        header: Header,
        meaning: &Meaning,
        judgement: Judgement,
        protected: bool,
        charged: &mut bool,
    ) -> Result<Permit, Refusal> {
        match &self.latch {
            Some(latch) if !self.restoring || *latch == Latch::OtherCard => {
                return Err(Refusal::Shut(latch.clone()));
            }
            Some(_) | None => {}
        }
        match meaning {
            Meaning::Harmless | Meaning::AskTries(_) => Ok(Permit::Send),
            Meaning::Reset(new) => {
                self.may_set(new.as_ref())?;
                Ok(Permit::Send)
            }
            Meaning::Present { code, then, .. } => {
                if then.is_some() {
                    self.may_set(then.as_ref())?;
                }
                match judgement {
                    Judgement::Right | Judgement::Other => {
                        self.right_value(*code, judgement, protected, charged)
                    }
                    Judgement::Wrong => self.wrong_value(*code, protected, charged),
                    Judgement::Guess => Err(Refusal::Guess(*code)),
                    Judgement::Unknown => Err(Refusal::Unknown(*code)),
                }
            }
            Meaning::Unjudged(Unjudged::Reader) => Err(unjudged(header, Unjudged::Reader)),
            Meaning::Unjudged(why) if self.latch.is_some() || !self.may_brick() => {
                Err(unjudged(header, *why))
            }
            Meaning::Unjudged(_) => Ok(Permit::Send),
        }
    }

    /// Whether the PIN may be set, or its tries given back.
    fn may_set(&self, new: Option<&Code>) -> Result<(), Refusal> {
        let Some(lab) = &self.pin.lab else {
            // Without it nothing could be put back.
            return Err(Refusal::Unknown(CodeName::Pin));
        };
        let puts_back = new.is_none_or(|new| new == lab);
        match &self.latch {
            _ if self.restoring && puts_back => Ok(()),
            Some(latch) => Err(Refusal::Shut(latch.clone())),
            None => self.covered(Hazard::Writes, "changing or unblocking the PIN"),
        }
    }

    /// Whether flag and announcement both cover a hazard.
    fn covered(&self, needs: Hazard, what: &'static str) -> Result<(), Refusal> {
        if self.may_brick() {
            return Ok(());
        }
        if !self.setup.allow.covers(needs) {
            return Err(Refusal::NotAllowed { what, needs });
        }
        let announced = self.case.map_or(Hazard::None, |case| case.hazard);
        if announced < needs {
            return Err(Refusal::NotAnnounced {
                what,
                announced,
                needs,
            });
        }
        Ok(())
    }

    /// A value that should be accepted. Until it has been, it may be a typing error, and is treated like one.
    fn right_value(
        &mut self,
        code: CodeName,
        judgement: Judgement,
        protected: bool,
        charged: &mut bool,
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
            None => self.may_try_unseen(code)?,
        }
        if code == CodeName::Puk && !trusted {
            self.charge()?;
            *charged = true;
        }
        Ok(Permit::Send)
    }

    /// The card does not tell its tries: what is remembered has to do.
    fn may_try_unseen(&self, code: CodeName) -> Result<(), Refusal> {
        let counted = self.known(code).counter.expected;
        let remembered = match code {
            CodeName::Pin => self.remembered()?.refused_pin_left,
            CodeName::Puk => None,
        };
        match counted.into_iter().chain(remembered).min() {
            Some(left @ 0..=1) => Err(Refusal::UnprovenOnTheLastTry { code, left }),
            Some(_) | None => Ok(()),
        }
    }

    /// A value that should be refused.
    fn wrong_value(
        &mut self,
        code: CodeName,
        protected: bool,
        charged: &mut bool,
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
            CodeName::Puk => self.wrong_puk(left, charged),
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
            // A right PUK tells nothing of its tries: what is counted and what the ledger knows must leave some.
            CodeName::Puk => {
                let spent = u8::try_from(self.remembered()?.wrong_puks).unwrap_or(u8::MAX);
                let least = super::known::PUK_TRIES.saturating_sub(spent);
                Ok(Ok(counter.expected.map_or(least, |left| left.min(least))))
            }
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
    fn wrong_puk(&mut self, left: u8, charged: &mut bool) -> Result<Permit, Refusal> {
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
        *charged = true;
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

    fn remembered(&self) -> Result<super::Life, Refusal> {
        Ok(self.setup.ledger.life(&self.keys()?)?)
    }

    pub(super) fn keys(&self) -> Result<Vec<super::CardKey>, Refusal> {
        let keys = self.identity().map(|card| card.keys()).unwrap_or_default();
        if keys.is_empty() {
            Err(Refusal::NotIdentified)
        } else {
            Ok(keys)
        }
    }
}

/// What a protected command may come to when it is spoiled on its way. What the card sees first must still be what was weighed: in
/// another class, say, a cryptogram would be compared as if it were the code.
fn altered(plain: &Command<'_>, wire: &[u8], value_may_change: bool) -> Meaning {
    let built = Meaning::of(plain);
    let (cla, ins, parameters) = match *wire {
        [] | [_] => return Meaning::Harmless,
        [cla, ins, ref parameters @ ..] => (cla, ins, parameters),
    };
    if built == Meaning::Harmless && !is_credential(ins) {
        return Meaning::of_malformed(&[cla, ins]);
    }
    let header = plain.header;
    let same = cla == 0x0C && ins == header.ins && parameters.starts_with(&[header.p1, header.p2]);
    // A spoiled value that is only compared counts as wrong; one that is set would be a PIN that nobody knows.
    let only_compared = matches!(built, Meaning::Present { then: None, .. });
    if same && (only_compared || !value_may_change) {
        built
    } else {
        Meaning::Unjudged(Unjudged::Altered)
    }
}

fn unjudged(header: Header, why: Unjudged) -> Refusal {
    Refusal::Unjudged {
        command: command_name(header.ins),
        why,
    }
}
