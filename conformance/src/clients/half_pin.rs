//! The half of a PIN that desktop clients remember after they were introduced to a card, so that the holder types four digits only.
//! A state machine of two states; what it remembers may be stale, because a PIN that is changed elsewhere tells nobody.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::status::Verdict;
use crate::terminal::ias::Code;

/// How many digits are remembered, and how many a PIN has.
const HALF: usize = 4;
const WHOLE: usize = 8;

/// What a client does about what it remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caution {
    /// Puts the half in front of whatever is typed, and keeps it whatever the card answers.
    Trusting,
    /// Takes four or eight digits and nothing else, and forgets the half when a PIN made with it is wrong.
    Careful,
}

/// What happens to a client and its card.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The holder types these digits into the client's question for the PIN.
    Typed(String),
    /// The PIN is changed to this one, or set while unblocking, in this client.
    ChangedHere(String),
    /// The PIN is changed to this one, or set while unblocking, in another client.
    ChangedElsewhere(String),
    /// The client forgets the card.
    Unpaired,
}

/// Why nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{asked} digits are wanted; ask again, and send nothing")]
pub struct NotSent {
    /// How many digits the question was for.
    pub asked: usize,
}

/// A client that may remember half a PIN. `Debug` shows whether it does, not what.
#[derive(Clone)]
pub struct HalfPinClient {
    caution: Caution,
    first: Option<Code>,
}

impl fmt::Debug for HalfPinClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HalfPinClient")
            .field("caution", &self.caution)
            .field("paired", &self.first.is_some())
            .finish()
    }
}

impl HalfPinClient {
    /// A client that was not introduced to the card.
    #[must_use]
    pub const fn unpaired(caution: Caution) -> Self {
        Self {
            caution,
            first: None,
        }
    }

    /// Whether it remembers a half.
    #[must_use]
    pub const fn is_paired(&self) -> bool {
        self.first.is_some()
    }

    /// The half it remembers.
    #[must_use]
    pub const fn remembered(&self) -> Option<&Code> {
        self.first.as_ref()
    }

    /// How many digits it asks the holder for.
    #[must_use]
    pub const fn asks_for(&self) -> usize {
        if self.is_paired() { HALF } else { WHOLE }
    }

    /// What it sends in VERIFY for what the holder typed.
    ///
    /// # Errors
    /// [`NotSent`]: a careful client sends nothing but eight digits.
    pub fn verification_data(&self, typed: &str) -> Result<Code, NotSent> {
        let first = self.first.as_ref().map_or(&[][..], Code::as_bytes);
        let joined = || Code::new([first, typed.as_bytes()].concat());
        if self.caution == Caution::Trusting {
            return Ok(joined());
        }
        let digits = typed.bytes().all(|byte| byte.is_ascii_digit());
        match typed.len() {
            HALF if digits && self.is_paired() => Ok(joined()),
            WHOLE if digits => Ok(Code::new(typed)),
            _ => Err(NotSent {
                asked: self.asks_for(),
            }),
        }
    }

    /// Takes notice of the card's answer to VERIFY with these data. A right PIN of eight digits introduces the client; a wrong one
    /// makes a careful client ask for all eight digits the next time. Anything else says nothing of what is remembered.
    pub fn answered(&mut self, sent: &Code, verdict: Verdict) {
        match (verdict, self.caution) {
            (Verdict::Ok, _) => self.remember(sent),
            (Verdict::Wrong { .. } | Verdict::Blocked, Caution::Careful) => self.first = None,
            (Verdict::Wrong { .. } | Verdict::Blocked, Caution::Trusting)
            | (Verdict::CardError, _) => {}
        }
    }

    /// The PIN was changed, or set while unblocking, in this client.
    pub fn changed_here(&mut self, new: &Code) {
        if self.is_paired() {
            self.remember(new);
        }
    }

    /// Forgets the card.
    pub fn unpair(&mut self) {
        self.first = None;
    }

    fn remember(&mut self, whole: &Code) {
        if let (WHOLE, Some(first)) = (whole.as_bytes().len(), whole.as_bytes().get(..HALF)) {
            self.first = Some(Code::new(first));
        }
    }
}
