//! A physical card in a reader: the same one for every case, behind the guard and its wall. It is identified before anything is
//! done with it, and again whenever it may have become another one; what happens to reader and service in the meantime costs the
//! case that meets it, and no other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cie_emulator::chip::{Chip, RootSelection, chips};

use super::identify::{Identified, identify};
use super::{Provider, Setup};
use crate::guard::{Guard, Guarded, Refusal, Secrets, SharedGuard};
use crate::run::Facts;
use crate::scenario::Case;
use crate::scenario::model::{CodeName, PersonaField};
use crate::target::reader::Reader;
use crate::target::{Reset, Target, TargetError, TargetKind};
use crate::terminal::ias::Root;

/// Why the card in the reader cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// The reader or the card.
    #[error("{reader}: {error}")]
    Target {
        /// The reader's name.
        reader: String,
        /// What happened.
        error: TargetError,
    },
    /// The guard.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The built-in tables of this program.
    #[error("{0}")]
    Harness(String),
}

/// The one card of a run.
pub struct PhysicalCard {
    shared: Shared,
    guard: SharedGuard,
    name: String,
    atr: Vec<u8>,
    chip: Option<Arc<Chip>>,
    facts: Arc<Facts>,
}

impl PhysicalCard {
    /// Powers the card in this reader on. No command is sent to it: see [`begin`](Self::begin).
    ///
    /// # Errors
    /// [`CardError::Target`].
    pub fn power_on(mut reader: Reader, guard: Guard) -> Result<Self, CardError> {
        let name = reader.name().to_owned();
        let met = |error| CardError::Target {
            reader: name.clone(),
            error,
        };
        let atr = reader.power_on().map_err(met)?;
        let chip = family(&atr);
        Ok(Self {
            shared: Shared(Arc::new(Mutex::new(State {
                reader,
                identified: None,
            }))),
            guard: SharedGuard::new(guard),
            facts: Arc::new(Facts::default()),
            name,
            atr,
            chip,
        })
    }

    /// Says the card's family where its answer to reset does not.
    #[must_use]
    pub fn or_chip(mut self, chip: Option<Arc<Chip>>) -> Self {
        self.chip = self.chip.or(chip);
        self
    }

    /// Reads what the card says of itself, and tells the guard.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn begin(&mut self, secrets: &Secrets) -> Result<(), CardError> {
        let read = self.identified(true).map_err(|error| CardError::Target {
            reader: self.name.clone(),
            error,
        })?;
        self.guard.lock().card_present(read.identity)?;
        let code = |name| secrets.get(name).cloned();
        let chip = self.chip.as_ref().map(|chip| chip.id.as_str());
        let facts =
            Facts::of_physical(chip, read.reading, code(CodeName::Pin), code(CodeName::Puk));
        let mut facts = facts.map_err(CardError::Harness)?;
        for (field, name) in [(PersonaField::Can, "can"), (PersonaField::Mrz, "mrz")] {
            if let Some(value) = secrets.password(name) {
                facts.know(field, value.as_bytes().to_vec());
            }
        }
        self.facts = Arc::new(facts);
        Ok(())
    }

    /// The card's answer to reset, 2 to 33 bytes.
    #[must_use]
    pub fn atr(&self) -> &[u8] {
        &self.atr
    }

    /// The card's family, where it is known.
    #[must_use]
    pub fn chip(&self) -> Option<&Arc<Chip>> {
        self.chip.as_ref()
    }

    /// What is known of the card.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    fn identified(&self, with_keys: bool) -> Result<Identified, TargetError> {
        identified(&self.shared, self.root(), with_keys)
    }

    fn root(&self) -> Root {
        match self.chip.as_ref().map(|chip| chip.dialects.root) {
            Some(RootSelection::ApplicationIdentifier) => Root::IasApplication,
            Some(RootSelection::MasterFile) | None => Root::MasterFile,
        }
    }
}

/// The family with exactly this answer to reset.
#[must_use]
pub fn family(atr: &[u8]) -> Option<Arc<Chip>> {
    let mut chips = chips().ok()?.iter();
    chips.find(|chip| chip.atr.as_bytes() == atr).cloned()
}

fn identified(shared: &Shared, root: Root, with_keys: bool) -> Result<Identified, TargetError> {
    let changes = shared.lock().reader.changes();
    let read = identify(Box::new(shared.clone()), root, with_keys)?;
    let mut state = shared.lock();
    // Nothing of what was selected stays.
    state.reader.power_on()?;
    state.identified = Some(changes);
    Ok(read)
}

impl Provider for PhysicalCard {
    fn kind(&self) -> TargetKind {
        TargetKind::Reader
    }

    fn describe(&self) -> String {
        let family = self
            .chip
            .as_ref()
            .map_or("unknown", |chip| chip.id.as_str());
        let protocol = self.shared.lock().reader.describe();
        format!(
            "the card in {protocol}: answer to reset {}, chip family {family}",
            hex::encode_upper(&self.atr)
        )
    }

    fn capacity(&self) -> usize {
        1
    }

    fn guard(&self) -> Option<SharedGuard> {
        Some(self.guard.clone())
    }

    fn card(&self, _: &Case, _: u64) -> Result<Setup, String> {
        let card = KnownCard {
            shared: self.shared.clone(),
            guard: self.guard.clone(),
            root: self.root(),
        };
        Ok(Setup {
            target: Box::new(Guarded::new(card, self.guard.clone())),
            facts: Arc::clone(&self.facts),
            profile: None,
            chip: self.chip.clone(),
        })
    }
}

struct State {
    reader: Reader,
    /// [`Reader::changes`] when the card was identified last.
    identified: Option<u64>,
}

/// The reader, shared by the cases of a run, one after the other.
#[derive(Clone)]
struct Shared(Arc<Mutex<State>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A reader is in whatever state it is in, whoever panicked: the next power-on begins anew.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target for Shared {
    fn kind(&self) -> TargetKind {
        TargetKind::Reader
    }
    fn describe(&self) -> String {
        self.lock().reader.describe()
    }
    fn power_off(&mut self) -> Result<(), TargetError> {
        self.lock().reader.power_off()
    }
    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.lock().reader.reset(reset)
    }
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        self.lock().reader.transmit(command, response)
    }
    fn remove(&mut self) -> Result<(), TargetError> {
        self.lock().reader.remove()
    }
    fn insert(&mut self) -> Result<(), TargetError> {
        self.lock().reader.insert()
    }
}

/// The card while a case runs: one that may have become another is identified before the case goes on with it.
struct KnownCard {
    shared: Shared,
    guard: SharedGuard,
    root: Root,
}

impl Target for KnownCard {
    fn kind(&self) -> TargetKind {
        TargetKind::Reader
    }

    fn describe(&self) -> String {
        self.shared.describe()
    }

    fn power_off(&mut self) -> Result<(), TargetError> {
        self.shared.power_off()
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        let atr = self.shared.reset(reset)?;
        let same = {
            let state = self.shared.lock();
            state.identified == Some(state.reader.changes())
        };
        if same && !self.guard.lock().is_away() {
            return Ok(atr);
        }
        self.guard.lock().card_removed();
        let read = identified(&self.shared, self.root, false)?;
        let present = self.guard.lock().card_present(read.identity);
        present.map_err(|refusal| TargetError::Refused(refusal.to_string()))?;
        Ok(atr)
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        self.shared.transmit(command, response)
    }

    fn remove(&mut self) -> Result<(), TargetError> {
        self.shared.remove()
    }

    fn insert(&mut self) -> Result<(), TargetError> {
        self.shared.insert()
    }
}
