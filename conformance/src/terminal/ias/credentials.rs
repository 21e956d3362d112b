//! PIN and PUK: the commands that carry them. Any status word is an answer; counting tries is the card's business and judging
//! the scenario's.

use std::fmt;

use cie_emulator::wire::{CommandBuf, ins};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Which reference data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// The holder's PIN, `81`.
    Pin,
    /// The unblocking code, `82`.
    Puk,
    /// Another reference, to see it refused.
    Other(u8),
}

impl Reference {
    /// P2 of the commands.
    #[must_use]
    pub const fn p2(self) -> u8 {
        match self {
            Self::Pin => 0x81,
            Self::Puk => 0x82,
            Self::Other(reference) => reference,
        }
    }
}

/// Verification data: eight ASCII digits when right, any bytes in negative cases. Wiped on drop; `Debug` shows the length.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Code(Vec<u8>);

impl Code {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Code {
    fn from(digits: &str) -> Self {
        Self::new(digits)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({} bytes)", self.0.len())
    }
}

/// VERIFY (ISO/IEC 7816-4:2020 §11.6.6).
#[must_use]
pub fn verify(reference: Reference, code: &Code) -> CommandBuf {
    CommandBuf::new(0x00, ins::VERIFY, 0x00, reference.p2()).data(code.as_bytes())
}

/// CHANGE REFERENCE DATA: old and new value one after the other.
#[must_use]
pub fn change_reference_data(reference: Reference, old: &Code, new: &Code) -> CommandBuf {
    CommandBuf::new(0x00, ins::CHANGE_REFERENCE_DATA, 0x00, reference.p2())
        .data([old.as_bytes(), new.as_bytes()].concat())
}

/// RESET RETRY COUNTER: with a new value P1 is `02`, without one `03`.
#[must_use]
pub fn reset_retry_counter(reference: Reference, new: Option<&Code>) -> CommandBuf {
    let command = |p1| CommandBuf::new(0x00, ins::RESET_RETRY_COUNTER, p1, reference.p2());
    match new {
        Some(new) => command(0x02).data(new.as_bytes()),
        None => command(0x03),
    }
}
