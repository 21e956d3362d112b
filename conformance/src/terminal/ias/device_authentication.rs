//! Mutual device authentication (IAS-ECC 1.0.1): the terminal's certificate and proof, the card's proof, the new counter. Every
//! step can be done alone, in any order, and with a fault, because a card must refuse all of that.

use cie_crypto::rsa::PublicKey;
use cie_crypto::{ct, hash, iso9796};

use super::super::{Reply, SendOptions, Terminal, TerminalError};
use super::certificate::{BlockShape, CertificateContent, TerminalCertificate};
use super::commands;
use super::key_agreement::KeyAgreement;
use super::parameters::CaKey;
use super::published::{TERMINAL_HOLDER_REFERENCE, TERMINAL_SERIAL_NUMBER, terminal_key};
use super::rules::{IasError, Rule, require};

/// One step of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// MSE SET: the authority's key verifies.
    SelectAuthority,
    /// PSO VERIFY CERTIFICATE.
    VerifyCertificate,
    /// MSE SET: the certified key authenticates.
    SelectTerminalKey,
    /// GET CHALLENGE, 8 bytes.
    GetChallenge,
    /// EXTERNAL AUTHENTICATE.
    ExternalAuthenticate,
    /// MSE SET: the card's device key authenticates.
    SelectDeviceKey,
    /// INTERNAL AUTHENTICATE; the proof is checked.
    InternalAuthenticate,
    /// Both sides set the counter; nothing is sent.
    JumpCounter,
}

impl Step {
    /// All steps in their order.
    pub const ALL: [Self; 8] = [
        Self::SelectAuthority,
        Self::VerifyCertificate,
        Self::SelectTerminalKey,
        Self::GetChallenge,
        Self::ExternalAuthenticate,
        Self::SelectDeviceKey,
        Self::InternalAuthenticate,
        Self::JumpCounter,
    ];

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SelectAuthority => "MSE SET, authority's key",
            Self::VerifyCertificate => "PSO VERIFY CERTIFICATE",
            Self::SelectTerminalKey => "MSE SET, terminal's key",
            Self::GetChallenge => "GET CHALLENGE",
            Self::ExternalAuthenticate => "EXTERNAL AUTHENTICATE",
            Self::SelectDeviceKey => "MSE SET, device key",
            Self::InternalAuthenticate => "INTERNAL AUTHENTICATE",
            Self::JumpCounter => "new send sequence counter",
        }
    }
}

/// What the terminal does wrong in a step. A fault that does not concern the step changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another key reference in the verification template.
    AuthorityKey(u8),
    /// One bit of the certificate's signature.
    CertificateSignature,
    /// One bit of the part outside the signature.
    CertificateRemainder,
    /// The hash in the signed block is wrong, the signature right.
    CertificateHash,
    /// Another first byte of the signed block.
    CertificateHeader(u8),
    /// Another last byte of the signed block.
    CertificateTrailer(u8),
    /// Another profile identifier, properly signed.
    CertificateProfile(u8),
    /// Another authority, inside and outside, properly signed.
    CertificateAuthority([u8; 8]),
    /// Another authority reference only outside the signature.
    CertificateOuterAuthority([u8; 8]),
    /// Another holder, properly signed.
    CertificateHolder([u8; 12]),
    /// Another authorization, properly signed.
    CertificateAuthorization([u8; 7]),
    /// The object ends early.
    CertificateTruncated(usize),
    /// Another holder reference in the external authentication template.
    TerminalKey([u8; 12]),
    /// Challenge of another length.
    ChallengeLength(u8),
    /// One bit of the proof's signature.
    ProofSignature,
    /// The hash in the proof is wrong, the signature right.
    ProofHash,
    /// The signed block of the proof ends in another byte than BC.
    ProofTrailer,
    /// The proof covers another challenge.
    ProofChallenge,
    /// The proof names another serial number in clear than it signs.
    ProofSerialNumber,
    /// The proof covers another public value of the card: another key agreement.
    ProofKeyAgreement,
    /// The signature is left out.
    ProofMissing,
    /// Another device key reference.
    DeviceKey(u8),
    /// A challenge to the card of another length than 8 bytes.
    RandomLength(usize),
    /// One side's counter is not set: the step is skipped.
    NoJump,
}

/// The state of one device authentication.
#[derive(Clone, Debug)]
pub struct DeviceAuthentication {
    agreement: KeyAgreement,
    ca: CaKey,
    device_key: PublicKey,
    serial_number: Option<[u8; 8]>,
    challenge: Option<Vec<u8>>,
    random: Option<Vec<u8>>,
    proven: Option<[u8; 8]>,
}

impl DeviceAuthentication {
    /// Over this key agreement, with the authority's key and the device key (of EF.1004) read before. With `serial_number`
    /// (EF.SN.ICC, bytes 4 to 11) the card's proof must name the same.
    #[must_use]
    pub const fn new(
        agreement: KeyAgreement,
        ca: CaKey,
        device_key: PublicKey,
        serial_number: Option<[u8; 8]>,
    ) -> Self {
        Self {
            agreement,
            ca,
            device_key,
            serial_number,
            challenge: None,
            random: None,
            proven: None,
        }
    }

    /// The serial number of the card, once its proof was right.
    #[must_use]
    pub const fn proven(&self) -> Option<[u8; 8]> {
        self.proven
    }

    /// The card's challenge, once it was read.
    #[must_use]
    pub fn challenge(&self) -> Option<&[u8]> {
        self.challenge.as_deref()
    }

    /// Takes another challenge for the card's, say the one of a former session.
    pub fn set_challenge(&mut self, challenge: Vec<u8>) {
        self.challenge = Some(challenge);
    }

    /// All steps; each must be answered with `9000`.
    ///
    /// # Errors
    /// [`IasError`] of the first step that fails.
    pub fn run(&mut self, terminal: &mut Terminal) -> Result<(), IasError> {
        for step in Step::ALL {
            let reply = self.step(terminal, step, None, &SendOptions::default())?;
            if let Some(reply) = reply.filter(|reply| !reply.sw.is_ok()) {
                let step = step.name();
                return Err(TerminalError::Status { step, sw: reply.sw }.into());
            }
        }
        Ok(())
    }

    /// One step; `None` when nothing was sent. Any status word is an answer. A challenge that was never read counts as eight
    /// zero bytes.
    ///
    /// # Errors
    /// [`IasError::Terminal`] when no usable answer came, [`IasError::Broken`] when challenge or proof are wrong.
    pub fn step(
        &mut self,
        terminal: &mut Terminal,
        step: Step,
        fault: Option<&Fault>,
        options: &SendOptions,
    ) -> Result<Option<Reply>, IasError> {
        let command = match step {
            Step::SelectAuthority => {
                let key = match fault {
                    Some(Fault::AuthorityKey(key)) => *key,
                    _ => commands::CA_KEY,
                };
                commands::set_verification(commands::ALGORITHM_VERIFY_CERTIFICATE, key)
            }
            Step::VerifyCertificate => commands::verify_certificate(&self.certificate(fault)?),
            Step::SelectTerminalKey => match fault {
                Some(Fault::TerminalKey(holder)) => commands::set_external_authentication(holder),
                _ => commands::set_external_authentication(&TERMINAL_HOLDER_REFERENCE),
            },
            Step::GetChallenge => return self.get_challenge(terminal, fault, options).map(Some),
            Step::ExternalAuthenticate => {
                let proof = self.proof(terminal, fault)?;
                commands::external_authenticate(&proof)
            }
            Step::SelectDeviceKey => {
                let key = match fault {
                    Some(Fault::DeviceKey(key)) => *key,
                    _ => commands::DEVICE_KEY,
                };
                commands::set_device_authentication(key, commands::ALGORITHM_DEVICE_AUTHENTICATION)
            }
            Step::InternalAuthenticate => {
                return self
                    .internal_authenticate(terminal, fault, options)
                    .map(Some);
            }
            Step::JumpCounter => return self.jump(terminal, fault).map(|()| None),
        };
        Ok(Some(terminal.transmit_with(&command, options)?))
    }

    /// The certificate object, 354 bytes unless spoiled.
    fn certificate(&self, fault: Option<&Fault>) -> Result<Vec<u8>, IasError> {
        let mut content = CertificateContent::for_authority(&self.ca);
        let mut shape = BlockShape::default();
        match fault {
            Some(Fault::CertificateProfile(profile)) => content.profile = *profile,
            Some(Fault::CertificateAuthority(car)) => content.authority = car.to_vec(),
            Some(Fault::CertificateHolder(holder)) => content.holder = holder.to_vec(),
            Some(Fault::CertificateAuthorization(cha)) => content.authorization = cha.to_vec(),
            Some(Fault::CertificateHeader(header)) => shape.header = *header,
            Some(Fault::CertificateTrailer(trailer)) => shape.trailer = *trailer,
            Some(Fault::CertificateHash) => shape.hash_mask = 0x01,
            _ => {}
        }
        let mut certificate = TerminalCertificate::sign(&content, &self.ca, shape)?;
        if fault.is_none() {
            certificate.opens_with(&self.ca)?;
        }
        match fault {
            Some(Fault::CertificateSignature) => flip_last(&mut certificate.signature),
            Some(Fault::CertificateRemainder) => flip_last(&mut certificate.remainder),
            Some(Fault::CertificateOuterAuthority(car)) => certificate.authority = car.to_vec(),
            _ => {}
        }
        let mut bytes = certificate.to_bytes();
        if let Some(Fault::CertificateTruncated(length)) = fault {
            bytes.truncate(*length);
        }
        Ok(bytes)
    }

    fn get_challenge(
        &mut self,
        terminal: &mut Terminal,
        fault: Option<&Fault>,
        options: &SendOptions,
    ) -> Result<Reply, IasError> {
        let length = match fault {
            Some(Fault::ChallengeLength(length)) => *length,
            _ => 8,
        };
        let reply = terminal.transmit_with(&commands::get_challenge(length), options)?;
        if reply.sw.is_ok() && fault.is_none() {
            require(Rule::ChallengeLength, reply.data.len() == 8, || {
                format!("a challenge of {} bytes, expected 8", reply.data.len())
            })?;
            self.challenge = Some(reply.data.clone());
        }
        Ok(reply)
    }

    /// Serial number and signature of the terminal, 264 bytes: `6A ‖ PRND ‖ SHA-256(PRND ‖ PK.IFD ‖ SN.IFD ‖ challenge ‖ K.ICC ‖
    /// g ‖ p ‖ q) ‖ BC`.
    fn proof(&self, terminal: &mut Terminal, fault: Option<&Fault>) -> Result<Vec<u8>, IasError> {
        let key =
            terminal_key().ok_or(IasError::Terminals("its published key is damaged".into()))?;
        let mut challenge = self.challenge.clone().unwrap_or_else(|| vec![0; 8]);
        let mut card_public = self.agreement.card_public.clone();
        let mut serial = TERMINAL_SERIAL_NUMBER;
        match fault {
            Some(Fault::ProofChallenge) => flip_last(&mut challenge),
            Some(Fault::ProofKeyAgreement) => flip_last(&mut card_public),
            _ => {}
        }
        let mut padding = vec![0; key.size() - 34];
        terminal.random().fill(&mut padding);
        let parameters = &self.agreement.parameters;
        let mut digest = hash::sha256(&[
            &padding,
            &self.agreement.terminal_public,
            &serial,
            &challenge,
            &card_public,
            &parameters.g,
            &parameters.p,
            &parameters.q,
        ]);
        if fault == Some(&Fault::ProofHash) {
            flip_last(&mut digest);
        }
        let trailer = match fault {
            Some(Fault::ProofTrailer) => 0xCC,
            _ => 0xBC,
        };
        let block = [&[0x6A][..], &padding, &digest, &[trailer]].concat();
        let mut signature = key
            .apply(&block)
            .map_err(|error| IasError::Terminals(error.to_string()))?;
        match fault {
            Some(Fault::ProofSignature) => flip_last(&mut signature),
            Some(Fault::ProofMissing) => signature.clear(),
            Some(Fault::ProofSerialNumber) => flip_last(&mut serial),
            _ => {}
        }
        Ok([&serial[..], &signature].concat())
    }

    fn internal_authenticate(
        &mut self,
        terminal: &mut Terminal,
        fault: Option<&Fault>,
        options: &SendOptions,
    ) -> Result<Reply, IasError> {
        let length = match fault {
            Some(Fault::RandomLength(length)) => *length,
            _ => 8,
        };
        let mut random = vec![0; length];
        terminal.random().fill(&mut random);
        let reply = terminal.transmit_with(&commands::internal_authenticate(&random), options)?;
        if reply.sw.is_ok() && fault.is_none() {
            let serial = self.check_proof(&random, &reply.data)?;
            self.proven = Some(serial);
            self.random = Some(random);
        }
        Ok(reply)
    }

    /// Checks the card's proof: `SN.ICC ‖ signature` of `6A ‖ PRND ‖ SHA-256(PRND ‖ K.ICC ‖ SN.ICC ‖ RND.IFD ‖ PK.IFD ‖ g ‖ p ‖
    /// q) ‖ BC`; returns SN.ICC.
    ///
    /// # Errors
    /// [`IasError::Broken`] naming what is wrong.
    pub fn check_proof(&self, random: &[u8], answer: &[u8]) -> Result<[u8; 8], IasError> {
        let size = self.device_key.size();
        let parts = answer.split_first_chunk::<8>();
        let Some((serial, signature)) = parts.filter(|(_, signature)| signature.len() == size)
        else {
            let detail = format!("{} bytes, expected {}", answer.len(), size + 8);
            return Err(IasError::broken(Rule::ProofLength, detail));
        };
        let opened = iso9796::recover_block(&self.device_key, signature)
            .map_err(|error| IasError::broken(Rule::ProofBlock, error.to_string()))?;
        let parameters = &self.agreement.parameters;
        let expected = hash::sha256(&[
            &opened.m1,
            &self.agreement.card_public,
            serial,
            random,
            &self.agreement.terminal_public,
            &parameters.g,
            &parameters.p,
            &parameters.q,
        ]);
        require(Rule::ProofHash, ct::eq(&expected, &opened.hash), || {
            "the card signed other values than were exchanged".into()
        })?;
        let same = self.serial_number.is_none_or(|known| known == *serial);
        require(Rule::ProofSerialNumber, same, || {
            format!("the proof names {}", hex::encode_upper(serial))
        })?;
        Ok(*serial)
    }

    /// The last four bytes of both challenges, the card's first, become the counter.
    fn jump(&self, terminal: &mut Terminal, fault: Option<&Fault>) -> Result<(), IasError> {
        if fault == Some(&Fault::NoJump) {
            return Ok(());
        }
        let tail = |bytes: &Option<Vec<u8>>| {
            let tail = bytes.as_deref().and_then(<[u8]>::last_chunk::<4>);
            tail.copied().map(u32::from_be_bytes)
        };
        let card = tail(&self.challenge).ok_or(IasError::Missing("the card's challenge"))?;
        let own = tail(&self.random).ok_or(IasError::Missing("the card's proof"))?;
        let channel = terminal
            .channel_mut()
            .ok_or(IasError::Missing("an open channel"))?;
        let counter = (u64::from(card) << 32) | u64::from(own);
        channel.messaging.set_counter(counter);
        Ok(())
    }
}

fn flip_last(bytes: &mut [u8]) {
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
}
