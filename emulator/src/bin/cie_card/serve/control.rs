//! The options of the control API, and its token: read from a file or drawn from the system's randomness, here and nowhere
//! deeper.

use super::Happening;
use crate::failure::Failure;
use crate::output;
use cie_emulator::control::Token;
use cie_emulator::control::api::{self, Guard, Reply};
use cie_emulator::control::http::{Handler, Server};
use cie_emulator::{given_file, whole_file};
use clap::Args;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};

/// Where it listens when nothing else is said.
const ADDRESS: &str = "127.0.0.1:35980";

/// Bytes of a file with a token: the longest token, and room for space around it.
const LONGEST_TOKEN_FILE: usize = 1024;

#[derive(Args)]
#[command(next_help_heading = "Control API")]
pub(super) struct ControlOptions {
    /// Take orders over HTTP on this machine; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, default_missing_value = ADDRESS)]
    control: Option<SocketAddr>,

    /// The token: read from this file, or drawn and written into it when it is not there (and removed at the end)
    #[arg(long, value_name = "FILE", requires = "control")]
    control_token_file: Option<PathBuf>,

    /// Allow an address that other machines can reach: WHOEVER KNOWS THE TOKEN CONTROLS THE CARDS, in clear over the network
    #[arg(long, requires = "control")]
    control_anywhere: bool,
}

/// A token, and the file that was made for it.
pub(super) struct Prepared {
    guard: Guard,
    file: Option<Written>,
}

/// A file of ours, removed when dropped.
struct Written(PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        // Somebody may have removed it before.
        let _ = fs::remove_file(&self.0);
    }
}

/// The API while it runs.
pub(super) struct Serving {
    _server: Server,
    _file: Option<Written>,
}

impl ControlOptions {
    /// Who may ask; `None` when nobody may.
    pub(super) fn guard(&self) -> Result<Option<Prepared>, Failure> {
        let Some(address) = self.control else {
            return Ok(None);
        };
        if !address.ip().is_loopback() && !self.control_anywhere {
            return Err(Failure::Input(format!(
                "--control {address}: other machines could reach that; use a loopback address such as {ADDRESS}, or add --control-anywhere if that is what you want"
            )));
        }
        let (token, file) = match &self.control_token_file {
            None => (draw()?, None),
            Some(path) => token_of(path)?,
        };
        Ok(Some(Prepared {
            guard: Guard { token, address },
            file,
        }))
    }

    /// Listens, and says where.
    pub(super) fn serve(
        &self,
        prepared: Option<Prepared>,
        happen: &Sender<Happening>,
    ) -> Result<Option<Serving>, Failure> {
        let Some(Prepared { guard, file }) = prepared else {
            return Ok(None);
        };
        let asked = guard.address;
        let token = guard.token.clone();
        // The port is known once it is taken; nobody is answered before.
        let place = Arc::new(Mutex::new(None));
        let server = Server::start(asked, handler(&place, happen)).map_err(|error| {
            Failure::Other(format!(
                "--control {asked}: {error}; name a port that is free, or port 0 for any"
            ))
        })?;
        let address = server.address();
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(Guard { address, ..guard });
        output::tell(&match &self.control_token_file {
            None => format!("control: http://{address} token {}", token.reveal()),
            Some(path) => format!("control: http://{address} token in {}", path.display()),
        });
        if !address.ip().is_loopback() {
            output::tell(&format!(
                "WARNING: other machines can reach {address}, and the token goes over the network in clear: whoever reads it controls the cards"
            ));
        }
        Ok(Some(Serving {
            _server: server,
            _file: file,
        }))
    }
}

fn handler(place: &Arc<Mutex<Option<Guard>>>, happen: &Sender<Happening>) -> Handler {
    let place = Arc::clone(place);
    let happen = Mutex::new(happen.clone());
    Arc::new(move |request| {
        let guard = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(guard) = guard else {
            return api::starting();
        };
        api::respond(request, &guard, |ask| {
            let (reply, replies) = mpsc::channel();
            let happen = happen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            match happen.send(Happening::Ask(ask, reply)) {
                Ok(()) => replies.recv().unwrap_or(Reply::Gone),
                Err(_) => Reply::Gone,
            }
        })
    })
}

fn draw() -> Result<Token, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::Other(format!("the system has no randomness: {error}")))?;
    Ok(Token::from_random(&bytes))
}

/// The token in a file; a new one, with a file for it, when there is none.
fn token_of(path: &Path) -> Result<(Token, Option<Written>), Failure> {
    let shown = path.display();
    let refused = |error: std::io::Error| {
        Failure::Other(format!(
            "--control-token-file {shown}: {error}; name a file that you may read, or one in a directory that you may write to"
        ))
    };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let token = draw()?;
            let line = format!("{}\n", token.reveal());
            whole_file::write(path, line.as_bytes(), 0o600).map_err(refused)?;
            return Ok((token, Some(Written(path.to_owned()))));
        }
        Err(error) => return Err(refused(error)),
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(Failure::Input(format!(
            "--control-token-file {shown}: others may read it; chmod 600 {shown}, or name a file that is not there"
        )));
    }
    let text =
        zeroize::Zeroizing::new(given_file::read_text(path, LONGEST_TOKEN_FILE).map_err(refused)?);
    let token = Token::parse(&text)
        .map_err(|error| Failure::Input(format!("--control-token-file {shown}: {error}")))?;
    Ok((token, None))
}
