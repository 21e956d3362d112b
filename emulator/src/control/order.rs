//! What can be asked of a desk, what it answers, and how it looks.

use serde::Serialize;
use thiserror::Error;

/// What can be asked of the desk. Readers and cards are named by their numbers, from 1; a desk with one reader needs no
/// number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Put a card in: the one that was in last, or the next one of the drawer, unless one is named.
    Insert {
        /// The reader.
        reader: Option<usize>,
        /// The card.
        card: Option<usize>,
    },
    /// Take the card out.
    Remove {
        /// The reader.
        reader: Option<usize>,
    },
    /// Take the card out and put another one in: the one that has been in the drawer longest, unless one is named.
    Swap {
        /// The reader.
        reader: Option<usize>,
        /// The card.
        card: Option<usize>,
    },
    /// A loose contact: the card loses power and gets it back, and nobody tells the client.
    Reset {
        /// The reader.
        reader: Option<usize>,
    },
}

impl Order {
    /// The reader whose card is taken out or loses its power by this; `None` when none is, `Some(None)` when the reader is
    /// not named.
    #[must_use]
    pub const fn disturbs(&self) -> Option<Option<usize>> {
        match self {
            Self::Insert { .. } => None,
            Self::Remove { reader } | Self::Swap { reader, .. } | Self::Reset { reader } => {
                Some(*reader)
            }
        }
    }
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "done", rename_all = "snake_case")]
pub enum Done {
    /// A card is in.
    Inserted {
        /// The reader.
        reader: usize,
        /// The card.
        card: usize,
    },
    /// The card is out.
    Removed {
        /// The reader.
        reader: usize,
        /// The card.
        card: usize,
    },
    /// Another card is in.
    Swapped {
        /// The reader.
        reader: usize,
        /// The card that is out.
        out: usize,
        /// The card that is in.
        card: usize,
    },
    /// The card has lost its power for a moment.
    Reset {
        /// The reader.
        reader: usize,
        /// The card.
        card: usize,
    },
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Several readers, and none was named.
    #[error("there are {readers} readers; say which one, 1 to {readers}")]
    WhichReader {
        /// How many there are.
        readers: usize,
    },
    /// No such reader.
    #[error("there is no reader {reader}; there are 1 to {readers}")]
    NoReader {
        /// The number asked for.
        reader: usize,
        /// How many there are.
        readers: usize,
    },
    /// No such card.
    #[error("there is no card {card}; there are 1 to {cards}")]
    NoCard {
        /// The number asked for.
        card: usize,
        /// How many there are.
        cards: usize,
    },
    /// The card is in a reader.
    #[error("card {card} is in reader {reader}; remove it there first")]
    Elsewhere {
        /// The card.
        card: usize,
        /// Where it is.
        reader: usize,
    },
    /// A card is in already.
    #[error("reader {reader} holds card {card}; remove or swap it")]
    Occupied {
        /// The reader.
        reader: usize,
        /// Its card.
        card: usize,
    },
    /// No card is in.
    #[error("reader {reader} is empty; insert a card first")]
    Empty {
        /// The reader.
        reader: usize,
    },
    /// No card is in the drawer.
    #[error("the drawer is empty; start with --also to have more cards in it")]
    DrawerEmpty,
}

/// The state of a card on the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CardStatus {
    /// Its number.
    pub card: usize,
    /// What people call it.
    pub label: String,
}

/// The state of a reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReaderStatus {
    /// Its number.
    pub reader: usize,
    /// Its name.
    pub name: String,
    /// The card in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<CardStatus>,
}

/// The state of the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// All readers.
    pub readers: Vec<ReaderStatus>,
    /// The cards in no reader, the one that has been there longest first.
    pub drawer: Vec<CardStatus>,
}
