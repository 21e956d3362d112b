//! The answers: what a procedure says to each message, and its refusals.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::WireError;
use super::encoding::{from_base64, from_hex, to_base64};
use super::request::Message;

/// Status of an answer that grants what was asked.
const OK: u16 = 200;
/// Status of a refusal (RFC 9110 §15.5.21).
const REFUSED: u16 = 422;

/// An answer as it travels: status and JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body, JSON; empty only when a fault made it so.
    pub body: Vec<u8>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

/// The two halves of the PUK, each encrypted to the device's key.
#[derive(Clone, PartialEq, Eq)]
pub struct Halves {
    /// The first.
    pub first: Vec<u8>,
    /// The second.
    pub second: Vec<u8>,
}

impl fmt::Debug for Halves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Halves(encrypted)")
    }
}

/// Why something was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Why, in a word or a sentence. A client must not rely on its being there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Codes beside the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_codes: Option<String>,
    /// Whether the procedure is over and a new one must be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
}

/// An answer by its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To A01.
    Started {
        /// The name of the procedure.
        procedure: String,
        /// The challenge for the first proof.
        challenge: Vec<u8>,
        /// Words for people.
        message: String,
    },
    /// To A02.
    Accepted {
        /// The name of the procedure.
        procedure: String,
    },
    /// To A03: the challenge for the second proof.
    Challenge(Vec<u8>),
    /// To A04.
    Disclosed(Halves),
    /// To A05: words for people.
    State(String),
    /// To any of them.
    Refused(Refusal),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartedBody {
    procedure_id: String,
    random_code: String,
    msg: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AcceptedBody {
    procedure_id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChallengeBody {
    random_code: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DisclosedBody {
    puk_first_half_encrypted: String,
    puk_second_half_encrypted: String,
}

#[derive(Serialize, Deserialize)]
struct StateBody {
    msg: String,
}

impl Answer {
    /// As the issuer sends it.
    #[must_use]
    pub fn to_reply(&self) -> Reply {
        let status = match self {
            Self::Refused(_) => REFUSED,
            _ => OK,
        };
        let body = match self {
            Self::Started {
                procedure,
                challenge,
                message,
            } => serde_json::to_vec(&StartedBody {
                procedure_id: procedure.clone(),
                random_code: hex::encode_upper(challenge),
                msg: message.clone(),
            }),
            Self::Accepted { procedure } => serde_json::to_vec(&AcceptedBody {
                procedure_id: procedure.clone(),
            }),
            Self::Challenge(challenge) => serde_json::to_vec(&ChallengeBody {
                random_code: hex::encode_upper(challenge),
            }),
            Self::Disclosed(halves) => serde_json::to_vec(&DisclosedBody {
                puk_first_half_encrypted: to_base64(&halves.first),
                puk_second_half_encrypted: to_base64(&halves.second),
            }),
            Self::State(words) => serde_json::to_vec(&StateBody { msg: words.clone() }),
            Self::Refused(refusal) => serde_json::to_vec(refusal),
        };
        // Structs of strings always become JSON.
        let body = body.unwrap_or_default();
        Reply { status, body }
    }

    /// Reads the answer to a message, as a careful client does: every status but 200 is a refusal, whatever its body looks like,
    /// and a refusal need not say why.
    ///
    /// # Errors
    /// [`WireError`] for an answer with status 200 that is not the message's own.
    pub fn from_reply(message: Message, reply: &Reply) -> Result<Self, WireError> {
        if reply.status != OK {
            let refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
            return Ok(Self::Refused(refusal));
        }
        Ok(match message {
            Message::A01 => {
                let body: StartedBody = parse(reply)?;
                Self::Started {
                    procedure: body.procedure_id,
                    challenge: from_hex("randomCode", &body.random_code)?,
                    message: body.msg,
                }
            }
            Message::A02 => Self::Accepted {
                procedure: parse::<AcceptedBody>(reply)?.procedure_id,
            },
            Message::A03 => {
                let body: ChallengeBody = parse(reply)?;
                Self::Challenge(from_hex("randomCode", &body.random_code)?)
            }
            Message::A04 => {
                let body: DisclosedBody = parse(reply)?;
                let (first, second) = (
                    &body.puk_first_half_encrypted,
                    &body.puk_second_half_encrypted,
                );
                Self::Disclosed(Halves {
                    first: from_base64("pukFirstHalfEncrypted", first)?,
                    second: from_base64("pukSecondHalfEncrypted", second)?,
                })
            }
            Message::A05 => Self::State(parse::<StateBody>(reply)?.msg),
        })
    }
}

fn parse<T: for<'de> Deserialize<'de>>(reply: &Reply) -> Result<T, WireError> {
    serde_json::from_slice(&reply.body).map_err(|error| WireError::Json(error.to_string()))
}
