//! A ledger that forgets when it is dropped: for tests, and for targets that nothing can harm.

use std::collections::BTreeMap;

use super::{CardKey, Ledger, LedgerError, Life};

/// Lives of cards in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryLedger {
    lives: BTreeMap<CardKey, Life>,
}

impl MemoryLedger {
    /// What the lives say of a card under all its keys.
    pub(super) fn of(lives: &BTreeMap<CardKey, Life>, card: &[CardKey]) -> Life {
        card.iter()
            .filter_map(|key| lives.get(key).copied())
            .fold(Life::default(), Life::worse)
    }

    /// The same life under all its keys.
    pub(super) fn put(lives: &mut BTreeMap<CardKey, Life>, card: &[CardKey], life: Life) {
        lives.extend(card.iter().map(|key| (*key, life)));
    }
}

impl Ledger for MemoryLedger {
    fn life(&self, card: &[CardKey]) -> Result<Life, LedgerError> {
        Ok(Self::of(&self.lives, card))
    }

    fn charge(&mut self, card: &[CardKey], limit: Option<u32>) -> Result<(), LedgerError> {
        let life = Self::of(&self.lives, card).charged(limit)?;
        Self::put(&mut self.lives, card, life);
        Ok(())
    }

    fn refund(&mut self, card: &[CardKey]) -> Result<(), LedgerError> {
        let life = Self::of(&self.lives, card).refunded();
        Self::put(&mut self.lives, card, life);
        Ok(())
    }

    fn note_pin(&mut self, card: &[CardKey], tries_left: Option<u8>) -> Result<(), LedgerError> {
        let life = Life {
            refused_pin_left: tries_left,
            ..Self::of(&self.lives, card)
        };
        Self::put(&mut self.lives, card, life);
        Ok(())
    }
}
