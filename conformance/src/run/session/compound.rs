//! Steps of several commands: a whole file, a signature, putting a PIN back.

use cie_crypto::hash::HashAlgorithm;
use cie_emulator::wire::{Le, StatusWord};

use super::{Outcome, Session, Trouble, answered};
use crate::scenario::model::{
    CodeName, Digest, OpenParameters, ReadFile, Reset as ResetKind, Restore, Sign,
};
use crate::terminal::ias;

impl Session {
    pub(super) fn read_file(&mut self, read: &ReadFile) -> Result<Outcome, Trouble> {
        if let Some(application) = read.application {
            let select = match application.aid() {
                Some(aid) => ias::commands::select_application(aid),
                None => ias::commands::select_master_file(),
            };
            self.terminal.demand("SELECT", &select)?;
        }
        let chunk = read.chunk.unwrap_or(128).clamp(1, 255);
        let le = Le::Exactly(u16::try_from(chunk).unwrap_or(128));
        if read.sfi.is_none() {
            let select = ias::commands::select_file(read.file.0);
            let reply = self.terminal.transmit(&select)?;
            if !reply.sw.is_ok() {
                return Ok(answered(reply, select.to_bytes().ok()));
            }
        }
        let mut content: Vec<u8> = Vec::new();
        loop {
            let offset = u16::try_from(content.len()).map_err(|_| {
                Trouble::Rule("the file does not end: more than 65535 bytes were read".to_owned())
            })?;
            let command = match (read.sfi, offset) {
                (Some(sfi), 0) => ias::commands::read_binary_by_short_id(sfi.0, 0, le),
                _ => ias::commands::read_binary(offset, le),
            };
            let mut reply = self.terminal.transmit(&command)?;
            content.extend_from_slice(&reply.data);
            let ended = match reply.sw {
                StatusWord::NO_ERROR if reply.data.is_empty() => {
                    let what =
                        "READ BINARY answered 9000 without data: a client's loop would never end";
                    return Err(Trouble::Rule(what.to_owned()));
                }
                StatusWord::NO_ERROR => false,
                StatusWord::END_OF_FILE => true,
                StatusWord::WRONG_P1_P2 if !content.is_empty() => true,
                _ => return Ok(answered(reply, command.to_bytes().ok())),
            };
            if ended {
                reply.data = content;
                reply.sw = StatusWord::NO_ERROR;
                return Ok(answered(reply, command.to_bytes().ok()));
            }
        }
    }

    pub(super) fn sign(&mut self, sign: &Sign) -> Result<Outcome, Trouble> {
        let data = self.bytes(&sign.data)?;
        let message = match sign.digest {
            None => data,
            Some(digest) => digest_info(digest, &data),
        };
        let set = ias::commands::set_signature(ias::commands::ALGORITHM_SIGN, sign.key.byte());
        let reply = self.terminal.transmit(&set)?;
        if !reply.sw.is_ok() {
            return Ok(answered(reply, set.to_bytes().ok()));
        }
        let command = ias::commands::internal_authenticate(&message);
        let reply = self.terminal.transmit(&command)?;
        Ok(Outcome {
            signed: Some(message),
            ..answered(reply, command.to_bytes().ok())
        })
    }

    /// Puts the PIN back as it was, or the PUK's counter; nothing is sent when nothing was changed.
    pub(super) fn restore(&mut self, what: Restore) -> Result<Outcome, Trouble> {
        self.reset(ResetKind::Cold)?;
        let parameters = OpenParameters::default();
        self.authenticate(&parameters)?;
        if let Some(result) = self.guarded_restore() {
            result?;
            self.codes.pin.clone_from(&self.codes.original_pin);
            return Ok(Outcome::default());
        }
        let right = |session: &Self, name| -> Result<ias::Code, Trouble> {
            let code = session
                .codes
                .right(name)
                .map_err(|words| session.unknown_code(words))?;
            Ok(ias::Code::new(*code.reveal()))
        };
        let puk = right(self, CodeName::Puk)?;
        if what == Restore::Puk {
            let command = ias::credentials::verify(ias::Reference::Puk, &puk);
            return Ok(answered(self.terminal.transmit(&command)?, None));
        }
        let original = self
            .codes
            .original(CodeName::Pin)
            .map_err(|words| self.unknown_code(words))?
            .clone();
        let old = right(self, CodeName::Pin)?;
        let verify = ias::credentials::verify(ias::Reference::Pin, &old);
        let mut reply = self.terminal.transmit(&verify)?;
        let new = ias::Code::new(*original.reveal());
        if reply.sw == StatusWord::AUTHENTICATION_METHOD_BLOCKED {
            let verify = ias::credentials::verify(ias::Reference::Puk, &puk);
            reply = self.terminal.transmit(&verify)?;
            if reply.sw.is_ok() {
                let reset = ias::credentials::reset_retry_counter(ias::Reference::Pin, Some(&new));
                reply = self.terminal.transmit(&reset)?;
            }
        } else if reply.sw.is_ok() && self.codes.right(CodeName::Pin) != Ok(&original) {
            let change = ias::credentials::change_reference_data(ias::Reference::Pin, &old, &new);
            reply = self.terminal.transmit(&change)?;
        }
        if reply.sw.is_ok() {
            self.codes.pin = Some(original);
        }
        Ok(answered(reply, None))
    }
}

fn digest_info(digest: Digest, data: &[u8]) -> Vec<u8> {
    let algorithm = match digest {
        Digest::Sha1 => HashAlgorithm::Sha1,
        Digest::Sha256 => HashAlgorithm::Sha256,
        Digest::Sha384 => HashAlgorithm::Sha384,
        Digest::Sha512 => HashAlgorithm::Sha512,
    };
    [algorithm.digest_info_prefix(), &algorithm.digest(&[data])].concat()
}
