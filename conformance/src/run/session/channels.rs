//! Opening channels: key agreement and device authentication, whole or step by step, in whatever order a scenario wants.

use cie_emulator::chip::{DhDialect, RootSelection};
use cie_emulator::wire::{CommandBuf, ins, tlv};

use super::{Outcome, Session, Trouble, spoil};
use crate::scenario::model::{ChannelForm, KeyReference, Open, OpenParameters, Step};
use crate::terminal::ias::{
    self, CaKey, DeviceAuthentication, Dialect, Fault, IasError, KeyAgreement, OpenOptions, Root,
};
use crate::terminal::{
    AfterRefusal, PlainAnswer, Protection, Reply, Route, SendOptions, TerminalError,
};

impl Session {
    pub(super) fn open(&mut self, open: &Open, step: &Step) -> Result<Outcome, Trouble> {
        let result = match open {
            Open::KeyAgreement(parameters) => self.agree(parameters).map(drop),
            Open::DeviceAuthentication(parameters) => self.authenticate(parameters),
            Open::Bac(parameters) => return self.open_bac(parameters),
            Open::Pace(parameters) => return self.open_pace(parameters, step.channel),
            Open::ChipAuthentication(parameters) => {
                return self.open_chip_authentication(parameters, step.channel);
            }
            Open::TerminalAuthentication(parameters) => {
                return self.open_terminal_authentication(parameters);
            }
        };
        let reply = self.last_reply();
        match result {
            Ok(()) => {}
            // The card said no: the status word is what the step is judged by.
            Err(IasError::Terminal(TerminalError::Status { .. })) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Outcome {
            sent: self.last_command(),
            reply,
            ..Outcome::default()
        })
    }

    /// Reads what a key agreement needs, agrees keys, opens the channel.
    pub(super) fn agree(&mut self, parameters: &OpenParameters) -> Result<KeyAgreement, IasError> {
        self.session_broken = false;
        self.first_protected = None;
        let options = OpenOptions {
            root: self.root(),
            dialect: match parameters.combined_parameters {
                Some(true) => Dialect::Combined,
                Some(false) => Dialect::Separate,
                None => self.dialect(),
            },
            ..OpenOptions::default()
        };
        let (prepared, agreement) = match &parameters.public_value {
            None => ias::open_key_agreement(&mut self.terminal, options)?,
            Some(value) => {
                ias::prepare(&mut self.terminal, options)?;
                let value = self.bytes(value).map_err(|trouble| match trouble {
                    Trouble::Harness(what) => IasError::Terminals(what),
                    other => IasError::Terminals(format!("{other:?}")),
                })?;
                let algorithm = ias::commands::ALGORITHM_DEVICE_AUTHENTICATION;
                let parameters = ias::commands::DH_PARAMETERS;
                let set = ias::commands::set_key_agreement(algorithm, parameters, &value);
                // Nobody holds the exponent of this value: whatever the card says to it ends the opening.
                let sw = self.terminal.transmit(&set)?.sw;
                let step = "MSE SET, key agreement";
                return Err(TerminalError::Status { step, sw }.into());
            }
        };
        self.authentication = Some(DeviceAuthentication::new(
            agreement.clone(),
            prepared.ca.clone(),
            prepared.device_key.clone(),
            prepared.serial_number,
        ));
        self.prepared = Some(prepared);
        Ok(agreement)
    }

    pub(super) fn authenticate(&mut self, parameters: &OpenParameters) -> Result<(), IasError> {
        if !self.terminal.is_protected() || self.session_broken || self.authentication.is_none() {
            self.agree(parameters)?;
        }
        let certificate = parameters.certificate.map(spoil::certificate_fault);
        let proof = parameters.proof.map(spoil::proof_fault);
        let mut authentication = self.authentication.take();
        let Some(running) = authentication.as_mut() else {
            return Err(IasError::Missing("a key agreement"));
        };
        let mut result = Ok(());
        for step in ias::Step::ALL {
            let fault = match step {
                ias::Step::VerifyCertificate => certificate.as_ref(),
                ias::Step::ExternalAuthenticate => proof.as_ref(),
                _ => None,
            };
            let options = SendOptions::default();
            match running.step(&mut self.terminal, step, fault, &options) {
                Ok(Some(reply)) if !reply.sw.is_ok() => {
                    let step = step.name();
                    result = Err(TerminalError::Status { step, sw: reply.sw }.into());
                    break;
                }
                Ok(_) => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        self.authentication = authentication;
        result
    }

    /// One step of a device authentication, in whatever order the scenario wants.
    pub(super) fn authentication_step(
        &mut self,
        step: &Step,
        which: ias::Step,
        fault: Option<Fault>,
    ) -> Result<Outcome, Trouble> {
        let mut authentication = match self.authentication.take() {
            Some(authentication) => authentication,
            None => self.stranger()?,
        };
        let route = match step.channel {
            Some(ChannelForm::Plain) => Route::Plain,
            Some(ChannelForm::Protected) => Route::Protected,
            None => Route::Auto,
        };
        let options = SendOptions {
            route,
            plain_answer: PlainAnswer::Accept,
            after_refusal: AfterRefusal::Keep,
            ..SendOptions::default()
        };
        let in_session =
            self.terminal.is_protected() && route != Route::Plain && !self.session_broken;
        let result = authentication.step(&mut self.terminal, which, fault.as_ref(), &options);
        self.authentication = Some(authentication);
        let reply = result?;
        if let Some(reply) = &reply {
            self.note_session(false, in_session, reply);
        }
        Ok(Outcome {
            sent: self.last_command(),
            reply,
            in_session,
            ..Outcome::default()
        })
    }

    /// An authentication without a key agreement: what a terminal can still send when it skips that.
    pub(super) fn stranger(&mut self) -> Result<DeviceAuthentication, Trouble> {
        let group = cie_crypto::dh::Group::rfc5114_2048_256();
        let parameters = ias::DomainParameters::new(group.g(), group.p(), group.q())?;
        let share = ias::TerminalShare::fresh(&mut self.terminal, &parameters);
        let mut other = ias::TerminalShare::fresh(&mut self.terminal, &parameters);
        while other.public_value.ends_with(&[0]) {
            other = ias::TerminalShare::fresh(&mut self.terminal, &parameters);
        }
        let value = tlv::object(0x91, &other.public_value);
        let agreement = KeyAgreement::complete(parameters, &share, &tlv::object(0xA6, &value))?;
        let ca = self.facts.key(KeyReference::CertificationAuthority);
        let ca = ca.map_err(Trouble::Harness)?;
        let mut exponent = vec![0; ca.size().saturating_sub(ca.exponent().len())];
        exponent.extend_from_slice(ca.exponent());
        let ca = CaKey {
            modulus: ca.modulus().to_vec(),
            exponent,
            holder_reference: *b"\0\0\0\0ITCIECA1",
            holder_authorization: [0xA0, 0, 0, 0, 0, 0x39, 0x01],
        };
        let device = self.facts.key(KeyReference::Device);
        let device = device.map_err(Trouble::Harness)?.clone();
        Ok(DeviceAuthentication::new(agreement, ca, device, None))
    }

    pub(super) fn root(&self) -> Root {
        match self.chip.as_ref().map(|chip| chip.dialects.root) {
            Some(RootSelection::ApplicationIdentifier) => Root::IasApplication,
            Some(RootSelection::MasterFile) | None => Root::MasterFile,
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self.chip.as_ref().map(|chip| chip.dialects.dh_parameters) {
            Some(DhDialect::Combined) => Dialect::Combined,
            Some(DhDialect::Separate) => Dialect::Separate,
            None => Dialect::Automatic,
        }
    }

    /// A device authentication made by hand: the challenge is kept, and the counter jumps when the card has proven itself.
    pub(super) fn follow_authentication(&mut self, command: &CommandBuf, reply: &Reply) {
        let Some(authentication) = self.authentication.as_mut().filter(|_| reply.sw.is_ok()) else {
            return;
        };
        match (command.header.ins, command.data.last_chunk::<4>()) {
            (ins::GET_CHALLENGE, _) => authentication.set_challenge(reply.data.clone()),
            (ins::INTERNAL_AUTHENTICATE, Some(own))
                if command.data.len() == 8
                    && reply.data.len() == 264
                    && reply.channel == Protection::Protected =>
            {
                let card = authentication.challenge().and_then(<[u8]>::last_chunk::<4>);
                if let (Some(card), Some(channel)) = (card, self.terminal.channel_mut()) {
                    let (card, own) = (u32::from_be_bytes(*card), u32::from_be_bytes(*own));
                    channel
                        .messaging
                        .set_counter(u64::from(card) << 32 | u64::from(own));
                }
            }
            _ => {}
        }
    }
}
