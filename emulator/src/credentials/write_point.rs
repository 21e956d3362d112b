//! The moments at which persistent memory changes, by name, and the promise that each change is durable before anything
//! else happens. Where the bytes go is the business of [`crate::store`].

use super::Credentials;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Every moment at which persistent memory changes, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WritePoint {
    /// A try of the PIN was taken, before the comparison.
    PinTryTaken,
    /// The PIN was right: its tries are given back.
    PinTriesRestored,
    /// A try of the PUK was taken, before the comparison.
    PukTryTaken,
    /// The PUK was right: its tries are given back.
    PukTriesRestored,
    /// CHANGE REFERENCE DATA: new PIN and full tries, in one write.
    PinChanged,
    /// RESET RETRY COUNTER with a new PIN: new PIN and full tries, in one write.
    PinReplaced,
    /// RESET RETRY COUNTER without data: full tries.
    PinUnblocked,
}

impl WritePoint {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::PinTryTaken,
        Self::PinTriesRestored,
        Self::PukTryTaken,
        Self::PukTriesRestored,
        Self::PinChanged,
        Self::PinReplaced,
        Self::PinUnblocked,
    ];

    /// Its name in scenarios, files and messages, e.g. `pin_try_taken`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PinTryTaken => "pin_try_taken",
            Self::PinTriesRestored => "pin_tries_restored",
            Self::PukTryTaken => "puk_try_taken",
            Self::PukTriesRestored => "puk_tries_restored",
            Self::PinChanged => "pin_changed",
            Self::PinReplaced => "pin_replaced",
            Self::PinUnblocked => "pin_unblocked",
        }
    }
}

impl fmt::Display for WritePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no write point has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no write point is called {0:?}; there are: {known}", known = WritePoint::ALL.map(WritePoint::name).join(", "))]
pub struct UnknownWritePoint(pub String);

impl FromStr for WritePoint {
    type Err = UnknownWritePoint;

    fn from_str(name: &str) -> Result<Self, UnknownWritePoint> {
        Self::ALL
            .into_iter()
            .find(|point| point.name() == name)
            .ok_or_else(|| UnknownWritePoint(name.to_owned()))
    }
}

/// The power went away at a write point: the command has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("power lost while writing {0}")]
pub struct PowerLost(pub WritePoint);

/// Where changes become durable.
pub trait Commit {
    /// Makes `credentials` durable, atomically: afterwards a power-up finds either all of it or nothing of it.
    ///
    /// # Errors
    /// [`PowerLost`]: the command ends here, without an answer.
    fn commit(&mut self, point: WritePoint, credentials: &Credentials) -> Result<(), PowerLost>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files_and_scenarios() {
        for point in WritePoint::ALL {
            assert_eq!(point.name().parse(), Ok(point));
            assert_eq!(point.to_string(), point.name());
            assert_eq!(
                serde_json::to_value(point).unwrap(),
                serde_json::Value::from(point.name())
            );
        }
        assert_eq!(
            "pin_try".parse::<WritePoint>().unwrap_err().to_string(),
            "no write point is called \"pin_try\"; there are: pin_try_taken, pin_tries_restored, puk_try_taken, \
             puk_tries_restored, pin_changed, pin_replaced, pin_unblocked"
        );
    }
}
