//! Where a card's persistent memory lives. Every change is a named write point, made durable before the command goes on.
//! This room knows what survives power; it knows no command.

use crate::credentials::{Commit, Credentials, PowerLost, WritePoint};

/// A card's persistent memory.
pub trait Store: Commit + Send {
    /// What a power-up finds after power was lost in the middle of a write.
    fn durable(&self) -> Option<Credentials>;
}

/// Memory that never fails and lasts as long as the card object: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemory;

impl Commit for InMemory {
    fn commit(&mut self, _: WritePoint, _: &Credentials) -> Result<(), PowerLost> {
        Ok(())
    }
}

impl Store for InMemory {
    fn durable(&self) -> Option<Credentials> {
        None
    }
}

/// On which side of a write the power goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// Before anything is durable.
    BeforeCommit,
    /// When everything is durable, before the command goes on.
    AfterCommit,
}

/// Memory that loses power at the n-th write from now on, once.
#[derive(Clone, Debug)]
pub struct Tearing {
    durable: Credentials,
    tear: Tear,
    writes_left: Option<u32>,
}

impl Tearing {
    /// Power goes away at write number `nth` (0: the very next one). `durable` is what memory holds now.
    #[must_use]
    pub const fn new(durable: Credentials, tear: Tear, nth: u32) -> Self {
        Self {
            durable,
            tear,
            writes_left: Some(nth),
        }
    }
}

impl Commit for Tearing {
    fn commit(&mut self, point: WritePoint, credentials: &Credentials) -> Result<(), PowerLost> {
        let torn = self.writes_left == Some(0);
        self.writes_left = match self.writes_left {
            Some(0) | None => None,
            Some(n) => Some(n.saturating_sub(1)),
        };
        if !(torn && self.tear == Tear::BeforeCommit) {
            self.durable = credentials.clone();
        }
        if torn { Err(PowerLost(point)) } else { Ok(()) }
    }
}

impl Store for Tearing {
    fn durable(&self) -> Option<Credentials> {
        Some(self.durable.clone())
    }
}
