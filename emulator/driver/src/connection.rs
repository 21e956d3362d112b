//! One greeted connection to a card side: requests out, answers in, and whatever the peer says unasked. Whoever holds it
//! reads it; nothing a peer sends can do more than end it.

use std::io;
use std::time::{Duration, Instant};

use cie_driver_protocol::{Frame, FrameError, Inbox, Kind};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{RecvFlags, SendFlags, recv, send};

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The reader is empty, or the card that was meant has gone.
    #[error("no card")]
    NoCard,
    /// The card gave no answer at all (it is mute); the connection is good.
    #[error("the card is mute")]
    Mute,
    /// The answer does not fit into the caller's room, in bytes; the connection is good.
    #[error("an answer of {0} bytes does not fit")]
    Room(usize),
    /// The command is longer than a frame; the connection is good.
    #[error("the command has {0} bytes, more than the reader carries")]
    TooLong(usize),
    /// The peer was silent for too long.
    #[error("the card side gave no answer within {0:?}")]
    Silent(Duration),
    /// The peer has closed.
    #[error("the card side has closed the connection")]
    Closed,
    /// The peer does not speak the protocol.
    #[error("the card side sent {0}")]
    Garbage(#[from] FrameError),
    /// The peer said what it may not say now.
    #[error("the card side sent {0:?} out of turn")]
    OutOfTurn(Kind),
    /// The system refuses.
    #[error("the connection to the card side failed: {0}")]
    System(#[from] io::Error),
}

impl Fault {
    /// Whether the connection is of no use any more.
    pub(crate) const fn is_fatal(&self) -> bool {
        match self {
            Self::NoCard | Self::Mute | Self::Room(_) | Self::TooLong(_) => false,
            Self::Silent(_)
            | Self::Closed
            | Self::Garbage(_)
            | Self::OutOfTurn(_)
            | Self::System(_) => true,
        }
    }
}

/// A greeted connection.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: OwnedFd,
    inbox: Inbox,
    out: Vec<u8>,
    sequence: u16,
    limit: Duration,
}

impl Connection {
    /// Takes over a greeted socket with what has been read from it; answers may take as long as `limit`.
    pub(crate) fn new(socket: OwnedFd, inbox: Inbox, limit: Duration) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&socket, false)?;
        set_socket_timeout(&socket, Timeout::Recv, Some(limit))?;
        set_socket_timeout(&socket, Timeout::Send, Some(limit))?;
        Ok(Self {
            socket,
            inbox,
            out: Vec::new(),
            sequence: 0,
            limit,
        })
    }

    /// Sends a request and puts the body of its answer into `room`; returns the body's length. News of the slot that
    /// come in between go to `news`.
    pub(crate) fn request(
        &mut self,
        request: Kind,
        insertion: u32,
        body: &[u8],
        room: &mut [u8],
        news: &mut dyn FnMut(u32),
    ) -> Result<usize, Fault> {
        self.sequence = self.sequence.wrapping_add(1);
        let frame = Frame {
            kind: request,
            sequence: self.sequence,
            insertion,
            body,
        };
        frame
            .write_over(&mut self.out)
            .map_err(|_| Fault::TooLong(body.len()))?;
        self.send_out()?;
        let started = Instant::now();
        loop {
            let Some(frame) = self.inbox.next_frame()? else {
                if started.elapsed() > self.limit {
                    return Err(Fault::Silent(self.limit));
                }
                self.read(RecvFlags::empty())?;
                continue;
            };
            if frame.kind == Kind::Slot {
                news(frame.insertion);
                continue;
            }
            if frame.sequence != self.sequence || frame.insertion != insertion {
                return Err(Fault::OutOfTurn(frame.kind));
            }
            return take(request, &frame, room);
        }
    }

    fn send_out(&self) -> Result<(), Fault> {
        let mut rest = self.out.as_slice();
        while !rest.is_empty() {
            match send(&self.socket, rest, SendFlags::NOSIGNAL) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return Err(Fault::Silent(self.limit)),
                Err(rustix::io::Errno::PIPE | rustix::io::Errno::CONNRESET) => {
                    return Err(Fault::Closed);
                }
                Err(error) => return Err(Fault::System(error.into())),
            }
        }
        Ok(())
    }

    /// Reads once. Without blocking: false when nothing was there.
    fn read(&mut self, flags: RecvFlags) -> Result<bool, Fault> {
        let Self { socket, inbox, .. } = self;
        let result = inbox.fill(|room| {
            loop {
                match recv(&*socket, &mut *room, flags) {
                    Err(rustix::io::Errno::INTR) => {}
                    other => break Ok(other?.1),
                }
            }
        });
        match result {
            Ok(0) => Err(Fault::Closed),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if flags.contains(RecvFlags::DONTWAIT) {
                    Ok(false)
                } else {
                    Err(Fault::Silent(self.limit))
                }
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(Fault::Closed),
            Err(error) => Err(Fault::System(error)),
        }
    }

    /// Takes what the peer has said unasked, as far as it is here; only news of the slot may be.
    pub(crate) fn listen(&mut self, news: &mut dyn FnMut(u32)) -> Result<(), Fault> {
        loop {
            match self.inbox.next_frame()? {
                Some(frame) if frame.kind == Kind::Slot => news(frame.insertion),
                Some(frame) => return Err(Fault::OutOfTurn(frame.kind)),
                None => {
                    if !self.read(RecvFlags::DONTWAIT)? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Whether more than the last answer has been read: it must be listened to now, for the socket will not tell.
    pub(crate) const fn has_more(&self) -> bool {
        !self.inbox.is_empty()
    }
}

/// The body of an answer, if it is one to this request.
fn take(request: Kind, frame: &Frame<'_>, room: &mut [u8]) -> Result<usize, Fault> {
    match (request, frame.kind) {
        (_, Kind::Gone) => Err(Fault::NoCard),
        (Kind::PowerOff, Kind::Done) => Ok(0),
        (Kind::PowerOn | Kind::Reset, Kind::Atr) | (Kind::Transmit, Kind::Answer) => {
            let length = frame.body.len();
            let place = room.get_mut(..length).ok_or(Fault::Room(length))?;
            place.copy_from_slice(frame.body);
            if length == 0 {
                Err(Fault::Mute)
            } else {
                Ok(length)
            }
        }
        (_, kind) => Err(Fault::OutOfTurn(kind)),
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
