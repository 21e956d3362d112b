//! PIN and PUK on their way to the holder: two halves of four digits each, the first on the receipt of the request, the second
//! in the letter that comes with the card. This room draws the codes, moves a card's delivery through its states, prints the
//! two artefacts and joins them again. It is not the card's counters: those live in the `credentials` room and never change
//! what is printed here.

mod artefact;
mod delivery;
mod draw;

pub use crate::credentials::{Code, CodeHalf};
pub use artefact::{Letter, Receipt, join};
pub use delivery::{
    Artefact, AuditEvent, AuditLine, Channel, Contacts, Issuance, Operator, Registry, Stage,
};

pub(super) use draw::{manual_sample, seeded};

use super::identity::DocumentNumber;

/// Something was done to codes, or to their delivery, that cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodesError {
    /// A text is not a code, or not half of one.
    #[error(transparent)]
    Code(#[from] crate::credentials::CodeError),
    /// Receipt and letter belong to two cards.
    #[error(
        "the receipt is of card {receipt}, the letter of card {letter}; find the two sheets of the same card"
    )]
    MixedCards {
        /// Document number on the receipt.
        receipt: DocumentNumber,
        /// Document number on the letter.
        letter: DocumentNumber,
    },
    /// The JSON is not the artefact it was read as.
    #[error("this is a {found}, not a {expected}; read it as what it is")]
    WrongArtefact {
        /// What was asked for.
        expected: &'static str,
        /// What the file says it is.
        found: String,
    },
    /// The artefact does not carry the mark every artefact of the emulator carries.
    #[error("the artefact is not marked SPECIMEN; only artefacts of the emulator are read")]
    NotASpecimen,
    /// A card was requested under a number already given.
    #[error("document number {0} was already requested; every card needs its own")]
    NumberInUse(DocumentNumber),
    /// The delivery is not at the stage this step starts from.
    #[error("card {nun} is {stage}, and {step} is possible only when it is {needed}")]
    WrongStage {
        /// The card.
        nun: DocumentNumber,
        /// The step that was tried.
        step: &'static str,
        /// Where the delivery is.
        stage: Stage,
        /// Where it would have to be.
        needed: Stage,
    },
    /// Codes are reprinted for a named operator only.
    #[error("codes are reprinted by a named operator; give the operator's name")]
    NoOperator,
    /// This half does not leave through this channel.
    #[error("the {half} does not go out by {channel}; {instead}")]
    WrongChannel {
        /// The half.
        half: Artefact,
        /// The channel.
        channel: Channel,
        /// What to use instead.
        instead: &'static str,
    },
    /// The holder left no e-mail address.
    #[error(
        "card {0} was requested without an e-mail address; print the letter on paper, with a delegation"
    )]
    NoEmail(DocumentNumber),
    /// No code of this seed is free of trivial patterns and public digits.
    #[error("no acceptable code after {0} draws; choose another seed")]
    Exhausted(u32),
}
