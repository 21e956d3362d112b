//! Active authentication: the chip's proof over a challenge, verified with the key of EF.DG15.

use cie_emulator::wire::Le;

use super::super::commands::with_le;
use super::{Outcome, Session, Trouble};
use crate::scenario::model::{ActiveAuthenticate, DocumentFile, Step};
use crate::terminal::emrtd::{ActiveKey, SecurityInfos, commands};

impl Session {
    /// Active authentication: the challenge, and the signature verified with the key of EF.DG15.
    pub(super) fn active_authenticate(
        &mut self,
        step: &Step,
        active: &ActiveAuthenticate,
    ) -> Result<Outcome, Trouble> {
        let challenge = match &active.challenge {
            Some(challenge) => self.bytes(challenge)?,
            None => {
                let mut fresh = vec![0; 8];
                self.terminal.random().fill(&mut fresh);
                fresh
            }
        };
        let mut command = commands::active_authenticate(&challenge, Le::Maximum);
        if let Some(le) = active.le {
            command.le = None;
            command = with_le(command, le);
        }
        let outcome = self.send(&command, step, None)?;
        let Some(reply) = outcome.reply.as_ref().filter(|reply| reply.sw.is_ok()) else {
            return Ok(outcome);
        };
        let signature = reply.data.clone();
        let dg15 = match &active.dg15 {
            Some(given) => self.bytes(given)?,
            None => self.group(15)?,
        };
        let dg14 = match &active.dg14 {
            Some(given) => Some(self.bytes(given)?),
            None => self.group(14).ok(),
        };
        let infos = dg14.map(|file| SecurityInfos::parse(&file)).transpose()?;
        let algorithm = infos.and_then(|infos| infos.active_authentication);
        ActiveKey::parse(&dg15)?.verify(&challenge, &signature, algorithm.as_deref())?;
        Ok(outcome)
    }

    fn group(&self, number: u8) -> Result<Vec<u8>, Trouble> {
        let file = self.facts.document_file(DocumentFile::DataGroup(number));
        file.map(<[u8]>::to_vec).map_err(Trouble::Harness)
    }
}
