//! `cie-conf issuer serve`: the issuer over HTTP on this machine, for clients under test, until somebody ends it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;

use cie_conformance::issuer::clock::Timestamp;
use cie_conformance::issuer_http::{Desk, Places, ServeError, Service};
use cie_conformance::report::model::ExitCode;
use cie_emulator::control::{Token, TokenFile, TokenFileError};
use clap::Args;

use super::instant;
use crate::failure::Failure;
use crate::output;

/// Where it listens when nothing else is said.
const PUBLIC: &str = "127.0.0.1:35990";
const CONTROL: &str = "127.0.0.1:35991";

/// Serves the issuer over HTTP, on this machine only
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf issuer serve                         for clients at 127.0.0.1:35990
  cie-conf issuer serve --control --control-token-file token
                                                with a second port: letterboxes, clock, faults
  cie-conf issuer serve --listen 127.0.0.1:0 --seed 7 --opens 2020-09-30T21:59:59Z

Clients find the messages A01 to A05 below /repuk/api/repuks/, and an interface for all procedures
below /sim/v1; GET /sim/v1/openapi.json describes both. The control port (GET /v1/openapi.json)
wants `Authorization: Bearer TOKEN`. No address that other machines could reach is taken.

The issuer's clock stands still until POST /v1/clock/advance moves it. The same seed and the same
requests give the same answers, to the byte. Ctrl-C and SIGTERM end it with exit code 0.")]
pub(crate) struct Serve {
    /// Where clients find it, on this machine; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = PUBLIC, value_parser = address)]
    listen: SocketAddr,
    /// Serves the control port too
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, default_missing_value = CONTROL, value_parser = address)]
    control: Option<SocketAddr>,
    /// The token: read from this file, or drawn and written into it when it is not there (and removed at the end)
    #[arg(long, value_name = "FILE", requires = "control")]
    control_token_file: Option<PathBuf>,
    /// Everything random derives from this
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// What the issuer's own clock shows in the beginning
    #[arg(long, value_name = "INSTANT", default_value = "2026-03-02T09:00:00Z", value_parser = instant)]
    opens: Timestamp,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("write an address and a port, such as {PUBLIC}"))
}

impl Serve {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let desk = Desk::open(self.opens, self.seed);
        let desk = desk.map_err(|error| Failure::Harness(error.to_string()))?;
        let (end, ended) = mpsc::channel::<()>();
        let signalled = end.clone();
        ctrlc::set_handler(move || {
            // Whoever waited has ended already.
            let _ = signalled.send(());
        })
        .map_err(|error| {
            Failure::Harness(format!("interruptions cannot be watched for: {error}"))
        })?;
        let (token, _file) = self.token()?;
        let places = Places {
            public: self.listen,
            control: self.control.zip(token.clone()),
        };
        let quit = Arc::new(move || {
            let _ = end.send(());
        });
        let service = Service::start(desk, places, quit).map_err(refused)?;
        output::say(&format!("issuer: http://{}", service.address()));
        if let (Some(address), Some(token)) = (service.control_address(), token) {
            output::say(&match &self.control_token_file {
                None => format!("control: http://{address} token {}", token.reveal()),
                Some(path) => format!("control: http://{address} token in {}", path.display()),
            });
        }
        // An error would mean that nobody can end it any more, so it ends too.
        let _ = ended.recv();
        drop(service);
        output::say("ended as asked");
        Ok(ExitCode::Success)
    }

    /// The token, and the file that is removed when it is dropped.
    fn token(&self) -> Result<(Option<Token>, Option<TokenFile>), Failure> {
        if self.control.is_none() {
            return Ok((None, None));
        }
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Failure::Harness(format!("the system has no randomness: {error}")))?;
        let fresh = Token::from_random(&bytes);
        let Some(path) = &self.control_token_file else {
            return Ok((Some(fresh), None));
        };
        let file = TokenFile::open(path, fresh).map_err(|error| {
            let message = format!("--control-token-file {error}");
            match error {
                TokenFileError::File { .. } => Failure::Harness(message),
                _ => Failure::Usage(message),
            }
        })?;
        Ok((Some(file.token().clone()), Some(file)))
    }
}

fn refused(error: ServeError) -> Failure {
    match error {
        ServeError::Bind { .. } => Failure::Harness(error.to_string()),
        _ => Failure::Usage(error.to_string()),
    }
}
