//! The options of the control API, and its token: read from a file or drawn from the system's randomness, here and nowhere
//! deeper.

use super::Happening;
use crate::failure::Failure;
use crate::output;
use cie_emulator::control::api::{self, Guard, Reply};
use cie_emulator::control::http::{Handler, Server};
use cie_emulator::control::{Token, TokenFile, TokenFileError};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};

/// Where it listens when nothing else is said.
const ADDRESS: &str = "127.0.0.1:35980";

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
    file: Option<TokenFile>,
}

/// The API while it runs.
pub(super) struct Serving {
    _server: Server,
    _file: Option<TokenFile>,
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
            Some(path) => {
                let file = TokenFile::open(path, draw()?).map_err(refused)?;
                (file.token().clone(), Some(file))
            }
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

fn refused(error: TokenFileError) -> Failure {
    let message = format!("--control-token-file {error}");
    match error {
        TokenFileError::Shared { .. } | TokenFileError::Token { .. } => Failure::Input(message),
        _ => Failure::Other(message),
    }
}
