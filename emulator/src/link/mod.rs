//! The served side of virtual readers: a [`Slot`] that holds a card, and a [`Link`] that shows the slot to PC/SC, through
//! the reader driver of this project or through vpcd.
//!
//! Threads and sockets live here; no card logic does. A link reconnects by itself when the daemon restarts, and nothing
//! that its peer sends ends it.

mod driver;
mod rest;
mod slot;
mod stream;
mod vpcd;

pub use cie_driver_protocol::{DEFAULT_ANSWER_LIMIT, Endpoint, EndpointError};
pub use slot::{Inserted, Slot};

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// The port of the first slot of Debian's vpcd; the second slot's is the next one.
pub const VPCD_PORT: u16 = 0x8C7B;

/// The way from a slot to PC/SC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// Through the reader driver of this project, which listens there.
    Driver(Endpoint),
    /// Through vsmartcard's vpcd, which listens on this loopback address (see [`VPCD_PORT`]).
    Vpcd(SocketAddr),
}

/// What happened on a link, told to its listener, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// There is nobody to talk to yet; the link goes on trying. Told once per reason.
    Waiting {
        /// Why, and what to do.
        reason: String,
    },
    /// The reader has the slot. Through vpcd: the card is in the reader.
    Connected,
    /// The reader is gone; the link tries to get it back.
    Disconnected {
        /// What ended the connection.
        reason: String,
    },
    /// The card's answer was longer than the way can carry; the client was told 6F00 instead. Only through vpcd, whose
    /// frames hold 65,535 bytes.
    AnswerTooLong {
        /// The answer's length in bytes.
        length: usize,
    },
}

/// Who is told what happens on a link. Called from the link's thread.
pub type Listener = Box<dyn Fn(LinkEvent) + Send + Sync>;

/// Why a link could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The endpoint cannot be used.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The system gives no thread.
    #[error("the system gives the link no thread: {0}")]
    Thread(#[source] io::Error),
}

/// What may be set on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkOptions {
    /// How long the reader waits for an answer of the card (0.1 s to 600 s; through the driver only: vpcd waits for ever).
    pub answer_limit: Duration,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            answer_limit: DEFAULT_ANSWER_LIMIT,
        }
    }
}

/// A thread that shows a slot to PC/SC. Ends with [`Link::stop`] or when dropped: clients see the card removed.
#[derive(Debug)]
pub struct Link {
    serving: Arc<dyn Serve>,
    thread: Option<JoinHandle<()>>,
}

/// One way of serving a slot.
trait Serve: Send + Sync + std::fmt::Debug {
    /// Serves until told to stop.
    fn run(&self);

    /// Makes [`Serve::run`] return, at the end of the command that the card is answering.
    fn stop(&self);
}

impl Link {
    /// Starts showing `slot` to PC/SC.
    ///
    /// # Errors
    /// When the endpoint is none, or not a loopback address; when the system gives no thread. A daemon that is not there
    /// yet is no error: the listener is told, and the link waits for it.
    pub fn start(slot: Slot, via: Via, listener: Listener) -> Result<Self, LinkError> {
        Self::start_with(slot, via, LinkOptions::default(), listener)
    }

    /// As [`Link::start`], with other options.
    ///
    /// # Errors
    /// As [`Link::start`].
    pub fn start_with(
        slot: Slot,
        via: Via,
        options: LinkOptions,
        listener: Listener,
    ) -> Result<Self, LinkError> {
        let name = format!("link {}", slot.name());
        let serving: Arc<dyn Serve> = match via {
            Via::Driver(endpoint) => {
                endpoint.check()?;
                driver::DriverLink::new(slot, endpoint, options, listener)
            }
            Via::Vpcd(address) => {
                Endpoint::Tcp(address).check()?;
                vpcd::VpcdLink::new(slot, address, listener)
            }
        };
        let running = Arc::clone(&serving);
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || running.run())
            .map_err(LinkError::Thread)?;
        Ok(Self {
            serving,
            thread: Some(thread),
        })
    }

    /// Takes the slot out of the reader and waits until the link's thread has ended; a command that the card is
    /// answering is answered first. The card stays in the slot.
    pub fn stop(self) {
        drop(self);
    }
}

/// What a peer on a connection that stands already speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The reader driver of this project.
    Driver,
    /// vsmartcard's vpcd.
    Vpcd,
}

/// Serves `slot` over a connection that stands already, in this thread, until the peer closes it, says what is not its to say, or
/// the card is taken out. It is what a [`Link`] does with each of its connections, for those who play the peer themselves.
///
/// # Errors
/// Those of the connection; a peer that does not greet.
pub fn serve_connected(slot: &Slot, peer: Peer, connection: UnixStream) -> io::Result<String> {
    let listener: Listener = Box::new(|_| {});
    let stream = stream::Stream::Unix(connection);
    match peer {
        Peer::Driver => {
            let endpoint = Endpoint::Unix(PathBuf::new());
            let options = LinkOptions::default();
            driver::DriverLink::new(slot.clone(), endpoint, options, listener).converse(&stream)
        }
        Peer::Vpcd => {
            let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            vpcd::VpcdLink::new(slot.clone(), nowhere, listener).converse(&stream)
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.serving.stop();
        if let Some(thread) = self.thread.take() {
            // A panic of the card in that thread has been shown there already.
            let _ = thread.join();
        }
    }
}
