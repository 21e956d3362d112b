//! What a card has been through, over its whole life: wrong PUKs, and a PIN that was refused although it was said to be right.
//! Asked and written before a command is sent, so that a run that dies has already been counted.

mod file;
mod memory;

pub use file::{FileLedger, default_path};
pub use memory::MemoryLedger;

use super::identity::CardKey;

/// The lives of cards. A card may go by several keys; whatever any of them knows counts for all.
pub trait Ledger: Send {
    /// What is known of a card; the default for a card never seen.
    ///
    /// # Errors
    /// [`LedgerError`] when it cannot be read.
    fn life(&self, card: &[CardKey]) -> Result<Life, LedgerError>;

    /// Counts one more wrong PUK, unless `limit` have been counted already. Durable when it returns.
    ///
    /// # Errors
    /// [`LedgerError::Full`] at the limit, others when it cannot be read or written. Nothing is counted then.
    fn charge(&mut self, card: &[CardKey], limit: Option<u32>) -> Result<(), LedgerError>;

    /// Takes one back: the PUK turned out to be right, or was not compared.
    ///
    /// # Errors
    /// [`LedgerError`] when it cannot be read or written; the count stays too high, which errs on the safe side.
    fn refund(&mut self, card: &[CardKey]) -> Result<(), LedgerError>;

    /// Notes how many tries the PIN had when a value said to be right was refused; `None` when it was accepted again.
    ///
    /// # Errors
    /// [`LedgerError`] when it cannot be read or written.
    fn note_pin(&mut self, card: &[CardKey], tries_left: Option<u8>) -> Result<(), LedgerError>;
}

/// What is known of one card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Life {
    /// Wrong PUKs sent, over all runs.
    pub wrong_puks: u32,
    /// Tries the PIN had left when the lab's value was refused; nothing after it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_pin_left: Option<u8>,
}

impl Life {
    /// The worse of two.
    fn worse(self, other: Self) -> Self {
        let left = [self.refused_pin_left, other.refused_pin_left];
        Self {
            wrong_puks: self.wrong_puks.max(other.wrong_puks),
            refused_pin_left: left.into_iter().flatten().min(),
        }
    }

    fn charged(self, limit: Option<u32>) -> Result<Self, LedgerError> {
        match limit {
            Some(limit) if self.wrong_puks >= limit => Err(LedgerError::Full {
                spent: self.wrong_puks,
            }),
            Some(_) | None => Ok(Self {
                wrong_puks: self.wrong_puks.saturating_add(1),
                ..self
            }),
        }
    }

    const fn refunded(self) -> Self {
        Self {
            wrong_puks: self.wrong_puks.saturating_sub(1),
            ..self
        }
    }
}

/// Why the ledger did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The card has had its share.
    #[error(
        "{spent} wrong PUKs have been sent to this card in its life and no more are; take another card, or give this one up with --sacrificial"
    )]
    Full {
        /// How many.
        spent: u32,
    },
    /// Not what this program writes.
    #[error(
        "the ledger {path} is damaged: {reason}. It says how many wrong PUKs your cards have had and is not overwritten; bring back a copy of it, or move it away if you know that no card in it had any"
    )]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Written by a newer release.
    #[error(
        "the ledger {path} has format {found}, this release reads 1; use the release that wrote it"
    )]
    Newer {
        /// The file.
        path: String,
        /// The format it says it has.
        found: u64,
    },
    /// The operating system refused.
    #[error(
        "the ledger {path} could not be {action}: {reason}; nothing that it must count is sent without it"
    )]
    Io {
        /// The file.
        path: String,
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        reason: String,
    },
    /// There is no place for it.
    #[error("there is no place for the ledger: set XDG_STATE_HOME or HOME, or give a path")]
    NoPlace,
}
