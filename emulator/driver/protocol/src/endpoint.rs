//! Where driver and card side meet: a Unix socket, or a port of this machine. Never an address that others can reach.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// A Unix socket's path may have this many bytes (`sun_path` less its final zero).
const LONGEST_PATH: usize = 107;

/// The place where the driver listens and the served side connects; the `DEVICENAME` of a `reader.conf` entry.
///
/// Read from and written as `unix:/path/of/the/socket` or `127.0.0.1:35970`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A Unix socket by its absolute path.
    Unix(PathBuf),
    /// A TCP port on a loopback address.
    Tcp(SocketAddr),
}

/// Why a text names no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Neither of the two forms.
    #[error("`{0}` is no endpoint: write `unix:/path/of/the/socket` or `127.0.0.1:35970`")]
    Form(String),
    /// An address that other machines could reach.
    #[error("{0} is not a loopback address: a virtual card is served to this machine only, e.g. on 127.0.0.1:{port}", port = .0.port())]
    NotLoopback(SocketAddr),
    /// A path that the kernel or `reader.conf` cannot carry.
    #[error("the socket path `{0}` {1}")]
    Path(String, &'static str),
}

impl Endpoint {
    /// Checks what the types leave open: the address is a loopback one, the path is absolute, at most 107 bytes long and
    /// free of characters that `reader.conf` cannot carry.
    ///
    /// # Errors
    /// Which of it fails.
    pub fn check(&self) -> Result<(), EndpointError> {
        match self {
            Self::Tcp(address) if address.ip().is_loopback() => Ok(()),
            Self::Tcp(address) => Err(EndpointError::NotLoopback(*address)),
            Self::Unix(path) => {
                let refused = |why| {
                    Err(EndpointError::Path(
                        path.to_string_lossy().into_owned(),
                        why,
                    ))
                };
                let bytes = path.as_os_str().as_encoded_bytes();
                if !path.is_absolute() {
                    refused("must be absolute: pcscd has another working directory")
                } else if bytes.len() > LONGEST_PATH {
                    refused("is longer than the 107 bytes of a Unix socket's name")
                } else if !bytes.iter().all(|byte| is_plain(*byte)) {
                    refused(
                        "may hold only letters, digits and `/ . _ -`: reader.conf carries no others",
                    )
                } else {
                    Ok(())
                }
            }
        }
    }
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-')
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let endpoint = if let Some(path) = text.strip_prefix("unix:") {
            Self::Unix(PathBuf::from(path))
        } else {
            let address = text.parse();
            Self::Tcp(address.map_err(|_| EndpointError::Form(text.to_owned()))?)
        };
        endpoint.check()?;
        Ok(endpoint)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::socket("unix:/run/cie/reader-0")]
    #[case::port("127.0.0.1:35970")]
    #[case::port_v6("[::1]:35970")]
    fn an_endpoint_is_written_as_it_is_read(#[case] text: &str) {
        let endpoint: Endpoint = text.parse().unwrap();
        assert_eq!(endpoint.to_string(), text);
    }

    #[rstest]
    #[case::nothing("", "is no endpoint")]
    #[case::device("/dev/ttyS0", "is no endpoint")]
    #[case::everybody("0.0.0.0:35970", "not a loopback address")]
    #[case::other_machine("192.0.2.1:35970", "not a loopback address")]
    #[case::relative("unix:run/reader", "must be absolute")]
    #[case::space("unix:/run/my reader", "may hold only")]
    fn what_is_no_endpoint_is_refused(#[case] text: &str, #[case] why: &str) {
        let error = text.parse::<Endpoint>().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_refused() {
        let text = format!("unix:/{}", "a".repeat(LONGEST_PATH));
        let error = text.parse::<Endpoint>().unwrap_err().to_string();
        assert!(error.contains("107 bytes"), "{error}");
    }
}
