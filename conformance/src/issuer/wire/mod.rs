//! The five messages A01 to A05 of the recovery of a lost PUK, as the public client of the card's issuer sends them: bytes to
//! meaning and back. Pure: nothing is sent, nothing is decided, no clock is read; whoever holds a socket or a scenario calls it.
//!
//! | | method and path | query besides `msgType`, `lng` | body | answer |
//! |---|---|---|---|---|
//! | A01 | `PUT /repuk/api/repuks/` | `nun`, `nis`, `addressSms`, `addressEmail` | `sod`, `kpubint`, `kpubdev` | `procedureId`, `randomCode`, `msg` |
//! | A02 | `PUT …/{id}` | `randomCodeEncrypted` | | `procedureId` |
//! | A03 | `PUT …/{id}` | `nun` | `totpHash` | `randomCode` |
//! | A04 | `PUT …/{id}/puk` | `nun`, `randomCodeEncrypted` | | `pukFirstHalfEncrypted`, `pukSecondHalfEncrypted` |
//! | A05 | `GET …/{id}` | `nun` | | `msg` |
//!
//! Source: observed client behaviour. What the client does not show is this project's choice: `randomCode` is the challenge in
//! hexadecimal, `totpHash` the SHA-256 of the code's digits in hexadecimal, a refusal has status 422.

mod encoding;
mod reply;
mod request;

pub use encoding::{MEDIA_TYPE, otp_hash};
pub use reply::{Answer, Halves, Refusal, Reply};
pub use request::{Http, Message, Method, Request, Start};

/// Digits of a service number in a message; what a card's file holds beyond them is cut off by the client.
pub const NIS_LENGTH: usize = 12;
/// Seconds after which the client gives an answer up.
pub const CLIENT_TIMEOUT_SECONDS: u64 = 20;
/// Bytes of a challenge.
pub const CHALLENGE_LENGTH: usize = 16;
/// Most bytes of a target line that are looked at.
pub const MAX_TARGET: usize = 8 * 1024;
/// Most bytes of a body that are looked at: a security object has up to 4 kilobytes.
pub const MAX_BODY: usize = 64 * 1024;

/// Why bytes are not one of the messages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Longer than any message.
    #[error("{what} of {length} bytes; at most {limit} are read")]
    TooLong {
        /// The target line or the body.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// No message has this path.
    #[error(
        "there is nothing at this path; the messages live below {}",
        encoding::ROOT
    )]
    Path,
    /// The path has another method.
    #[error("{message} is sent with {wanted}")]
    Method {
        /// The message.
        message: Message,
        /// Its method.
        wanted: Method,
    },
    /// `msgType` is missing, or is none of the five, or belongs to another path.
    #[error("the query's msgType is not one of A01 to A05 that belongs to this path")]
    MessageType,
    /// The body is not declared as the media type of the interface.
    #[error("the content type must be {MEDIA_TYPE}")]
    MediaType,
    /// A field is not there.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// A field is there twice.
    #[error("the field {0} is given more than once")]
    Twice(&'static str),
    /// A field has another form than it must have.
    #[error("the field {field} is not {wanted}")]
    Form {
        /// The field.
        field: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// The body is not the JSON object of the message.
    #[error("the body is not the message's JSON object: {0}")]
    Json(String),
}

#[cfg(test)]
mod tests;
