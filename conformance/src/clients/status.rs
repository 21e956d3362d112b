//! How a client reads the status word of a command that carries a code. The whole word is compared, as an unsigned number; what is
//! not known is neither success nor a blocked card.

use serde::{Deserialize, Serialize};

/// What a client tells its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The code is verified.
    Ok,
    /// The code was compared and is wrong.
    Wrong {
        /// Tries left, 1 to 15; `None` when the card does not say.
        left: Option<u8>,
    },
    /// No try is left.
    Blocked,
    /// The code was not compared, or nobody knows.
    CardError,
}

/// A [`Verdict`] without its number, by its name in the vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictName {
    /// [`Verdict::Ok`].
    Ok,
    /// [`Verdict::Wrong`].
    Wrong,
    /// [`Verdict::Blocked`].
    Blocked,
    /// [`Verdict::CardError`].
    CardError,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> VerdictName {
        match self {
            Self::Ok => VerdictName::Ok,
            Self::Wrong { .. } => VerdictName::Wrong,
            Self::Blocked => VerdictName::Blocked,
            Self::CardError => VerdictName::CardError,
        }
    }

    /// Whether a code was compared, so that it is known to be right or wrong.
    #[must_use]
    pub const fn was_compared(self) -> bool {
        matches!(self, Self::Ok | Self::Wrong { .. })
    }
}

/// What the two status bytes of VERIFY, CHANGE REFERENCE DATA or RESET RETRY COUNTER mean (ISO/IEC 7816-4:2020 §5.6). `63C0` is
/// blocked: the code that was sent was wrong, and no other will be compared.
#[must_use]
pub const fn decode(sw: [u8; 2]) -> Verdict {
    match sw {
        [0x90, 0x00] => Verdict::Ok,
        [0x63, 0xC0] | [0x69, 0x83] => Verdict::Blocked,
        [0x63, low @ 0xC1..=0xCF] => Verdict::Wrong {
            left: Some(low & 0x0F),
        },
        [0x63, 0x00] => Verdict::Wrong { left: None },
        _ => Verdict::CardError,
    }
}
