//! Chip authentication version 1 as the terminal does it (ICAO 9303-11 §6.2): by MSE SET KAT, or by MSE SET AT and GENERAL
//! AUTHENTICATE. The answer still comes under the old keys; the new ones begin with the next command.

use cie_crypto::random::RandomSource;
use cie_crypto::suite::Suite;
use cie_emulator::wire::CommandBuf;
use cie_emulator::wire::tlv::{Tag, Tlv};

use super::super::{SessionKeys, Terminal};
use super::DocumentError;
use super::commands;
use super::domain::{Domain, KeyPair};
use super::error::{card_objects, require};
use super::fault::ExchangeFault;
use super::protocol::Protocol;
use super::security_infos::{ChipKey, SecurityInfos};

/// One run of chip authentication.
#[derive(Clone, Debug)]
pub struct ChipAuthentication {
    protocol: Vec<u8>,
    suite: Suite,
    key: ChipKey,
    key_id: Option<Vec<u8>>,
    own: Option<KeyPair>,
}

impl ChipAuthentication {
    /// With what EF.DG14 offers. `protocol` chooses among several; the first one that has a key when absent.
    ///
    /// # Errors
    /// [`DocumentError::Broken`] when there is no chip authentication with a key.
    pub fn new(offer: &SecurityInfos, protocol: Option<&[u8]>) -> Result<Self, DocumentError> {
        let missing = || {
            let detail = "EF.DG14 offers no chip authentication with a key to it";
            DocumentError::broken("ICAO 9303-11 §9.2.4", detail)
        };
        let found = offer.chip_authentication.iter().find_map(|info| {
            if protocol.is_some_and(|wanted| wanted != info.protocol) {
                return None;
            }
            let Some(Protocol::ChipAuthentication { curve, suite }) =
                Protocol::from_identifier(&info.protocol)
            else {
                return None;
            };
            let fits = |key: &&ChipKey| {
                matches!(key.domain, Domain::Curve(_)) == curve
                    && (info.key_id.is_none() || key.key_id == info.key_id)
            };
            let key = offer.chip_keys.iter().find(fits)?.clone();
            Some(Self {
                protocol: info.protocol.clone(),
                suite,
                key_id: info.key_id.clone(),
                key,
                own: None,
            })
        });
        found.ok_or_else(missing)
    }

    /// The form that the protocol's algorithms ask for: with 3DES the key agreement template, else the authentication
    /// template (ICAO 9303-11 §6.2.3).
    #[must_use]
    pub fn by_key_agreement_template(&self) -> bool {
        self.suite == Suite::TripleDes
    }

    fn value(
        &mut self,
        fault: Option<ExchangeFault>,
        random: &mut dyn RandomSource,
    ) -> Result<Vec<u8>, DocumentError> {
        let mut own = ExchangeFault::pair(fault, &self.key.domain, random);
        let value = ExchangeFault::value(fault, &self.key.domain, &own.public)?;
        own.public.clone_from(&value);
        self.own = Some(own);
        Ok(value)
    }

    fn key_id(&self, fault: Option<ExchangeFault>) -> Option<Vec<u8>> {
        match fault {
            Some(ExchangeFault::KeyReference) => Some(vec![0x7A]),
            _ => self.key_id.clone(),
        }
    }

    /// MSE SET KAT with a fresh key.
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] when the key's parameters know no such fault.
    pub fn set_key_agreement(
        &mut self,
        fault: Option<ExchangeFault>,
        random: &mut dyn RandomSource,
    ) -> Result<CommandBuf, DocumentError> {
        let value = self.value(fault, random)?;
        let mut command = commands::set_key_agreement(&value, self.key_id(fault).as_deref());
        match (fault, command.data.first_mut()) {
            (Some(ExchangeFault::InnerTag), Some(tag)) => *tag = 0x93,
            (Some(ExchangeFault::NothingInside | ExchangeFault::NoData), _) => command.data.clear(),
            (Some(ExchangeFault::ExtraObject), _) => {
                command.data.extend_from_slice(&[0x86, 0x01, 0x01]);
            }
            _ => {}
        }
        Ok(command)
    }

    /// MSE SET AT with the protocol.
    #[must_use]
    pub fn set_protocol(&self, fault: Option<ExchangeFault>) -> CommandBuf {
        commands::set_chip_authentication(&self.protocol, self.key_id(fault).as_deref())
    }

    /// GENERAL AUTHENTICATE with a fresh key.
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] when the key's parameters know no such fault.
    pub fn general_authenticate(
        &mut self,
        fault: Option<ExchangeFault>,
        random: &mut dyn RandomSource,
    ) -> Result<CommandBuf, DocumentError> {
        let value = self.value(fault, random)?;
        let data = ExchangeFault::dynamic(fault, 0x80, &value);
        Ok(commands::general_authenticate(false, &data))
    }

    /// Checks the answer to GENERAL AUTHENTICATE: an empty 7C.
    ///
    /// # Errors
    /// [`DocumentError::Broken`] for anything else.
    pub fn check_answer(&self, data: &[u8]) -> Result<(), DocumentError> {
        let dynamic = Tlv::read_only(data, Tag(0x7C)).map_err(card_objects)?;
        require("ICAO 9303-11 §6.2.4.2", dynamic.value.is_empty(), || {
            "chip authentication version 1 answers an empty 7C".to_owned()
        })
    }

    /// The keys of the new session.
    ///
    /// # Errors
    /// [`DocumentError::Missing`] before a key was sent, [`DocumentError::Broken`] when the chip's key is none.
    pub fn keys(&self) -> Result<SessionKeys, DocumentError> {
        let own = self
            .own
            .as_ref()
            .ok_or(DocumentError::Missing("an own key"))?;
        let secret = self.key.domain.agree(&own.private, &self.key.public)?;
        Ok(SessionKeys::of_document(self.suite, &secret))
    }

    /// Goes over to the new keys, the counter at zero.
    ///
    /// # Errors
    /// As [`keys`](Self::keys).
    pub fn open(&self, terminal: &mut Terminal) -> Result<(), DocumentError> {
        terminal.open_document_channel(&self.keys()?, 0);
        Ok(())
    }

    /// The short form of the terminal's key: what terminal authentication signs (TR-03110 part 3 §A.2.2.3).
    #[must_use]
    pub fn compressed_key(&self) -> Option<Vec<u8>> {
        let own = self.own.as_ref()?;
        Some(self.key.domain.compressed(&own.public))
    }
}
