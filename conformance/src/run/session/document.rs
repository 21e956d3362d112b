//! Opening the channels of the travel document: basic access control, PACE, chip and terminal authentication, each as a whole.
//! Their single steps are in `document_rounds`.

use cie_emulator::wire::{CommandBuf, Le};

use super::{Outcome, Session, Trouble};
use crate::scenario::model::{
    CertificateFault, ChannelForm, ChipAuthenticationForm, DocumentFile, OpenParameters, Password,
    ProofFault,
};
use crate::terminal::emrtd::pace::unchained;
use crate::terminal::emrtd::{
    self, BasicAccess, ChipAuthentication, DocumentError, Pace, PaceInfo, Protocol, Round,
    SecurityInfos, TerminalAuthentication, TerminalFault, commands, identifier,
};
use crate::terminal::{AfterRefusal, PlainAnswer, Route, SendOptions, TerminalError};

/// What a case knows of the document's protocols while it runs.
#[derive(Default)]
pub(super) struct DocumentState {
    /// PACE that is made round by round, or was made.
    pub(super) pace: Option<Pace>,
    /// The last chip authentication.
    pub(super) chip: Option<ChipAuthentication>,
    /// The last challenge of the card.
    pub(super) challenge: Option<Vec<u8>>,
    /// How the chip is named in terminal authentication.
    pub(super) identifier: Option<Vec<u8>>,
}

/// EF.CVCA is never longer, EF.DG14 and EF.CardAccess seldom.
const CHUNK: u16 = 0xDF;

impl Session {
    /// A status word that is no success is what the step is judged by; everything else is trouble.
    fn decided(&mut self, result: Result<(), DocumentError>) -> Result<Outcome, Trouble> {
        match result {
            Ok(()) | Err(DocumentError::Terminal(TerminalError::Status { .. })) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Outcome {
            sent: self.last_command(),
            reply: self.last_reply(),
            ..Outcome::default()
        })
    }

    /// The password as the step names it.
    pub(super) fn document_password(
        &self,
        password: Password,
        wrong: bool,
    ) -> Result<emrtd::Password, Trouble> {
        let right = self.facts.password(password).map_err(Trouble::Harness)?;
        Ok(if wrong { right.wrong() } else { right })
    }

    /// GET CHALLENGE and EXTERNAL AUTHENTICATE in the current directory.
    pub(super) fn open_bac(&mut self, parameters: &OpenParameters) -> Result<Outcome, Trouble> {
        self.begin_channel();
        let password = parameters.password.unwrap_or(Password::Mrz);
        let password = self.document_password(password, parameters.wrong_password)?;
        let mut access = BasicAccess::new(&password);
        let result = access.run(&mut self.terminal, parameters.access_fault);
        if result.is_ok() {
            self.named_by_document_number();
        }
        self.decided(result.map(drop))
    }

    /// A session that begins anew owes nothing to the one before.
    pub(super) fn begin_channel(&mut self) {
        self.terminal.take_channel();
        self.session_broken = false;
        self.first_protected = None;
    }

    /// After basic access control the chip is named by its document number with the check digit.
    pub(super) fn named_by_document_number(&mut self) {
        let file = self.facts.document_file(DocumentFile::DataGroup(1));
        let zone = file.ok().and_then(|file| file.get(5..));
        self.document.identifier = zone.and_then(|zone| zone.get(5..15)).map(<[u8]>::to_vec);
    }

    /// MSE SET and the four rounds in the current directory.
    pub(super) fn open_pace(
        &mut self,
        parameters: &OpenParameters,
        channel: Option<ChannelForm>,
    ) -> Result<Outcome, Trouble> {
        if channel != Some(ChannelForm::Protected) {
            self.begin_channel();
        }
        let password = parameters.password.unwrap_or(Password::Can);
        let password = self.document_password(password, parameters.wrong_password)?;
        let mut pace = self.new_pace(
            parameters.protocol.as_deref(),
            parameters.domain_parameters,
            parameters.name_parameters,
            password,
        )?;
        let result = self.run_pace(&mut pace);
        if result.is_ok() {
            self.document.identifier = pace.card_identifier();
            self.session_broken = false;
        }
        self.document.pace = Some(pace);
        self.decided(result)
    }

    fn run_pace(&mut self, pace: &mut Pace) -> Result<(), DocumentError> {
        self.terminal.demand("MSE SET, PACE", &pace.begin())?;
        for round in Round::ALL {
            pace.round(&mut self.terminal, round, None)?;
        }
        pace.open(&mut self.terminal)
    }

    /// PACE by the protocol asked for, or by the card's first offer that this judge can take.
    pub(super) fn new_pace(
        &mut self,
        protocol: Option<&str>,
        parameters: Option<u32>,
        name_parameters: bool,
        password: emrtd::Password,
    ) -> Result<Pace, Trouble> {
        let wanted = protocol.map(identifier).transpose()?;
        let parameters = parameters.map(u8::try_from).transpose().map_err(|_| {
            Trouble::Harness("domain_parameters are a number from 0 to 255".to_owned())
        })?;
        let info = match (wanted, parameters) {
            (Some(protocol), Some(id)) => offer_of(protocol, id)?,
            (wanted, _) => self.pace_offer(wanted.as_deref())?,
        };
        Ok(Pace::new(&info, parameters, name_parameters, password)?)
    }

    /// What EF.CardAccess offers: as personalised, or read from the card where that is not known.
    fn pace_offer(&mut self, wanted: Option<&[u8]>) -> Result<PaceInfo, Trouble> {
        let file = match self.facts.document_file(DocumentFile::CardAccess) {
            Ok(file) => file.to_vec(),
            Err(_) => self.read_card_access()?,
        };
        let offers = SecurityInfos::parse(&file)?.pace;
        let found = offers.into_iter().find(|offer| {
            let usable = !matches!(offer.mapping, emrtd::Mapping::Other(_));
            usable && wanted.is_none_or(|wanted| wanted == offer.protocol)
        });
        found.ok_or_else(|| {
            Trouble::Harness("EF.CardAccess offers no such PACE that this judge can do".to_owned())
        })
    }

    fn read_card_access(&mut self) -> Result<Vec<u8>, Trouble> {
        let demand = "reading of EF.CardAccess";
        self.terminal
            .demand(demand, &commands::select_master_file())?;
        self.terminal
            .demand(demand, &commands::select_file(commands::CARD_ACCESS))?;
        let read = CommandBuf::new(0, 0xB0, 0, 0).le(Le::Exactly(CHUNK));
        Ok(self.terminal.demand(demand, &read)?.data)
    }

    /// Chip authentication with the key of EF.DG14, read inside the session where it is not known.
    pub(super) fn open_chip_authentication(
        &mut self,
        parameters: &OpenParameters,
        channel: Option<ChannelForm>,
    ) -> Result<Outcome, Trouble> {
        let file = match self.facts.document_file(DocumentFile::DataGroup(14)) {
            Ok(file) => file.to_vec(),
            Err(_) => self.read_group(14)?,
        };
        let wanted = parameters.protocol.as_deref().map(identifier).transpose()?;
        let offer = SecurityInfos::parse(&file)?;
        let mut chip = ChipAuthentication::new(&offer, wanted.as_deref())?;
        let form = parameters
            .form
            .unwrap_or(match chip.by_key_agreement_template() {
                true => ChipAuthenticationForm::Kat,
                false => ChipAuthenticationForm::At,
            });
        let result = self.run_chip_authentication(&mut chip, form, parameters, channel);
        if result.is_ok() && !parameters.keep_keys {
            chip.open(&mut self.terminal)?;
            self.first_protected = None;
        }
        self.document.chip = Some(chip);
        self.decided(result)
    }

    fn run_chip_authentication(
        &mut self,
        chip: &mut ChipAuthentication,
        form: ChipAuthenticationForm,
        parameters: &OpenParameters,
        channel: Option<ChannelForm>,
    ) -> Result<(), DocumentError> {
        let fault = parameters.fault;
        let options = SendOptions {
            route: match channel {
                Some(ChannelForm::Plain) => Route::Plain,
                Some(ChannelForm::Protected) => Route::Protected,
                None => Route::Auto,
            },
            plain_answer: PlainAnswer::Accept,
            after_refusal: AfterRefusal::Keep,
            ..unchained()
        };
        let send = |terminal: &mut crate::terminal::Terminal, step, command: &CommandBuf| {
            let reply = terminal.transmit_with(command, &options)?;
            match reply.sw.is_ok() {
                true => Ok(reply),
                false => Err(TerminalError::Status { step, sw: reply.sw }),
            }
        };
        let terminal = &mut self.terminal;
        if form == ChipAuthenticationForm::Kat {
            let command = chip.set_key_agreement(fault, terminal.random())?;
            send(terminal, "MSE SET KAT, chip authentication", &command)?;
            return Ok(());
        }
        send(
            terminal,
            "MSE SET AT, chip authentication",
            &chip.set_protocol(fault),
        )?;
        let command = chip.general_authenticate(fault, terminal.random())?;
        let reply = send(
            terminal,
            "GENERAL AUTHENTICATE, chip authentication",
            &command,
        )?;
        chip.check_answer(&reply.data)
    }

    /// The content of a data group, read by its short identifier through the open channel.
    fn read_group(&mut self, number: u8) -> Result<Vec<u8>, Trouble> {
        let demand = "reading of EF.DG14";
        let mut content = Vec::new();
        let first = CommandBuf::new(0, 0xB0, 0x80 | number, 0).le(Le::Exactly(CHUNK));
        let mut reply = self.terminal.demand(demand, &first)?;
        loop {
            content.extend_from_slice(&reply.data);
            let whole = cie_emulator::wire::tlv::Tlv::read(&content).is_ok();
            let offset = u16::try_from(content.len()).unwrap_or(u16::MAX);
            if whole || reply.data.is_empty() || offset > 0x7FFF {
                return Ok(content);
            }
            let [high, low] = offset.to_be_bytes();
            let next = CommandBuf::new(0, 0xB0, high, low).le(Le::Exactly(CHUNK));
            reply = self.terminal.demand(demand, &next)?;
        }
    }

    /// Terminal authentication inside the session of chip authentication.
    pub(super) fn open_terminal_authentication(
        &mut self,
        parameters: &OpenParameters,
    ) -> Result<Outcome, Trouble> {
        let authority = self.facts.terminal_authority().map_err(Trouble::Harness)?;
        // Without a chip authentication a terminal can only sign something else; the card must refuse that.
        let chip = self.document.chip.as_ref();
        let key = chip.and_then(ChipAuthentication::compressed_key);
        let run = TerminalAuthentication::new(
            authority.clone(),
            self.document.identifier.clone().unwrap_or_default(),
            key.unwrap_or_default(),
        )?;
        let fault = terminal_fault(parameters);
        let rights = parameters.authorisation.map_or(0x01, |byte| byte.0);
        let result = run.run(&mut self.terminal, rights, fault);
        self.decided(result)
    }
}

/// An offer that the scenario makes up: protocol and domain parameters are both given.
fn offer_of(protocol: Vec<u8>, parameters: u8) -> Result<PaceInfo, Trouble> {
    let Some(Protocol::Pace(mapping, _)) = Protocol::from_identifier(&protocol) else {
        return Err(Trouble::Harness(
            "the protocol given is not PACE".to_owned(),
        ));
    };
    Ok(PaceInfo {
        protocol,
        mapping,
        version: 2,
        parameters: Some(parameters),
    })
}

/// What is wrong with certificate or proof, in the words that device authentication has for it.
fn terminal_fault(parameters: &OpenParameters) -> Option<TerminalFault> {
    let certificate = parameters.certificate.map(|fault| match fault {
        CertificateFault::Signature | CertificateFault::Hash => TerminalFault::CertificateSignature,
        CertificateFault::Remainder => TerminalFault::CertificateBody,
        CertificateFault::AuthorityReference => TerminalFault::UnknownAuthority,
        CertificateFault::ProfileIdentifier => TerminalFault::CertificateExpired,
        CertificateFault::Truncated => TerminalFault::CertificateTruncated,
    });
    let proof = parameters.proof.map(|fault| match fault {
        ProofFault::Hash | ProofFault::Trailer | ProofFault::Key => TerminalFault::ProofSignature,
        ProofFault::Challenge => TerminalFault::ProofChallenge,
        ProofFault::SerialNumber => TerminalFault::ProofIdentifier,
        ProofFault::PublicValue => TerminalFault::ProofKey,
    });
    certificate.or(proof)
}
