//! Why an exchange gave no usable answer.

use cie_emulator::wire::{ApduError, StatusWord};

use super::secure_messaging::ChannelError;
use crate::target::TargetError;

/// Why the terminal stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TerminalError {
    /// Nothing came back from the target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Secure messaging failed.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The command cannot be encoded.
    #[error("the command cannot be sent: {0}")]
    Command(#[from] ApduError),
    /// Fewer bytes came back than a status word has.
    #[error(
        "the card answered {0} bytes; the two status bytes are always there (ISO/IEC 7816-4:2020 §5.1)"
    )]
    NoStatus(usize),
    /// A step that must succeed was answered with another status word.
    #[error("{step}: the card answered {sw}, 9000 was needed to go on")]
    Status {
        /// What was being done.
        step: &'static str,
        /// The answer.
        sw: StatusWord,
    },
}
