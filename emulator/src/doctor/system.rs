//! The few things the doctor asks of a machine. [`super::Linux`] asks the real one; tests make one up. Listing the readers
//! needs a PC/SC library, which this crate does without: who has one answers [`System::readers`].

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// What kind of file something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A Unix socket.
    Socket,
    /// Anything else.
    Other,
}

/// What the file system says of a file, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileFacts {
    /// Its kind.
    pub kind: FileKind,
    /// Permission bits, as in `chmod`.
    pub mode: u32,
    /// Number of the owner.
    pub uid: u32,
}

/// What a program said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Whether it ended well.
    pub success: bool,
    /// Its standard output.
    pub output: String,
}

/// A reader, as a PC/SC client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderFacts {
    /// Its name.
    pub name: String,
    /// Whether there is a card in it.
    pub card: bool,
    /// Whether the attribute ATR_STRING could be read; `None` without a card, or when it was not tried.
    pub atr_attribute: Option<bool>,
}

/// Why the readers are not known.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadersUnknown {
    /// Nobody here can ask.
    #[error("this program asks no PC/SC library")]
    NotAsked,
    /// The PC/SC library is missing, or the service refused.
    #[error("{0}")]
    Failed(String),
}

/// A machine that can be looked at.
pub trait System {
    /// The contents of a file.
    ///
    /// # Errors
    /// As the file system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The names in a directory, as full paths.
    ///
    /// # Errors
    /// As the file system says.
    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>>;

    /// What the file system says of a file.
    ///
    /// # Errors
    /// As the file system says.
    fn about(&self, path: &Path) -> io::Result<FileFacts>;

    /// Connects to a Unix socket and hangs up.
    ///
    /// # Errors
    /// As the connection is refused.
    fn connect(&self, socket: &Path) -> io::Result<()>;

    /// Runs a program and waits for it.
    ///
    /// # Errors
    /// When it cannot be run.
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Ran>;

    /// Plays a card for `exchanges` messages of the vpcd at `address`: how long the body of each came after its length,
    /// with or without acknowledging at once.
    ///
    /// # Errors
    /// [`super::probe::ProbeError`].
    fn delays(
        &self,
        address: SocketAddr,
        exchanges: usize,
        quick: bool,
    ) -> Result<Vec<Duration>, super::probe::ProbeError>;

    /// The readers there are.
    ///
    /// # Errors
    /// [`ReadersUnknown`].
    fn readers(&self) -> Result<Vec<ReaderFacts>, ReadersUnknown> {
        Err(ReadersUnknown::NotAsked)
    }
}
