//! The document's protocols made by hand: PACE round by round and the cryptogram of basic access control, in whatever order and
//! with whatever fault a scenario wants. Once the last step succeeds the channel is open, as if it had been opened whole.

use cie_emulator::wire::CommandBuf;

use super::{Outcome, Session, Trouble};
use crate::scenario::model::{
    BasicAccessProof, ExternalAuthenticate, GeneralAuthenticate, GeneralAuthenticateStep,
    ManageSecurityEnvironment, Password, Step,
};
use crate::scenario::text::HexByte;
use crate::terminal::emrtd::{AccessFault, BasicAccess, DocumentError, Round};
use crate::terminal::{Chaining, Reply};

impl Session {
    /// MSE SET of PACE: what follows is made with this protocol and password.
    pub(super) fn pace_begins(
        &mut self,
        step: &Step,
        set: &ManageSecurityEnvironment,
    ) -> Result<Outcome, Trouble> {
        let password = set.password.unwrap_or(Password::Can);
        let password = self.document_password(password, set.wrong_password)?;
        let pace = self.new_pace(
            set.protocol.as_deref(),
            set.domain_parameters,
            set.name_parameters,
            password,
        )?;
        let mut command = pace.begin();
        with_parameters(&mut command, set.p1, set.p2);
        self.document.pace = Some(pace);
        self.send(&command, step, None)
    }

    /// One round of GENERAL AUTHENTICATE. Without a beginning it is made as for the card's first offer.
    pub(super) fn pace_round(
        &mut self,
        step: &Step,
        general: &GeneralAuthenticate,
    ) -> Result<Outcome, Trouble> {
        let round = match general.step {
            Some(GeneralAuthenticateStep::Map) => Round::Map,
            Some(GeneralAuthenticateStep::KeyAgreement) => Round::KeyAgreement,
            Some(GeneralAuthenticateStep::MutualAuthentication) => Round::MutualAuthentication,
            Some(GeneralAuthenticateStep::EncryptedNonce) | None => Round::EncryptedNonce,
        };
        let mut pace = match self.document.pace.take() {
            Some(pace) => pace,
            None => {
                let password = self.document_password(Password::Can, false)?;
                self.new_pace(None, None, false, password)?
            }
        };
        let mut command = pace.command(round, general.fault, self.terminal.random())?;
        if let Some(chained) = general.chained {
            command.header.cla = if chained { 0x10 } else { 0x00 };
        }
        with_parameters(&mut command, general.p1, general.p2);
        if let Some(le) = general.le {
            command.le = None;
            command = super::super::commands::with_le(command, le);
        }
        let outcome = self.send_whole(&command, step)?;
        let taken = match outcome.reply.as_ref().filter(|reply| reply.sw.is_ok()) {
            Some(reply) => pace.take(round, &reply.data),
            None => Err(DocumentError::Missing("a success")),
        };
        if taken.is_ok() && round == Round::MutualAuthentication {
            pace.open(&mut self.terminal)?;
            self.session_broken = false;
            self.first_protected = None;
            self.document.identifier = pace.card_identifier();
        }
        self.document.pace = Some(pace);
        self.unless_refusal(step, outcome, taken)
    }

    /// A round goes in one command, whatever its length.
    fn send_whole(&mut self, command: &CommandBuf, step: &Step) -> Result<Outcome, Trouble> {
        self.send_chained(command, step, Some(Chaining::Never))
    }

    /// What a correct terminal refuses in a successful answer is the card's fault, unless a refusal was expected anyway: then the
    /// status word alone decides.
    fn unless_refusal(
        &self,
        step: &Step,
        outcome: Outcome,
        taken: Result<(), DocumentError>,
    ) -> Result<Outcome, Trouble> {
        let succeeded = |reply: &Reply| reply.sw.is_ok();
        match taken {
            Err(error)
                if outcome.reply.as_ref().is_some_and(succeeded) && !step.expect.is_refusal() =>
            {
                Err(error.into())
            }
            _ => Ok(outcome),
        }
    }

    /// EXTERNAL AUTHENTICATE of basic access control over the last challenge.
    pub(super) fn basic_access_step(
        &mut self,
        step: &Step,
        external: &ExternalAuthenticate,
    ) -> Result<Outcome, Trouble> {
        let password = self.document_password(Password::Mrz, false)?;
        let mut access = BasicAccess::new(&password);
        if let Some(challenge) = &self.document.challenge {
            access.take_challenge(challenge)?;
        }
        let fault = external.basic_access.and_then(|proof| match proof {
            BasicAccessProof::Right => None,
            BasicAccessProof::Checksum => Some(AccessFault::Checksum),
            BasicAccessProof::Cryptogram => Some(AccessFault::Cryptogram),
            BasicAccessProof::Challenge => Some(AccessFault::Challenge),
            BasicAccessProof::Short => Some(AccessFault::Short),
            BasicAccessProof::Long => Some(AccessFault::Long),
        });
        let mut command = access.command(fault, self.terminal.random())?;
        with_parameters(&mut command, external.p1, external.p2);
        if let Some(le) = external.le {
            command.le = None;
            command = super::super::commands::with_le(command, le);
        }
        let outcome = self.send(&command, step, None)?;
        let taken = match outcome.reply.as_ref().filter(|reply| reply.sw.is_ok()) {
            Some(reply) => access.take(&reply.data),
            None => Err(DocumentError::Missing("a success")),
        };
        if let Ok((keys, counter)) = &taken {
            self.begin_channel();
            self.terminal.open_document_channel(keys, *counter);
            self.named_by_document_number();
        }
        self.unless_refusal(step, outcome, taken.map(drop))
    }
}

fn with_parameters(command: &mut CommandBuf, p1: Option<HexByte>, p2: Option<HexByte>) {
    if let Some(p1) = p1 {
        command.header.p1 = p1.0;
    }
    if let Some(p2) = p2 {
        command.header.p2 = p2.0;
    }
}
