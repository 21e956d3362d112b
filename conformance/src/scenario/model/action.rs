//! The verbs: what a step does. Flow (`use`, `for_each`, `repeat`, `group`) is not among them; it is gone once a scenario is
//! expanded.

use serde::Deserialize;

use super::channel::{Invariant, Open, Reset};
use super::codes::{ChangeReferenceData, ResetRetryCounter, Restore, Verify};
use super::files::{Apdu, GetData, ReadBinary, ReadFile, Select};
use super::issuer::Issuer;
use super::security::{
    ActiveAuthenticate, ExternalAuthenticate, GeneralAuthenticate, GetChallenge,
    InternalAuthenticate, ManageSecurityEnvironment, Sign, VerifyCertificate,
};
use super::step::Capture;
use super::tear::Tear;
use super::value::{Bytes, CodeValue};
use crate::scenario::text::Time;

/// What a step does.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send a command given by its bytes or fields. Protected like any other when a channel is open.
    Apdu(Apdu),
    /// Send bytes that need not even be a command; never protected.
    Bytes(Bytes),
    /// SELECT an application, a directory or a file.
    Select(Select),
    /// READ BINARY, one command.
    ReadBinary(ReadBinary),
    /// Select a file and read the whole of it.
    ReadFile(ReadFile),
    /// GET DATA.
    GetData(GetData),
    /// GET CHALLENGE.
    GetChallenge(GetChallenge),
    /// VERIFY a code.
    Verify(Verify),
    /// CHANGE REFERENCE DATA.
    ChangeReferenceData(ChangeReferenceData),
    /// RESET RETRY COUNTER.
    ResetRetryCounter(ResetRetryCounter),
    /// MANAGE SECURITY ENVIRONMENT SET.
    ManageSecurityEnvironment(ManageSecurityEnvironment),
    /// INTERNAL AUTHENTICATE.
    InternalAuthenticate(InternalAuthenticate),
    /// Active authentication of the travel document.
    ActiveAuthenticate(ActiveAuthenticate),
    /// EXTERNAL AUTHENTICATE.
    ExternalAuthenticate(ExternalAuthenticate),
    /// GENERAL AUTHENTICATE.
    GeneralAuthenticate(GeneralAuthenticate),
    /// PERFORM SECURITY OPERATION: VERIFY CERTIFICATE.
    VerifyCertificate(VerifyCertificate),
    /// Sign with a key of the card.
    Sign(Sign),
    /// Open a secure channel. The step's `expect` is about the command that decides.
    Open(Open),
    /// Forget the channel on the terminal's side.
    Close,
    /// Reset the card.
    Reset(Reset),
    /// Take the supply away and give it back (`cold`), or reset with the supply kept (`warm`).
    PowerCycle(Option<Reset>),
    /// Take the card out of the reader or the field.
    Remove,
    /// Put the card back.
    Insert,
    /// Let the power go away in the middle of a write to come.
    Tear(Tear),
    /// Let time pass.
    Wait(Time),
    /// Keep a part of the last answer under a name.
    Capture(Capture),
    /// A fact that holds from here on.
    Invariant(Invariant),
    /// Words for the report.
    Note(String),
    /// Put back what the scenario may have changed; on a physical card loudly, if it cannot.
    Restore(Restore),
    /// Something happens at the issuer who gives lost codes back.
    Issuer(Box<Issuer>),
}

/// The verbs of [`Action`], as they are written.
pub const VERBS: [&str; 30] = [
    "apdu",
    "bytes",
    "select",
    "read_binary",
    "read_file",
    "get_data",
    "get_challenge",
    "verify",
    "change_reference_data",
    "reset_retry_counter",
    "manage_security_environment",
    "internal_authenticate",
    "active_authenticate",
    "external_authenticate",
    "general_authenticate",
    "verify_certificate",
    "sign",
    "open",
    "close",
    "reset",
    "power_cycle",
    "remove",
    "insert",
    "tear",
    "wait",
    "capture",
    "invariant",
    "note",
    "restore",
    "issuer",
];

impl Action {
    /// The verb as it is written.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Apdu(_) => "apdu",
            Self::Bytes(_) => "bytes",
            Self::Select(_) => "select",
            Self::ReadBinary(_) => "read_binary",
            Self::ReadFile(_) => "read_file",
            Self::GetData(_) => "get_data",
            Self::GetChallenge(_) => "get_challenge",
            Self::Verify(_) => "verify",
            Self::ChangeReferenceData(_) => "change_reference_data",
            Self::ResetRetryCounter(_) => "reset_retry_counter",
            Self::ManageSecurityEnvironment(_) => "manage_security_environment",
            Self::InternalAuthenticate(_) => "internal_authenticate",
            Self::ActiveAuthenticate(_) => "active_authenticate",
            Self::ExternalAuthenticate(_) => "external_authenticate",
            Self::GeneralAuthenticate(_) => "general_authenticate",
            Self::VerifyCertificate(_) => "verify_certificate",
            Self::Sign(_) => "sign",
            Self::Open(_) => "open",
            Self::Close => "close",
            Self::Reset(_) => "reset",
            Self::PowerCycle(_) => "power_cycle",
            Self::Remove => "remove",
            Self::Insert => "insert",
            Self::Tear(_) => "tear",
            Self::Wait(_) => "wait",
            Self::Capture(_) => "capture",
            Self::Invariant(_) => "invariant",
            Self::Note(_) => "note",
            Self::Restore(_) => "restore",
            Self::Issuer(_) => "issuer",
        }
    }

    /// True for steps that send exactly one command, which can then be tampered with.
    pub fn is_one_command(&self) -> bool {
        match self {
            Self::Apdu(_)
            | Self::Bytes(_)
            | Self::Select(_)
            | Self::ReadBinary(_)
            | Self::GetData(_)
            | Self::GetChallenge(_) => true,
            Self::Verify(_)
            | Self::ChangeReferenceData(_)
            | Self::ResetRetryCounter(_)
            | Self::ManageSecurityEnvironment(_) => true,
            Self::InternalAuthenticate(_)
            | Self::ActiveAuthenticate(_)
            | Self::ExternalAuthenticate(_)
            | Self::GeneralAuthenticate(_) => true,
            Self::VerifyCertificate(_) => true,
            Self::ReadFile(_)
            | Self::Sign(_)
            | Self::Open(_)
            | Self::Close
            | Self::Reset(_)
            | Self::PowerCycle(_) => false,
            Self::Remove
            | Self::Insert
            | Self::Tear(_)
            | Self::Wait(_)
            | Self::Capture(_)
            | Self::Invariant(_)
            | Self::Note(_) => false,
            Self::Restore(_) | Self::Issuer(_) => false,
        }
    }

    /// True for steps that get an answer from the card, of which something may be expected.
    pub fn has_answer(&self) -> bool {
        self.is_one_command()
            || matches!(
                self,
                Self::ReadFile(_)
                    | Self::Sign(_)
                    | Self::Open(_)
                    | Self::Reset(_)
                    | Self::PowerCycle(_)
            )
    }

    /// True for steps that get an answer from the issuer.
    pub fn has_reply(&self) -> bool {
        matches!(self, Self::Issuer(step) if step.has_reply())
    }

    /// True for steps whose `capture` means something.
    pub fn can_be_captured(&self) -> bool {
        self.has_answer() || matches!(self, Self::Issuer(_))
    }

    /// What is wrong with the parameters together, where each of them alone is right.
    ///
    /// # Errors
    /// One sentence that says what and how to mend it.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Select(select) => {
                let given = [
                    select.application.is_some(),
                    select.file.is_some(),
                    select.aid.is_some(),
                    select.data.is_some(),
                ];
                match given.iter().filter(|given| **given).count() {
                    0 if select.p1.is_none() => {
                        Err("select needs one of application, file, aid or data".to_owned())
                    }
                    0 | 1 => Ok(()),
                    _ => Err("select takes only one of application, file, aid and data".to_owned()),
                }
            }
            Self::ReadBinary(read) if read.file.is_some() && read.sfi.is_some() => {
                Err("read_binary takes a file or a short identifier, not both".to_owned())
            }
            Self::ReadBinary(read) if read.length.is_some() && read.le.is_some() => {
                Err("read_binary takes length or le, not both: le is the raw form".to_owned())
            }
            Self::GetData(get) if get.object.is_none() == get.request.is_none() => {
                Err("get_data needs exactly one of object and request".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// The names of captures the action needs.
    pub fn captures(&self) -> Vec<&str> {
        fn of<'a>(bytes: impl IntoIterator<Item = &'a Bytes>) -> Vec<&'a str> {
            bytes.into_iter().flat_map(Bytes::captures).collect()
        }
        fn code_bytes(value: &CodeValue) -> Option<&Bytes> {
            if let CodeValue::Bytes(bytes) = value {
                Some(bytes)
            } else {
                None
            }
        }
        match self {
            Self::Apdu(Apdu::Fields(fields)) => of(&fields.data),
            Self::Bytes(bytes) => of([bytes]),
            Self::Select(select) => of(&select.data),
            Self::ReadBinary(read) => of(&read.data),
            Self::GetData(get) => of(&get.request),
            Self::Verify(verify) => of(code_bytes(&verify.value)),
            Self::ChangeReferenceData(change) => of([&change.old, &change.new]
                .into_iter()
                .filter_map(code_bytes)),
            Self::ResetRetryCounter(reset) => of([&reset.new_value, &reset.resetting_code]
                .into_iter()
                .flatten()
                .filter_map(code_bytes)),
            Self::ManageSecurityEnvironment(set) => {
                of([&set.data, &set.public_value].into_iter().flatten())
            }
            Self::InternalAuthenticate(authenticate) => of([&authenticate.data]),
            Self::ActiveAuthenticate(authenticate) => {
                let given = [
                    &authenticate.challenge,
                    &authenticate.dg15,
                    &authenticate.dg14,
                ];
                of(given.into_iter().flatten())
            }
            Self::ExternalAuthenticate(authenticate) => of(&authenticate.data),
            Self::GeneralAuthenticate(authenticate) => of(&authenticate.data),
            Self::VerifyCertificate(verify) => of(&verify.data),
            Self::Sign(sign) => of([&sign.data]),
            Self::Open(open) => of(&open.parameters().public_value),
            Self::Apdu(Apdu::Raw(_))
            | Self::ReadFile(_)
            | Self::GetChallenge(_)
            | Self::Close
            | Self::Reset(_)
            | Self::PowerCycle(_) => Vec::new(),
            Self::Remove
            | Self::Insert
            | Self::Tear(_)
            | Self::Wait(_)
            | Self::Capture(_)
            | Self::Invariant(_)
            | Self::Note(_)
            | Self::Restore(_) => Vec::new(),
            Self::Issuer(step) => step.captures(),
        }
    }
}
