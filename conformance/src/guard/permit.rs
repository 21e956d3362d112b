//! The second gate: every single command, weighed by what it would do to the codes. Nothing is sent here and nothing is learnt
//! here; what comes back is a yes, a no, or the question that has to be asked first.

use cie_emulator::credentials::Code;
use cie_emulator::wire::{Command, Header, ins};

use super::Guard;
use super::known::Judgement;
use super::meaning::{Meaning, is_credential};
use super::observe::{Booked, Pending};
use super::refusal::{Latch, Refusal, Unjudged, command_name};
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
        let mut booked = Booked::default();
        if !self.free {
            let permit = self.decide(header, &meaning, judgement, protected, &mut booked);
            let permit = self.note_refusal(permit)?;
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
            booked,
            protected,
            before,
            passed: false,
        });
        Ok(Permit::Send)
    }

    /// Books what is true from the moment a command leaves, whatever comes back.
    fn sent(&mut self, meaning: &Meaning, judgement: Judgement) {
        let code = match meaning {
            Meaning::Present { code, .. } => code,
            Meaning::Harmless => return self.ask_again(),
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
        booked: &mut Booked,
    ) -> Result<Permit, Refusal> {
        self.not_shut()?;
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
                        self.right_value(*code, judgement, protected, booked)
                    }
                    Judgement::Wrong => self.wrong_value(*code, protected, booked),
                    Judgement::Guess => Err(Refusal::Guess(*code)),
                    Judgement::Unknown => Err(Refusal::Unknown(*code)),
                }
            }
            Meaning::Unjudged(Unjudged::Reader) => Err(unjudged(header.ins, Unjudged::Reader)),
            Meaning::Unjudged(why) if self.latch.is_some() || !self.may_brick() => {
                Err(unjudged(header.ins, *why))
            }
            Meaning::Unjudged(_) => Ok(Permit::Send),
        }
    }

    /// Whether anything may still be sent.
    pub(super) fn not_shut(&self) -> Result<(), Refusal> {
        match &self.latch {
            Some(latch) if !self.restoring || *latch == Latch::OtherCard => {
                Err(Refusal::Shut(latch.clone()))
            }
            Some(_) | None => Ok(()),
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
    pub(super) fn covered(&self, needs: Hazard, what: &'static str) -> Result<(), Refusal> {
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

pub(super) fn unjudged(instruction: u8, why: Unjudged) -> Refusal {
    Refusal::Unjudged {
        command: command_name(instruction),
        why,
    }
}
