//! The verbs that make commands, with their parameters at the level of meaning. Every one of them has a way to say the
//! bytes themselves (`p1`, `p2`, `le`, `data`), because a judge must also be able to send what no client would.

use serde::Deserialize;

use super::shorthand::{text_or_choice, text_or_fields};
use super::value::{
    Application, Bytes, CodeValue, DataObject, Digest, KeyReference, Le, Reference,
};
use crate::scenario::text::{FileId, HexByte, HexBytes};

/// A command as it goes over the line: hex, or its fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Apdu {
    /// The bytes.
    Raw(Vec<u8>),
    /// The fields.
    Fields(ApduFields),
}

text_or_fields!(
    Apdu,
    "Apdu",
    "a command in hex, or its fields {cla, ins, p1, p2, data, le}",
    ApduFields,
    |text| {
        let bytes: HexBytes = text.parse()?;
        if bytes.0.len() < 4 {
            Err(
                "a command has at least four bytes; what is no command goes under `bytes`"
                    .to_owned(),
            )
        } else {
            Ok(Self::Raw(bytes.0))
        }
    }
);

impl From<ApduFields> for Apdu {
    fn from(fields: ApduFields) -> Self {
        Self::Fields(fields)
    }
}

/// The fields of a command (ISO/IEC 7816-4:2020 §5.2).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApduFields {
    /// Class; "00" when absent.
    pub cla: Option<HexByte>,
    /// Instruction.
    pub ins: HexByte,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Command data.
    pub data: Option<Bytes>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
    /// Use the extended form even when the short one would do.
    #[serde(default)]
    pub extended: bool,
    /// Split into a chain with links of at most so many data bytes.
    pub chain: Option<u32>,
}

/// SELECT (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Select {
    /// The application, in the dialect of the chip when it has one.
    pub application: Option<Application>,
    /// An elementary file of the current directory.
    pub file: Option<FileId>,
    /// An application identifier, also a partial or an unknown one.
    pub aid: Option<HexBytes>,
    /// First parameter instead of the one that fits.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the one that fits.
    pub p2: Option<HexByte>,
    /// Expected length instead of none.
    pub le: Option<Le>,
    /// Command data instead of those that fit.
    pub data: Option<Bytes>,
}

/// The long form of `select`.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SelectFields {
    /// The application: mf, ias, cie or emrtd.
    application: Option<Application>,
    /// An elementary file of the current directory.
    file: Option<FileId>,
    /// An application identifier, also a partial or an unknown one.
    aid: Option<HexBytes>,
    /// First parameter instead of the one that fits.
    p1: Option<HexByte>,
    /// Second parameter instead of the one that fits.
    p2: Option<HexByte>,
    /// Expected length instead of none.
    le: Option<Le>,
    /// Command data instead of those that fit.
    data: Option<Bytes>,
}

impl From<SelectFields> for Select {
    fn from(f: SelectFields) -> Self {
        Self {
            application: f.application,
            file: f.file,
            aid: f.aid,
            p1: f.p1,
            p2: f.p2,
            le: f.le,
            data: f.data,
        }
    }
}

text_or_fields!(
    Select,
    "Select",
    "mf, ias, cie, emrtd, a file identifier, or fields such as {aid: \"A000\"}",
    SelectFields,
    |text| {
        let application = match text {
            "mf" => Some(Application::Mf),
            "ias" => Some(Application::Ias),
            "cie" => Some(Application::Cie),
            "emrtd" => Some(Application::Emrtd),
            _ => None,
        };
        let file = if application.is_none() {
            Some(text.parse().map_err(|_| {
                format!("\"{text}\" is neither mf, ias, cie, emrtd nor a file identifier")
            })?)
        } else {
            None
        };
        Ok(Self {
            application,
            file,
            ..Self::default()
        })
    }
);

/// READ BINARY (ISO/IEC 7816-4:2020 §11). Without `file` and `sfi` it reads the current file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadBinary {
    /// Select this file first.
    pub file: Option<FileId>,
    /// Short file identifier in P1 (even instruction) or P2 (odd instruction).
    pub sfi: Option<HexByte>,
    /// Offset of the first byte.
    pub offset: u32,
    /// How many bytes to ask for; all there is when absent.
    pub length: Option<u32>,
    /// Use instruction B1 with the offset in data object 54.
    pub odd: bool,
    /// First parameter instead of the one that fits.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the one that fits.
    pub p2: Option<HexByte>,
    /// Expected length field instead of the one that fits.
    pub le: Option<Le>,
    /// Command data instead of those that fit.
    pub data: Option<Bytes>,
}

/// Selects a file and reads it from the first byte to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadFile {
    /// The file.
    pub file: FileId,
    /// Read by this short identifier instead of selecting.
    pub sfi: Option<HexByte>,
    /// Select this application first.
    pub application: Option<Application>,
    /// Bytes to ask for in each command; 128 when absent.
    pub chunk: Option<u32>,
}

/// The long form of `read_file`.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadFileFields {
    /// The file.
    file: FileId,
    /// Read by this short identifier instead of selecting.
    sfi: Option<HexByte>,
    /// Select this application first.
    application: Option<Application>,
    /// Bytes to ask for in each command; 128 when absent.
    chunk: Option<u32>,
}

impl From<ReadFileFields> for ReadFile {
    fn from(f: ReadFileFields) -> Self {
        Self {
            file: f.file,
            sfi: f.sfi,
            application: f.application,
            chunk: f.chunk,
        }
    }
}

text_or_fields!(
    ReadFile,
    "ReadFile",
    "a file identifier, or fields such as {file: \"1001\", chunk: 128}",
    ReadFileFields,
    |text| {
        Ok(Self {
            file: text.parse()?,
            sfi: None,
            application: None,
            chunk: None,
        })
    }
);

/// GET DATA (ISO/IEC 7816-4:2020 §11): a public object by name, or the request itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GetData {
    /// A public object of the CIE directory.
    pub object: Option<DataObject>,
    /// The request (an extended header list) instead of the one that fits.
    pub request: Option<Bytes>,
    /// Instruction; "CB" when absent.
    pub ins: Option<HexByte>,
    /// First parameter; "3F" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "FF" when absent.
    pub p2: Option<HexByte>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}

/// GET CHALLENGE (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GetChallenge {
    /// Bytes to ask for; 8 when absent.
    pub length: Option<u32>,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Expected length field instead of the one that fits.
    pub le: Option<Le>,
}

/// VERIFY (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Which code.
    pub reference: Reference,
    /// The data: right, wrong, original, none, digits, or bytes.
    pub value: CodeValue,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the reference.
    pub p2: Option<HexByte>,
}

/// CHANGE REFERENCE DATA (ISO/IEC 7816-4:2020 §11): old value, then new value.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeReferenceData {
    /// Which code.
    pub reference: Reference,
    /// The value in force.
    pub old: CodeValue,
    /// The value to set.
    pub new: CodeValue,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the reference.
    pub p2: Option<HexByte>,
}

/// RESET RETRY COUNTER (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetRetryCounter {
    /// Which code is unblocked.
    pub reference: Reference,
    /// The value to set; without it only the counter is restored.
    pub new_value: Option<CodeValue>,
    /// A resetting code in front of the new value (P1 "00").
    pub resetting_code: Option<CodeValue>,
    /// First parameter instead of the one that fits: "02" with a new value, "03" without, "00" with a resetting code.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the reference.
    pub p2: Option<HexByte>,
}

/// The templates of MANAGE SECURITY ENVIRONMENT SET as the card's clients use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecurityTemplate {
    /// 41 A4: a key for INTERNAL AUTHENTICATE.
    InternalAuthentication,
    /// 81 A4: a key for EXTERNAL AUTHENTICATE.
    ExternalAuthentication,
    /// 41 A6: domain parameters and the terminal's public value.
    KeyAgreement,
    /// 81 B6: the key that verifies a certificate.
    Verification,
    /// C1 A4: a PACE protocol and its password.
    Pace,
    /// 41 A4 with the object identifier of chip authentication.
    ChipAuthentication,
}

/// MANAGE SECURITY ENVIRONMENT (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManageSecurityEnvironment {
    /// The template.
    pub set: SecurityTemplate,
    /// Algorithm (data object 80); the one that fits when absent.
    pub algorithm: Option<HexBytes>,
    /// Key (data object 84, or 83 for public keys and domain parameters); the one that fits when absent.
    pub key: Option<KeyReference>,
    /// Public value of the terminal (data object 91); a fresh one when absent.
    pub public_value: Option<Bytes>,
    /// Holder reference of the terminal's certificate (data object 83); the one that fits when absent.
    pub holder_reference: Option<HexBytes>,
    /// Send the data objects in reverse order.
    #[serde(default)]
    pub reverse: bool,
    /// Command data instead of those that fit.
    pub data: Option<Bytes>,
    /// First parameter instead of the one that fits.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the one that fits.
    pub p2: Option<HexByte>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}

/// INTERNAL AUTHENTICATE (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InternalAuthenticate {
    /// The challenge, or what is to be signed.
    pub data: Bytes,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}

/// EXTERNAL AUTHENTICATE (ISO/IEC 7816-4:2020 §11): the terminal's proof over the last challenge.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExternalAuthenticate {
    /// What is wrong with the proof; nothing when absent.
    pub fault: Option<ProofFault>,
    /// Command data instead of a proof.
    pub data: Option<Bytes>,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}

/// What can be wrong with a terminal's proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofFault {
    /// The hash is off by one bit.
    Hash,
    /// The recovered block does not end in BC.
    Trailer,
    /// Made with another key than the certificate's.
    Key,
    /// Made over an earlier challenge.
    Challenge,
    /// Made over another serial number than the one sent.
    SerialNumber,
    /// Made over another public value of the key agreement.
    PublicValue,
}

/// The steps of GENERAL AUTHENTICATE in PACE (ICAO 9303-11 §4.4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GeneralAuthenticateStep {
    /// Ask for the encrypted nonce.
    EncryptedNonce,
    /// Exchange mapping data.
    Map,
    /// Exchange ephemeral public keys.
    KeyAgreement,
    /// Exchange authentication tokens.
    MutualAuthentication,
}

/// GENERAL AUTHENTICATE (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GeneralAuthenticate {
    /// The step of PACE this is; the runner fills in what belongs there.
    pub step: Option<GeneralAuthenticateStep>,
    /// Command data (the whole of 7C) instead of those that fit.
    pub data: Option<Bytes>,
    /// Set or clear the chaining bit of the class instead of what fits the step.
    pub chained: Option<bool>,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Expected length; max when absent.
    pub le: Option<Le>,
}

/// PERFORM SECURITY OPERATION: VERIFY CERTIFICATE (ISO/IEC 7816-8:2021): the terminal's card-verifiable certificate.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyCertificate {
    /// What is wrong with the certificate; nothing when absent.
    pub fault: Option<CertificateFault>,
    /// Command data instead of a certificate.
    pub data: Option<Bytes>,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "AE" when absent.
    pub p2: Option<HexByte>,
}

/// What can be wrong with a terminal's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateFault {
    /// A bit of the signature is flipped.
    Signature,
    /// A bit of the remainder outside the signature is flipped.
    Remainder,
    /// The hash in the recovered block is off by one bit.
    Hash,
    /// The authority reference (42) is another one.
    AuthorityReference,
    /// The profile identifier is not the one the card knows.
    ProfileIdentifier,
    /// The object is cut short.
    Truncated,
}

/// Signs with a key of the card: MANAGE SECURITY ENVIRONMENT, then INTERNAL AUTHENTICATE.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// The key.
    pub key: KeyReference,
    /// The message.
    pub data: Bytes,
    /// Hash the message and send a DigestInfo (RFC 8017 §9.2); without it the message is sent as it is.
    pub digest: Option<Digest>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}

/// Opens a secure channel, or takes one a level further.
#[derive(Clone, Debug, PartialEq)]
pub enum Open {
    /// Diffie-Hellman of the CIE directory; secure messaging begins.
    KeyAgreement(OpenParameters),
    /// Key agreement if there is none yet, then the mutual proofs of terminal and card.
    DeviceAuthentication(OpenParameters),
    /// Basic access control (ICAO 9303-11 §4.3).
    Bac(OpenParameters),
    /// Password authenticated connection establishment (ICAO 9303-11 §4.4).
    Pace(OpenParameters),
    /// Chip authentication (ICAO 9303-11 §6.2).
    ChipAuthentication(OpenParameters),
}

impl Open {
    /// The parameters.
    pub fn parameters(&self) -> &OpenParameters {
        match self {
            Self::KeyAgreement(p)
            | Self::DeviceAuthentication(p)
            | Self::Bac(p)
            | Self::Pace(p)
            | Self::ChipAuthentication(p) => p,
        }
    }
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum OpenFunction {
    /// Diffie-Hellman of the CIE directory; secure messaging begins.
    KeyAgreement(OpenParameters),
    /// Key agreement if there is none yet, then the mutual proofs of terminal and card.
    DeviceAuthentication(OpenParameters),
    /// Basic access control.
    Bac(OpenParameters),
    /// Password authenticated connection establishment.
    Pace(OpenParameters),
    /// Chip authentication.
    ChipAuthentication(OpenParameters),
}

impl From<OpenFunction> for Open {
    fn from(function: OpenFunction) -> Self {
        match function {
            OpenFunction::KeyAgreement(p) => Self::KeyAgreement(p),
            OpenFunction::DeviceAuthentication(p) => Self::DeviceAuthentication(p),
            OpenFunction::Bac(p) => Self::Bac(p),
            OpenFunction::Pace(p) => Self::Pace(p),
            OpenFunction::ChipAuthentication(p) => Self::ChipAuthentication(p),
        }
    }
}

text_or_choice!(
    Open,
    "Open",
    "key_agreement, device_authentication, bac, pace or chip_authentication, with parameters if wanted: {pace: {password: can}}",
    OpenFunction,
    |text| {
        let parameters = OpenParameters::default();
        match text {
            "key_agreement" => Ok(Self::KeyAgreement(parameters)),
            "device_authentication" => Ok(Self::DeviceAuthentication(parameters)),
            "bac" => Ok(Self::Bac(parameters)),
            "pace" => Ok(Self::Pace(parameters)),
            "chip_authentication" => Ok(Self::ChipAuthentication(parameters)),
            _ => Err(format!(
                "\"{text}\" is no channel: key_agreement, device_authentication, bac, pace or chip_authentication"
            )),
        }
    }
);

/// Parameters of a channel; each has a value that fits when absent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OpenParameters {
    /// The password of PACE and BAC; the CAN for PACE and the machine-readable zone for BAC when absent.
    pub password: Option<Password>,
    /// Use a wrong password.
    pub wrong_password: bool,
    /// Object identifier of the PACE protocol, in dots; the card's first offer when absent.
    pub protocol: Option<String>,
    /// Id of the domain parameters of PACE.
    pub domain_parameters: Option<u32>,
    /// The terminal's public value; a fresh one when absent.
    pub public_value: Option<Bytes>,
    /// What is wrong with the terminal's certificate.
    pub certificate: Option<CertificateFault>,
    /// What is wrong with the terminal's proof.
    pub proof: Option<ProofFault>,
    /// Read the domain parameters in one answer (true) or three (false) instead of the chip's own way.
    pub combined_parameters: Option<bool>,
}

/// The passwords of the travel document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Password {
    /// The six digits on the front.
    Can,
    /// The machine-readable zone.
    Mrz,
}

/// A reset: with the supply kept, or after taking it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// The supply stays.
    Warm,
    /// The supply is taken away and given back.
    Cold,
}

/// What `restore` puts back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Restore {
    /// The PIN: its counter, and its value as personalised (on a reader: the lab's).
    Pin,
    /// The counter of the PUK, by a right VERIFY.
    Puk,
}

/// Facts that hold from here to the end of the scenario, checked after every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// `x` of every 63Cx equals the counter, and no counter leaves its range.
    CountersTruthful,
    /// Counters go up only on a 9000 of the matching command.
    CountersMonotone,
    /// No answer, decrypted or not, contains a code or an unexplained half of one.
    NoSecretInAnswers,
    /// After a failed secure messaging check nothing is authenticated any more.
    ErrorsEndSessions,
    /// Every answer in a channel is protected, and its status says the same inside and outside.
    AnswersProtected,
    /// Files and services key answer as on a fresh card.
    DocumentSurvives,
    /// The persistent state does not change.
    NothingPersists,
}
