//! Steps of one command become command APDUs. Every parameter a step does not give is what a correct client sends.

use cie_crypto::random::RandomSource;
use cie_emulator::chip::{Chip, RootSelection};
use cie_emulator::wire::Le as WireLe;
use cie_emulator::wire::{CommandBuf, ins, tlv};

use super::values::Values;
use crate::scenario::model::{
    Action, Apdu, ApduFields, Application, ChangeReferenceData, CodeName, DataObject, Le,
    ManageSecurityEnvironment, ReadBinary, ResetRetryCounter, SecurityTemplate, Select, Verify,
};
use crate::scenario::text::HexByte;
use crate::terminal::ias::commands;
use crate::terminal::ias::published::TERMINAL_HOLDER_REFERENCE;

/// Turns steps into commands.
pub(super) struct Builder<'a> {
    /// What values refer to.
    pub(super) values: Values<'a>,
    /// The chip, where known: it decides how the root is selected.
    pub(super) chip: Option<&'a Chip>,
    /// Random bytes for values and keys.
    pub(super) random: &'a mut dyn RandomSource,
    /// The terminal's public value in a key agreement that is made step by step.
    pub(super) public_value: Option<Vec<u8>>,
}

impl Builder<'_> {
    /// The command of a step, when it is a step of one plain-built command; `None` for steps that need more than that.
    ///
    /// # Errors
    /// One sentence, when a value is not known or does not fit.
    pub(super) fn command(&mut self, action: &Action) -> Result<Option<CommandBuf>, String> {
        Ok(Some(match action {
            Action::Apdu(Apdu::Raw(bytes)) => {
                let command = cie_emulator::wire::Command::parse(bytes);
                command.map_err(|error| error.to_string())?.into()
            }
            Action::Apdu(Apdu::Fields(fields)) => self.fields(fields)?,
            Action::Select(select) => self.select(select)?,
            Action::ReadBinary(read) => self.read_binary(read)?,
            Action::GetData(get) => {
                let request = match (&get.object, &get.request) {
                    (_, Some(request)) => self.values.bytes(request, self.random)?,
                    (Some(object), None) => request_of(*object),
                    (None, None) => Vec::new(),
                };
                let command = CommandBuf::new(
                    0,
                    or(get.ins, ins::GET_DATA),
                    or(get.p1, 0x3F),
                    or(get.p2, 0xFF),
                );
                with_le(command.data(request), get.le.unwrap_or(Le::None))
            }
            Action::GetChallenge(get) => {
                let le = get.le.unwrap_or(Le::Exactly(get.length.unwrap_or(8)));
                let command = CommandBuf::new(0, ins::GET_CHALLENGE, or(get.p1, 0), or(get.p2, 0));
                with_le(command, le)
            }
            Action::Verify(verify) => self.verify(verify)?,
            Action::ChangeReferenceData(change) => self.change(change)?,
            Action::ResetRetryCounter(reset) => self.reset_retry_counter(reset)?,
            Action::ManageSecurityEnvironment(set) => self.set(set)?,
            Action::InternalAuthenticate(authenticate) => {
                let data = self.values.bytes(&authenticate.data, self.random)?;
                let (p1, p2) = (or(authenticate.p1, 0), or(authenticate.p2, 0));
                let command = CommandBuf::new(0, ins::INTERNAL_AUTHENTICATE, p1, p2).data(data);
                with_le(command, authenticate.le.unwrap_or(Le::None))
            }
            Action::ExternalAuthenticate(authenticate) => {
                let Some(data) = &authenticate.data else {
                    return Ok(None);
                };
                let data = self.values.bytes(data, self.random)?;
                let (p1, p2) = (or(authenticate.p1, 0), or(authenticate.p2, 0));
                let command = CommandBuf::new(0, ins::EXTERNAL_AUTHENTICATE, p1, p2).data(data);
                with_le(command, authenticate.le.unwrap_or(Le::None))
            }
            Action::VerifyCertificate(verify) => {
                let Some(data) = &verify.data else {
                    return Ok(None);
                };
                let data = self.values.bytes(data, self.random)?;
                let (p1, p2) = (or(verify.p1, 0x00), or(verify.p2, 0xAE));
                CommandBuf::new(0, ins::PERFORM_SECURITY_OPERATION, p1, p2).data(data)
            }
            Action::GeneralAuthenticate(authenticate) => {
                let Some(data) = &authenticate.data else {
                    return Ok(None);
                };
                let data = self.values.bytes(data, self.random)?;
                let cla = if authenticate.chained == Some(true) {
                    0x10
                } else {
                    0
                };
                let (p1, p2) = (or(authenticate.p1, 0), or(authenticate.p2, 0));
                let command = CommandBuf::new(cla, ins::GENERAL_AUTHENTICATE, p1, p2).data(data);
                with_le(command, authenticate.le.unwrap_or(Le::Max))
            }
            Action::Bytes(_)
            | Action::ActiveAuthenticate(_)
            | Action::ReadFile(_)
            | Action::Sign(_)
            | Action::Open(_)
            | Action::Close
            | Action::Reset(_)
            | Action::PowerCycle(_)
            | Action::Remove
            | Action::Insert
            | Action::Tear(_)
            | Action::Wait(_)
            | Action::Capture(_)
            | Action::Invariant(_)
            | Action::Note(_)
            | Action::Restore(_)
            | Action::Issuer(_) => return Ok(None),
        }))
    }

    fn fields(&mut self, fields: &ApduFields) -> Result<CommandBuf, String> {
        let data = match &fields.data {
            Some(data) => self.values.bytes(data, self.random)?,
            None => Vec::new(),
        };
        let (p1, p2) = (or(fields.p1, 0), or(fields.p2, 0));
        let command = CommandBuf::new(or(fields.cla, 0), fields.ins.0, p1, p2).data(data);
        let command = with_le(command, fields.le.unwrap_or(Le::None));
        Ok(if fields.extended {
            command.extended()
        } else {
            command
        })
    }

    fn select(&mut self, select: &Select) -> Result<CommandBuf, String> {
        let (mut p1, mut p2, mut data) = match (select.application, &select.file, &select.aid) {
            (Some(Application::Mf), ..) => (0x00, 0x00, Vec::new()),
            (Some(application), ..) => match (application, self.root_by_master_file()) {
                (Application::Ias, true) => (0x00, 0x00, Vec::new()),
                _ => (0x04, 0x0C, application.aid().unwrap_or_default().to_vec()),
            },
            (None, Some(file), _) => (0x02, 0x04, file.0.to_be_bytes().to_vec()),
            (None, None, Some(aid)) => (0x04, 0x0C, aid.0.clone()),
            (None, None, None) => (0x00, 0x00, Vec::new()),
        };
        if let Some(given) = &select.data {
            data = self.values.bytes(given, self.random)?;
        }
        p1 = or(select.p1, p1);
        p2 = or(select.p2, p2);
        let command = CommandBuf::new(0, ins::SELECT, p1, p2).data(data);
        Ok(with_le(command, select.le.unwrap_or(Le::None)))
    }

    fn root_by_master_file(&self) -> bool {
        self.chip
            .is_some_and(|chip| chip.dialects.root == RootSelection::MasterFile)
    }

    fn read_binary(&mut self, read: &ReadBinary) -> Result<CommandBuf, String> {
        let le = read.le.unwrap_or(read.length.map_or(Le::Max, Le::Exactly));
        let offset = read.offset.to_be_bytes();
        let [_, high, middle, low] = offset;
        let command = if read.odd {
            let offset = if high == 0 {
                vec![middle, low]
            } else {
                vec![high, middle, low]
            };
            let data = match &read.data {
                Some(data) => self.values.bytes(data, self.random)?,
                None => tlv::object(0x54, &offset),
            };
            let sfi = or(read.sfi, 0);
            CommandBuf::new(0, ins::READ_BINARY_ODD, or(read.p1, 0), or(read.p2, sfi)).data(data)
        } else {
            let (p1, p2) = match read.sfi {
                Some(sfi) => (0x80 | sfi.0, low),
                None => (middle, low),
            };
            if read.p1.is_none()
                && read.p2.is_none()
                && read.offset > if read.sfi.is_some() { 0xFF } else { 0x7FFF }
            {
                return Err(format!(
                    "offset {} does not fit P1-P2; use odd: true",
                    read.offset
                ));
            }
            let data = match &read.data {
                Some(data) => self.values.bytes(data, self.random)?,
                None => Vec::new(),
            };
            CommandBuf::new(0, ins::READ_BINARY, or(read.p1, p1), or(read.p2, p2)).data(data)
        };
        Ok(with_le(command, le))
    }

    fn verify(&mut self, verify: &Verify) -> Result<CommandBuf, String> {
        let name = verify.reference.code();
        let data = self.values.code(name, &verify.value, self.random)?;
        let p2 = or(verify.p2, verify.reference.byte());
        Ok(CommandBuf::new(0, ins::VERIFY, or(verify.p1, 0), p2).data(data))
    }

    fn change(&mut self, change: &ChangeReferenceData) -> Result<CommandBuf, String> {
        let name = change.reference.code();
        let old = self.values.code(name, &change.old, self.random)?;
        let new = self.values.code(name, &change.new, self.random)?;
        let (p1, p2) = (or(change.p1, 0), or(change.p2, change.reference.byte()));
        Ok(CommandBuf::new(0, ins::CHANGE_REFERENCE_DATA, p1, p2).data([old, new].concat()))
    }

    fn reset_retry_counter(&mut self, reset: &ResetRetryCounter) -> Result<CommandBuf, String> {
        let name = reset.reference.code();
        let resetting = match &reset.resetting_code {
            Some(code) => self.values.code(Some(CodeName::Puk), code, self.random)?,
            None => Vec::new(),
        };
        let new = match &reset.new_value {
            Some(value) => self.values.code(name, value, self.random)?,
            None => Vec::new(),
        };
        let p1 = match (&reset.resetting_code, &reset.new_value) {
            (Some(_), _) => 0x00,
            (None, Some(_)) => 0x02,
            (None, None) => 0x03,
        };
        let (p1, p2) = (or(reset.p1, p1), or(reset.p2, reset.reference.byte()));
        Ok(CommandBuf::new(0, ins::RESET_RETRY_COUNTER, p1, p2).data([resetting, new].concat()))
    }

    fn set(&mut self, set: &ManageSecurityEnvironment) -> Result<CommandBuf, String> {
        let key = |fits: u8| set.key.map_or(fits, |key| key.byte());
        let algorithm = |fits: u8| match &set.algorithm {
            Some(algorithm) => algorithm.0.clone(),
            None => vec![fits],
        };
        let (p1, p2, mut objects) = match set.set {
            SecurityTemplate::InternalAuthentication => {
                let key = key(commands::SIGNATURE_KEY);
                let fits = if key == commands::DEVICE_KEY {
                    commands::ALGORITHM_DEVICE_AUTHENTICATION
                } else {
                    commands::ALGORITHM_SIGN
                };
                (0x41, 0xA4, vec![(0x80, algorithm(fits)), (0x84, vec![key])])
            }
            SecurityTemplate::ExternalAuthentication => {
                let holder = match &set.holder_reference {
                    Some(reference) => reference.0.clone(),
                    None => TERMINAL_HOLDER_REFERENCE.to_vec(),
                };
                (0x81, 0xA4, vec![(0x83, holder)])
            }
            SecurityTemplate::KeyAgreement => {
                let public_value = match (&set.public_value, &self.public_value) {
                    (Some(value), _) => self.values.bytes(value, self.random)?,
                    (None, Some(value)) => value.clone(),
                    (None, None) => {
                        return Err("a key agreement by steps needs a public_value".to_owned());
                    }
                };
                let algorithm = algorithm(commands::ALGORITHM_DEVICE_AUTHENTICATION);
                let parameters = vec![key(commands::DH_PARAMETERS)];
                (
                    0x41,
                    0xA6,
                    vec![(0x80, algorithm), (0x83, parameters), (0x91, public_value)],
                )
            }
            SecurityTemplate::Verification => {
                let algorithm = algorithm(commands::ALGORITHM_VERIFY_CERTIFICATE);
                (
                    0x81,
                    0xB6,
                    vec![(0x80, algorithm), (0x83, vec![key(commands::CA_KEY)])],
                )
            }
            SecurityTemplate::Pace => (0xC1, 0xA4, Vec::new()),
            SecurityTemplate::ChipAuthentication => (0x41, 0xA4, Vec::new()),
        };
        if set.reverse {
            objects.reverse();
        }
        let data = match &set.data {
            Some(data) => self.values.bytes(data, self.random)?,
            None => objects
                .iter()
                .flat_map(|(tag, value)| tlv::object(*tag, value))
                .collect(),
        };
        let command = CommandBuf::new(
            0,
            ins::MANAGE_SECURITY_ENVIRONMENT,
            or(set.p1, p1),
            or(set.p2, p2),
        );
        Ok(with_le(command.data(data), set.le.unwrap_or(Le::None)))
    }
}

/// The request for a public object.
fn request_of(object: DataObject) -> Vec<u8> {
    match object {
        DataObject::DhParameters => commands::ALL_PARAMETERS.to_vec(),
        DataObject::DhGenerator => commands::one_parameter(0x97).to_vec(),
        DataObject::DhPrime => commands::one_parameter(0x98).to_vec(),
        DataObject::DhOrder => commands::one_parameter(0x99).to_vec(),
        DataObject::CaPublicKey => commands::CA_PUBLIC_KEY.to_vec(),
        DataObject::IccPublicKey => commands::CARD_PUBLIC_VALUE.to_vec(),
    }
}

fn or(given: Option<HexByte>, fits: u8) -> u8 {
    given.map_or(fits, |byte| byte.0)
}

/// A Le field; 256 and 65536 are what the all-zero fields mean, so they are written so.
pub(super) fn with_le(command: CommandBuf, le: Le) -> CommandBuf {
    match le {
        Le::None => command,
        Le::Max | Le::Exactly(256) => command.le(WireLe::Maximum),
        Le::Exactly(length) => match u16::try_from(length) {
            Ok(length) => command.le(WireLe::from_extended(length)),
            Err(_) => command.le(WireLe::Maximum).extended(),
        },
    }
}
