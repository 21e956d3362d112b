//! Card files: made whole or not at all, opened by one program at a time, read by anybody at any time, never repaired behind
//! the owner's back.

use super::content::{CardRecord, MemoryRecord};
use super::error::{Fault, StoreError};
use super::holder::Holder;
use super::journal::Journal;
use super::{Store, Tear, TearAt, Tearing, Trouble, layout};
use crate::Card;
use crate::card::{Image, Memory};
use crate::chip::TearKnob;
use crate::credentials::WritePoint;
use crate::given_file;
use crate::persona::Persona;
use cie_crypto::random::Seeded;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is made.
    Refused,
    /// It is replaced, unless a program has the card in use.
    Replaced,
}

/// A stored card as it is at one moment, not in use.
pub struct Snapshot {
    /// Whose card it is.
    pub persona: Persona,
    /// What was burnt in.
    pub image: Arc<Image>,
    /// What survives power.
    pub memory: Memory,
    /// How often the card was taken into use.
    pub uses: u64,
    /// The last change of its memory; none on a fresh card.
    pub last: Option<WritePoint>,
    /// Number of the record that counts; goes up by one with every write.
    pub sequence: u64,
    /// Whether the other record can be read too. It cannot after power was lost in the middle of a write, or if it is damaged.
    pub other_record: bool,
}

/// A stored card in use: nobody else can open it until this, or the card made of it, is dropped.
pub struct StoredCard {
    path: PathBuf,
    file: File,
    snapshot: Snapshot,
    trouble: Trouble,
}

/// Writes a card into a new file: whole or not at all, readable for its owner only. The card's memory goes with it as it
/// stands; a session does not.
///
/// # Errors
/// [`Fault::Exists`], [`Fault::InUse`], [`Fault::Io`], and [`Fault::Content`] for a card that cannot be stored.
pub fn create(
    path: &Path,
    persona: &Persona,
    card: &Card,
    existing: Existing,
) -> Result<(), StoreError> {
    let memory = MemoryRecord::new(&card.memory().credentials, 0, None);
    CardRecord::of(persona, card.image())
        .map_err(Fault::from)
        .and_then(|record| write_new(path, &record, &memory, existing))
        .map_err(|fault| fault.at(path))
}

/// Looks at a stored card without taking it: also while somebody else uses it.
///
/// # Errors
/// [`StoreError`].
pub fn read(path: &Path) -> Result<Snapshot, StoreError> {
    read_all(path)
        .and_then(|bytes| Snapshot::of(&bytes))
        .map_err(|fault| fault.at(path))
}

/// The bytes of a file that may be a card's.
pub(super) fn read_all(path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    regular(&fs::metadata(path).map_err(Fault::io("read"))?)?;
    contents(&mut given_file::open(path).map_err(Fault::io("read"))?)
}

/// Who has this card in use.
pub(super) fn holder(path: &Path) -> Option<Holder> {
    let file = given_file::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(Holder::of(&file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// Takes a stored card into use.
///
/// # Errors
/// [`Fault::InUse`] with the holder's name, and every other [`Fault`]. The file is the same afterwards.
pub fn open(path: &Path) -> Result<StoredCard, StoreError> {
    let take = || {
        regular(&fs::metadata(path).map_err(Fault::io("open"))?)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(Fault::io("open"))?;
        lock(&file)?;
        let snapshot = Snapshot::of(&contents(&mut file)?)?;
        Ok(StoredCard {
            path: path.to_owned(),
            file,
            snapshot,
            trouble: Trouble::default(),
        })
    };
    take().map_err(|fault: Fault| fault.at(path))
}

impl StoredCard {
    /// What is in it.
    #[must_use]
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Where to ask why the card fell silent, should it do so.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        self.trouble.clone()
    }

    /// The card, without power. Every use of a card draws random bytes of its own, the same on every machine.
    ///
    /// # Errors
    /// [`Fault::Io`]: that it is in use could not be noted.
    pub fn into_card(self) -> Result<Card, StoreError> {
        let Snapshot {
            persona,
            image,
            memory,
            uses,
            last,
            sequence,
            ..
        } = self.snapshot;
        let durable = memory.credentials.clone();
        let mut journal = Journal::new(self.file, sequence, durable.clone(), uses, self.trouble);
        let number = journal
            .take_into_use(last)
            .map_err(Fault::io("write"))
            .map_err(|fault| fault.at(&self.path))?;
        let random = Seeded::derived(persona.seed, &format!("card, use {number}"));
        let at = TearAt::Write(0);
        let store: Box<dyn Store> = match image.profile.tear {
            TearKnob::None => Box::new(journal),
            TearKnob::BeforeCommit => Box::new(Tearing::over(
                Box::new(journal),
                durable,
                Tear::BeforeCommit,
                at,
            )),
            TearKnob::AfterCommit => Box::new(Tearing::over(
                Box::new(journal),
                durable,
                Tear::AfterCommit,
                at,
            )),
        };
        Ok(Card::with_memory(image, memory, Box::new(random), store))
    }
}

impl Snapshot {
    pub(super) fn of(file: &[u8]) -> Result<Self, Fault> {
        let parsed = layout::parse(file)?;
        let record = card_record(parsed.contents)?;
        let (sequence, memory) = parsed.newest()?;
        Self::from_records(&record, memory, sequence, parsed.both_readable())
    }

    /// What these records say.
    pub(super) fn from_records(
        record: &CardRecord,
        memory: &MemoryRecord,
        sequence: u64,
        other_record: bool,
    ) -> Result<Self, Fault> {
        let image = record.to_image()?;
        Ok(Self {
            persona: record.to_persona()?,
            memory: memory.to_memory(&image.profile)?,
            image: Arc::new(image),
            uses: memory.uses,
            last: memory.last,
            sequence,
            other_record,
        })
    }

    /// A card in this state that lives in memory: what happens to it is not stored.
    #[must_use]
    pub fn to_card(&self) -> Card {
        Card::with_memory(
            Arc::clone(&self.image),
            self.memory.clone(),
            Box::new(Seeded::derived(self.persona.seed, "card")),
            Box::new(super::InMemory),
        )
    }
}

pub(super) fn card_record(contents: &[u8]) -> Result<CardRecord, Fault> {
    serde_json::from_slice(contents)
        .map_err(|error| Fault::Damaged(format!("its contents cannot be read: {error}")))
}

/// Only a file proper: a pipe would be waited for, a device has no end.
pub(super) fn regular(metadata: &fs::Metadata) -> Result<(), Fault> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(Fault::NotACard),
    }
}

fn lock(file: &File) -> Result<(), Fault> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Fault::InUse(Holder::of(file))),
        Err(TryLockError::Error(source)) => Err(Fault::io("lock")(source)),
    }
}

/// The whole file, if it can be a card's.
fn contents(file: &mut File) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut bytes = Zeroizing::new(Vec::new());
    file.take((layout::MOST as u64).saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(Fault::io("read"))?;
    Ok(bytes)
}

/// A new file with these records: under a temporary name beside the place first, so that nobody ever finds half of it.
pub(super) fn write_new(
    path: &Path,
    record: &CardRecord,
    memory: &MemoryRecord,
    existing: Existing,
) -> Result<(), Fault> {
    let json = serde_json::to_vec(record).map_err(|error| Fault::Export(error.to_string()))?;
    let json = Zeroizing::new(json);
    let bytes = layout::encode(&json, memory)?;
    // What was written must be what is read: a card that could not be opened again is not made at all.
    Snapshot::of(&bytes)?;
    place_new(path, &bytes, existing)
}

/// Puts a new file in its place, mode 0600, durable, whole or not at all.
pub(super) fn place_new(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), Fault> {
    if existing == Existing::Refused && path.symlink_metadata().is_ok() {
        return Err(Fault::Exists);
    }
    // Held until the new file is there: a card that is in use is not pulled from under its user.
    if let Ok(metadata) = fs::metadata(path) {
        regular(&metadata)?;
    }
    let _held = match given_file::open(path) {
        Ok(file) => {
            lock(&file)?;
            Some(file)
        }
        Err(_) => None,
    };
    let create = Fault::io;
    let directory = directory_of(path);
    let mut file = tempfile::Builder::new()
        .prefix(".cie-card-")
        .tempfile_in(directory)
        .map_err(create("create"))?;
    file.write_all(bytes).map_err(create("write"))?;
    file.as_file().sync_all().map_err(create("write"))?;
    let placed = match existing {
        Existing::Refused => file.persist_noclobber(path),
        Existing::Replaced => file.persist(path),
    };
    placed.map_err(|refused| match refused.error.kind() {
        io::ErrorKind::AlreadyExists => Fault::Exists,
        _ => Fault::io("create")(refused.error),
    })?;
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(create("create"))
}

/// Where a file is; a name alone is one in the current directory.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::name_alone("card.cie", ".")]
    #[case::here("./card.cie", ".")]
    #[case::below("cards/card.cie", "cards")]
    #[case::above("../card.cie", "..")]
    #[case::root("/card.cie", "/")]
    fn where_a_file_is(#[case] file: &str, #[case] directory: &str) {
        assert_eq!(directory_of(Path::new(file)), Path::new(directory));
    }
}
