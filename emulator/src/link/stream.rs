//! A connected socket of either family, as the links need it: read, written whole, and shut from another thread.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::Endpoint;

/// How long a peer may take to accept a connection or to take what is sent to it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects within [`PATIENCE`]: where nobody accepts, a Unix socket's connection waits for ever otherwise.
fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    let socket = net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    set_socket_timeout(&socket, Timeout::Send, Some(PATIENCE))?;
    net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(UnixStream::from(socket))
}

/// A connected socket.
#[derive(Debug)]
pub(super) enum Stream {
    /// A Unix socket.
    Unix(UnixStream),
    /// A TCP socket.
    Tcp(TcpStream),
}

impl Stream {
    /// Connects. TCP: without delay, and with immediate acknowledgement.
    pub(super) fn connect(endpoint: &Endpoint) -> io::Result<Self> {
        let stream = match endpoint {
            Endpoint::Unix(path) => Self::Unix(connect_unix(path)?),
            Endpoint::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, PATIENCE)?;
                stream.set_nodelay(true)?;
                Self::Tcp(stream)
            }
        };
        match &stream {
            Self::Unix(stream) => stream.set_write_timeout(Some(PATIENCE))?,
            Self::Tcp(stream) => stream.set_write_timeout(Some(PATIENCE))?,
        }
        stream.acknowledge_at_once();
        Ok(stream)
    }

    /// A second handle to the same socket.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
        }
    }

    /// Limits the time of a read; `None` waits for ever.
    pub(super) fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_read_timeout(limit),
            Self::Tcp(stream) => stream.set_read_timeout(limit),
        }
    }

    /// Ends one direction or both, for every handle.
    pub(super) fn shutdown(&self, how: Shutdown) {
        // Fails only when the other side has done it before.
        let _ = match self {
            Self::Unix(stream) => stream.shutdown(how),
            Self::Tcp(stream) => stream.shutdown(how),
        };
    }

    /// Reads once, and arms immediate acknowledgement again: the kernel forgets it after every use, and a sender that
    /// waits for the acknowledgement of a first part (Nagle) before it sends the second loses 40 ms each time.
    pub(super) fn read(&self, room: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            let result = match self {
                Self::Unix(stream) => (&*stream).read(room),
                Self::Tcp(stream) => (&*stream).read(room),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.acknowledge_at_once();
        Ok(count)
    }

    /// Writes everything, with one system call where the kernel takes it whole.
    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(stream) => (&*stream).write_all(bytes),
            Self::Tcp(stream) => (&*stream).write_all(bytes),
        }
    }

    fn acknowledge_at_once(&self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Self::Tcp(stream) = self {
            // Where it is not to be had, the link is slow, not wrong.
            let _ = net::sockopt::set_tcp_quickack(stream, true);
        }
    }
}
