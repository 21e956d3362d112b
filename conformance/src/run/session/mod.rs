//! A case while it runs: the terminal in front of the card, the codes in force, what was captured, the state of a device
//! authentication that is made step by step. It carries steps out; whether the answers are right is judged elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use cie_emulator::chip::Chip;
use cie_emulator::wire::{CommandBuf, Response, StatusWord, ins};

mod channels;
mod compound;
mod document;
mod document_proof;
mod document_rounds;
mod guarded;
pub(super) mod issuer;
mod sending;
mod told;
mod unknown;

use super::commands::Builder;
use super::facts::Facts;
use super::provider::Setup;
use super::spoil;
use super::values::{Codes, Values};
use crate::guard::SharedGuard;
use crate::report::model::Verdict;
use crate::scenario::model::{
    Action, ManageSecurityEnvironment, Reset as ResetKind, SecurityTemplate, Step,
};
use crate::target::{Reset, TargetError, TargetKind};
use crate::terminal::emrtd::DocumentError;
use crate::terminal::ias::{self, DeviceAuthentication, IasError, Prepared};
use crate::terminal::{Exchange, Protection, Reply, Terminal, TerminalError};

/// Why a step could not be carried out to an answer.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// The card or the way to it was lost.
    Lost(TargetError),
    /// The card broke a rule of its protocol: this is about the card.
    Rule(String),
    /// The scenario asks for what cannot be done; nothing is said about the card.
    Harness(String),
}

impl Trouble {
    /// The way to the card is gone, or the guard stood in it: nothing is known about the card. One that is there and does not
    /// answer is a fault of the card.
    pub(super) const fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(error) if !matches!(error, TargetError::NoResponse))
    }
}

impl From<TerminalError> for Trouble {
    fn from(error: TerminalError) -> Self {
        match error {
            TerminalError::Target(TargetError::Harness(what)) => Self::Harness(what),
            TerminalError::Target(TargetError::Unsupported(what)) => {
                Self::Harness(TargetError::Unsupported(what).to_string())
            }
            TerminalError::Target(lost) => Self::Lost(lost),
            TerminalError::Command(error) => Self::Harness(error.to_string()),
            error if spoil::is_terminals_fault(&error) => Self::Harness(error.to_string()),
            error => Self::Rule(error.to_string()),
        }
    }
}

impl From<IasError> for Trouble {
    fn from(error: IasError) -> Self {
        match error {
            IasError::Terminal(error) => error.into(),
            IasError::Missing(_) | IasError::Terminals(_) => Self::Harness(error.to_string()),
            rule => Self::Rule(rule.to_string()),
        }
    }
}

impl From<DocumentError> for Trouble {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Terminal(error) => error.into(),
            DocumentError::Missing(_) | DocumentError::Terminals(_) => {
                Self::Harness(error.to_string())
            }
            rule => Self::Rule(rule.to_string()),
        }
    }
}

/// What carrying a step out brought.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The deciding answer, where there is one.
    pub(super) reply: Option<Reply>,
    /// The deciding command before protection.
    pub(super) sent: Option<Vec<u8>>,
    /// What the card was asked to sign.
    pub(super) signed: Option<Vec<u8>>,
    /// The command went protected and whole, through a session both sides still had.
    pub(super) in_session: bool,
    /// What came of a step at the issuer.
    pub(super) issuer: Option<issuer::AtIssuer>,
}

/// A case while it runs.
pub(super) struct Session {
    pub(super) terminal: Terminal,
    pub(super) facts: Arc<Facts>,
    pub(super) chip: Option<Arc<Chip>>,
    pub(super) kind: TargetKind,
    /// Stands between the case and a physical card.
    guard: Option<SharedGuard>,
    pub(super) codes: Codes,
    pub(super) captures: BTreeMap<String, Vec<u8>>,
    /// Tries of PIN and PUK as the last status words told them.
    pub(super) tries_told: (Option<u8>, Option<u8>),
    /// The session has been refused or spoiled: answers may come plain from now on.
    session_broken: bool,
    prepared: Option<Prepared>,
    authentication: Option<DeviceAuthentication>,
    first_protected: Option<Vec<u8>>,
    document: document::DocumentState,
    /// What becomes of the case because something it needs is not known of this card.
    pub(super) unknown: Option<Verdict>,
    /// The issuer of the case, once a step needed it.
    office: Option<Box<issuer::Office>>,
    /// What everything random of the case derives from.
    seed: u64,
}

impl Session {
    pub(super) fn new(setup: Setup, guard: Option<SharedGuard>, seed: u64) -> Self {
        let kind = setup.target.kind();
        let random = cie_crypto::random::Seeded::derived(seed, "terminal");
        Self {
            terminal: Terminal::new(setup.target, Box::new(random)),
            codes: Codes::of(&setup.facts),
            facts: setup.facts,
            chip: setup.chip,
            kind,
            guard,
            captures: BTreeMap::new(),
            tries_told: (None, None),
            session_broken: false,
            prepared: None,
            authentication: None,
            first_protected: None,
            document: document::DocumentState::default(),
            unknown: None,
            office: None,
            seed,
        }
    }

    /// Carries one step out.
    pub(super) fn perform(&mut self, step: &Step) -> Result<Outcome, Trouble> {
        match &step.action {
            Action::Bytes(bytes) => {
                let bytes = self.bytes(bytes)?;
                self.ask_bytes(&bytes)?;
                let result = self.terminal.transmit_bytes(&bytes);
                self.tell(None, &result);
                let reply = result?;
                Ok(answered(reply, Some(bytes)))
            }
            Action::ReadFile(read) => self.read_file(read),
            Action::Sign(sign) => self.sign(sign),
            Action::Open(open) => self.open(open, step),
            Action::Close => {
                self.terminal.take_channel();
                Ok(Outcome::default())
            }
            Action::Reset(kind) => self.reset(*kind),
            Action::PowerCycle(kind) => self.reset(kind.unwrap_or(ResetKind::Cold)),
            Action::Remove => self.moved(|terminal| terminal.target_mut().remove()),
            Action::Insert => self.moved(|terminal| {
                terminal.target_mut().insert()?;
                terminal.power_on().map(drop)
            }),
            Action::Tear(tear) => {
                let target = self.terminal.target_mut();
                let armed = target.tear(tear.side.into(), tear.at.0);
                armed.map_err(TerminalError::Target)?;
                Ok(Outcome::default())
            }
            Action::Wait(time) => {
                // An embedded card has no clock: waiting would only waste the user's time.
                if self.kind == TargetKind::Reader {
                    std::thread::sleep(time.0);
                }
                Ok(Outcome::default())
            }
            Action::Capture(_) | Action::Invariant(_) | Action::Note(_) => Ok(Outcome::default()),
            Action::Restore(what) => self.restore(*what),
            Action::Issuer(issuer) => self.at_issuer(step, issuer),
            Action::VerifyCertificate(verify) if verify.data.is_none() => {
                let fault = verify.fault.map(spoil::certificate_fault);
                self.authentication_step(step, ias::Step::VerifyCertificate, fault)
            }
            Action::ExternalAuthenticate(external) if external.basic_access.is_some() => {
                self.basic_access_step(step, external)
            }
            Action::ManageSecurityEnvironment(set) if begins_pace(set) => {
                self.pace_begins(step, set)
            }
            Action::GeneralAuthenticate(general)
                if general.step.is_some() && general.data.is_none() =>
            {
                self.pace_round(step, general)
            }
            Action::ActiveAuthenticate(active) => self.active_authenticate(step, active),
            Action::ExternalAuthenticate(external) if external.data.is_none() => {
                let fault = external.fault.map(spoil::proof_fault);
                self.authentication_step(step, ias::Step::ExternalAuthenticate, fault)
            }
            _ => self.command_step(step),
        }
    }

    /// A step of one command.
    fn command_step(&mut self, step: &Step) -> Result<Outcome, Trouble> {
        if let Action::ReadBinary(read) = &step.action
            && let Some(file) = read.file
        {
            let select = ias::commands::select_file(file.0);
            let reply = self.terminal.transmit(&select)?;
            if !reply.sw.is_ok() {
                return Ok(answered(reply, select.to_bytes().ok()));
            }
        }
        let command = self.build(&step.action)?;
        let command = command.ok_or_else(|| {
            let verb = step.action.verb();
            Trouble::Harness(format!(
                "{verb} is not carried out by this version of the judge"
            ))
        })?;
        let chain = match &step.action {
            Action::Apdu(crate::scenario::model::Apdu::Fields(fields)) => fields.chain,
            _ => None,
        };
        let mut outcome = self.send(&command, step, chain)?;
        if matches!(step.action, Action::InternalAuthenticate(_)) {
            outcome.signed = Some(command.data.clone());
        }
        self.remember(&step.action, &command, outcome.reply.as_ref());
        Ok(outcome)
    }

    fn build(&mut self, action: &Action) -> Result<Option<CommandBuf>, Trouble> {
        let mut random = self.terminal.random().fork();
        let share = self.public_value_for(action);
        let mut builder = Builder {
            values: Values {
                facts: &self.facts,
                codes: &self.codes,
                captures: &self.captures,
                recovered: self.office.as_ref().and_then(|office| office.recovered()),
            },
            chip: self.chip.as_deref(),
            random: &mut *random,
            public_value: share,
        };
        let command = builder.command(action).map_err(Trouble::Harness)?;
        // What was drawn from the copy must not be drawn again.
        let mut step = [0; 8];
        self.terminal.random().fill(&mut step);
        Ok(command)
    }

    /// A public value for a key agreement made by steps: any member of the group will do, nothing is done with the secret.
    fn public_value_for(&mut self, action: &Action) -> Option<Vec<u8>> {
        let Action::ManageSecurityEnvironment(set) = action else {
            return None;
        };
        if set.set != SecurityTemplate::KeyAgreement || set.public_value.is_some() {
            return None;
        }
        let group = cie_crypto::dh::Group::rfc5114_2048_256();
        let exponent = group.random_exponent(self.terminal.random());
        Some(group.public_value(&exponent))
    }

    fn reset(&mut self, kind: ResetKind) -> Result<Outcome, Trouble> {
        let kind = match kind {
            ResetKind::Warm => Reset::Warm,
            ResetKind::Cold => Reset::Cold,
        };
        let atr = self.terminal.reset(kind).map_err(TerminalError::from)?;
        self.session_broken = false;
        Ok(Outcome {
            reply: Some(Reply {
                data: atr,
                sw: StatusWord::NO_ERROR,
                channel: Protection::Plain,
                unsent_links: 0,
            }),
            ..Outcome::default()
        })
    }

    fn moved(
        &mut self,
        action: impl FnOnce(&mut Terminal) -> Result<(), TargetError>,
    ) -> Result<Outcome, Trouble> {
        self.terminal.take_channel();
        action(&mut self.terminal).map_err(TerminalError::from)?;
        Ok(Outcome::default())
    }

    /// What an answer tells about codes and counters.
    fn remember(&mut self, action: &Action, command: &CommandBuf, reply: Option<&Reply>) {
        let Some(reply) = reply else { return };
        self.follow_authentication(command, reply);
        if command.header.ins == ins::GET_CHALLENGE && reply.sw.is_ok() {
            self.document.challenge = Some(reply.data.clone());
        }
        self.tries_told_by(command, reply.sw);
        let sets_pin = matches!(
            action,
            Action::ChangeReferenceData(_) | Action::ResetRetryCounter(_) | Action::Apdu(_)
        ) && matches!(
            (command.header.ins, command.header.p1),
            (ins::CHANGE_REFERENCE_DATA, _) | (ins::RESET_RETRY_COUNTER, 0x00 | 0x02)
        );
        if sets_pin && reply.sw.is_ok() && command.header.p2 == 0x81 {
            let new = command.data.last_chunk::<8>();
            self.codes.pin =
                new.and_then(|digits| cie_emulator::credentials::Code::from_digits(digits).ok());
        }
    }

    pub(super) fn bytes(
        &mut self,
        value: &crate::scenario::model::Bytes,
    ) -> Result<Vec<u8>, Trouble> {
        let values = Values {
            facts: &self.facts,
            codes: &self.codes,
            captures: &self.captures,
            recovered: self.office.as_ref().and_then(|office| office.recovered()),
        };
        values
            .bytes(value, self.terminal.random())
            .map_err(Trouble::Harness)
    }

    fn last_reply(&self) -> Option<Reply> {
        let last: &Exchange = self.terminal.exchanges().last()?;
        let response = last.plain_response.as_ref()?;
        let Response { data, sw } = Response::parse(response).ok()?;
        Some(Reply {
            data: data.to_vec(),
            sw,
            channel: last.channel,
            unsent_links: 0,
        })
    }

    fn last_command(&self) -> Option<Vec<u8>> {
        self.terminal.exchanges().last()?.plain_command.clone()
    }
}

/// Whether it names the protocol and password of PACE without saying all of the data by itself.
fn begins_pace(set: &ManageSecurityEnvironment) -> bool {
    set.set == SecurityTemplate::Pace && set.data.is_none()
}

fn answered(reply: Reply, sent: Option<Vec<u8>>) -> Outcome {
    Outcome {
        reply: Some(reply),
        sent,
        ..Outcome::default()
    }
}
