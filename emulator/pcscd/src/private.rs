//! The private daemon: pcscd in mount and network namespaces of its own. Its `/run/pcscd`, which is compiled in, is a
//! directory of ours; its ports are nobody else's.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use cie_driver_protocol::Endpoint;
use rustix::fd::AsFd as _;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tempfile::TempDir;

use crate::conf::loopback;
use crate::process::Daemon;
use crate::programs;
use crate::{DaemonError, Entry, SOCKET_VARIABLE, find_driver_library, reader_conf};

/// Inside the namespaces, before pcscd: our directory becomes /run/pcscd (on a fresh /run where there is none), and
/// loopback exists.
const PREPARE: &str = r#"
set -e
[ -d /run/pcscd ] || { mount -t tmpfs none /run; mkdir /run/pcscd; }
mount --bind "$1" /run/pcscd
if command -v ip >/dev/null; then ip link set lo up; fi
shift
exec "$@"
"#;

/// Debian's vpcd driver.
const VPCD_LIBRARY: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/// The port of vpcd's first slot inside the private network.
const VPCD_PORT: u16 = 0x8C7B;

/// A private daemon to be.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    readers: Vec<String>,
    others: Vec<Entry>,
    vpcd: bool,
    debug: bool,
    library: Option<PathBuf>,
}

/// A pcscd that only those see who ask for it. Ended, with all its files, when dropped.
#[derive(Debug)]
pub struct PrivateDaemon {
    daemon: Option<Daemon>,
    directory: TempDir,
    endpoints: Vec<Endpoint>,
    debug: bool,
}

impl Builder {
    /// Adds a reader of this project's driver.
    #[must_use]
    pub fn reader(mut self, name: impl Into<String>) -> Self {
        self.readers.push(name.into());
        self
    }

    /// Adds a reader of any kind.
    #[must_use]
    pub fn entry(mut self, entry: Entry) -> Self {
        self.others.push(entry);
        self
    }

    /// Adds the two readers of vsmartcard's vpcd.
    #[must_use]
    pub const fn vpcd(mut self) -> Self {
        self.vpcd = true;
        self
    }

    /// Has pcscd write everything into its log (no APDUs).
    #[must_use]
    pub const fn debug(mut self) -> Self {
        self.debug = true;
        self
    }

    /// Uses this library of the driver, not the one that [`find_driver_library`] finds.
    #[must_use]
    pub fn library(mut self, path: impl Into<PathBuf>) -> Self {
        self.library = Some(path.into());
        self
    }

    /// Starts the daemon and waits until it can be reached.
    ///
    /// # Errors
    /// When a program or the driver's library is missing, when the system forbids namespaces, when pcscd ends or is not
    /// ready in time.
    pub fn start(self) -> Result<PrivateDaemon, DaemonError> {
        let directory = tempfile::Builder::new()
            .prefix("cie-pcscd-")
            .tempdir()
            .map_err(DaemonError::system("make a directory for the daemon"))?;
        let endpoints: Vec<_> = (0..self.readers.len())
            .map(|index| Endpoint::Unix(directory.path().join(format!("reader-{index}"))))
            .collect();
        let conf = self.conf(&endpoints)?;
        let place = directory.path().join("conf");
        fs::create_dir(&place)
            .and_then(|()| fs::write(place.join("readers"), conf))
            .map_err(DaemonError::system("write the daemon's configuration"))?;
        let mut daemon = PrivateDaemon {
            daemon: None,
            directory,
            endpoints,
            debug: self.debug,
        };
        daemon.restart()?;
        Ok(daemon)
    }

    fn conf(&self, endpoints: &[Endpoint]) -> Result<String, DaemonError> {
        let mut entries = Vec::new();
        if !self.readers.is_empty() {
            let library = match &self.library {
                Some(library) => library.clone(),
                None => find_driver_library()?,
            };
            for (name, endpoint) in self.readers.iter().zip(endpoints) {
                entries.push(Entry::driver(name, endpoint, &library)?);
            }
        }
        if self.vpcd {
            let library = Path::new(VPCD_LIBRARY);
            if !library.is_file() {
                return Err(DaemonError::Missing {
                    program: "vpcd",
                    package: "vsmartcard-vpcd",
                });
            }
            programs::find("ip", "iproute2")?;
            entries.push(Entry::vpcd(VPCD_PORT, library)?);
        }
        entries.extend(self.others.iter().cloned());
        Ok(reader_conf(&entries)?)
    }
}

impl PrivateDaemon {
    /// A private daemon to be, without readers yet.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where the readers of this project's driver listen, in the order in which they were added.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Where vpcd's first slot listens, **inside** the daemon's network (see [`PrivateDaemon::enter`]).
    #[must_use]
    pub fn vpcd_address(&self) -> SocketAddr {
        loopback(VPCD_PORT)
    }

    /// The daemon's socket: the value for [`SOCKET_VARIABLE`].
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.run_directory().join("pcscd.comm")
    }

    /// The file that holds what the daemon and its drivers say.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// What the daemon and its drivers have said so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.log_path())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The daemon's process number, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.daemon.as_ref().map(Daemon::id)
    }

    /// Whether the daemon is running.
    pub fn is_running(&mut self) -> bool {
        self.daemon
            .as_mut()
            .is_some_and(|daemon| !daemon.has_ended())
    }

    /// Has a client's command reach this daemon.
    pub fn serve<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(SOCKET_VARIABLE, self.socket())
    }

    /// Ends the daemon without warning, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    /// Ends the daemon if it is running, and starts it again at the same places.
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub fn restart(&mut self) -> Result<(), DaemonError> {
        self.daemon = None;
        let run = self.run_directory();
        // A killed daemon leaves its socket and its process number, which may be somebody else's by now.
        match fs::remove_dir_all(&run) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(DaemonError::system("clear the daemon's directory")(error));
            }
            _ => {}
        }
        fs::create_dir(&run).map_err(DaemonError::system("make the daemon's directory"))?;
        let places: Vec<_> = self
            .endpoints
            .iter()
            .filter_map(|endpoint| match endpoint {
                Endpoint::Unix(path) => Some(path.clone()),
                Endpoint::Tcp(_) => None,
            })
            .collect();
        let command = self.command(&run)?;
        self.daemon = Some(Daemon::start(
            command,
            &self.log_path(),
            &self.socket(),
            &places,
        )?);
        Ok(())
    }

    fn command(&self, run: &Path) -> Result<Command, DaemonError> {
        let pcscd = programs::pcscd()?;
        let mut command = Command::new(programs::find("unshare", "util-linux")?);
        command.args(["--mount", "--net"]);
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["sh", "-c", PREPARE, "prepare"]).arg(run);
        command.arg(pcscd).arg("--foreground");
        if self.debug {
            command.arg("--debug");
        }
        let conf = self.directory.path().join("conf");
        command.arg("--config").arg(conf);
        let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
        let mut wide = path;
        wide.push(":/usr/sbin:/sbin");
        command.env("PATH", wide).env_remove(SOCKET_VARIABLE);
        Ok(command)
    }

    /// The same command, run inside the daemon's network, where vpcd's ports are, and with [`SOCKET_VARIABLE`] set. Its
    /// program, arguments, variables and working directory are taken over; its input and output are to be set anew.
    ///
    /// # Errors
    /// When `nsenter` is missing.
    pub fn enter(&self, command: &Command) -> Result<Command, DaemonError> {
        let mut inside = Command::new(programs::find("nsenter", "util-linux")?);
        inside.args(["--preserve-credentials", "--net"]);
        if !is_root() {
            inside.arg("--user");
        }
        let target = self.id().unwrap_or_default().to_string();
        inside.args(["--target", &target, "--"]);
        inside.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        if let Some(directory) = command.get_current_dir() {
            inside.current_dir(directory);
        }
        self.serve(&mut inside);
        Ok(inside)
    }

    /// Moves the calling thread, and those that it will start, into the daemon's network. Root only; others use
    /// [`PrivateDaemon::enter`].
    ///
    /// # Errors
    /// When the system refuses.
    pub fn join_network(&self) -> Result<(), DaemonError> {
        let refused = || DaemonError::system("join the daemon's network");
        let path = format!("/proc/{}/ns/net", self.id().unwrap_or_default());
        let file = File::open(path).map_err(refused())?;
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(|error| refused()(error.into()))
    }

    fn run_directory(&self) -> PathBuf {
        self.directory.path().join("run")
    }
}

impl Drop for PrivateDaemon {
    fn drop(&mut self) {
        // Before its files go.
        self.daemon = None;
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
