//! The issuer over HTTP on this machine: one port for clients, with the messages A01 to A05 and an interface of its own, and one
//! for whoever runs the rehearsal, behind a token. This room carries; what is answered is [`crate::issuer`]'s, and how requests
//! are read off a socket is the library's that the card's control API uses too.
//!
//! No address but loopback is ever taken. Time stands still until it is moved through the control port, so a rehearsal with the
//! same seed and the same requests is the same to the byte.

mod control;
mod control_shapes;
mod desk;
mod faults;
mod messages;
mod native;
mod openapi;
mod routes;
mod shapes;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cie_emulator::control::Token;
use cie_emulator::control::api::{self, Guard};
use cie_emulator::control::http::{Answer, Handler, Request, Server};

pub use desk::{Desk, OpenError};
pub use openapi::{control_document, public_document};

use crate::issuer::wire;
use faults::Travelled;

/// Most bytes of a body on either port.
pub const MAX_BODY: usize = wire::MAX_BODY;

/// Why the issuer is not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Other machines could reach it.
    #[error(
        "{port} port: other machines could reach {address}, and a rehearsal is nobody else's; use a loopback address such as 127.0.0.1:0"
    )]
    NotLoopback {
        /// Which of the two ports.
        port: Port,
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address cannot be used.
    #[error("{port} port: {address}: {source}; name a port that is free, or port 0 for any")]
    Bind {
        /// Which of the two ports.
        port: Port,
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// One of the two ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// The one for clients.
    Public,
    /// The one behind the token.
    Control,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Control => "control",
        })
    }
}

/// Where to serve.
#[derive(Clone, Debug)]
pub struct Places {
    /// The port for clients; port 0 takes any that is free.
    pub public: SocketAddr,
    /// The port for control and its token; without it, nothing can be controlled, and no message be read.
    pub control: Option<(SocketAddr, Token)>,
}

/// What is called when the control port is asked to end the service.
pub type Quit = Arc<dyn Fn() + Send + Sync>;

type Shared = Arc<Mutex<Desk>>;

/// The issuer while it is served. Ends when dropped, after answers that are on their way.
#[derive(Debug)]
pub struct Service {
    desk: Shared,
    // Control ends first: what it moves is still there then.
    control: Option<Server>,
    public: Server,
}

impl Service {
    /// Serves a desk.
    ///
    /// # Errors
    /// [`ServeError`]; nothing is served then, on neither port.
    pub fn start(desk: Desk, places: Places, quit: Quit) -> Result<Self, ServeError> {
        let control_address = places.control.as_ref().map(|(address, _)| *address);
        let asked = [
            (Port::Public, Some(places.public)),
            (Port::Control, control_address),
        ];
        for (port, address) in asked {
            if let Some(address) = address.filter(|address| !address.ip().is_loopback()) {
                return Err(ServeError::NotLoopback { port, address });
            }
        }
        let desk = Arc::new(Mutex::new(desk));
        let shared = Arc::clone(&desk);
        let public = serve(Port::Public, places.public, move |request, address| {
            answer_public(&shared, request, address)
        })?;
        let control = match places.control {
            None => None,
            Some((asked, token)) => {
                let shared = Arc::clone(&desk);
                Some(serve(Port::Control, asked, move |request, address| {
                    let guard = Guard {
                        token: token.clone(),
                        address,
                    };
                    answer_control(&shared, request, &guard, &quit)
                })?)
            }
        };
        Ok(Self {
            desk,
            control,
            public,
        })
    }

    /// Where clients find it.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.public.address()
    }

    /// Where it is controlled.
    #[must_use]
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control.as_ref().map(Server::address)
    }

    /// The audit so far, one line of text per line.
    #[must_use]
    pub fn audit(&self) -> String {
        lock(&self.desk).engine().audit().to_string()
    }

    /// Where the issuer stands, and what it has sent, as text: for telling that a request changed nothing. Nothing secret is in
    /// it, and nothing of the audit, in which refusals are noted too.
    #[must_use]
    pub fn situation(&self) -> String {
        let desk = lock(&self.desk);
        let engine = desk.engine();
        let (now, sent) = (engine.now(), engine.outbox().sent().len());
        let (people, waiting) = (engine.registry().iter().count(), desk.waiting());
        let situation = engine.situation();
        format!("{now} {sent} {people} {waiting} {situation}")
    }
}

/// Listens, and knows where once the port is taken; nobody is answered before.
fn serve(
    port: Port,
    address: SocketAddr,
    answer: impl Fn(&Request, SocketAddr) -> Answer + Send + Sync + 'static,
) -> Result<Server, ServeError> {
    let place: Arc<OnceLock<SocketAddr>> = Arc::default();
    let known = Arc::clone(&place);
    let handler: Handler = Arc::new(move |request| match known.get() {
        Some(address) => answer(request, *address),
        None => api::starting(),
    });
    let server =
        Server::start_with(address, MAX_BODY, handler).map_err(|source| ServeError::Bind {
            port,
            address,
            source,
        })?;
    // Nobody else sets it.
    let _ = place.set(server.address());
    Ok(server)
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer_public(desk: &Shared, request: &Request, address: SocketAddr) -> Answer {
    if let Err(answer) = api::addressed(request, address) {
        return answer;
    }
    let Travelled { answer, late } = {
        let mut desk = lock(desk);
        match messages::is_message(&request.path) {
            true => {
                let answer = messages::answer(&mut desk, request);
                desk.travels(answer)
            }
            false => native::answer(&mut desk, request),
        }
    };
    // Only this client waits; the desk is free for others.
    if let Some(late) = late {
        std::thread::sleep(late);
    }
    answer
}

fn answer_control(desk: &Shared, request: &Request, guard: &Guard, quit: &Quit) -> Answer {
    match api::admit(request, guard) {
        Err(answer) => answer,
        Ok(()) => control::answer(&mut lock(desk), request, quit),
    }
}
