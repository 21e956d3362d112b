//! `--serve private`: a pcscd of the run's own. This program starts the daemon and then itself once more, as the daemon's client,
//! because where a client finds its daemon is settled when it starts.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use cie_conformance::report::model::ExitCode;
use cie_pcscd::{DaemonError, PrivateDaemon};

use crate::failure::Failure;

/// The reader that the private daemon has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivateReader {
    /// One of our driver.
    Driver,
    /// vsmartcard's.
    Vpcd,
}

impl PrivateReader {
    /// As it is written behind `--serve`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Driver => "private",
            Self::Vpcd => "private:vpcd",
        }
    }
}

/// Runs this program's own command line with the reader of a new daemon, until it ends.
pub(super) fn run(reader: PrivateReader) -> Result<ExitCode, Failure> {
    let broken = |error: DaemonError| Failure::Harness(error.to_string());
    let builder = match reader {
        PrivateReader::Driver => PrivateDaemon::builder().reader("CIE Private"),
        PrivateReader::Vpcd => PrivateDaemon::builder().vpcd(),
    };
    let daemon = builder.start().map_err(broken)?;
    let serve = match daemon.endpoints().first() {
        Some(endpoint) => format!("driver:{endpoint}"),
        None => "vpcd".to_owned(),
    };
    let again = |error: std::io::Error| {
        Failure::Harness(format!("the run cannot be started once more: {error}"))
    };
    let mut command = Command::new(std::env::current_exe().map_err(again)?);
    command.args(with_reader(std::env::args_os().skip(1), &serve));
    daemon.serve(&mut command);
    if reader == PrivateReader::Vpcd {
        // Its ports are those of the daemon's own network.
        command = daemon.enter(&command).map_err(broken)?;
    }
    // An interruption reaches the run as well, which ends in order; the daemon must be there until then.
    ctrlc::set_handler(|| {}).map_err(|error| Failure::Harness(error.to_string()))?;
    let status = command.status().map_err(again)?;
    match status.code() {
        Some(0) => Ok(ExitCode::Success),
        Some(1) => Ok(ExitCode::Failures),
        Some(2) => Ok(ExitCode::Usage),
        Some(4) => Ok(ExitCode::Refused),
        Some(_) => Ok(ExitCode::Harness),
        None => Err(Failure::Harness(format!("the run was ended: {status}"))),
    }
}

/// The arguments, with this behind `--serve` instead of what stands there.
fn with_reader(arguments: impl Iterator<Item = OsString>, serve: &str) -> Vec<OsString> {
    let mut behind = false;
    arguments
        .map(|argument| {
            let value = std::mem::replace(&mut behind, argument == "--serve");
            let joined = argument.as_encoded_bytes().starts_with(b"--serve=");
            match (value, joined) {
                (true, _) => OsStr::new(serve).to_owned(),
                (false, true) => OsString::from(format!("--serve={serve}")),
                (false, false) => argument,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::apart("run pin --serve private --seed 2", "run pin --serve HERE --seed 2")]
    #[case::joined("run --serve=private:vpcd pin", "run --serve=HERE pin")]
    fn the_reader_alone_is_replaced(#[case] given: &str, #[case] expected: &str) {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(
            with_reader(words(given).into_iter(), "HERE"),
            words(expected)
        );
    }
}
