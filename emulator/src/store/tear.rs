//! Power that goes away in the middle of a write, when a test asks for it.

use super::{InMemory, Store, torn};
use crate::credentials::{Commit, Credentials, PowerLost, WritePoint};

/// On which side of a write the power goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// Before anything is durable.
    BeforeCommit,
    /// While the bytes are being written: half of them reach the memory, and power-up has to cope.
    Partial,
    /// When everything is durable, before the command goes on.
    AfterCommit,
}

impl Tear {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BeforeCommit, Self::Partial, Self::AfterCommit];
}

/// At which write the power goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TearAt {
    /// The n-th write from now on, whatever it is for; 0: the very next.
    Write(u32),
    /// The n-th write at this point; 0: the very next.
    Point(WritePoint, u32),
}

impl TearAt {
    /// Whether this write is the one; counts it if it is not.
    fn is_now(&mut self, point: WritePoint) -> bool {
        let left = match self {
            Self::Write(left) => left,
            Self::Point(which, left) if *which == point => left,
            Self::Point(..) => return false,
        };
        match left.checked_sub(1) {
            None => true,
            Some(fewer) => {
                *left = fewer;
                false
            }
        }
    }
}

/// Memory that loses power at one write, once.
pub struct Tearing {
    store: Box<dyn Store>,
    durable: Credentials,
    tear: Tear,
    at: Option<TearAt>,
}

impl Tearing {
    /// Power goes away at write number `nth` (0: the very next one). `durable` is what memory holds now.
    #[must_use]
    pub fn new(durable: Credentials, tear: Tear, nth: u32) -> Self {
        Self::over(Box::new(InMemory), durable, tear, TearAt::Write(nth))
    }

    /// The same over memory that is kept elsewhere too.
    #[must_use]
    pub fn over(store: Box<dyn Store>, durable: Credentials, tear: Tear, at: TearAt) -> Self {
        Self {
            store,
            durable,
            tear,
            at: Some(at),
        }
    }

    fn keep(&mut self, point: WritePoint, credentials: &Credentials) -> Result<(), PowerLost> {
        self.store.commit(point, credentials)?;
        self.durable = credentials.clone();
        Ok(())
    }
}

impl Commit for Tearing {
    fn commit(&mut self, point: WritePoint, credentials: &Credentials) -> Result<(), PowerLost> {
        if !self.at.as_mut().is_some_and(|at| at.is_now(point)) {
            return self.keep(point, credentials);
        }
        self.at = None;
        let survives = match self.tear {
            Tear::BeforeCommit => false,
            Tear::Partial => torn::survives_half_a_write(&self.durable, credentials, point),
            Tear::AfterCommit => true,
        };
        if survives {
            self.keep(point, credentials)?;
        }
        Err(PowerLost(point))
    }
}

impl Store for Tearing {
    fn durable(&self) -> Option<Credentials> {
        Some(self.store.durable().unwrap_or_else(|| self.durable.clone()))
    }
}
