//! What the documents say the terminal is told: exactly where they are exact, and no more where they are not.

use super::ask::Input;

/// A status word, or what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sw {
    Is(u16),
    OneOf(&'static [u16]),
    /// An error that is no success, no warning and no counter; the documents do not say which.
    Refused,
    /// Success or such an error; the documents do not say which.
    Open,
}

impl Sw {
    pub(crate) fn allows(self, sw: u16) -> bool {
        match self {
            Self::Is(expected) => sw == expected,
            Self::OneOf(expected) => expected.contains(&sw),
            Self::Refused => sw == 0x6300 || (0x6400..0x7000).contains(&sw),
            Self::Open => sw == 0x9000 || Self::Refused.allows(sw),
        }
    }
}

/// The data of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    None,
    /// Anything or nothing.
    Any,
    /// Something.
    Some,
    /// This many bytes.
    Length(usize),
    /// Eight bytes that were not seen before.
    Challenge,
    /// From here to there of a file.
    Part(u16, usize, usize),
    /// The same in data object 53.
    Object(u16, usize, usize),
    /// Control parameters with this tag, for a file of this size.
    Template(u8, usize),
    /// What key 81 (`true`) or 83 makes of an input.
    Signature(bool, Input),
}

/// What the terminal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing was asked.
    Nothing,
    /// The card lost its power before it could answer.
    Mute,
    Answer {
        protected: bool,
        sw: Sw,
        data: Data,
    },
}

impl Told {
    pub(crate) const fn plain(sw: Sw) -> Self {
        Self::Answer {
            protected: false,
            sw,
            data: Data::None,
        }
    }
}
