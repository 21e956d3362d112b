//! Basic access control as the terminal does it (ICAO 9303-11 §4.3).

use cie_crypto::ct;
use cie_crypto::random::RandomSource;
use cie_crypto::suite::Suite;
use cie_emulator::wire::CommandBuf;
use serde::Deserialize;

use super::super::{Reply, SendOptions, SessionKeys, Terminal, TerminalError};
use super::DocumentError;
use super::commands;
use super::error::require;
use super::fault::flip_last;
use super::password::Password;

const CLAUSE: &str = "ICAO 9303-11 §4.3.3";
const SUITE: Suite = Suite::TripleDes;

/// What the terminal does wrong in its cryptogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessFault {
    /// A bit of the checksum is another.
    Checksum,
    /// A bit of the card's challenge in the cryptogram is another, the checksum covers what is sent.
    Cryptogram,
    /// Another challenge than the card's, properly enciphered.
    Challenge,
    /// The last byte is missing.
    Short,
    /// One byte more.
    Long,
}

/// One run of basic access control.
#[derive(Clone, Debug)]
pub struct BasicAccess {
    keys: SessionKeys,
    challenge: Option<[u8; 8]>,
    own: Option<([u8; 8], [u8; 16])>,
}

impl BasicAccess {
    /// With the keys of a machine-readable zone.
    #[must_use]
    pub fn new(password: &Password) -> Self {
        Self {
            keys: SessionKeys::of_document(SUITE, password.basic_access_seed()),
            challenge: None,
            own: None,
        }
    }

    /// The static keys, for the worked examples.
    #[must_use]
    pub const fn keys(&self) -> &SessionKeys {
        &self.keys
    }

    /// Takes the card's challenge.
    ///
    /// # Errors
    /// [`DocumentError::Broken`] when it has not 8 bytes.
    pub fn take_challenge(&mut self, challenge: &[u8]) -> Result<(), DocumentError> {
        let challenge = <[u8; 8]>::try_from(challenge).map_err(|_| {
            let detail = format!("a challenge of {} bytes, expected 8", challenge.len());
            DocumentError::broken(CLAUSE, detail)
        })?;
        self.challenge = Some(challenge);
        Ok(())
    }

    /// EXTERNAL AUTHENTICATE over the challenge; one that was never read counts as eight zero bytes.
    ///
    /// # Errors
    /// [`DocumentError::Terminals`], never with keys of this protocol.
    pub fn command(
        &mut self,
        fault: Option<AccessFault>,
        random: &mut dyn RandomSource,
    ) -> Result<CommandBuf, DocumentError> {
        let (mut nonce, mut share) = ([0; 8], [0; 16]);
        random.fill(&mut nonce);
        random.fill(&mut share);
        self.own = Some((nonce, share));
        let mut challenge = self.challenge.unwrap_or_default();
        if fault == Some(AccessFault::Challenge) {
            flip_last(&mut challenge);
        }
        let mut data = [&nonce[..], &challenge, &share].concat();
        SUITE
            .encrypt(self.keys.encryption(), &mut data)
            .map_err(DocumentError::terminals)?;
        if fault == Some(AccessFault::Cryptogram)
            && let Some((_, challenge)) = data.split_first_chunk_mut::<8>()
            && let Some(byte) = challenge.first_mut()
        {
            *byte ^= 1;
        }
        let mut mac = self.mac(&data)?;
        if fault == Some(AccessFault::Checksum) {
            flip_last(&mut mac);
        }
        data.extend_from_slice(&mac);
        match fault {
            Some(AccessFault::Short) => {
                data.pop();
            }
            Some(AccessFault::Long) => data.push(0),
            _ => {}
        }
        Ok(commands::mutual_authenticate(&data))
    }

    fn mac(&self, data: &[u8]) -> Result<[u8; 8], DocumentError> {
        SUITE
            .token(self.keys.authentication(), data)
            .map_err(DocumentError::terminals)
    }

    /// Takes the card's answer: the session keys and the first counter.
    ///
    /// # Errors
    /// [`DocumentError::Broken`] for an answer that a correct terminal refuses, [`DocumentError::Missing`] before a command.
    pub fn take(&self, answer: &[u8]) -> Result<(SessionKeys, u64), DocumentError> {
        let (nonce, share) = self
            .own
            .as_ref()
            .ok_or(DocumentError::Missing("an own share"))?;
        let challenge = self.challenge.unwrap_or_default();
        let parts = answer.split_last_chunk::<8>();
        let (cryptogram, mac) = parts.filter(|(data, _)| data.len() == 32).ok_or_else(|| {
            let detail = format!("an answer of {} bytes, expected 40", answer.len());
            DocumentError::broken(CLAUSE, detail)
        })?;
        require(CLAUSE, ct::eq(&self.mac(cryptogram)?, mac), || {
            "the checksum of the card's answer is wrong".to_owned()
        })?;
        let mut plain = cryptogram.to_vec();
        SUITE
            .decrypt(self.keys.encryption(), &mut plain)
            .map_err(DocumentError::terminals)?;
        let fresh = plain.starts_with(&[&challenge[..], nonce].concat());
        require(CLAUSE, fresh, || {
            "the card's answer is not made for these two challenges".to_owned()
        })?;
        let card_share = plain.get(16..).unwrap_or_default();
        let seed: Vec<u8> = share.iter().zip(card_share).map(|(a, b)| a ^ b).collect();
        let low = |bytes: &[u8; 8]| u64::from_be_bytes(*bytes) & 0xFFFF_FFFF;
        let counter = low(&challenge) << 32 | low(nonce);
        Ok((SessionKeys::of_document(SUITE, &seed), counter))
    }

    /// The whole protocol; the channel is open afterwards.
    ///
    /// # Errors
    /// [`DocumentError`] of the first step that fails.
    pub fn run(
        &mut self,
        terminal: &mut Terminal,
        fault: Option<AccessFault>,
    ) -> Result<Reply, DocumentError> {
        terminal.take_channel();
        let reply = terminal.demand("GET CHALLENGE", &commands::get_challenge())?;
        self.take_challenge(&reply.data)?;
        let command = self.command(fault, terminal.random())?;
        let reply = terminal.transmit_with(&command, &SendOptions::plain())?;
        if !reply.sw.is_ok() {
            let step = "EXTERNAL AUTHENTICATE, basic access";
            return Err(TerminalError::Status { step, sw: reply.sw }.into());
        }
        let (keys, counter) = self.take(&reply.data)?;
        terminal.open_document_channel(&keys, counter);
        Ok(reply)
    }
}
