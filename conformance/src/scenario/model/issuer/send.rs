//! The messages of the recovery of a PUK, as the client with the card under test sends them. What a step does not say is what
//! a correct client does.

use serde::Deserialize;

use super::value::Given;
use crate::scenario::model::shorthand::text_or_fields;

/// The messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostMessage {
    /// Start: the card's public side, the number typed by hand, contacts, the key of the device.
    A01,
    /// First proof of the card.
    A02,
    /// Hash of the code that came.
    A03,
    /// Second proof; the PUK comes back in two halves.
    A04,
    /// Question for the state.
    A05,
}

impl PostMessage {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::A01 => "a01",
            Self::A02 => "a02",
            Self::A03 => "a03",
            Self::A04 => "a04",
            Self::A05 => "a05",
        }
    }
}

/// How a challenge is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// By the card under test, over the challenge that was just received.
    #[default]
    Right,
    /// The signature sent before is sent again.
    Replayed,
    /// By the card under test, over the challenge of the first proof.
    FirstChallenge,
    /// One bit is changed on its way.
    Spoiled,
    /// By the services key of another citizen's card.
    OtherCard,
}

/// The security object in A01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sod {
    /// The one on the card under test.
    #[default]
    Right,
    /// That of another citizen's card.
    OtherCard,
    /// One bit of its signature is changed.
    Spoiled,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct SendMessage {
    /// Which.
    pub message: PostMessage,
    /// The number of the document; the right one when absent.
    pub nun: Option<Given>,
    /// The service number in A01; the card's when absent.
    pub nis: Option<Given>,
    /// Telephone in A01.
    pub sms: Option<Given>,
    /// E-mail in A01.
    pub email: Option<Given>,
    /// The security object in A01.
    pub sod: Sod,
    /// How the challenge is signed in A02 and A04.
    pub proof: Proof,
    /// The code in A03.
    pub code: Option<Given>,
    /// The name of the procedure: under which A01 keeps it, and whose the others are; the last one when absent.
    pub procedure: Option<String>,
}

/// The long form.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SendFields {
    /// Which.
    message: PostMessage,
    /// The number of the document; the right one when absent.
    nun: Option<Given>,
    /// The service number in A01; the card's when absent.
    nis: Option<Given>,
    /// Telephone in A01.
    sms: Option<Given>,
    /// E-mail in A01.
    email: Option<Given>,
    /// The security object in A01.
    #[serde(default)]
    sod: Sod,
    /// How the challenge is signed in A02 and A04.
    #[serde(default)]
    proof: Proof,
    /// The code in A03.
    code: Option<Given>,
    /// The name of the procedure: under which A01 keeps it, and whose the others are; the last one when absent.
    procedure: Option<String>,
}

impl From<SendFields> for SendMessage {
    fn from(f: SendFields) -> Self {
        Self {
            message: f.message,
            nun: f.nun,
            nis: f.nis,
            sms: f.sms,
            email: f.email,
            sod: f.sod,
            proof: f.proof,
            code: f.code,
            procedure: f.procedure,
        }
    }
}

text_or_fields!(
    SendMessage,
    "SendMessage",
    "a02, a04 or a05, or {message, nun, nis, sms, email, sod, proof, code, procedure}",
    SendFields,
    |text| {
        let message = match text {
            "a01" => PostMessage::A01,
            "a02" => PostMessage::A02,
            "a03" => PostMessage::A03,
            "a04" => PostMessage::A04,
            "a05" => PostMessage::A05,
            _ => return Err(format!("\"{text}\" is none of a01, a02, a03, a04 and a05")),
        };
        Ok(Self {
            message,
            nun: None,
            nis: None,
            sms: None,
            email: None,
            sod: Sod::Right,
            proof: Proof::Right,
            code: None,
            procedure: None,
        })
    }
);

impl SendMessage {
    /// The names of captures it needs.
    pub fn captures(&self) -> Vec<&str> {
        let given = [&self.nun, &self.nis, &self.sms, &self.email, &self.code];
        given
            .into_iter()
            .flatten()
            .flat_map(Given::captures)
            .collect()
    }
}
