//! What client programs do with a card's codes: the order of their commands, the half of a PIN they remember, how they read status
//! words, what they check before they send. Traces are data, behaviour is small state machines, and everything is sent through the
//! judge's terminal. This room judges no card and knows no client by name; whole clients, byte for byte, are in the tests.
//!
//! The tables are files of `fixtures/vectors`, for developers of clients in any language, and embedded here:
//! `client-unblock-traces.json`, `client-status-words.json`, `client-new-pins.json`, `client-half-pin.json`.

pub mod half_pin;
pub mod new_pin;
pub mod status;
pub mod unblock;
pub mod vectors;

use crate::target::TargetError;
use crate::terminal::TerminalError;
use crate::terminal::ias::IasError;

/// Why a client could not do what it wanted. A status word is an answer, not an error.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The session could not be opened.
    #[error("the session could not be opened: {0}")]
    Session(#[from] IasError),
    /// A command was not answered.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The card could not be restarted.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A header in a trace is not four bytes.
    #[error(
        "`{0}` is no header of a command; write CLA, INS, P1 and P2 as eight hexadecimal digits"
    )]
    Header(String),
}
