//! The ledger on disk: one JSON file, private to its owner, replaced as a whole under a lock. A file that cannot be understood is
//! left alone and nothing is sent that it would have to count.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use cie_emulator::given_file;
use serde::{Deserialize, Serialize};

use super::{CardKey, Ledger, LedgerError, Life, MemoryLedger};

const FORMAT: u64 = 1;
/// Far more than the cards of any lab take; a longer file is not a ledger.
const LONGEST: u64 = 4 << 20;

/// Where the ledger lives when no path is given: `$XDG_STATE_HOME/cie-conf/ledger.json`, or below `$HOME/.local/state`.
/// `environment` looks a variable up. Relative values are ignored, as the XDG Base Directory Specification asks.
///
/// # Errors
/// [`LedgerError::NoPlace`].
pub fn default_path(
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, LedgerError> {
    let absolute = |name: &str| {
        environment(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("cie-conf/ledger.json"))
        .ok_or(LedgerError::NoPlace)
}

/// Lives of cards in a file. Created on the first write, with its folder.
#[derive(Clone, Debug)]
pub struct FileLedger {
    path: PathBuf,
}

/// The file as it stands on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u64,
    cards: BTreeMap<String, Life>,
}

impl FileLedger {
    /// The ledger in this file. Nothing is read or written yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn io(&self, action: &'static str) -> impl Fn(io::Error) -> LedgerError {
        move |reason| LedgerError::Io {
            path: self.path.display().to_string(),
            action,
            reason: reason.to_string(),
        }
    }

    fn damaged(&self, reason: impl ToString) -> LedgerError {
        LedgerError::Damaged {
            path: self.path.display().to_string(),
            reason: reason.to_string(),
        }
    }

    fn read(&self) -> Result<BTreeMap<CardKey, Life>, LedgerError> {
        let file = match given_file::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.io("read")(error)),
        };
        let mut text = Vec::new();
        file.take(LONGEST + 1)
            .read_to_end(&mut text)
            .map_err(self.io("read"))?;
        if text.len() as u64 > LONGEST {
            return Err(self.damaged("it is longer than any ledger"));
        }
        self.parse(&text)
    }

    fn parse(&self, text: &[u8]) -> Result<BTreeMap<CardKey, Life>, LedgerError> {
        let value: serde_json::Value =
            serde_json::from_slice(text).map_err(|error| self.damaged(error))?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(found) if found > FORMAT => {
                return Err(LedgerError::Newer {
                    path: self.path.display().to_string(),
                    found,
                });
            }
            Some(_) | None => {}
        }
        let document: Document =
            serde_json::from_value(value).map_err(|error| self.damaged(error))?;
        if document.format != FORMAT {
            return Err(self.damaged("there is no format 0"));
        }
        let cards = document.cards.into_iter();
        cards
            .map(|(key, life)| {
                let key = CardKey::from_hex(&key)
                    .ok_or_else(|| self.damaged("a card's key is not a SHA-256 in lower case"))?;
                Ok((key, life))
            })
            .collect()
    }

    /// Reads, changes and writes under the lock; other programs wait.
    fn update(
        &self,
        card: &[CardKey],
        change: impl FnOnce(Life) -> Result<Life, LedgerError>,
    ) -> Result<(), LedgerError> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        create_private_folder(folder).map_err(self.io("given a folder"))?;
        // The lock has a file of its own, because the ledger itself is replaced. Dropping it unlocks.
        let lock = private(OpenOptions::new().create(true).append(true))
            .open(self.beside("lock"))
            .map_err(self.io("locked"))?;
        lock.lock().map_err(self.io("locked"))?;
        let mut lives = self.read()?;
        let before = MemoryLedger::of(&lives, card);
        let after = change(before)?;
        if after == before {
            return Ok(());
        }
        MemoryLedger::put(&mut lives, card, after);
        self.replace(folder, &lives).map_err(self.io("written"))
    }

    fn replace(&self, folder: &Path, lives: &BTreeMap<CardKey, Life>) -> io::Result<()> {
        let document = Document {
            format: FORMAT,
            cards: lives
                .iter()
                .map(|(key, life)| (key.to_hex(), *life))
                .collect(),
        };
        let mut text = serde_json::to_vec_pretty(&document)?;
        text.push(b'\n');
        let draft = self.beside("new");
        // Left by a run that died between writing and renaming: it was never the ledger.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&draft)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)?;
        sync_folder(folder)
    }

    /// The same path with another ending after its own.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".");
        path.push(ending);
        path.into()
    }
}

impl Ledger for FileLedger {
    fn life(&self, card: &[CardKey]) -> Result<Life, LedgerError> {
        Ok(MemoryLedger::of(&self.read()?, card))
    }

    fn charge(&mut self, card: &[CardKey], limit: Option<u32>) -> Result<(), LedgerError> {
        self.update(card, |life| life.charged(limit))
    }

    fn refund(&mut self, card: &[CardKey]) -> Result<(), LedgerError> {
        self.update(card, |life| Ok(life.refunded()))
    }

    fn note_pin(&mut self, card: &[CardKey], tries_left: Option<u8>) -> Result<(), LedgerError> {
        self.update(card, |life| {
            Ok(Life {
                refused_pin_left: tries_left,
                ..life
            })
        })
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    fs::create_dir_all(folder)
}

/// Makes the renaming durable too.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(here)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
