//! Patterns of bytes: digits left open, and gaps of any length.

use std::fmt;
use std::str::FromStr;

use super::text_type;

/// One part of a [`BytePattern`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PatternPart {
    /// One byte: its value in the given digits, and F in the mask where a digit is given.
    Byte {
        /// The digits given; zero where there is a `?`.
        value: u8,
        /// F where a digit is given.
        mask: u8,
    },
    /// `..`: any number of bytes, also none.
    Any,
}

/// Bytes in hex where `?` stands for any digit and `..` for any bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BytePattern(pub Vec<PatternPart>);

text_type!(
    BytePattern,
    "bytes in hex, with `?` for a digit and `..` for any bytes",
    "^(([0-9A-Fa-f?]{2}|\\.\\.) ?)*$",
    "Bytes in hex, quoted; `?` is any digit, `..` any number of bytes."
);

impl BytePattern {
    /// True when the bytes fit from the first to the last.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        // Greedy matching with one point to come back to: the last `..` seen and how much it has taken.
        let (mut part, mut at) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(part), bytes.get(at)) {
                (Some(PatternPart::Any), _) => {
                    retry = Some((part + 1, at));
                    part += 1;
                    continue;
                }
                (Some(PatternPart::Byte { value, mask }), Some(byte)) if byte & mask == *value => {
                    part += 1;
                    at += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            match retry {
                Some((after, taken)) if taken < bytes.len() => {
                    retry = Some((after, taken + 1));
                    part = after;
                    at = taken + 1;
                }
                _ => return false,
            }
        }
    }
}

impl FromStr for BytePattern {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let symbols: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
        let bad = |pair: &[char]| {
            let pair: String = pair.iter().collect();
            format!(
                "\"{text}\" is not a byte pattern: \"{pair}\" is neither two digits (`?` for any) nor `..`"
            )
        };
        symbols
            .chunks(2)
            .map(|pair| match pair {
                ['.', '.'] => Ok(PatternPart::Any),
                [high, low] => {
                    let digit = |c: &char| {
                        if *c == '?' {
                            Some((0, 0))
                        } else {
                            c.to_digit(16).map(|digit| (digit, 0xF))
                        }
                    };
                    let ((high, high_mask), (low, low_mask)) =
                        digit(high).zip(digit(low)).ok_or_else(|| bad(pair))?;
                    let byte =
                        |high: u32, low: u32| u8::try_from(high << 4 | low).unwrap_or_default();
                    Ok(PatternPart::Byte {
                        value: byte(high, low),
                        mask: byte(high_mask, low_mask),
                    })
                }
                _ => Err(bad(pair)),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for BytePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |value: u8, mask: u8| match mask {
            0xF => char::from_digit(u32::from(value), 16)
                .unwrap_or('?')
                .to_ascii_uppercase(),
            _ => '?',
        };
        self.0.iter().try_for_each(|part| match part {
            PatternPart::Any => f.write_str(".."),
            PatternPart::Byte { value, mask } => write!(
                f,
                "{}{}",
                digit(value >> 4, mask >> 4),
                digit(value & 0xF, mask & 0xF)
            ),
        })
    }
}

impl fmt::Debug for BytePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
