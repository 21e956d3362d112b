//! Where a card's persistent memory lives. Every change is a named write point, made durable before the command goes on. This
//! room knows what survives power, and how a whole card lies in a file; it knows no command.
//!
//! Cards live in memory unless somebody asks for a file:
//!
//! ```
//! use cie_emulator::{spec::CardSpec, store};
//!
//! let directory = tempfile::tempdir()?;
//! let file = directory.path().join("card.cie");
//! let issued = CardSpec::default().issue()?;
//! store::create(&file, &issued.persona, &issued.card, store::Existing::Refused)?;
//!
//! let mut card = store::open(&file)?.into_card()?;
//! card.power_on();
//! assert!(store::open(&file).is_err(), "a card is in one reader at a time");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod card_file;
mod check;
mod content;
mod disk;
mod error;
mod export;
mod holder;
mod journal;
mod layout;
mod tear;
pub mod torn;

pub use card_file::{Existing, Snapshot, StoredCard, create, open, read};
pub use check::{Finding, Report, Verdict, check};
pub use content::ContentError;
pub use disk::Disk;
pub use error::{Fault, StoreError};
pub use export::{EXPORT_VERSION, export, export_to, import};
pub use holder::Holder;
pub use layout::FORMAT;
pub use tear::{Tear, TearAt, Tearing};

use crate::credentials::{Commit, Credentials, PowerLost, WritePoint};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A card's persistent memory.
pub trait Store: Commit + Send {
    /// What a power-up finds after power was lost in the middle of a write; `None` where that never happens.
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

/// Why a stored card fell silent: the first write that failed, for whoever runs the card. A card cannot tell it itself, and
/// after it the card writes nothing more, so it answers no PIN.
#[derive(Clone, Default)]
pub struct Trouble(Arc<OnceLock<String>>);

impl Trouble {
    /// The reason; `None` while all is well.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    fn note(&self, error: &std::io::Error) {
        // The first reason stays: what follows it follows from it.
        let _ = self.0.set(format!(
            "the card file can no longer be written ({error}); the card is without power from here on. Make room or repair \
             the disk, then start again: what was answered is there"
        ));
    }
}

impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().unwrap_or("none"))
    }
}
