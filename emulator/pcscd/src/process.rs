//! A daemon as a child process: started, waited for, asked to end, ended, and its log.

use std::fs::File;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::DaemonError;

const READY: Duration = Duration::from_secs(15);
const GRACE: Duration = Duration::from_secs(3);
const GLANCE: Duration = Duration::from_millis(2);

/// A running daemon. Ended when dropped.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts `command`, its output in the file `log`, and waits until `socket` can be connected to and the files
    /// `places` are there.
    pub(crate) fn start(
        mut command: Command,
        log: &Path,
        socket: &Path,
        places: &[PathBuf],
    ) -> Result<Self, DaemonError> {
        let file = File::options()
            .append(true)
            .create(true)
            .open(log)
            .map_err(DaemonError::system("write the daemon's log"))?;
        let second = file
            .try_clone()
            .map_err(DaemonError::system("write the daemon's log"))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(second)
            .spawn()
            .map_err(DaemonError::system("start pcscd"))?;
        let mut daemon = Self { child };
        let started = Instant::now();
        while UnixStream::connect(socket).is_err() || !places.iter().all(|place| place.exists()) {
            if daemon.has_ended() {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                return Err(DaemonError::Ended { log });
            }
            if started.elapsed() > READY {
                return Err(DaemonError::Slow {
                    seconds: READY.as_secs(),
                    log: log.to_owned(),
                });
            }
            std::thread::sleep(GLANCE);
        }
        Ok(daemon)
    }

    /// The process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)) | Err(_))
    }

    /// Ends it without warning, as a crash would.
    pub(crate) fn kill(&mut self) {
        // Fails only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if !self.has_ended()
            && let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process(pid, Signal::TERM);
            let asked = Instant::now();
            while asked.elapsed() < GRACE && !self.has_ended() {
                std::thread::sleep(GLANCE);
            }
        }
        self.kill();
    }
}
