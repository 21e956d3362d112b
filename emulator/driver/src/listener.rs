//! The place where the driver waits for its card side: opened so that others can connect, a stale socket of a killed
//! daemon replaced, anything else left alone.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use cie_driver_protocol::Endpoint;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};

/// Who may connect: everybody who may pass through the directories above, as with pcscd's own socket. A narrower circle
/// is a matter of the directory's permissions.
const MODE: u32 = 0o666;

/// Why the driver cannot listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// Another reader, or another daemon, is there.
    #[error("{0} is in use by another reader: give every reader an endpoint of its own")]
    InUse(Endpoint),
    /// There is something that is no socket.
    #[error("{0} exists and is no socket: choose another path, or remove it")]
    NotASocket(PathBuf),
    /// The system refuses.
    #[error("cannot listen on {0}: {1}")]
    System(Endpoint, io::Error),
}

/// An open place to connect to.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    /// Removed from the file system with the listener.
    _file: Option<SocketFile>,
}

#[derive(Debug)]
enum Socket {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// The file of a Unix socket, known by its inode so that a successor's file is not removed in its place.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Listener {
    /// Opens the place.
    ///
    /// # Errors
    /// When something else is there, or the system refuses.
    pub(crate) fn open(endpoint: &Endpoint) -> Result<Self, ListenError> {
        let system = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse(endpoint.clone()),
            _ => ListenError::System(endpoint.clone(), error),
        };
        match endpoint {
            Endpoint::Tcp(address) => {
                let listener = TcpListener::bind(address).map_err(system)?;
                listener.set_nonblocking(true).map_err(system)?;
                Ok(Self {
                    socket: Socket::Tcp(listener),
                    _file: None,
                })
            }
            Endpoint::Unix(path) => {
                clear(path, endpoint)?;
                let (listener, file) = open_socket(path).map_err(system)?;
                Ok(Self {
                    socket: Socket::Unix(listener),
                    _file: Some(file),
                })
            }
        }
    }

    /// Takes the next connection, which does not block; none when nobody is waiting.
    pub(crate) fn accept(&self) -> io::Result<Option<OwnedFd>> {
        let accepted: io::Result<OwnedFd> = match &self.socket {
            Socket::Unix(listener) => listener.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(true)?;
                Ok(stream.into())
            }),
            Socket::Tcp(listener) => listener.accept().and_then(|(stream, _)| prepare(stream)),
        };
        match accepted {
            Ok(stream) => Ok(Some(stream)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn prepare(stream: TcpStream) -> io::Result<OwnedFd> {
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream.into())
}

/// Removes the socket of a daemon that is no more.
fn clear(path: &Path, endpoint: &Endpoint) -> Result<(), ListenError> {
    let system = |error| ListenError::System(endpoint.clone(), error);
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(system(error)),
    };
    if !kind.is_socket() {
        return Err(ListenError::NotASocket(path.to_owned()));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(system)
        }
        Ok(_) => Err(ListenError::InUse(endpoint.clone())),
        Err(error) => Err(system(error)),
    }
}

fn open_socket(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    if let Some(directory) = path.parent().filter(|directory| !directory.exists()) {
        // One directory, such as /run/cie, which is empty after every start of the machine. Everybody may pass.
        fs::create_dir(directory)?;
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    }
    let listener = UnixListener::bind(path)?;
    let file = SocketFile {
        path: path.to_owned(),
        inode: fs::symlink_metadata(path)?.ino(),
    };
    fs::set_permissions(path, fs::Permissions::from_mode(MODE))?;
    listener.set_nonblocking(true)?;
    Ok((listener, file))
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Socket::Unix(listener) => listener.as_fd(),
            Socket::Tcp(listener) => listener.as_fd(),
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.ino() == self.inode) {
            // A file that cannot be removed is replaced by the next daemon.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(directory: &tempfile::TempDir) -> Endpoint {
        Endpoint::Unix(directory.path().join("reader"))
    }

    #[test]
    fn a_stale_socket_is_replaced_and_a_living_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        drop(UnixListener::bind(directory.path().join("reader")).unwrap());
        let first = Listener::open(&endpoint(&directory)).unwrap();
        let second = Listener::open(&endpoint(&directory)).unwrap_err();
        assert!(
            second.to_string().contains("in use by another reader"),
            "{second}"
        );
        drop(first);
        assert!(!directory.path().join("reader").exists());
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("reader"), "precious").unwrap();
        let error = Listener::open(&endpoint(&directory)).unwrap_err();
        assert!(error.to_string().contains("is no socket"), "{error}");
        assert_eq!(
            fs::read_to_string(directory.path().join("reader")).unwrap(),
            "precious"
        );
    }

    #[test]
    fn everybody_may_connect_and_the_directory_is_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cie").join("reader-0");
        let listener = Listener::open(&Endpoint::Unix(path.clone())).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            MODE
        );
        assert!(listener.accept().unwrap().is_none());
        let _client = UnixStream::connect(&path).unwrap();
        assert!(listener.accept().unwrap().is_some());
    }

    #[test]
    fn a_port_in_use_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::Tcp(taken.local_addr().unwrap());
        let error = Listener::open(&endpoint).unwrap_err();
        assert!(
            error.to_string().contains("in use by another reader"),
            "{error}"
        );
    }
}
