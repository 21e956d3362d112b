//! The thread of one reader: lets card sides in, and hears what the present one says while nobody asks it anything.
//!
//! During a request the asking thread alone reads the connection (the watcher's interest in it is taken away), so an
//! answer costs no change of threads.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cie_driver_protocol::{Frame, Hello, Inbox, Kind};
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{Timespec, epoll::Event};
use rustix::fd::OwnedFd;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::connection::Connection;
use crate::log;
use crate::reader::{Shared, lock};

/// How long a card side may take to greet.
const GREETING: Duration = Duration::from_secs(2);

/// What the watcher watches.
pub(crate) const WAKE: u64 = 0;
pub(crate) const LISTENER: u64 = 1;
pub(crate) const CONNECTION: u64 = 2;
const NEWCOMER: u64 = 3;

/// Somebody who has connected and not yet greeted.
struct Newcomer {
    socket: OwnedFd,
    inbox: Inbox,
    since: Instant,
}

/// The watcher's own state.
pub(crate) struct Watcher {
    shared: Arc<Shared>,
    newcomer: Option<Newcomer>,
}

impl Watcher {
    /// A watcher of this reader.
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            newcomer: None,
        }
    }

    /// Watches until the reader is closed.
    pub(crate) fn run(mut self) {
        let mut events: Vec<Event> = Vec::with_capacity(4);
        loop {
            events.clear();
            let timeout = self.newcomer.as_ref().map(|newcomer| {
                let left = GREETING.saturating_sub(newcomer.since.elapsed());
                Timespec {
                    tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                    tv_nsec: left.subsec_nanos().into(),
                }
            });
            let room = rustix::buffer::spare_capacity(&mut events);
            match epoll::wait(&self.shared.epoll, room, timeout.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => {
                    log(&self.shared.name, format_args!("cannot wait: {error}"));
                    return;
                }
            }
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.let_in(),
                    CONNECTION => self.shared.listen(),
                    NEWCOMER => self.hear_newcomer(),
                    _ => return,
                }
            }
            self.end_patience();
        }
    }

    /// Accepts who is waiting; one card side at a time.
    fn let_in(&mut self) {
        match self.shared.listener.accept() {
            Ok(None) => {}
            Ok(Some(socket)) if self.newcomer.is_some() || self.shared.is_connected() => {
                refuse(&socket, "another card side is in this reader already");
            }
            Ok(Some(socket)) => {
                let data = EventData::new_u64(NEWCOMER);
                if epoll::add(&self.shared.epoll, &socket, data, EventFlags::IN).is_ok() {
                    self.newcomer = Some(Newcomer {
                        socket,
                        inbox: Inbox::default(),
                        since: Instant::now(),
                    });
                }
            }
            Err(error) => {
                log(&self.shared.name, format_args!("cannot accept: {error}"));
                // Out of descriptors, most likely: not a reason to keep a processor busy.
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }

    /// Reads the greeting; answers it when it is whole.
    fn hear_newcomer(&mut self) {
        let Some(mut newcomer) = self.newcomer.take() else {
            return;
        };
        let Newcomer { socket, inbox, .. } = &mut newcomer;
        let read = inbox.fill(|room| Ok(recv(&*socket, room, RecvFlags::DONTWAIT)?.1));
        match read {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
        let greeting = match inbox.next_frame() {
            Ok(None) => {
                self.newcomer = Some(newcomer);
                return;
            }
            Ok(Some(frame)) if frame.kind == Kind::Hello => {
                Hello::parse(frame.body).map_err(|error| error.to_string())
            }
            Ok(Some(frame)) => Err(format!("the first frame is {:?}, not Hello", frame.kind)),
            Err(error) => Err(error.to_string()),
        };
        match greeting {
            Ok(hello) => self.welcome(newcomer, hello),
            Err(reason) => {
                log(
                    &self.shared.name,
                    format_args!("a card side is refused: {reason}"),
                );
                refuse(&newcomer.socket, &reason);
            }
        }
    }

    /// Makes the newcomer the card side of this reader.
    fn welcome(&self, newcomer: Newcomer, hello: Hello) {
        let Newcomer { socket, inbox, .. } = newcomer;
        let result = epoll::delete(&self.shared.epoll, &socket)
            .map_err(io::Error::from)
            .and_then(|()| say(&socket, Kind::Welcome, &hello.to_bytes()))
            .and_then(|()| Connection::new(socket, inbox, hello.answer_limit))
            .and_then(|connection| self.shared.connect(connection));
        match result {
            Ok(()) => log(&self.shared.name, "a card side has connected"),
            Err(error) => log(
                &self.shared.name,
                format_args!("a card side is lost: {error}"),
            ),
        }
    }

    /// Sends away who has not greeted in time.
    fn end_patience(&mut self) {
        if self
            .newcomer
            .as_ref()
            .is_some_and(|newcomer| newcomer.since.elapsed() >= GREETING)
            && let Some(newcomer) = self.newcomer.take()
        {
            log(
                &self.shared.name,
                "a card side that does not greet is sent away",
            );
            refuse(&newcomer.socket, "no greeting came");
        }
    }
}

/// Says why, as well as can be, before the connection is closed.
fn refuse(socket: &OwnedFd, reason: &str) {
    // Who does not listen does not learn the reason.
    let _ = say(socket, Kind::Refused, reason.as_bytes());
}

/// Sends one short frame to a socket whose buffer is empty.
fn say(socket: &OwnedFd, kind: Kind, body: &[u8]) -> io::Result<()> {
    let mut out = Vec::new();
    let frame = Frame {
        kind,
        sequence: 0,
        insertion: 0,
        body,
    };
    frame.write_over(&mut out).map_err(io::Error::other)?;
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    let sent = send(socket, &out, flags)?;
    if sent == out.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::WriteZero.into())
    }
}

/// Looks at what the card side says unasked, at the watcher's or a client's hand.
impl Shared {
    fn listen(&self) {
        let mut peer = lock(&self.peer);
        if let Some(connection) = peer.as_mut() {
            let result = connection.listen(&mut |insertion| self.show(insertion));
            if let Err(fault) = result {
                self.lose(&mut peer, &fault);
            }
        }
    }
}
