//! What is asked for, one entry after the other, and what an empty line stands for.

use crate::issuer::policy::{Field, Medium};
use crate::issuer::secret::Secret;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A fact of the person.
    Fact(Field),
    /// A contact of the person; need not be told.
    Contact(Medium),
    /// The word.
    Human,
    /// Which card signs.
    Signer,
    /// The characters of a code.
    Code,
    /// The token of a link.
    Link,
    /// The secret in force.
    Current,
    /// A new secret.
    New,
    /// The same once more.
    Again,
    /// The PIN that the recovered PUK is to set, or `no`.
    NewPin,
}

/// What an empty line stands for.
#[derive(Clone, Debug)]
pub(super) enum Offer {
    /// Nothing: an empty entry.
    Nothing,
    /// This, which is shown.
    Shown(String),
    /// This, which is not shown: only these words are.
    Hidden(&'static str, Secret),
    /// What was entered just before.
    Same,
}

/// An entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) what: What,
    pub(super) label: String,
    pub(super) offer: Offer,
}

impl Entry {
    pub(super) fn new(what: What, label: impl Into<String>, offer: Offer) -> Self {
        let label = label.into();
        Self { what, label, offer }
    }
}

/// The entries that are asked for together.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    entries: Vec<Entry>,
    given: Vec<Secret>,
    /// What stands before the input where nothing is asked for.
    idle: &'static str,
}

impl Form {
    pub(super) const fn of(entries: Vec<Entry>) -> Self {
        let given = Vec::new();
        let idle = "";
        Self {
            entries,
            given,
            idle,
        }
    }

    /// Nothing is asked for.
    pub(super) const fn idle(word: &'static str) -> Self {
        Self {
            entries: Vec::new(),
            given: Vec::new(),
            idle: word,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry that is asked for now.
    pub(super) fn asked(&self) -> Option<&Entry> {
        self.entries.get(self.given.len())
    }

    pub(super) fn prompt(&self) -> String {
        match self.asked() {
            None => format!("{}> ", self.idle),
            Some(Entry { label, offer, .. }) => match offer {
                Offer::Nothing => format!("{label}> "),
                Offer::Shown(text) => format!("{label} [{text}]> "),
                Offer::Hidden(words, _) => format!("{label} [{words}]> "),
                Offer::Same => format!("{label} [the same]> "),
            },
        }
    }

    /// Takes the next entry; everything that was given, when it was the last.
    pub(super) fn give(&mut self, text: &str) -> Option<Vec<(What, Secret)>> {
        let entry = self.asked()?;
        let value = match (&entry.offer, text.is_empty()) {
            (Offer::Shown(offered), true) => Secret::new(offered.clone()),
            (Offer::Hidden(_, offered), true) => offered.clone(),
            (Offer::Same, true) => self.given.last().cloned().unwrap_or_else(|| "".into()),
            (Offer::Nothing, true) | (_, false) => Secret::new(text),
        };
        self.given.push(value);
        if self.asked().is_some() {
            return None;
        }
        let given = std::mem::take(&mut self.given);
        let whats = self.entries.iter().map(|entry| entry.what);
        Some(whats.zip(given).collect())
    }

    /// Another offer for the entries of a kind; what was given already stays.
    pub(super) fn offer(&mut self, what: What, offer: &Offer) {
        let entries = self.entries.iter_mut();
        for entry in entries.filter(|entry| entry.what == what) {
            entry.offer = offer.clone();
        }
    }
}
