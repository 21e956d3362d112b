//! The machine this program runs on.

use super::probe::{self, ProbeError};
use super::system::{FileFacts, FileKind, Ran, System};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The real machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Linux;

impl Linux {
    /// This machine.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl System for Linux {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let mut paths = fs::read_dir(directory)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    }

    fn about(&self, path: &Path) -> io::Result<FileFacts> {
        let metadata = fs::metadata(path)?;
        let kind = metadata.file_type();
        Ok(FileFacts {
            kind: if kind.is_file() {
                FileKind::File
            } else if kind.is_dir() {
                FileKind::Directory
            } else if kind.is_socket() {
                FileKind::Socket
            } else {
                FileKind::Other
            },
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
        })
    }

    fn connect(&self, socket: &Path) -> io::Result<()> {
        UnixStream::connect(socket).map(drop)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Ran> {
        let output = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()?;
        Ok(Ran {
            success: output.status.success(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
        })
    }

    fn delays(
        &self,
        address: SocketAddr,
        exchanges: usize,
        quick: bool,
    ) -> Result<Vec<Duration>, ProbeError> {
        probe::delays(address, exchanges, quick)
    }
}
