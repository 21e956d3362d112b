//! One step: a verb with its parameters, and what every step may say besides. In a file a step is a mapping with exactly
//! one verb and any of the common keys; flow (`use`, `for_each`, `repeat`, `group`) is gone once a scenario is expanded.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::card::{Chips, Target};
use super::expect::Expect;
use super::parsed::TlvPath;
use super::shorthand::text_or_fields;
use super::tamper::Tamper;
use super::value::{Bytes, CodeValue};
use super::verb::{
    Apdu, ChangeReferenceData, ExternalAuthenticate, GeneralAuthenticate, GetChallenge, GetData,
    InternalAuthenticate, Invariant, ManageSecurityEnvironment, Open, ReadBinary, ReadFile, Reset,
    ResetRetryCounter, Restore, Select, Sign, Verify, VerifyCertificate,
};
use crate::scenario::source::Span;
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
}

/// The verbs of [`Action`], as they are written.
pub const VERBS: [&str; 27] = [
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
    "wait",
    "capture",
    "invariant",
    "note",
    "restore",
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
            Self::Wait(_) => "wait",
            Self::Capture(_) => "capture",
            Self::Invariant(_) => "invariant",
            Self::Note(_) => "note",
            Self::Restore(_) => "restore",
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
            | Self::Wait(_)
            | Self::Capture(_)
            | Self::Invariant(_)
            | Self::Note(_) => false,
            Self::Restore(_) => false,
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
            | Self::Wait(_)
            | Self::Capture(_)
            | Self::Invariant(_)
            | Self::Note(_)
            | Self::Restore(_) => Vec::new(),
        }
    }
}

/// What every step may say besides its verb.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Common {
    /// What is expected of the answer; status "9000" when absent.
    pub expect: Option<Expect>,
    /// Send it plain or protected, instead of what the open channel implies.
    pub channel: Option<ChannelForm>,
    /// Spoil the command on its way.
    pub tamper: Option<Tamper>,
    /// Keep a part of the answer under a name.
    pub capture: Option<Capture>,
    /// Why; shown in the report.
    pub note: Option<String>,
    /// A name for the step, for faults and reports.
    pub name: Option<String>,
    /// Do it only on some chips or targets.
    pub only: Option<Only>,
}

/// The keys of [`Common`].
pub const COMMON_KEYS: [&str; 7] = [
    "expect", "channel", "tamper", "capture", "note", "name", "only",
];

/// A step ready to be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// What is expected; a step that says nothing expects `9000`.
    pub expect: Expect,
    /// How it is sent; as the open channel implies when absent.
    pub channel: Option<ChannelForm>,
    /// How it is spoiled.
    pub tamper: Tamper,
    /// What is kept of the answer.
    pub capture: Option<Capture>,
    /// Why.
    pub note: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Where it is left out.
    pub only: Option<Only>,
    /// Its place: from the first key to the end of the last value.
    pub span: Span,
    /// The place of the verb and its parameters.
    pub verb_span: Span,
    /// The place of `expect`, when there is one.
    pub expect_span: Option<Span>,
    /// Groups and turns of loops around it, from the outside: `["locking", "left=2"]`.
    pub path: Vec<String>,
    /// Where the block it comes from was used.
    pub used_at: Option<Span>,
}

/// How a command or an answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelForm {
    /// In clear.
    Plain,
    /// Under secure messaging.
    Protected,
}

/// A part of an answer, kept under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// The name.
    pub name: String,
    /// Which part.
    pub from: CaptureFrom,
    /// Leave out so many bytes at the start of the part.
    pub offset: u32,
    /// Keep so many bytes; to the end when absent.
    pub length: Option<u32>,
    /// Keep the value of this data object instead of the whole data.
    pub tlv: Option<TlvPath>,
}

/// The long form of `capture`.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct CaptureFields {
    /// The name.
    name: String,
    /// Which part; the data when absent.
    #[serde(default)]
    from: CaptureFrom,
    /// Leave out so many bytes at the start of the part.
    #[serde(default)]
    offset: u32,
    /// Keep so many bytes; to the end when absent.
    length: Option<u32>,
    /// Keep the value of the data object at this path ("7F49/81") instead of the whole data.
    tlv: Option<TlvPath>,
}

impl From<CaptureFields> for Capture {
    fn from(f: CaptureFields) -> Self {
        Self {
            name: f.name,
            from: f.from,
            offset: f.offset,
            length: f.length,
            tlv: f.tlv,
        }
    }
}

text_or_fields!(
    Capture,
    "Capture",
    "a name, or {name, from, offset, length, tlv}",
    CaptureFields,
    |text| {
        Ok(Self {
            name: text.to_owned(),
            from: CaptureFrom::Data,
            offset: 0,
            length: None,
            tlv: None,
        })
    }
);

/// Which part of an answer is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureFrom {
    /// The data, without protection.
    #[default]
    Data,
    /// The status word.
    Status,
    /// The answer as it came over the line.
    Answer,
    /// The command as it went over the line.
    Command,
}

/// Where a step is carried out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Only {
    /// These chips.
    pub chips: Chips,
    /// These targets; all when absent.
    pub targets: Vec<Target>,
}

/// A step in a file, before expansion. Decoding a header passes over it; the loader reads steps one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSource;

impl<'de> Deserialize<'de> for StepSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}
impl schemars::JsonSchema for StepSource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Step".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({})
    }
}
