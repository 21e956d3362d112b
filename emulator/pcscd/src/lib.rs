//! A pcscd of one's own: started with the readers one wants, in namespaces of its own, beside whatever runs on the
//! machine, also by an ordinary user; several at once. Clients reach it through `PCSCLITE_CSOCK_NAME`.
//!
//! It knows daemons and their configuration, neither cards nor links.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::panic_in_result_fn,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_in_result,
        clippy::unwrap_used
    )
)]

mod conf;
mod find;
mod private;
mod process;
mod programs;
mod shared;

pub use conf::{ConfError, Entry, reader_conf};
pub use find::{DRIVER_FILE, DriverMissing, find_driver_library};
pub use private::{Builder, PrivateDaemon};
pub use shared::SharedDaemon;

use std::io;
use std::path::PathBuf;

/// The variable that tells PC/SC clients where the daemon's socket is.
pub const SOCKET_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";

/// Where pcscd's socket is, unless it is a private one's.
pub const SHARED_SOCKET: &str = "/run/pcscd/pcscd.comm";

/// Why there is no daemon.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// A program is not installed.
    #[error("{program} is not installed: apt-get install {package}")]
    Missing {
        /// The program's name.
        program: &'static str,
        /// The Debian package that brings it.
        package: &'static str,
    },
    /// The driver's library is nowhere.
    #[error(transparent)]
    Driver(#[from] DriverMissing),
    /// A reader cannot be configured so.
    #[error(transparent)]
    Conf(#[from] ConfError),
    /// The system refuses.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The daemon ended before it was ready.
    #[error(
        "pcscd did not start:\n{log}\n(a container that forbids namespaces needs root, or the shared daemon)"
    )]
    Ended {
        /// What it said.
        log: String,
    },
    /// The daemon was not ready in time.
    #[error("pcscd was not ready after {seconds} s; its log is {log}")]
    Slow {
        /// How long was waited.
        seconds: u64,
        /// Where its log is.
        log: PathBuf,
    },
    /// Another daemon serves the machine.
    #[error(
        "a pcscd is running already: give it the readers with `cie-card driver install`, or stop it (systemctl stop pcscd.socket pcscd)"
    )]
    Running,
    /// Only root may.
    #[error(
        "the pcscd of the whole machine is started by root only: use sudo, or a private daemon"
    )]
    NotRoot,
}

impl DaemonError {
    fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
