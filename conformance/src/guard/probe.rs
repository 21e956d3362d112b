//! The questions that come before a command, and the commands that carry a right value: built here, because only here the values
//! are known, and sent by whoever holds the channel.

use std::fmt;

use cie_emulator::credentials::Code;
use cie_emulator::wire::{Command, CommandBuf, StatusWord, ins};
use zeroize::Zeroize as _;

use super::refusal::{Refusal, command_name};
use super::{Guard, Permit};
use crate::scenario::model::CodeName;

/// A plain command with a code in it. Wiped when dropped; shows its name only.
pub struct SecretCommand(CommandBuf);

impl SecretCommand {
    pub(super) fn verify(code: CodeName, value: Option<&Code>) -> Self {
        let data = value.map_or_else(Vec::new, |value| value.reveal().to_vec());
        Self(CommandBuf::new(0x00, ins::VERIFY, 0x00, code.reference()).data(data))
    }

    pub(super) fn change_pin(old: &Code, new: &Code) -> Self {
        let data = [old.reveal().as_slice(), new.reveal()].concat();
        let p2 = CodeName::Pin.reference();
        Self(CommandBuf::new(0x00, ins::CHANGE_REFERENCE_DATA, 0x00, p2).data(data))
    }

    pub(super) fn reset_pin(new: &Code) -> Self {
        let p2 = CodeName::Pin.reference();
        let command = CommandBuf::new(0x00, ins::RESET_RETRY_COUNTER, 0x02, p2);
        Self(command.data(new.reveal().to_vec()))
    }

    /// The command, to be protected and sent.
    #[must_use]
    pub fn view(&self) -> Command<'_> {
        self.0.view()
    }
}

impl Drop for SecretCommand {
    fn drop(&mut self) {
        self.0.data.zeroize();
    }
}

impl fmt::Debug for SecretCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretCommand({})", command_name(self.0.header.ins))
    }
}

/// Why a command did not get to its turn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped<E> {
    /// The guard refused it, or a question before it.
    #[error(transparent)]
    Refused(Refusal),
    /// A question could not be sent.
    #[error("a question that comes before the command could not be sent: {0}")]
    Target(E),
}

/// More than any command needs: proof and tries of the PIN, proof and tries of the PUK, some twice.
const QUESTIONS: usize = 12;

impl Guard {
    /// The command that a permit asks for first; `None` for [`Permit::Send`], or when the right value is not known.
    #[must_use]
    pub fn question(&self, permit: Permit) -> Option<SecretCommand> {
        match permit {
            Permit::Send => None,
            Permit::ReadTriesFirst(code) => Some(SecretCommand::verify(code, None)),
            Permit::VerifyRightFirst(code) => self
                .in_force(code)
                .map(|value| SecretCommand::verify(code, Some(value))),
        }
    }

    /// Weighs a command. `None`: it may be sent, now, once. Otherwise the question that comes first, itself weighed and ready to be sent
    /// and observed; then ask again.
    ///
    /// # Errors
    /// [`Refusal`], of the command or of a question before it.
    pub fn next_question(
        &mut self,
        plain: &Command<'_>,
        protected: bool,
    ) -> Result<Option<SecretCommand>, Refusal> {
        let permit = self.permit(plain, protected)?;
        self.question_before(permit, protected)
    }

    /// The same for a protected command that is spoiled on its way; see [`permit_altered`](Guard::permit_altered). The question itself
    /// goes whole.
    ///
    /// # Errors
    /// [`Refusal`], of the command or of a question before it.
    pub fn next_question_altered(
        &mut self,
        plain: &Command<'_>,
        wire: &[u8],
        value_may_change: bool,
    ) -> Result<Option<SecretCommand>, Refusal> {
        let permit = self.permit_altered(plain, wire, value_may_change)?;
        self.question_before(permit, true)
    }

    /// The question that a permit asks for, or the one that comes before that: permitted.
    fn question_before(
        &mut self,
        mut permit: Permit,
        protected: bool,
    ) -> Result<Option<SecretCommand>, Refusal> {
        let mut question = None;
        while let Permit::ReadTriesFirst(code) | Permit::VerifyRightFirst(code) = permit {
            let first = self.question(permit).ok_or(Refusal::Unknown(code))?;
            permit = self.permit(&first.view(), protected)?;
            question = Some(first);
        }
        Ok(question)
    }

    /// Weighs a command and sends, through `send`, whatever must come before it. When it returns, the command may be sent, now, once.
    /// `send` protects and transmits in the same way as the command will be, and gives back the status word.
    ///
    /// # Errors
    /// [`Stopped`]. The command is not to be sent then.
    pub fn clear_way<E>(
        &mut self,
        plain: &Command<'_>,
        protected: bool,
        send: impl FnMut(&Command<'_>) -> Result<StatusWord, E>,
    ) -> Result<(), Stopped<E>> {
        clear_way(
            &mut Owned(self),
            |guard| guard.next_question(plain, protected),
            send,
        )
    }

    /// The same for a protected command that is spoiled on its way; see [`permit_altered`](Guard::permit_altered).
    ///
    /// # Errors
    /// [`Stopped`]. The command is not to be sent then.
    pub fn clear_way_altered<E>(
        &mut self,
        plain: &Command<'_>,
        wire: &[u8],
        value_may_change: bool,
        send: impl FnMut(&Command<'_>) -> Result<StatusWord, E>,
    ) -> Result<(), Stopped<E>> {
        clear_way(
            &mut Owned(self),
            |guard| guard.next_question_altered(plain, wire, value_may_change),
            send,
        )
    }
}

/// A way to a guard that is not held while something is sent.
pub(super) trait Access {
    /// Does something with the guard.
    fn with<R>(&mut self, act: impl FnOnce(&mut Guard) -> R) -> R;
}

/// A guard that nobody else holds.
pub(super) struct Owned<'a>(pub(super) &'a mut Guard);

impl Access for Owned<'_> {
    fn with<R>(&mut self, act: impl FnOnce(&mut Guard) -> R) -> R {
        act(self.0)
    }
}

/// See [`Guard::clear_way`].
pub(super) fn clear_way<E>(
    guard: &mut impl Access,
    mut next: impl FnMut(&mut Guard) -> Result<Option<SecretCommand>, Refusal>,
    mut send: impl FnMut(&Command<'_>) -> Result<StatusWord, E>,
) -> Result<(), Stopped<E>> {
    for _ in 0..QUESTIONS {
        let question = guard.with(&mut next);
        let Some(question) = question.map_err(Stopped::Refused)? else {
            return Ok(());
        };
        sent(guard, &question.view(), &mut send).map_err(Stopped::Target)?;
    }
    Err(Stopped::Refused(Refusal::Endless))
}

/// Sends what was permitted and learns from the answer, or from its absence.
pub(super) fn sent<E>(
    guard: &mut impl Access,
    plain: &Command<'_>,
    send: &mut impl FnMut(&Command<'_>) -> Result<StatusWord, E>,
) -> Result<(), E> {
    match send(plain) {
        Ok(answer) => {
            guard.with(|guard| guard.observe(plain, answer));
            Ok(())
        }
        Err(error) => {
            guard.with(Guard::lost);
            Err(error)
        }
    }
}
