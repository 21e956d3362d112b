//! What a card's contents must be, checked point by point: security object, certificate, consistency of the personalisation.
//! Every point becomes a [`Finding`] with a name that stays; nothing here talks to a card or decides a verdict.

pub mod certificate;
pub mod personalisation;
pub mod security_object;

use std::fmt;

/// One point that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name; does not change between versions.
    pub id: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// What was found, in words; holds no secrets and no contents of files that need a PIN.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.ok {
            true => "ok",
            false => "WRONG",
        };
        write!(f, "{mark} {}: {}", self.id, self.message)
    }
}

/// All points of a check, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Notes a point; returns whether it holds.
    pub fn note(&mut self, id: &'static str, ok: bool, message: impl Into<String>) -> bool {
        self.0.push(Finding {
            id,
            ok,
            message: message.into(),
        });
        ok
    }

    /// Adds the points of another check.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The points.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// The points that do not hold.
    pub fn wrong(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|finding| !finding.ok)
    }

    /// Whether every point holds. An empty check holds nothing.
    #[must_use]
    pub fn all_ok(&self) -> bool {
        !self.0.is_empty() && self.wrong().next().is_none()
    }

    /// The points, owned.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

/// The first BER-TLV object of a file and whether only zeros follow it; `None` when there is no object.
fn first_object(file: &[u8]) -> Option<(&[u8], bool)> {
    let (object, rest) = cie_emulator::wire::tlv::Tlv::read(file).ok()?;
    Some((object.raw, rest.iter().all(|byte| *byte == 0)))
}
