//! The little language in which people type commands: one command APDU in hexadecimal per line, spaces where they please,
//! `#` comments, and words for power and reset. It turns lines into steps; it sends nothing.

use crate::card::Reset;
use thiserror::Error;

/// What one line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: a blank line or a comment.
    Nothing,
    /// Send these bytes.
    Command(Vec<u8>),
    /// `!reset` (warm) or `!cold`.
    Reset(Reset),
    /// `!on`.
    PowerOn,
    /// `!off`.
    PowerOff,
}

/// Why a line is no step. Columns count characters from 1. The line itself is not repeated: it may hold a PIN.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LineError {
    /// Something that is neither a hexadecimal digit nor space.
    #[error(
        "column {column}: {found:?} is not a hexadecimal digit; write a command as pairs of 0-9 and A-F, e.g. 00A40000, and comments after #"
    )]
    NotHex {
        /// Where.
        column: usize,
        /// What stands there.
        found: char,
    },
    /// A byte with one digit.
    #[error(
        "column {column}: this byte has one digit only, {digits} in the whole line; write every byte as two, e.g. 0C for C"
    )]
    HalfByte {
        /// Where the lone digit stands.
        column: usize,
        /// How many digits the line has.
        digits: usize,
    },
    /// A word after `!` that is not known.
    #[error("column {column}: !{word} is not known; there are !reset (warm), !cold, !off and !on")]
    UnknownWord {
        /// Where the word begins.
        column: usize,
        /// The word.
        word: String,
    },
}

impl Step {
    /// Reads one line, without its line end.
    ///
    /// # Errors
    /// [`LineError`] with the column.
    pub fn parse(line: &str) -> Result<Self, LineError> {
        let text = line.split_once('#').map_or(line, |(before, _)| before);
        match text.trim() {
            "" => Ok(Self::Nothing),
            trimmed => match trimmed.strip_prefix('!') {
                Some(word) => Self::word(word).ok_or_else(|| LineError::UnknownWord {
                    column: text
                        .chars()
                        .take_while(|c| c.is_whitespace())
                        .count()
                        .saturating_add(1),
                    word: word.to_owned(),
                }),
                None => bytes(text).map(Self::Command),
            },
        }
    }

    fn word(word: &str) -> Option<Self> {
        match word {
            "reset" => Some(Self::Reset(Reset::Warm)),
            "cold" => Some(Self::Reset(Reset::Cold)),
            "off" => Some(Self::PowerOff),
            "on" => Some(Self::PowerOn),
            _ => None,
        }
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, LineError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    // The first digit of a byte waits here, with its column, for the second.
    let mut waiting: Option<(usize, u32)> = None;
    let mut digits = 0_usize;
    for (index, found) in text.chars().enumerate() {
        if found.is_whitespace() {
            continue;
        }
        let column = index.saturating_add(1);
        let digit = found
            .to_digit(16)
            .ok_or(LineError::NotHex { column, found })?;
        digits = digits.saturating_add(1);
        waiting = match waiting {
            None => Some((column, digit)),
            Some((_, high)) => {
                bytes.extend(u8::try_from(high << 4 | digit));
                None
            }
        };
    }
    match waiting {
        None => Ok(bytes),
        Some((column, _)) => Err(LineError::HalfByte { column, digits }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::blank("  \t", Step::Nothing)]
    #[case::comment("# SELECT MF", Step::Nothing)]
    #[case::command("00A40000", Step::Command(vec![0, 0xA4, 0, 0]))]
    #[case::spaces(" 00 a4 0 0 00 # MF", Step::Command(vec![0, 0xA4, 0, 0]))]
    #[case::warm("!reset", Step::Reset(Reset::Warm))]
    #[case::cold("  !cold # now", Step::Reset(Reset::Cold))]
    #[case::off("!off", Step::PowerOff)]
    #[case::on("!on", Step::PowerOn)]
    fn read(#[case] line: &str, #[case] step: Step) {
        assert_eq!(Step::parse(line), Ok(step));
    }

    #[rstest]
    #[case::letter("00A4000G", LineError::NotHex { column: 8, found: 'G' })]
    #[case::prefix("0x00", LineError::NotHex { column: 2, found: 'x' })]
    #[case::not_ascii("00 \u{e8}", LineError::NotHex { column: 4, found: '\u{e8}' })]
    #[case::half("00 A4 0", LineError::HalfByte { column: 7, digits: 5 })]
    #[case::word("  !warm", LineError::UnknownWord { column: 3, word: "warm".to_owned() })]
    fn refused(#[case] line: &str, #[case] error: LineError) {
        assert_eq!(Step::parse(line), Err(error));
    }

    proptest! {
        #[test]
        fn hexadecimal_comes_back(command in proptest::collection::vec(any::<u8>(), 1..300)) {
            prop_assert_eq!(Step::parse(&hex::encode(&command)), Ok(Step::Command(command)));
        }

        #[test]
        fn any_line_is_read_or_refused(line in "\\PC{0,40}") {
            if let Ok(Step::Command(bytes)) = Step::parse(&line) {
                prop_assert!(!bytes.is_empty());
            }
        }
    }
}
