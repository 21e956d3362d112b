//! How the codes of one card travel: requested, receipted, produced, delivered, and reprinted on the way. A step happens only
//! from the stage before it; a reprint gives the same digits for ever and leaves a line in the audit, never a digit.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use super::{Code, CodesError, Letter, Receipt};
use crate::persona::identity::DocumentNumber;

/// Where the delivery of a card's codes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The request is recorded and the codes exist.
    Requested,
    /// The receipt with the first halves was handed out.
    Receipted,
    /// The card was made and the letter with the second halves printed.
    Produced,
    /// Card and letter reached the holder.
    Delivered,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "requested",
            Self::Receipted => "receipted",
            Self::Produced => "produced",
            Self::Delivered => "delivered",
        })
    }
}

/// Which of the two sheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    /// The receipt: first halves.
    Receipt,
    /// The letter: second halves.
    Letter,
}

impl fmt::Display for Artefact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Receipt => "receipt",
            Self::Letter => "letter",
        })
    }
}

/// How a reprinted sheet leaves the office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Handed to the holder at the counter.
    Counter,
    /// Ordinary e-mail to the address given with the request.
    Email,
    /// Certified e-mail (PEC): often shared with a professional, therefore never used for codes.
    CertifiedEmail,
    /// On paper, to someone with the holder's written delegation.
    PaperWithDelegation,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "the counter",
            Self::Email => "e-mail",
            Self::CertifiedEmail => "certified e-mail",
            Self::PaperWithDelegation => "paper with delegation",
        })
    }
}

/// Name of the person who reprints: never empty, one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator(String);

impl Operator {
    /// An operator, or [`CodesError::NoOperator`] for a name of nothing but spaces or with control characters.
    pub fn new(name: &str) -> Result<Self, CodesError> {
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            return Err(CodesError::NoOperator);
        }
        Ok(Self(name.trim().to_owned()))
    }
}

/// Where the holder can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts {
    /// Ordinary e-mail address, when the holder left one.
    pub email: Option<String>,
}

/// What happened to the codes of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditEvent {
    /// The delivery reached this stage.
    Reached(Stage),
    /// A sheet was printed again.
    Reprinted {
        /// Which sheet.
        half: Artefact,
        /// How it left.
        channel: Channel,
        /// Who printed it.
        operator: Operator,
    },
}

/// One line of the audit of a card; numbered, because nothing here knows the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// The card.
    pub nun: DocumentNumber,
    /// Number of the line, from 1.
    pub number: usize,
    /// What happened.
    pub event: AuditEvent,
}

impl fmt::Display for AuditLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{} ", self.nun, self.number)?;
        match &self.event {
            AuditEvent::Reached(stage) => write!(f, "{stage}"),
            AuditEvent::Reprinted {
                half,
                channel,
                operator,
            } => {
                write!(f, "{half} reprinted by {}, sent by {channel}", operator.0)
            }
        }
    }
}

/// The codes of one card and how far they have travelled.
#[derive(Clone, Debug)]
pub struct Issuance {
    nun: DocumentNumber,
    pin: Code,
    puk: Code,
    contacts: Contacts,
    stage: Stage,
    audit: Vec<AuditLine>,
}

impl Issuance {
    /// A recorded request; codes as burnt into the card later.
    pub fn request(nun: DocumentNumber, pin: Code, puk: Code, contacts: Contacts) -> Self {
        let mut issuance = Self {
            nun,
            pin,
            puk,
            contacts,
            stage: Stage::Requested,
            audit: Vec::new(),
        };
        issuance.log(AuditEvent::Reached(Stage::Requested));
        issuance
    }

    /// Requested → Receipted: hands out the first halves.
    pub fn receipt(&mut self) -> Result<Receipt, CodesError> {
        self.advance(
            "handing out the receipt",
            Stage::Requested,
            Stage::Receipted,
        )?;
        Ok(Receipt::new(self.nun, &self.pin, &self.puk))
    }

    /// Receipted → Produced: the card is made, the letter with the second halves printed.
    pub fn produce(&mut self) -> Result<Letter, CodesError> {
        self.advance("producing the card", Stage::Receipted, Stage::Produced)?;
        Ok(Letter::new(self.nun, &self.pin, &self.puk))
    }

    /// Produced → Delivered.
    pub fn deliver(&mut self) -> Result<(), CodesError> {
        self.advance("delivering the card", Stage::Produced, Stage::Delivered)
    }

    /// Prints the receipt again, once it has been handed out, at the counter only: the same digits, whatever the holder has
    /// made of the PIN since.
    pub fn reprint_receipt(
        &mut self,
        channel: Channel,
        operator: &Operator,
    ) -> Result<Receipt, CodesError> {
        self.reprint(Artefact::Receipt, channel, operator)?;
        Ok(Receipt::new(self.nun, &self.pin, &self.puk))
    }

    /// Prints the letter again, once the card is made, for e-mail or for paper with a delegation: the same digits.
    pub fn reprint_letter(
        &mut self,
        channel: Channel,
        operator: &Operator,
    ) -> Result<Letter, CodesError> {
        self.reprint(Artefact::Letter, channel, operator)?;
        Ok(Letter::new(self.nun, &self.pin, &self.puk))
    }

    /// The guards of a reprint, and its audit line.
    fn reprint(
        &mut self,
        half: Artefact,
        channel: Channel,
        operator: &Operator,
    ) -> Result<(), CodesError> {
        let (needed, instead) = match half {
            Artefact::Receipt => (Stage::Receipted, "hand it to the holder at the counter"),
            Artefact::Letter => (
                Stage::Produced,
                "send ordinary e-mail, or paper to someone with a delegation",
            ),
        };
        if self.stage < needed {
            return Err(self.wrong_stage("reprinting", needed));
        }
        match (half, channel) {
            (Artefact::Receipt, Channel::Counter)
            | (Artefact::Letter, Channel::PaperWithDelegation) => {}
            (Artefact::Letter, Channel::Email) if self.contacts.email.is_some() => {}
            (Artefact::Letter, Channel::Email) => return Err(CodesError::NoEmail(self.nun)),
            (
                Artefact::Receipt,
                Channel::Email | Channel::CertifiedEmail | Channel::PaperWithDelegation,
            )
            | (Artefact::Letter, Channel::Counter | Channel::CertifiedEmail) => {
                return Err(CodesError::WrongChannel {
                    half,
                    channel,
                    instead,
                });
            }
        }
        self.log(AuditEvent::Reprinted {
            half,
            channel,
            operator: operator.clone(),
        });
        Ok(())
    }

    /// Where the delivery is.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Everything that happened, oldest first.
    pub fn audit(&self) -> &[AuditLine] {
        &self.audit
    }

    fn advance(&mut self, step: &'static str, from: Stage, to: Stage) -> Result<(), CodesError> {
        if self.stage != from {
            return Err(self.wrong_stage(step, from));
        }
        self.stage = to;
        self.log(AuditEvent::Reached(to));
        Ok(())
    }

    fn wrong_stage(&self, step: &'static str, needed: Stage) -> CodesError {
        CodesError::WrongStage {
            nun: self.nun,
            step,
            stage: self.stage,
            needed,
        }
    }

    fn log(&mut self, event: AuditEvent) {
        self.audit.push(AuditLine {
            nun: self.nun,
            number: self.audit.len().saturating_add(1),
            event,
        });
    }
}

/// The cards requested so far, by document number; no number is given twice.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    issuances: BTreeMap<DocumentNumber, Issuance>,
}

impl Registry {
    /// Records a request, or [`CodesError::NumberInUse`].
    pub fn request(
        &mut self,
        nun: DocumentNumber,
        pin: Code,
        puk: Code,
        contacts: Contacts,
    ) -> Result<&mut Issuance, CodesError> {
        match self.issuances.entry(nun) {
            Entry::Occupied(_) => Err(CodesError::NumberInUse(nun)),
            Entry::Vacant(slot) => Ok(slot.insert(Issuance::request(nun, pin, puk, contacts))),
        }
    }

    /// The delivery of a card.
    pub fn get_mut(&mut self, nun: DocumentNumber) -> Option<&mut Issuance> {
        self.issuances.get_mut(&nun)
    }
}
