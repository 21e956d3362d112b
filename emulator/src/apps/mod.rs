//! The applications of the card. Each turns a command APDU into a command of *meaning* and executes that. Of secure messaging an
//! application sees that a command came through it and how much room the answer has; protecting is the runtime's business.

pub mod emrtd;
pub mod ias;
mod read;
mod select;

use crate::card::{Defect, Image};
use crate::credentials::{Commit, Credentials, PowerLost};
use crate::files::{SecurityStatus, Selection};
use crate::secure_messaging::SecureSession;
use crate::wire::{Command, StatusWord, ins};
use cie_crypto::random::RandomSource;

/// What the runtime lends to an application for one command.
pub struct Context<'a> {
    /// What was burnt in.
    pub image: &'a Image,
    /// PIN and PUK.
    pub credentials: &'a mut Credentials,
    /// Where their changes become durable.
    pub memory: &'a mut dyn Commit,
    /// Random bytes.
    pub random: &'a mut dyn RandomSource,
    /// What is selected.
    pub selection: &'a mut Selection,
    /// The IAS application's part of the session.
    pub ias: &'a mut ias::State,
    /// The document application's part of the session.
    pub emrtd: &'a mut emrtd::State,
    /// Whether the class byte says that the command is not the last of a chain; only commands that
    /// [answer every link](answers_links) ever see that.
    pub chained: bool,
    /// How many bytes of data fit the answer.
    pub room: usize,
    /// Whether the command came through secure messaging.
    pub protected: bool,
    /// Response data; empty when the command begins.
    pub reply: &'a mut Vec<u8>,
}

impl Context<'_> {
    /// What the session has proven, as far as access conditions ask.
    #[must_use]
    pub fn security_status(&self) -> SecurityStatus {
        let proven = self.emrtd.proven();
        SecurityStatus {
            secure_messaging: self.protected,
            device_authenticated: self.ias.device_authenticated,
            user_verified: self.ias.verified.pin,
            document_access: proven.access.is_some(),
            pace: proven.access == Some(emrtd::Procedure::Pace),
            biometric_rights: match proven.access {
                Some(_) if self.image.flaw.is(Defect::FingerprintsOpen) => u8::MAX,
                _ => proven.rights,
            },
        }
    }
}

/// How a command ended: its status word, and what happens once the answer is on its way.
#[derive(Debug)]
pub struct Answer {
    /// SW1-SW2.
    pub sw: StatusWord,
    /// What follows the answer.
    pub after: After,
}

/// What happens to the channel after the answer.
#[derive(Debug)]
pub enum After {
    /// Nothing.
    Nothing,
    /// A new secure messaging session begins.
    Open(Box<SecureSession>),
    /// The session goes on with this send sequence counter.
    SetCounter(u64),
    /// The session ends, and the status word goes out in plain.
    Close,
}

impl From<StatusWord> for Answer {
    fn from(sw: StatusWord) -> Self {
        Self {
            sw,
            after: After::Nothing,
        }
    }
}

/// Why a command has no proper answer.
#[derive(Debug)]
pub enum Refusal {
    /// Refused, with this status word.
    Status(StatusWord),
    /// Refused, and the session ends with it.
    SessionEnds(StatusWord),
    /// The power went away in the middle: no answer at all.
    PowerLost(PowerLost),
}

impl From<StatusWord> for Refusal {
    fn from(sw: StatusWord) -> Self {
        Self::Status(sw)
    }
}

impl From<PowerLost> for Refusal {
    fn from(lost: PowerLost) -> Self {
        Self::PowerLost(lost)
    }
}

/// Whether commands with this instruction may come in a chain; all others answer `6884`.
#[must_use]
pub const fn supports_chaining(instruction: u8) -> bool {
    matches!(
        instruction,
        ins::MANAGE_SECURITY_ENVIRONMENT
            | ins::PERFORM_SECURITY_OPERATION
            | ins::EXTERNAL_AUTHENTICATE
            | ins::INTERNAL_AUTHENTICATE
            | ins::GENERAL_AUTHENTICATE
    )
}

/// Whether every link of a chain of this instruction is a step of its own with an answer of its own, as in PACE.
#[must_use]
pub const fn answers_links(instruction: u8) -> bool {
    instruction == ins::GENERAL_AUTHENTICATE
}

/// Whether any application of this card knows this instruction; all others answer `6D00`.
#[must_use]
pub const fn knows(image: &Image, instruction: u8) -> bool {
    let document = image.emrtd.is_some() && instruction == ins::GENERAL_AUTHENTICATE;
    matches!(
        instruction,
        ins::SELECT | ins::READ_BINARY | ins::READ_BINARY_ODD
    ) || ias::knows(instruction)
        || document
}

/// Executes one whole, unprotected command.
///
/// # Errors
/// [`PowerLost`] when memory could not be written; every other refusal is an answer.
pub fn execute(context: &mut Context<'_>, command: &Command<'_>) -> Result<Answer, PowerLost> {
    let result = match command.header.ins {
        ins::SELECT => select::Select::parse(command).and_then(|select| select.execute(context)),
        ins::READ_BINARY | ins::READ_BINARY_ODD => {
            read::ReadBinary::parse(command).and_then(|read| read.execute(context))
        }
        _ if emrtd::answers(context, command) => {
            emrtd::Command::parse(command).and_then(|command| command.execute(context))
        }
        _ => ias::Command::parse(command).and_then(|command| command.execute(context)),
    };
    match result {
        Ok(answer) => Ok(answer),
        Err(Refusal::Status(sw)) => {
            context.reply.clear();
            Ok(sw.into())
        }
        Err(Refusal::SessionEnds(sw)) => {
            context.reply.clear();
            Ok(Answer {
                sw,
                after: After::Close,
            })
        }
        Err(Refusal::PowerLost(lost)) => Err(lost),
    }
}
