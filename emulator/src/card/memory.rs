//! The store under a card: changed, torn, and asked what it holds when the power went in the middle of a write.

use super::Card;
use crate::store::{InMemory, Store, Tear, TearAt, Tearing};

impl Card {
    /// Puts other persistent memory under the card, as a tear test needs it; the session ends.
    pub fn replace_store(&mut self, store: Box<dyn Store>) {
        self.store = store;
    }

    /// Lets the power go away at a write to come, once: that command is not answered, and what is durable then is what the next
    /// power-up finds.
    pub fn tear(&mut self, tear: Tear, at: TearAt) {
        let store = std::mem::replace(&mut self.store, Box::new(InMemory));
        let durable = self.memory.credentials.clone();
        self.store = Box::new(Tearing::over(store, durable, tear, at));
    }

    /// Power went away while writing: what the store calls durable is what the next power-up finds.
    pub(super) fn lose_power(&mut self) {
        self.buffers.out.clear();
        if let Some(durable) = self.store.durable() {
            self.memory.credentials = durable;
        }
        self.power_off();
    }
}
