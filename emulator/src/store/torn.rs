//! A disk in memory that loses power at its n-th operation and keeps what such a disk may keep of what was not yet durable:
//! nothing, all, the first half of each write, every other write, or rubbish in its place. For rehearsing what the next
//! power-up finds; nobody's card is kept here.

use super::Trouble;
mod sweep;

pub use sweep::{Numbers, Violation, sweep};

use super::content::MemoryRecord;
use super::disk::Disk;
use super::journal::Journal;
use super::layout;
use crate::credentials::{Commit as _, Credentials, WritePoint};
use cie_crypto::random::{RandomSource as _, Seeded};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of writes that no barrier covered when the power went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// None of them reached the disk.
    Dropped,
    /// All of them did.
    Kept,
    /// The first half of each did.
    Halved,
    /// The second half of each did.
    HalvedFromTheEnd,
    /// Their sectors hold rubbish.
    Garbled,
    /// Single bits of them are wrong.
    BitsFlipped,
}

impl Loss {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Dropped,
        Self::Kept,
        Self::Halved,
        Self::HalvedFromTheEnd,
        Self::Garbled,
        Self::BitsFlipped,
    ];
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    waiting: Vec<(usize, Vec<u8>)>,
    operations: usize,
    cut: Option<(usize, Loss)>,
    dead: bool,
}

/// The disk. Clones are the same disk: one goes under the card, one stays outside.
#[derive(Clone, Default)]
pub struct TornDisk(Arc<Mutex<State>>);

impl TornDisk {
    /// A disk with these bytes, which loses power at operation `cut` (writes and barriers count from 0), if that comes.
    #[must_use]
    pub fn new(bytes: Vec<u8>, cut: Option<(usize, Loss)>) -> Self {
        Self(Arc::new(Mutex::new(State {
            bytes,
            cut,
            ..State::default()
        })))
    }

    /// Writes and barriers so far.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.with(|state| state.operations)
    }

    /// What a power-up finds.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.with(|state| state.bytes.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Counts an operation; the power may go instead.
    fn begin(&mut self) -> io::Result<()> {
        if let Some((at, loss)) = self.cut
            && at == self.operations
            && !self.dead
        {
            self.lose_power(loss);
        }
        if self.dead {
            return Err(io::Error::other("the disk has no power"));
        }
        self.operations = self.operations.saturating_add(1);
        Ok(())
    }

    fn lose_power(&mut self, loss: Loss) {
        self.dead = true;
        let mut random = Seeded::derived(self.operations as u64, "torn disk");
        for (position, mut data) in std::mem::take(&mut self.waiting) {
            let half = data.len() / 2;
            match loss {
                Loss::Dropped => {}
                Loss::Kept => self.put(position, &data),
                Loss::Halved => self.put(position, data.get(..half).unwrap_or_default()),
                Loss::HalvedFromTheEnd => self.put(
                    position.saturating_add(half),
                    data.get(half..).unwrap_or_default(),
                ),
                Loss::Garbled => {
                    random.fill(&mut data);
                    self.put(position, &data);
                }
                Loss::BitsFlipped => {
                    let mut which = [0; 2];
                    random.fill(&mut which);
                    let which = usize::from(u16::from_be_bytes(which));
                    let at = which.checked_rem(data.len());
                    if let Some(byte) = at.and_then(|at| data.get_mut(at)) {
                        *byte ^= 0x10;
                    }
                    self.put(position, &data);
                }
            }
        }
    }

    fn put(&mut self, position: usize, data: &[u8]) {
        let end = position.saturating_add(data.len());
        self.bytes.resize(self.bytes.len().max(end), 0);
        if let Some(place) = self.bytes.get_mut(position..end) {
            place.copy_from_slice(data);
        }
    }
}

impl Disk for TornDisk {
    fn write(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        let position = usize::try_from(position).map_err(io::Error::other)?;
        self.with(|state| {
            // The write under way when the power goes is one of those that may be lost in part.
            state.waiting.push((position, bytes.to_vec()));
            state.begin()
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.with(|state| {
            state.begin()?;
            for (position, data) in std::mem::take(&mut state.waiting) {
                state.put(position, &data);
            }
            Ok(())
        })
    }
}

/// Whether a change survives power lost when half of its bytes are written: asked of the real format, not assumed.
pub(super) fn survives_half_a_write(
    before: &Credentials,
    after: &Credentials,
    point: WritePoint,
) -> bool {
    let Ok(file) = layout::encode(b"", &MemoryRecord::new(before, 0, None)) else {
        return false;
    };
    let disk = TornDisk::new(file.to_vec(), Some((0, Loss::Halved)));
    let mut journal = Journal::new(disk.clone(), 1, before.clone(), 0, Trouble::default());
    // It ends without power; what counts is what is found afterwards.
    let _ = journal.commit(point, after);
    let found = disk.bytes();
    layout::parse(&found)
        .and_then(|parsed| Ok(parsed.newest()?.1.credentials()?))
        .is_ok_and(|credentials| credentials == *after)
}
