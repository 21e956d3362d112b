//! What a client checks about a new PIN before it sends anything. Sixteen values are refused because anybody would try them first;
//! the card need not know that rule, so a client that does not check it has holders with such a PIN.

use serde::{Deserialize, Serialize};

use super::ClientError;
use super::status::{Verdict, decode};
use crate::terminal::Terminal;
use crate::terminal::ias::credentials::{change_reference_data, reset_retry_counter, verify};
use crate::terminal::ias::{Code, OpenOptions, Reference, open_device_authentication};

/// Digits of a PIN.
const DIGITS: usize = 8;

/// What the new PIN is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The PIN in force is known.
    Change,
    /// The PUK is known.
    Unblock,
}

/// Why an entry is not sent, in the order in which it is looked for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Not eight characters.
    #[error("a PIN has eight digits; type all of them")]
    Length,
    /// A character that is no ASCII digit.
    #[error("a PIN has the digits 0 to 9 only")]
    NotADigit,
    /// One of the sixteen.
    #[error("this PIN is guessed first: no row and no repetition of digits; choose another")]
    Trivial,
    /// Typed differently the second time.
    #[error("the two entries differ; type the new PIN again")]
    Unconfirmed,
    /// The PIN in force.
    #[error("this is the PIN in force; choose another")]
    SameAsBefore,
}

/// What is known, and the new PIN as it was typed. No `Debug`: it holds codes.
#[derive(Clone)]
pub struct Entry<'a> {
    /// The PIN in force for a change, the PUK for an unblocking.
    pub known: &'a str,
    /// The new PIN.
    pub new: &'a str,
    /// The new PIN once more.
    pub again: &'a str,
}

/// The new PIN, when it may be sent.
///
/// # Errors
/// The first [`Refusal`] that holds.
pub fn check(operation: Operation, entry: &Entry<'_>) -> Result<Code, Refusal> {
    if entry.new.chars().count() != DIGITS {
        return Err(Refusal::Length);
    }
    if !entry.new.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::NotADigit);
    }
    if is_trivial(entry.new.as_bytes()) {
        return Err(Refusal::Trivial);
    }
    if entry.new != entry.again {
        return Err(Refusal::Unconfirmed);
    }
    if operation == Operation::Change && entry.new == entry.known {
        return Err(Refusal::SameAsBefore);
    }
    Ok(Code::from(entry.new))
}

/// Whether digits are all the same, or each one more, or one less, than the one before, without wrapping around.
#[must_use]
pub fn is_trivial(digits: &[u8]) -> bool {
    let follows = |step: i16| {
        digits.windows(2).all(|pair| match pair {
            [a, b] => i16::from(*b) == i16::from(*a) + step,
            _ => false,
        })
    };
    [0, 1, -1].into_iter().any(follows)
}

/// What came of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// Nothing was sent.
    Refused(Refusal),
    /// The known code was not accepted; the new PIN was not sent.
    NotVerified(Verdict),
    /// The card's answer to the new PIN.
    Answered(Verdict),
}

/// Sets a new PIN the way clients do: checks it, and only then opens a session, verifies what is known, and sends it.
///
/// # Errors
/// [`ClientError`]: a session that cannot be opened, a card that does not answer.
pub fn submit(
    operation: Operation,
    entry: &Entry<'_>,
    terminal: &mut Terminal,
    open: OpenOptions,
) -> Result<Submitted, ClientError> {
    let new = match check(operation, entry) {
        Ok(new) => new,
        Err(refusal) => return Ok(Submitted::Refused(refusal)),
    };
    let known = Code::from(entry.known);
    let (reference, set) = match operation {
        Operation::Change => (
            Reference::Pin,
            change_reference_data(Reference::Pin, &known, &new),
        ),
        Operation::Unblock => (
            Reference::Puk,
            reset_retry_counter(Reference::Pin, Some(&new)),
        ),
    };
    open_device_authentication(terminal, open)?;
    let verified = decode(terminal.transmit(&verify(reference, &known))?.sw.to_bytes());
    if verified != Verdict::Ok {
        return Ok(Submitted::NotVerified(verified));
    }
    let answer = terminal.transmit(&set)?;
    Ok(Submitted::Answered(decode(answer.sw.to_bytes())))
}
