//! PACE with generic mapping as the terminal does it (ICAO 9303-11 §4.4): four rounds of GENERAL AUTHENTICATE, each of which
//! can be done alone, in any order, and with a fault, because a card must refuse all of that.

use cie_crypto::ct;
use cie_crypto::random::RandomSource;
use cie_crypto::suite::Suite;
use cie_emulator::wire::tlv::{self, Tag, Tlv};
use cie_emulator::wire::{CommandBuf, StatusWord};

use super::super::{Chaining, Reply, SendOptions, SessionKeys, Terminal, TerminalError};
use super::DocumentError;
use super::commands;
use super::domain::{Domain, KeyPair};
use super::error::{card_objects, require};
use super::fault::{ExchangeFault, flip_last};
use super::password::Password;
use super::protocol::{Mapping, Protocol};
use super::security_infos::PaceInfo;

const CLAUSE: &str = "ICAO 9303-11 §4.4.4";

/// One round of GENERAL AUTHENTICATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Round {
    /// The card's nonce, enciphered.
    EncryptedNonce,
    /// Mapping data of both sides.
    Map,
    /// Ephemeral public keys of both sides.
    KeyAgreement,
    /// Authentication tokens of both sides.
    MutualAuthentication,
}

impl Round {
    /// All rounds in their order.
    pub const ALL: [Self; 4] = [
        Self::EncryptedNonce,
        Self::Map,
        Self::KeyAgreement,
        Self::MutualAuthentication,
    ];

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EncryptedNonce => "GENERAL AUTHENTICATE, encrypted nonce",
            Self::Map => "GENERAL AUTHENTICATE, mapping",
            Self::KeyAgreement => "GENERAL AUTHENTICATE, key agreement",
            Self::MutualAuthentication => "GENERAL AUTHENTICATE, mutual authentication",
        }
    }

    /// Tag of the terminal's data object.
    const fn tag(self) -> u32 {
        match self {
            Self::EncryptedNonce => 0x80,
            Self::Map => 0x81,
            Self::KeyAgreement => 0x83,
            Self::MutualAuthentication => 0x85,
        }
    }

    /// Tag of the card's data object.
    const fn answer_tag(self) -> u32 {
        match self {
            Self::EncryptedNonce => 0x80,
            Self::Map => 0x82,
            Self::KeyAgreement => 0x84,
            Self::MutualAuthentication => 0x86,
        }
    }

    /// Whether another round follows, so that the class has the chaining bit.
    const fn chained(self) -> bool {
        !matches!(self, Self::MutualAuthentication)
    }
}

/// One run of PACE, with whatever is known so far.
#[derive(Clone, Debug)]
pub struct Pace {
    protocol: Vec<u8>,
    suite: Suite,
    domain: Domain,
    named_parameters: Option<u8>,
    password: Password,
    nonce: Option<Vec<u8>>,
    mapping: Option<KeyPair>,
    mapped: Option<Domain>,
    ephemeral: Option<KeyPair>,
    card_ephemeral: Option<Vec<u8>>,
    keys: Option<SessionKeys>,
}

impl Pace {
    /// With what the card offers. `parameters` overrides the offer's domain parameters; they are named in the command only
    /// when `name_parameters` says so.
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] for a mapping or domain parameters that this judge does not do.
    pub fn new(
        info: &PaceInfo,
        parameters: Option<u8>,
        name_parameters: bool,
        password: Password,
    ) -> Result<Self, DocumentError> {
        let Some(Protocol::Pace(mapping, suite)) = Protocol::from_identifier(&info.protocol) else {
            return Err(DocumentError::Terminals(
                "the protocol is not PACE".to_owned(),
            ));
        };
        if let Mapping::Other(number) = mapping {
            return Err(DocumentError::Terminals(format!(
                "this judge does the generic mapping only, not mapping {number}"
            )));
        }
        let id = parameters.or(info.parameters).ok_or_else(|| {
            DocumentError::Terminals("the offer names no domain parameters; give them".to_owned())
        })?;
        Ok(Self {
            protocol: info.protocol.clone(),
            suite,
            domain: Domain::standardised(id)?,
            named_parameters: name_parameters.then_some(id),
            password,
            nonce: None,
            mapping: None,
            mapped: None,
            ephemeral: None,
            card_ephemeral: None,
            keys: None,
        })
    }

    /// The command that begins it: protocol, password and, where asked for, domain parameters.
    #[must_use]
    pub fn begin(&self) -> CommandBuf {
        let reference = self.password.reference();
        commands::set_pace(&self.protocol, reference, self.named_parameters)
    }

    /// The command of a round. Rounds that were left out are made up for with fresh values, so that a wrong order can be tried.
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] when these domain parameters know no such fault.
    pub fn command(
        &mut self,
        round: Round,
        fault: Option<ExchangeFault>,
        random: &mut dyn RandomSource,
    ) -> Result<CommandBuf, DocumentError> {
        let data = match round {
            Round::EncryptedNonce => first_round(fault),
            Round::Map => {
                let pair = ExchangeFault::pair(fault, &self.domain, random);
                let value = ExchangeFault::value(fault, &self.domain, &pair.public)?;
                self.mapping = Some(pair);
                ExchangeFault::dynamic(fault, round.tag(), &value)
            }
            Round::KeyAgreement => {
                let domain = self.mapped.as_ref().unwrap_or(&self.domain);
                let mut pair = ExchangeFault::pair(fault, domain, random);
                let value = ExchangeFault::value(fault, domain, &pair.public)?;
                // The card makes its token over what it was sent.
                pair.public.clone_from(&value);
                self.ephemeral = Some(pair);
                ExchangeFault::dynamic(fault, round.tag(), &value)
            }
            Round::MutualAuthentication => {
                let token = self.own_token(fault)?;
                ExchangeFault::dynamic(fault, round.tag(), &token)
            }
        };
        Ok(commands::general_authenticate(round.chained(), &data))
    }

    fn own_token(&self, fault: Option<ExchangeFault>) -> Result<Vec<u8>, DocumentError> {
        let own = self.ephemeral.as_ref().map(|pair| pair.public.as_slice());
        let key = match fault {
            Some(ExchangeFault::TokenOwnKey) => own,
            _ => self.card_ephemeral.as_deref(),
        };
        let (Some(keys), Some(key)) = (&self.keys, key) else {
            // A token of nothing, for a round out of its turn.
            return Ok(vec![0x5A; 8]);
        };
        let mut token = self.token(keys, key, fault)?.to_vec();
        match fault {
            Some(ExchangeFault::TokenBit) => flip_last(&mut token),
            Some(ExchangeFault::Short) => {
                token.pop();
            }
            Some(ExchangeFault::Long) => token.push(0),
            _ => {}
        }
        Ok(token)
    }

    /// MAC over the object identifier and the other side's ephemeral key (ICAO 9303-11 §4.4.3.4).
    fn token(
        &self,
        keys: &SessionKeys,
        public: &[u8],
        fault: Option<ExchangeFault>,
    ) -> Result<[u8; 8], DocumentError> {
        let mut data = tlv::object(0x06, &self.protocol);
        data.extend(tlv::object(self.domain.token_tag(), public));
        if fault != Some(ExchangeFault::TokenUnwrapped) {
            data = tlv::object(0x7F49, &data);
        }
        self.suite
            .token(keys.authentication(), &data)
            .map_err(DocumentError::terminals)
    }

    /// Takes the card's answer to a round.
    ///
    /// # Errors
    /// [`DocumentError::Broken`] for an answer that a correct terminal refuses, [`DocumentError::Missing`] when an earlier
    /// round was left out.
    pub fn take(&mut self, round: Round, data: &[u8]) -> Result<(), DocumentError> {
        let value = answer(data, round.answer_tag())?;
        match round {
            Round::EncryptedNonce => self.take_nonce(value),
            Round::Map => self.take_mapping(value),
            Round::KeyAgreement => self.take_key(value),
            Round::MutualAuthentication => self.take_token(value),
        }
    }

    fn take_nonce(&mut self, value: Vec<u8>) -> Result<(), DocumentError> {
        let whole = matches!(value.len(), 8 | 16) && value.len().is_multiple_of(self.suite.block());
        require("ICAO 9303-11 §4.4.3.2", whole, || {
            format!(
                "an encrypted nonce of {} bytes, 16 are asked for",
                value.len()
            )
        })?;
        let mut nonce = value;
        let key = self.password.nonce_key(self.suite);
        self.suite
            .decrypt(&key, &mut nonce)
            .map_err(DocumentError::terminals)?;
        self.nonce = Some(nonce);
        Ok(())
    }

    fn take_mapping(&mut self, value: Vec<u8>) -> Result<(), DocumentError> {
        let nonce = self
            .nonce
            .as_ref()
            .ok_or(DocumentError::Missing("the card's nonce"))?;
        let own = self
            .mapping
            .as_ref()
            .ok_or(DocumentError::Missing("own mapping data"))?;
        require("ICAO 9303-11 §4.4.1", value != own.public, || {
            "the card's mapping data are the terminal's own".to_owned()
        })?;
        self.whole_length("mapping data", &value)?;
        self.mapped = Some(self.domain.mapped(nonce, &own.private, &value)?);
        Ok(())
    }

    fn take_key(&mut self, value: Vec<u8>) -> Result<(), DocumentError> {
        let domain = self
            .mapped
            .as_ref()
            .ok_or(DocumentError::Missing("a mapping"))?;
        let own = self
            .ephemeral
            .as_ref()
            .ok_or(DocumentError::Missing("an own key"))?;
        require("ICAO 9303-11 §4.4.1", value != own.public, || {
            "the card's ephemeral key is the terminal's own".to_owned()
        })?;
        self.whole_length("an ephemeral key", &value)?;
        let secret = domain.agree(&own.private, &value)?;
        self.keys = Some(SessionKeys::of_document(self.suite, &secret));
        self.card_ephemeral = Some(value);
        Ok(())
    }

    /// Clients encode a number in their own way; only one with all its bytes reads the same everywhere.
    fn whole_length(&self, what: &str, value: &[u8]) -> Result<(), DocumentError> {
        let expected = self.domain.public_length();
        require("observed client behaviour", value.len() == expected, || {
            format!("{what} of {} bytes, expected {expected}", value.len())
        })
    }

    fn take_token(&self, value: Vec<u8>) -> Result<(), DocumentError> {
        let keys = self
            .keys
            .as_ref()
            .ok_or(DocumentError::Missing("a key agreement"))?;
        let own = self
            .ephemeral
            .as_ref()
            .ok_or(DocumentError::Missing("an own key"))?;
        let expected = self.token(keys, &own.public, None)?;
        require("ICAO 9303-11 §4.4.3.4", ct::eq(&expected, &value), || {
            "the card's authentication token is wrong: it does not know the password".to_owned()
        })
    }

    /// The session keys, once both ephemeral keys are there.
    #[must_use]
    pub const fn keys(&self) -> Option<&SessionKeys> {
        self.keys.as_ref()
    }

    /// The short form of the card's ephemeral key: its identifier in terminal authentication (TR-03110 part 3 §A.2.2.3).
    #[must_use]
    pub fn card_identifier(&self) -> Option<Vec<u8>> {
        let key = self.card_ephemeral.as_ref()?;
        Some(self.domain.compressed(key))
    }

    /// The whole protocol; the channel is open afterwards, its counter at zero.
    ///
    /// # Errors
    /// [`DocumentError`] of the first round that fails.
    pub fn run(&mut self, terminal: &mut Terminal) -> Result<(), DocumentError> {
        terminal.demand("MSE SET, PACE", &self.begin())?;
        for round in Round::ALL {
            self.round(terminal, round, None)?;
        }
        self.open(terminal)
    }

    /// One round that must be answered with `9000`.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn round(
        &mut self,
        terminal: &mut Terminal,
        round: Round,
        fault: Option<ExchangeFault>,
    ) -> Result<Reply, DocumentError> {
        let command = self.command(round, fault, terminal.random())?;
        let reply = terminal.transmit_with(&command, &unchained())?;
        if reply.sw != StatusWord::NO_ERROR {
            let (step, sw) = (round.name(), reply.sw);
            return Err(TerminalError::Status { step, sw }.into());
        }
        self.take(round, &reply.data)?;
        Ok(reply)
    }

    /// Opens the channel with the agreed keys.
    ///
    /// # Errors
    /// [`DocumentError::Missing`] before the keys are agreed.
    pub fn open(&self, terminal: &mut Terminal) -> Result<(), DocumentError> {
        let keys = self
            .keys
            .as_ref()
            .ok_or(DocumentError::Missing("a key agreement"))?;
        terminal.open_document_channel(keys, 0);
        Ok(())
    }
}

/// GENERAL AUTHENTICATE goes whole: its chaining bit means the rounds of the protocol.
#[must_use]
pub fn unchained() -> SendOptions {
    SendOptions {
        chaining: Chaining::Never,
        ..SendOptions::default()
    }
}

/// The first round has nothing to say.
fn first_round(fault: Option<ExchangeFault>) -> Vec<u8> {
    match fault {
        Some(ExchangeFault::NoData) => Vec::new(),
        Some(ExchangeFault::OuterTag) => vec![0x8C, 0x00],
        Some(ExchangeFault::ExtraObject) => vec![0x7C, 0x03, 0x81, 0x01, 0x01],
        _ => vec![0x7C, 0x00],
    }
}

/// The value under this tag, which must stand first and alone in 7C.
fn answer(data: &[u8], tag: u32) -> Result<Vec<u8>, DocumentError> {
    let dynamic = Tlv::read_only(data, Tag(0x7C)).map_err(card_objects)?;
    let (first, rest) = Tlv::read(dynamic.value).map_err(card_objects)?;
    require(CLAUSE, first.tag == Tag(tag), || {
        format!(
            "data object {} in the answer, expected {tag:02X}",
            first.tag
        )
    })?;
    require(CLAUSE, rest.is_empty(), || {
        format!("{} bytes more behind data object {tag:02X}", rest.len())
    })?;
    Ok(first.value.to_vec())
}
