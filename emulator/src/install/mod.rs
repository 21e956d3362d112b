//! Where the reader driver goes on a machine, and what is written for the daemon: a plan of files first, shown or carried
//! out after. Only what carries our mark is ever replaced or removed.

use crate::given_file;
use crate::link::Endpoint;
use crate::whole_file;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Bytes of the largest file that could be our driver: many times its size with everything for a debugger.
const LARGEST: usize = 256 << 20;

/// How the file name of our driver begins.
pub const DRIVER_STEM: &str = "libcie_ifd";

/// The driver's place on a machine, as Debian has it.
pub const LIBRARY: &str = "/usr/lib/pcsc/drivers/serial/libcie_ifd.so";

/// The configuration's place on a machine, as Debian has it.
pub const CONFIGURATION: &str = "/etc/reader.conf.d/cie-emulator";

/// What the driver carries in front of its version, and a zero byte behind it.
pub const MARK: &str = "cie-emulator reader driver, version ";

/// Where the driver waits for the card of a reader, counted from 1, unless something else is said: beside the daemon's own
/// socket, a place that the daemon has and that others can reach.
#[must_use]
pub fn endpoint(reader: usize) -> Endpoint {
    Endpoint::Unix(PathBuf::from(format!("/run/pcscd/cie-{reader}")))
}

/// The name of a reader, counted from 1, unless something else is said.
#[must_use]
pub fn reader_name(reader: usize) -> String {
    format!("CIE Emulator {reader}")
}

/// The first line of a configuration that is ours.
const HEADING: &str =
    "# Written by `cie-card driver install`; `cie-card driver uninstall` removes this file.";

/// One thing to do to the file system.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// A file comes, whole or not at all.
    Write {
        /// Where.
        path: PathBuf,
        /// What.
        contents: Vec<u8>,
        /// Whether something of ours is there already.
        over: bool,
    },
    /// A file goes.
    Remove {
        /// Which.
        path: PathBuf,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write {
                path,
                contents,
                over,
            } => write!(
                f,
                "{} {}, {} bytes",
                if *over { "replace" } else { "write" },
                path.display(),
                contents.len()
            ),
            Self::Remove { path } => write!(f, "remove {}", path.display()),
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step({self})")
    }
}

/// Why something is not installed or not removed.
#[derive(Debug, Error)]
pub enum InstallError {
    /// The library is not our driver.
    #[error(
        "{0} is not our reader driver, or was built from another version; build it with `cargo build --release -p cie-driver`"
    )]
    NotOurDriver(PathBuf),
    /// A file of somebody else stands in the place.
    #[error(
        "{0} was not written by `cie-card driver install`; move it away if you do not need it, then try again"
    )]
    NotOurs(PathBuf),
    /// The file system refuses.
    #[error("cannot {what} {path}: {source}; {way_out}", path = path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
        /// What to do.
        way_out: &'static str,
    },
}

/// What a driver says of its version; `None` for a library that is not ours.
#[must_use]
pub fn version_in(library: &[u8]) -> Option<&str> {
    // This program holds the mark too, without a version behind it.
    library
        .windows(MARK.len())
        .enumerate()
        .filter(|(_, window)| *window == MARK.as_bytes())
        .find_map(|(at, _)| {
            let rest = library.get(at.saturating_add(MARK.len())..)?;
            let end = rest.iter().take(32).position(|byte| *byte == 0)?;
            let version = std::str::from_utf8(rest.get(..end)?).ok()?;
            let plain = version
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
            (plain && !version.is_empty()).then_some(version)
        })
}

/// A path of a machine whose files are below `root`.
#[must_use]
pub fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// What installing does: the driver, then the configuration that names it.
///
/// `library` is the driver as it was built, `entries` the reader entries for reader.conf(5), which name the driver by its
/// place on the machine ([`LIBRARY`]), whatever `root` is.
///
/// # Errors
/// [`InstallError`] when `library` is not our driver, or something that is not ours stands in the place.
pub fn install(root: &Path, library: &Path, entries: &str) -> Result<Vec<Step>, InstallError> {
    let contents =
        given_file::read(library, LARGEST).map_err(|source| refused("read", library, source))?;
    if version_in(&contents).is_none() {
        return Err(InstallError::NotOurDriver(library.to_owned()));
    }
    let driver = below(root, LIBRARY);
    let configuration = below(root, CONFIGURATION);
    Ok(vec![
        Step::Write {
            over: is_ours(&driver)?,
            path: driver,
            contents,
        },
        Step::Write {
            over: is_ours(&configuration)?,
            path: configuration,
            contents: configuration_file(entries).into_bytes(),
        },
    ])
}

/// The configuration as it is written.
#[must_use]
pub fn configuration_file(entries: &str) -> String {
    format!("{HEADING}\n{}\n", entries.trim_end())
}

/// What uninstalling does: nothing for what is not there.
///
/// # Errors
/// [`InstallError::NotOurs`] when something that is not ours stands in the place.
pub fn uninstall(root: &Path) -> Result<Vec<Step>, InstallError> {
    let mut steps = Vec::new();
    // The configuration first: without it nobody asks for the driver.
    for path in [below(root, CONFIGURATION), below(root, LIBRARY)] {
        if is_ours(&path)? {
            steps.push(Step::Remove { path });
        }
    }
    Ok(steps)
}

/// Whether a file of ours is there; nothing there is no error.
fn is_ours(path: &Path) -> Result<bool, InstallError> {
    match given_file::read(path, LARGEST) {
        Ok(contents) if contents.starts_with(HEADING.as_bytes()) => Ok(true),
        Ok(contents) if version_in(&contents).is_some() => Ok(true),
        Ok(_) => Err(InstallError::NotOurs(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(refused("read", path, source)),
    }
}

/// Does it.
///
/// # Errors
/// [`InstallError::File`]; the steps before have been done, and doing all again is fine.
pub fn carry_out(step: &Step) -> Result<(), InstallError> {
    match step {
        Step::Write { path, contents, .. } => {
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory)
                    .map_err(|source| refused("make", directory, source))?;
            }
            // Neither file runs by itself: readable for the daemon, writable for its owner.
            whole_file::write(path, contents, 0o644)
                .map_err(|source| refused("write", path, source))
        }
        Step::Remove { path } => {
            fs::remove_file(path).map_err(|source| refused("remove", path, source))
        }
    }
}

fn refused(what: &'static str, path: &Path, source: io::Error) -> InstallError {
    let way_out = match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "run it as root (sudo), stage it below a directory of yours with --root, or do without: `cie-card serve --start-pcscd`"
        }
        _ => "check that the path exists and is what it should be",
    };
    InstallError::File {
        what,
        path: path.to_owned(),
        source,
        way_out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const ENTRIES: &str = "FRIENDLYNAME \"CIE 0\"\nDEVICENAME unix:/run/cie/0\n";

    fn library(directory: &Path, version: &str) -> PathBuf {
        let path = directory.join("built.so");
        fs::write(&path, format!("ELF {MARK}{version}\0")).unwrap();
        path
    }

    fn carry_out_all(steps: &[Step]) {
        steps.iter().for_each(|step| carry_out(step).unwrap());
    }

    #[test]
    fn it_comes_and_it_goes() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        for (version, over) in [("0.1.0", false), ("0.2.0", true)] {
            let steps = install(&root, &library(directory.path(), version), ENTRIES).unwrap();
            assert!(
                steps
                    .iter()
                    .all(|step| matches!(step, Step::Write { over: found, .. } if *found == over)),
                "{steps:?}"
            );
            carry_out_all(&steps);
            let written = fs::read(below(&root, LIBRARY)).unwrap();
            assert_eq!(version_in(&written), Some(version));
        }
        let text = fs::read_to_string(below(&root, CONFIGURATION)).unwrap();
        assert_eq!(text, format!("{HEADING}\n{ENTRIES}"));
        let steps = uninstall(&root).unwrap();
        assert_eq!(steps.len(), 2);
        carry_out_all(&steps);
        assert!(!below(&root, LIBRARY).exists() && !below(&root, CONFIGURATION).exists());
        assert_eq!(uninstall(&root).unwrap(), []);
    }

    #[rstest]
    #[case::library(LIBRARY)]
    #[case::configuration(CONFIGURATION)]
    fn what_is_not_ours_stays(#[case] place: &str) {
        let directory = tempfile::tempdir().unwrap();
        let foreign = below(directory.path(), place);
        fs::create_dir_all(foreign.parent().unwrap()).unwrap();
        fs::write(&foreign, "FRIENDLYNAME \"mine\"\n").unwrap();
        let built = library(directory.path(), "0.1.0");
        let error = install(directory.path(), &built, ENTRIES).unwrap_err();
        assert!(matches!(error, InstallError::NotOurs(_)), "{error}");
        let error = uninstall(directory.path()).unwrap_err();
        assert!(matches!(error, InstallError::NotOurs(_)), "{error}");
        assert!(foreign.exists());
    }

    #[rstest]
    #[case::nothing("ELF", None)]
    #[case::ours("ELFcie-emulator reader driver, version 0.1.0\0", Some("0.1.0"))]
    #[case::mark_alone("cie-emulator reader driver, version ELF", None)]
    #[case::twice(
        "cie-emulator reader driver, version # Written\0cie-emulator reader driver, version 1.2.3-rc.1\0",
        Some("1.2.3-rc.1")
    )]
    fn version(#[case] bytes: &str, #[case] expected: Option<&str>) {
        assert_eq!(version_in(bytes.as_bytes()), expected);
    }

    #[test]
    fn without_permission_there_is_a_way_out() {
        let source = ErrorKind::PermissionDenied.into();
        let message = refused("write", Path::new(CONFIGURATION), source).to_string();
        assert!(message.starts_with("cannot write /etc/reader.conf.d/cie-emulator: "));
        assert!(
            message.contains("sudo") && message.contains("--root"),
            "{message}"
        );
    }

    #[test]
    fn what_is_not_our_driver_is_not_installed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("other.so");
        fs::write(&path, "ELF").unwrap();
        let error = install(directory.path(), &path, ENTRIES).unwrap_err();
        assert!(matches!(error, InstallError::NotOurDriver(_)), "{error}");
        let error = install(directory.path(), Path::new("/missing.so"), ENTRIES).unwrap_err();
        assert!(error.to_string().starts_with("cannot read /missing.so"));
    }
}
