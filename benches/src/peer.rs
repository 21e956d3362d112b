//! Another card in software on the same road: vicc of the vsmartcard project, as Debian has it, behind vpcd of the private daemon.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use cie_pcscd::PrivateDaemon;
use tempfile::TempDir;

use crate::SetupError;

const PROGRAM: &str = "/usr/bin/vicc";
/// Where Debian puts its modules, which is on nobody's path.
const MODULES: &str =
    "/usr/lib/python3/site-packages:/usr/lib/python3/site-packages/virtualsmartcard";
/// The library that vicc knows as `Crypto`.
const CRYPTODOME: &str = "/usr/lib/python3/dist-packages/Cryptodome";

/// A running vicc; ends when dropped.
pub struct Vicc {
    child: Child,
    _modules: TempDir,
}

/// Why there is no vicc here; `None` when there is.
#[must_use]
pub fn missing() -> Option<String> {
    let found = Path::new(PROGRAM).is_file() && Path::new(CRYPTODOME).is_dir();
    (!found).then(|| {
        "vicc is not installed (Debian: vsmartcard-vpicc and python3-pycryptodome)".to_owned()
    })
}

impl Vicc {
    /// Starts it in the network of this daemon, whose vpcd it connects to.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(daemon: &PrivateDaemon) -> Result<Self, SetupError> {
        let modules = tempfile::tempdir()?;
        std::os::unix::fs::symlink(CRYPTODOME, modules.path().join("Crypto"))?;
        let address = daemon.vpcd_address();
        let mut command = Command::new("/usr/bin/python3");
        command.args([PROGRAM, "--type", "iso7816"]);
        command.args(["--hostname", &address.ip().to_string()]);
        command.args(["--port", &address.port().to_string()]);
        let path = format!("{MODULES}:{}", modules.path().display());
        command.env("PYTHONPATH", path);
        let mut inside = daemon.enter(&command)?;
        let silent = inside
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(Self {
            child: silent.spawn()?,
            _modules: modules,
        })
    }
}

impl Drop for Vicc {
    fn drop(&mut self) {
        // It may have ended by itself, with the daemon.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has the daemon's network acknowledge at once, so that a card side which does not ask for that is not slowed down by it.
///
/// # Errors
/// When `ip` refuses.
pub fn acknowledge_at_once(daemon: &PrivateDaemon) -> Result<(), SetupError> {
    let mut command = Command::new("ip");
    command.args(
        "route replace table local local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 quickack 1"
            .split(' '),
    );
    match daemon.enter(&command)?.status()?.success() {
        true => Ok(()),
        false => Err("ip does not set the route of the daemon's network".into()),
    }
}
