//! Diffie-Hellman with the card (IAS-ECC 1.0.1, key agreement of device authentication): public values, shared secret, session
//! keys, and the channel that they open.

use cie_emulator::wire::CommandBuf;
use zeroize::Zeroizing;

use super::super::{SendOptions, SessionKeys, Terminal};
use super::commands;
use super::parameters::{DomainParameters, descend, no_trailing_zero, values};
use super::rules::{IasError, Rule, require};

/// The counter with which a channel begins: the first command goes with 2.
pub const FIRST_COUNTER: u64 = 1;

/// The terminal's half: private exponent and public value. `Debug` shows nothing of the exponent.
pub struct TerminalShare {
    exponent: Zeroizing<Vec<u8>>,
    /// g to the power of the exponent, 256 bytes.
    pub public_value: Vec<u8>,
}

impl std::fmt::Debug for TerminalShare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TerminalShare({} bytes)", self.public_value.len())
    }
}

impl TerminalShare {
    /// A fresh exponent from the terminal's source of randomness.
    pub fn fresh(terminal: &mut Terminal, parameters: &DomainParameters) -> Self {
        let exponent = parameters.group().random_exponent(terminal.random());
        let public_value = parameters.group().public_value(&exponent);
        Self {
            exponent,
            public_value,
        }
    }

    /// The command that sends it.
    #[must_use]
    pub fn command(&self) -> CommandBuf {
        commands::set_key_agreement(
            commands::ALGORITHM_DEVICE_AUTHENTICATION,
            commands::DH_PARAMETERS,
            &self.public_value,
        )
    }
}

/// A completed key agreement. Both authentications sign these values.
#[derive(Clone, Debug)]
pub struct KeyAgreement {
    /// Domain parameters as served.
    pub parameters: DomainParameters,
    /// PK.IFD as sent.
    pub terminal_public: Vec<u8>,
    /// K.ICC as served, 256 bytes.
    pub card_public: Vec<u8>,
    keys: SessionKeys,
}

impl KeyAgreement {
    /// Computes the keys from both halves; `answer` is what GET DATA for `A6`/`91` brought, at best 264 bytes.
    ///
    /// # Errors
    /// [`IasError::Broken`] when K.ICC is not 256 bytes, ends in 00, is out of range, outside the subgroup, or leads to a
    /// secret with two leading zero bytes.
    pub fn complete(
        parameters: DomainParameters,
        share: &TerminalShare,
        answer: &[u8],
    ) -> Result<Self, IasError> {
        let card_public = values(&descend(answer, &[0xA6])?, &[0x91])?.concat();
        no_trailing_zero("K.ICC", &card_public)?;
        require(Rule::PublicValueLength, card_public.len() == 256, || {
            format!("K.ICC has {} bytes, expected 256", card_public.len())
        })?;
        let group = parameters.group();
        let range = |error: cie_crypto::dh::DhError| {
            IasError::broken(Rule::PublicValueRange, error.to_string())
        };
        let in_subgroup = group
            .shared_secret(&parameters.q, &card_public)
            .map_err(range)?;
        let one = matches!(in_subgroup.split_last(), Some((1, zeros)) if zeros.iter().all(|byte| *byte == 0));
        require(Rule::PublicValueOrder, one, || {
            "K.ICC to the power of q is not 1".into()
        })?;
        let secret = group
            .shared_secret(&share.exponent, &card_public)
            .map_err(range)?;
        require(
            Rule::SecretLeadingZeros,
            !secret.starts_with(&[0, 0]),
            || "the card must draw its exponent again".into(),
        )?;
        Ok(Self {
            keys: SessionKeys::from_secret(&secret),
            parameters,
            terminal_public: share.public_value.clone(),
            card_public,
        })
    }

    /// Opens the channel with the agreed keys.
    pub fn open(&self, terminal: &mut Terminal) {
        terminal.open_channel(&self.keys, FIRST_COUNTER);
    }
}

/// The whole key agreement: public values exchanged in plain, channel open afterwards.
///
/// # Errors
/// [`IasError::Terminal`] for a status word other than `9000`, [`IasError::Broken`] as for [`KeyAgreement::complete`].
pub fn agree_keys(
    terminal: &mut Terminal,
    parameters: &DomainParameters,
) -> Result<KeyAgreement, IasError> {
    terminal.take_channel();
    let share = TerminalShare::fresh(terminal, parameters);
    terminal.demand("MSE SET, terminal's public value", &share.command())?;
    let command = commands::get_data(&commands::CARD_PUBLIC_VALUE);
    let reply = terminal.transmit_whole(&command, &SendOptions::plain())?;
    if !reply.sw.is_ok() {
        let step = "GET DATA, card's public value";
        return Err(super::super::TerminalError::Status { step, sw: reply.sw }.into());
    }
    let agreement = KeyAgreement::complete(parameters.clone(), &share, &reply.data)?;
    agreement.open(terminal);
    Ok(agreement)
}
