//! What the resource manager's errors mean: for a case that is running, and for somebody who wants to begin. Each says what
//! happened and what to do.

use pcsc::Error;

use super::Share;
use crate::report::model::ExitCode;
use crate::target::TargetError;

/// Why no reader, or no card, could be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReaderError {
    /// The library is not installed.
    #[error(transparent)]
    Library(#[from] pcsc_sys::LibraryError),
    /// The library is there and nobody answers it.
    #[error(
        "the PC/SC service does not run; start it (systemctl start pcscd.socket, or pcscd as root), and see `cie-conf doctor` if it does"
    )]
    NoService,
    /// The service runs and may not be used.
    #[error(
        "the PC/SC service refuses this user; allow it in the polkit rules of org.debian.pcsc-lite, or run as a user at the console"
    )]
    NoAccess,
    /// The service knows no reader.
    #[error(
        "there is no reader; connect one, or serve a card into a virtual one (`cie-card serve`)"
    )]
    NoReader,
    /// No reader has that name, or a part of it.
    #[error("no reader is called \"{wanted}\"; there are: {}", list(there))]
    NoSuchReader {
        /// What was asked for.
        wanted: String,
        /// The readers there are.
        there: Vec<String>,
    },
    /// Several readers have that in their names.
    #[error(
        "\"{wanted}\" is part of several readers' names; write more of the one meant: {}",
        list(there)
    )]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// The readers it fits.
        there: Vec<String>,
    },
    /// No reader was named and several have a card.
    #[error(
        "several readers have a card; name one, --target reader:NAME: {}",
        list(there)
    )]
    Several {
        /// The readers with a card.
        there: Vec<String>,
    },
    /// No reader was named and none has a card.
    #[error("no reader has a card; insert one. The readers are: {}", list(there))]
    NoCard {
        /// The readers there are.
        there: Vec<String>,
    },
    /// Anything else the resource manager said.
    #[error("the PC/SC service said \"{0}\"; run `cie-conf doctor`")]
    Other(Error),
}

fn list(readers: &[String]) -> String {
    readers.join(", ")
}

impl ReaderError {
    /// What the process answers to its caller: 2 where another name would help, 3 where something must be installed, started or
    /// inserted.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoSuchReader { .. } | Self::Ambiguous { .. } | Self::Several { .. } => {
                ExitCode::Usage
            }
            Self::Library(_)
            | Self::NoService
            | Self::NoAccess
            | Self::NoReader
            | Self::NoCard { .. }
            | Self::Other(_) => ExitCode::Harness,
        }
    }
}

impl From<Error> for ReaderError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoService | Error::ServiceStopped | Error::Shutdown => Self::NoService,
            Error::SecurityViolation | Error::NoAccess => Self::NoAccess,
            Error::NoReadersAvailable => Self::NoReader,
            other => Self::Other(other),
        }
    }
}

/// What an error means for the case that met it.
pub(super) fn met(error: Error, reader: &str, share: Share) -> TargetError {
    match error {
        Error::RemovedCard | Error::NoSmartcard => TargetError::CardRemoved,
        Error::ResetCard => TargetError::CardReset,
        Error::UnresponsiveCard
        | Error::UnpoweredCard
        | Error::NotTransacted
        | Error::CommError => TargetError::NoResponse,
        Error::NoService | Error::ServiceStopped | Error::Shutdown => {
            TargetError::ReaderGone("the PC/SC service stopped".to_owned())
        }
        // An invalid handle is what is left of a connection when the service was restarted.
        Error::InvalidHandle => {
            TargetError::ReaderGone("the PC/SC service was restarted".to_owned())
        }
        Error::ReaderUnavailable | Error::UnknownReader | Error::NoReadersAvailable => {
            TargetError::ReaderGone(format!("{reader} is no longer there"))
        }
        Error::SharingViolation => TargetError::Refused(held(reader, share)),
        Error::ProtoMismatch | Error::UnsupportedCard | Error::CardUnsupported => {
            TargetError::Refused(format!(
                "card and {reader} agree on no protocol that was allowed; try --protocol auto"
            ))
        }
        Error::InvalidParameter
        | Error::InvalidValue
        | Error::PciTooSmall
        | Error::UnsupportedFeature
        | Error::InsufficientBuffer => TargetError::Refused(format!(
            "{reader} or its driver does not carry a command of this form or length ({error}); run the case on the embedded card"
        )),
        Error::SecurityViolation | Error::NoAccess => {
            TargetError::Refused(ReaderError::NoAccess.to_string())
        }
        other => TargetError::ReaderGone(format!("{reader}: {other}")),
    }
}

fn held(reader: &str, share: Share) -> String {
    let advice = match share {
        Share::Exclusive => {
            "close it (browsers, p11-kit and gpg's scdaemon hold cards), or share the card: --share transaction"
        }
        Share::Transaction | Share::Shared => {
            "it wants the card for itself; close it (browsers, p11-kit and gpg's scdaemon hold cards)"
        }
    };
    format!("another program holds the card in {reader}; {advice}")
}
