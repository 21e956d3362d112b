//! What a step may expect of an answer. Every part keeps its place in the file, so that a failure points at the line that
//! was not met. A step that says nothing expects `9000`.

use std::fmt;

use serde::Deserialize;

use super::issuer::ReplyExpect;
use super::parsed::{CertificateExpect, SecurityObjectExpect, SignatureExpect, StateExpect};
use super::step::ChannelForm;
use super::tlv::TlvTree;
use super::value::Data;
use crate::scenario::decode::At;
use crate::scenario::source::Span;
use crate::scenario::text::{Bound, HexBytes, StatusMask, Time, one_or_many};

/// Expectations about one answer; all that are given must be met.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The status word: exact, a mask ("63C?"), a list of alternatives, or a class (error, warning, any). "9000" when absent.
    pub sw: Option<At<StatusMatch>>,
    /// How the status came back: plain or protected.
    pub channel: Option<At<ChannelForm>>,
    /// The data, as a pattern or a function.
    pub data: Option<At<Data>>,
    /// True: no data at all; false: some.
    pub empty: Option<At<bool>>,
    /// Length of the data in bytes.
    pub length: Option<At<Bound>>,
    /// SHA-256 of the data.
    pub sha256: Option<At<HexBytes>>,
    /// Data objects in the data.
    pub tlv: Option<At<TlvTree>>,
    /// The data are an X.509 certificate.
    pub certificate: Option<At<CertificateExpect>>,
    /// The data are a document security object.
    pub security_object: Option<At<SecurityObjectExpect>>,
    /// The data are the machine-readable zone of an identity card, 90 characters with right check digits.
    pub machine_readable_zone: Option<At<bool>>,
    /// The data are a signature.
    pub signature: Option<At<SignatureExpect>>,
    /// Tries left after the step.
    pub tries: Option<At<Tries>>,
    /// The state of the card after the step (emulator only).
    pub state: Option<At<StateExpect>>,
    /// What the issuer answers, in a step at the issuer.
    pub reply: Option<At<ReplyExpect>>,
    /// The answer takes at most so long.
    pub within: Option<At<Time>>,
    /// The answer takes at least so long.
    pub at_least: Option<At<Time>>,
    /// The data equal this capture.
    pub same_as: Option<At<String>>,
    /// The data differ from this capture.
    pub differs_from: Option<At<String>>,
    /// At least one of these is met.
    pub any_of: Option<At<Vec<At<Self>>>>,
    /// This is not met.
    pub not: Option<At<Box<Self>>>,
    /// Why; shown when the expectation is not met.
    pub note: Option<String>,
}

impl Expect {
    /// True when the expectation can only be met by something else than success: a refusal is what is tested.
    pub fn is_refusal(&self) -> bool {
        if let Some(reply) = &self.reply {
            return reply.value.is_refusal();
        }
        match (&self.sw, &self.any_of) {
            (Some(sw), _) => !sw.value.matches(0x9000),
            (None, Some(alternatives)) => alternatives
                .value
                .iter()
                .all(|alternative| alternative.value.is_refusal()),
            (None, None) => self.not.as_ref().is_some_and(|not| {
                not.value
                    .sw
                    .as_ref()
                    .is_some_and(|sw| sw.value.matches(0x9000))
            }),
        }
    }

    /// True when the card is expected not to answer.
    pub fn expects_mute(&self) -> bool {
        self.sw
            .as_ref()
            .is_some_and(|sw| sw.value == StatusMatch::Mute)
    }

    /// The names of captures it refers to, with their places.
    pub fn captures(&self) -> Vec<(&str, Option<&Span>)> {
        let mut names: Vec<(&str, Option<&Span>)> = Vec::new();
        for capture in [&self.same_as, &self.differs_from].into_iter().flatten() {
            names.push((&capture.value, capture.span.as_ref()));
        }
        if let Some(data) = &self.data {
            names.extend(placed(data.value.captures(), data));
        }
        for (_, node) in self.tlv.iter().flat_map(|tlv| &tlv.value.nodes) {
            let value = node.value.value.iter().flat_map(Data::captures);
            names.extend(placed(value.collect(), node));
        }
        if let Some(certificate) = &self.certificate {
            names.extend(placed(certificate.value.captures(), certificate));
        }
        if let Some(object) = &self.security_object {
            names.extend(placed(object.value.captures(), object));
        }
        if let Some(signature) = &self.signature {
            names.extend(placed(signature.value.captures(), signature));
        }
        for alternative in self.any_of.iter().flat_map(|any_of| &any_of.value) {
            names.extend(alternative.value.captures());
        }
        names.extend(self.not.iter().flat_map(|not| not.value.captures()));
        names
    }
}

fn placed<'e, T>(
    names: Vec<&'e str>,
    at: &'e At<T>,
) -> impl Iterator<Item = (&'e str, Option<&'e Span>)> {
    names.into_iter().map(|name| (name, at.span.as_ref()))
}

/// Which status words are expected.
#[derive(Clone, Debug, PartialEq)]
pub enum StatusMatch {
    /// One of these masks.
    OneOf(Vec<StatusMask>),
    /// Checking and execution errors: 64xx to 6Fxx.
    Error,
    /// Warnings: 62xx and 63xx.
    Warning,
    /// Whatever.
    Any,
    /// No answer at all: the card is mute, its power was lost.
    Mute,
}

impl StatusMatch {
    /// True when a status word is expected.
    pub fn matches(&self, status: u16) -> bool {
        match self {
            Self::OneOf(masks) => masks.iter().any(|mask| mask.matches(status)),
            Self::Error => (0x64..=0x6F).contains(&(status >> 8)),
            Self::Warning => matches!(status >> 8, 0x62 | 0x63),
            Self::Any => true,
            Self::Mute => false,
        }
    }
}

impl fmt::Display for StatusMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(masks) => {
                let masks: Vec<String> = masks.iter().map(ToString::to_string).collect();
                f.write_str(&masks.join(" or "))
            }
            Self::Error => f.write_str("any error"),
            Self::Warning => f.write_str("any warning"),
            Self::Any => f.write_str("anything"),
            Self::Mute => f.write_str("no answer"),
        }
    }
}

/// A mask or a class by name, for one place in a list.
enum StatusWordText {
    Mask(StatusMask),
    Class(StatusMatch),
}

impl std::str::FromStr for StatusWordText {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "error" => Ok(Self::Class(StatusMatch::Error)),
            "warning" => Ok(Self::Class(StatusMatch::Warning)),
            "any" => Ok(Self::Class(StatusMatch::Any)),
            "mute" => Ok(Self::Class(StatusMatch::Mute)),
            _ => text.parse().map(Self::Mask),
        }
    }
}

impl<'de> Deserialize<'de> for StatusMatch {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut words: Vec<StatusWordText> = one_or_many(
            deserializer,
            "a status word such as \"9000\" or \"63C?\", a list of them, error, warning or any",
        )?;
        if words.len() == 1
            && let Some(StatusWordText::Class(_)) = words.first()
            && let Some(StatusWordText::Class(class)) = words.pop()
        {
            return Ok(class);
        }
        let masks = words.into_iter().map(|word| match word {
            StatusWordText::Mask(mask) => Ok(mask),
            StatusWordText::Class(_) => Err(serde::de::Error::custom(
                "error, warning and any stand alone, not in a list",
            )),
        });
        masks.collect::<Result<_, _>>().map(Self::OneOf)
    }
}

impl schemars::JsonSchema for StatusMatch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StatusMatch".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let word = serde_json::json!({ "type": "string", "pattern": "^[0-9A-Fa-f?]{4}$" });
        schemars::json_schema!({
            "description": "Status word, quoted: exact \"9000\", mask \"63C?\", a list of alternatives, or error, warning, any.",
            "anyOf": [word, { "enum": ["error", "warning", "any", "mute"] }, { "type": "array", "items": word, "minItems": 1 }]
        })
    }
}

/// Tries left.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tries {
    /// Of the PIN.
    pub pin: Option<At<Bound>>,
    /// Of the PUK.
    pub puk: Option<At<Bound>>,
}
