//! The daemon of the whole machine, for machines where none is running: every client finds it without being told.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use cie_driver_protocol::Endpoint;
use tempfile::TempDir;

use crate::private::is_root;
use crate::process::Daemon;
use crate::programs;
use crate::{DaemonError, Entry, SHARED_SOCKET, find_driver_library, reader_conf};

/// pcscd on its usual socket, with the readers one wants. Ended when dropped.
#[derive(Debug)]
pub struct SharedDaemon {
    /// Ended before its files go.
    _daemon: Daemon,
    directory: TempDir,
}

impl SharedDaemon {
    /// Starts pcscd with a reader of this project's driver for every name and endpoint, and waits until it can be
    /// reached.
    ///
    /// # Errors
    /// When one is running already, when the caller is not root, when a program or the driver's library is missing, when
    /// pcscd ends or is not ready in time.
    pub fn start(readers: &[(String, Endpoint)]) -> Result<Self, DaemonError> {
        if UnixStream::connect(SHARED_SOCKET).is_ok() {
            return Err(DaemonError::Running);
        }
        if !is_root() {
            return Err(DaemonError::NotRoot);
        }
        let pcscd = programs::pcscd()?;
        let run = Path::new(SHARED_SOCKET).parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(run).map_err(DaemonError::system("make the daemon's directory"))?;
        let library = find_driver_library()?;
        let entries = readers
            .iter()
            .map(|(name, endpoint)| Entry::driver(name, endpoint, &library))
            .collect::<Result<Vec<_>, _>>()?;
        let conf = reader_conf(&entries)?;
        let directory = tempfile::Builder::new()
            .prefix("cie-pcscd-")
            .tempdir()
            .map_err(DaemonError::system("make a directory for the daemon"))?;
        let place = directory.path().join("conf");
        fs::create_dir(&place)
            .and_then(|()| fs::write(place.join("readers"), conf))
            .map_err(DaemonError::system("write the daemon's configuration"))?;
        let mut command = Command::new(pcscd);
        command.arg("--foreground").arg("--config").arg(&place);
        let places: Vec<PathBuf> = readers
            .iter()
            .filter_map(|(_, endpoint)| match endpoint {
                Endpoint::Unix(path) => Some(path.clone()),
                Endpoint::Tcp(_) => None,
            })
            .collect();
        let log = directory.path().join("log");
        let daemon = Daemon::start(command, &log, Path::new(SHARED_SOCKET), &places)?;
        Ok(Self {
            _daemon: daemon,
            directory,
        })
    }

    /// The file that holds what the daemon and its drivers say.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}
