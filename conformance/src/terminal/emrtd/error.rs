//! Why a step of the document's protocols could not be done, or what the card broke.

use cie_crypto::dh::DhError;
use cie_crypto::ec::EcError;
use cie_emulator::wire::tlv::TlvError;

use super::super::TerminalError;

/// Why a step of the document's protocols ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// No usable answer, or a status word that ends the protocol.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The card broke a rule.
    #[error("{detail} ({clause})")]
    Broken {
        /// The clause it comes from.
        clause: &'static str,
        /// What was found and what should have been.
        detail: String,
    },
    /// A step needs the result of an earlier one that was not done.
    #[error("{0} is missing: do that step first")]
    Missing(&'static str),
    /// The terminal's own values do not fit, or something is not known, so that nothing can be said about the card.
    #[error("the terminal could not do its part: {0}")]
    Terminals(String),
}

impl DocumentError {
    pub(crate) fn broken(clause: &'static str, detail: impl Into<String>) -> Self {
        Self::Broken {
            clause,
            detail: detail.into(),
        }
    }

    pub(crate) fn terminals(detail: impl ToString) -> Self {
        Self::Terminals(detail.to_string())
    }
}

/// `Err` with this clause unless `holds`.
pub(super) fn require(
    clause: &'static str,
    holds: bool,
    detail: impl FnOnce() -> String,
) -> Result<(), DocumentError> {
    match holds {
        true => Ok(()),
        false => Err(DocumentError::broken(clause, detail())),
    }
}

/// The card's value is no value of the group.
pub(super) fn card_value(error: DhError) -> DocumentError {
    DocumentError::broken("ICAO 9303-11 §4.4.3.3", error.to_string())
}

/// The card's point is no point of the curve.
pub(super) fn card_point(error: EcError) -> DocumentError {
    DocumentError::broken("ICAO 9303-11 §4.4.3.3", error.to_string())
}

/// The card's data are no data objects.
pub(super) fn card_objects(error: TlvError) -> DocumentError {
    DocumentError::broken("ISO/IEC 7816-4:2020 §8.2", error.to_string())
}
