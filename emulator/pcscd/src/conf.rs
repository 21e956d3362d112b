//! `reader.conf`: the text that tells pcscd which drivers to load for which readers.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use cie_driver_protocol::{Endpoint, EndpointError};

/// pcscd numbers readers with one digit pair behind the name, within 128 bytes altogether.
const LONGEST_NAME: usize = 100;

/// As many readers as pcscd has room for.
const MOST_ENTRIES: usize = 16;

/// One reader of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    name: String,
    device: String,
    library: PathBuf,
    channel: u32,
}

/// Why readers cannot be configured so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfError {
    /// The name.
    #[error(
        "`{0}` cannot be a reader's name: 1 to {LONGEST_NAME} letters, digits, spaces and `. _ - ( )` can"
    )]
    Name(String),
    /// The library's path.
    #[error(
        "`{0}` cannot stand in reader.conf: the driver's path must be absolute and of letters, digits and `/ . _ - +`"
    )]
    Library(PathBuf),
    /// The endpoint.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Two readers at one endpoint, or under one name.
    #[error("two readers have the {what} `{value}`: each needs its own")]
    Twice {
        /// What is the same.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// Too many.
    #[error("pcscd has room for {MOST_ENTRIES} readers, not for {0}")]
    TooMany(usize),
}

impl Entry {
    /// A reader of this project's driver.
    ///
    /// # Errors
    /// When the name, the endpoint or the library's path cannot stand in `reader.conf`.
    pub fn driver(name: &str, endpoint: &Endpoint, library: &Path) -> Result<Self, ConfError> {
        endpoint.check()?;
        let channel = match endpoint {
            Endpoint::Unix(_) => 0,
            Endpoint::Tcp(address) => address.port().into(),
        };
        Self::new(name, endpoint.to_string(), library, channel)
    }

    /// The readers (two slots) of vsmartcard's vpcd, listening on this port and the next one of **every** address: only
    /// for a network namespace of one's own.
    ///
    /// # Errors
    /// When the library's path cannot stand in `reader.conf`.
    pub fn vpcd(port: u16, library: &Path) -> Result<Self, ConfError> {
        let device = format!("/dev/null:{port:#06X}");
        Self::new("Virtual PCD", device, library, port.into())
    }

    fn new(name: &str, device: String, library: &Path, channel: u32) -> Result<Self, ConfError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let good_name = (1..=LONGEST_NAME).contains(&name.len())
            && name.trim() == name
            && name
                .bytes()
                .all(|byte| plain(byte) || b" ()".contains(&byte));
        if !good_name {
            return Err(ConfError::Name(name.to_owned()));
        }
        let path = library.as_os_str().as_encoded_bytes();
        if !library.is_absolute() || !path.iter().all(|byte| plain(*byte) || b"/+".contains(byte)) {
            return Err(ConfError::Library(library.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            device,
            library: library.to_owned(),
            channel,
        })
    }
}

/// The text of a `reader.conf` file with these readers.
///
/// # Errors
/// When two readers share a name or an endpoint, or there are more than 16.
pub fn reader_conf(entries: &[Entry]) -> Result<String, ConfError> {
    if entries.len() > MOST_ENTRIES {
        return Err(ConfError::TooMany(entries.len()));
    }
    let mut text = String::new();
    for (index, entry) in entries.iter().enumerate() {
        let others = entries.get(..index).unwrap_or_default();
        let twice = |what, value: &str| ConfError::Twice {
            what,
            value: value.to_owned(),
        };
        if others.iter().any(|other| other.name == entry.name) {
            return Err(twice("name", &entry.name));
        }
        if others.iter().any(|other| other.device == entry.device) {
            return Err(twice("endpoint", &entry.device));
        }
        // pcscd refuses two readers of one driver with the same channel; sockets have none, so they are counted.
        let channel = match entry.channel {
            0 => index.saturating_add(0x10_0000),
            channel => channel as usize,
        };
        let _ = write!(
            text,
            "FRIENDLYNAME \"{}\"\nDEVICENAME   {}\nLIBPATH      {}\nCHANNELID    {channel:#X}\n\n",
            entry.name,
            entry.device,
            entry.library.display(),
        );
    }
    Ok(text)
}

/// The loopback address of a port.
pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn entry(name: &str, endpoint: &str) -> Result<Entry, ConfError> {
        let endpoint = endpoint.parse().unwrap();
        Entry::driver(name, &endpoint, Path::new("/usr/lib/libcie_ifd.so"))
    }

    #[test]
    fn an_entry_names_reader_place_and_driver() {
        let text = reader_conf(&[entry("CIE 0", "unix:/run/cie/reader-0").unwrap()]).unwrap();
        assert_eq!(
            text,
            "FRIENDLYNAME \"CIE 0\"\nDEVICENAME   unix:/run/cie/reader-0\n\
             LIBPATH      /usr/lib/libcie_ifd.so\nCHANNELID    0x100000\n\n"
        );
    }

    #[rstest]
    #[case::empty("")]
    #[case::quote("CIE\"")]
    #[case::line("CIE\nLIBPATH /tmp/evil.so")]
    #[case::space_at_the_end("CIE ")]
    fn a_name_that_the_file_cannot_carry_is_refused(#[case] name: &str) {
        let error = entry(name, "unix:/run/reader").unwrap_err();
        assert_eq!(error, ConfError::Name(name.to_owned()));
    }

    #[test]
    fn a_library_with_a_strange_path_is_refused() {
        let endpoint = "127.0.0.1:35970".parse().unwrap();
        let error = Entry::driver("CIE", &endpoint, Path::new("lib/my driver.so")).unwrap_err();
        assert!(matches!(error, ConfError::Library(_)), "{error}");
    }

    #[test]
    fn two_readers_need_two_names_and_two_places() {
        let [first, second, third] = [
            entry("A", "unix:/run/a").unwrap(),
            entry("A", "unix:/run/b").unwrap(),
            entry("B", "unix:/run/a").unwrap(),
        ];
        let error = reader_conf(&[first.clone(), second])
            .unwrap_err()
            .to_string();
        assert!(error.contains("the name `A`"), "{error}");
        let error = reader_conf(&[first, third]).unwrap_err().to_string();
        assert!(error.contains("the endpoint `unix:/run/a`"), "{error}");
    }
}
