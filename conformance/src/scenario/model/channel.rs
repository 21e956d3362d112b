//! Secure channels as a whole, resets, and facts that are watched over a whole scenario.

use serde::Deserialize;

use super::security::{CertificateFault, ProofFault};
use super::shorthand::text_or_choice;
use super::value::Bytes;
use crate::scenario::text::HexByte;
use crate::terminal::emrtd::{AccessFault, ExchangeFault};

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
    /// Terminal authentication (TR-03110 part 1), after chip authentication.
    TerminalAuthentication(OpenParameters),
}

impl Open {
    /// The parameters.
    pub fn parameters(&self) -> &OpenParameters {
        match self {
            Self::KeyAgreement(p)
            | Self::DeviceAuthentication(p)
            | Self::Bac(p)
            | Self::Pace(p)
            | Self::ChipAuthentication(p)
            | Self::TerminalAuthentication(p) => p,
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
    /// Terminal authentication.
    TerminalAuthentication(OpenParameters),
}

impl From<OpenFunction> for Open {
    fn from(function: OpenFunction) -> Self {
        match function {
            OpenFunction::KeyAgreement(p) => Self::KeyAgreement(p),
            OpenFunction::DeviceAuthentication(p) => Self::DeviceAuthentication(p),
            OpenFunction::Bac(p) => Self::Bac(p),
            OpenFunction::Pace(p) => Self::Pace(p),
            OpenFunction::ChipAuthentication(p) => Self::ChipAuthentication(p),
            OpenFunction::TerminalAuthentication(p) => Self::TerminalAuthentication(p),
        }
    }
}

text_or_choice!(
    Open,
    "Open",
    "key_agreement, device_authentication, bac, pace, chip_authentication or terminal_authentication, with parameters if wanted: {pace: {password: can}}",
    OpenFunction,
    |text| {
        let parameters = OpenParameters::default();
        match text {
            "key_agreement" => Ok(Self::KeyAgreement(parameters)),
            "device_authentication" => Ok(Self::DeviceAuthentication(parameters)),
            "bac" => Ok(Self::Bac(parameters)),
            "pace" => Ok(Self::Pace(parameters)),
            "chip_authentication" => Ok(Self::ChipAuthentication(parameters)),
            "terminal_authentication" => Ok(Self::TerminalAuthentication(parameters)),
            _ => Err(format!(
                "\"{text}\" is no channel: key_agreement, device_authentication, bac, pace, chip_authentication or terminal_authentication"
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
    /// Name the domain parameters in the command, also where there is only one choice.
    pub name_parameters: bool,
    /// How chip authentication is asked for; as its algorithms want it when absent.
    pub form: Option<ChipAuthenticationForm>,
    /// What is wrong with the terminal's key of chip authentication.
    pub fault: Option<ExchangeFault>,
    /// What is wrong with the terminal's cryptogram of basic access control.
    pub access_fault: Option<AccessFault>,
    /// After chip authentication, go on with the keys from before.
    pub keep_keys: bool,
    /// What the terminal's certificate of terminal authentication allows: the last byte of its authorisation, "01" (EF.DG3)
    /// when absent.
    pub authorisation: Option<HexByte>,
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
    /// The PIN of the protocol (reference 3), which a CIE does not take; the PIN's value is not sent.
    Pin,
    /// The PUK of the protocol (reference 4), which a CIE does not take.
    Puk,
}

/// The two ways to ask for chip authentication (ICAO 9303-11 §6.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChipAuthenticationForm {
    /// MSE SET with the key in the key agreement template.
    Kat,
    /// MSE SET with the protocol in the authentication template, then GENERAL AUTHENTICATE.
    At,
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
