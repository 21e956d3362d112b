//! The slot of a virtual reader: what is in it, and since when. It knows no socket; links watch it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::phy::Transceiver;

/// A card, with whatever stands around it, that can be put into a slot.
pub type Inserted = Box<dyn Transceiver + Send>;

/// The slot of one virtual reader. A clone is a handle to the same slot.
#[derive(Clone)]
pub struct Slot {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    contents: Mutex<Contents>,
    /// The insertion, again, for those who must not wait for a card that is computing.
    insertion: Mutex<u32>,
    watchers: Mutex<Vec<Weak<dyn Watch>>>,
}

/// What is in a slot.
#[derive(Default)]
pub(super) struct Contents {
    /// The card.
    pub(super) card: Option<Inserted>,
    /// The number of the insertion, 0 when the slot is empty.
    pub(super) insertion: u32,
    /// The last number given.
    last: u32,
}

/// Somebody who wants to know when the contents change.
pub(super) trait Watch: Send + Sync {
    /// The contents have changed. Called without any lock of the slot held.
    fn slot_changed(&self);
}

/// Locks, whatever a panic elsewhere has done: none of the values kept under locks here is ever half-written.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    /// An empty slot. The name is for people.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            shared: Arc::new(Shared {
                name: name.into(),
                contents: Mutex::default(),
                insertion: Mutex::default(),
                watchers: Mutex::default(),
            }),
        }
    }

    /// The slot's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Puts a card in, without power, and gives back what was in before: a swap, which clients always see as removal and
    /// insertion. Waits for the end of a command that the old card is answering.
    pub fn insert(&self, card: Inserted) -> Option<Inserted> {
        self.exchange(Some(card))
    }

    /// Takes the card out and takes its power away. Waits for the end of a command that it is answering.
    pub fn remove(&self) -> Option<Inserted> {
        self.exchange(None)
    }

    fn exchange(&self, card: Option<Inserted>) -> Option<Inserted> {
        let before = {
            let mut contents = self.contents();
            if card.is_none() && contents.card.is_none() {
                return None;
            }
            contents.insertion = if card.is_some() {
                contents.last = contents.last.checked_add(1).unwrap_or(1);
                contents.last
            } else {
                0
            };
            *lock(&self.shared.insertion) = contents.insertion;
            let mut before = std::mem::replace(&mut contents.card, card);
            for card in before.iter_mut().chain(&mut contents.card) {
                card.power_off();
            }
            before
        };
        self.notify();
        before
    }

    fn notify(&self) {
        let watchers: Vec<_> = {
            let mut watchers = lock(&self.shared.watchers);
            watchers.retain(|watcher| watcher.strong_count() > 0);
            watchers.iter().filter_map(Weak::upgrade).collect()
        };
        for watcher in watchers {
            watcher.slot_changed();
        }
    }

    /// Whether a card is in.
    #[must_use]
    pub fn is_occupied(&self) -> bool {
        self.insertion() != 0
    }

    /// Looks at the card, or works with it, while no client can. Waits for the end of a command that it is answering.
    pub fn with<R>(&self, look: impl FnOnce(Option<&mut (dyn Transceiver + Send)>) -> R) -> R {
        let mut contents = self.contents();
        match &mut contents.card {
            Some(card) => look(Some(card.as_mut())),
            None => look(None),
        }
    }

    /// The number of the insertion, 0 when the slot is empty. Never waits for the card.
    pub(super) fn insertion(&self) -> u32 {
        *lock(&self.shared.insertion)
    }

    /// The reader is gone, and its power with it: takes the power away if this insertion still lasts.
    pub(super) fn lose_power(&self, insertion: u32) {
        let mut contents = self.contents();
        if contents.insertion == insertion
            && let Some(card) = &mut contents.card
        {
            card.power_off();
        }
    }

    /// What is in, locked.
    pub(super) fn contents(&self) -> MutexGuard<'_, Contents> {
        lock(&self.shared.contents)
    }

    /// Tells `watcher` of every change from now on, as long as it lives.
    pub(super) fn watch(&self, watcher: Weak<dyn Watch>) {
        lock(&self.shared.watchers).push(watcher);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("name", &self.shared.name)
            .field("insertion", &self.insertion())
            .finish_non_exhaustive()
    }
}
