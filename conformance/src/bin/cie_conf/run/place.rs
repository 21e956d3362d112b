//! `--target`: what is under test, in one word.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What is under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Embedded cards.
    Emulator,
    /// A card in a reader: the only one with a card, or the one whose name has this in it.
    Reader(Option<String>),
    /// A recording that plays the card.
    Trace(PathBuf),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "emulator" => Ok(Self::Emulator),
            None if text == "reader" => Ok(Self::Reader(None)),
            Some(("reader", name)) if !name.is_empty() => Ok(Self::Reader(Some(name.to_owned()))),
            Some(("trace", file)) if !file.is_empty() => Ok(Self::Trace(file.into())),
            _ => Err(
                "write emulator, reader, reader:NAME with a part of the reader's name, or trace:FILE"
                    .to_owned(),
            ),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emulator => f.write_str("emulator"),
            Self::Reader(None) => f.write_str("reader"),
            Self::Reader(Some(name)) => write!(f, "reader:{name}"),
            Self::Trace(file) => write!(f, "trace:{}", file.display()),
        }
    }
}
