//! Secure channels as a whole, resets, and facts that are watched over a whole scenario.

use serde::Deserialize;

use super::security::{CertificateFault, ProofFault};
use super::shorthand::text_or_choice;
use super::value::Bytes;

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
