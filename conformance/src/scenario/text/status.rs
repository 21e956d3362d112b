//! Status words with digits left open.

use std::fmt;
use std::str::FromStr;

/// A status word, or all those that agree in the digits that are not `?`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusMask {
    /// The digits given; zero where there is a `?`.
    pub value: u16,
    /// F where a digit is given, zero where there is a `?`.
    pub mask: u16,
}

impl StatusMask {
    /// True when the status word agrees in every given digit.
    pub fn matches(self, status: u16) -> bool {
        status & self.mask == self.value
    }
}

impl FromStr for StatusMask {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "\"{text}\" is not a status word: four hex digits, `?` for any digit (\"9000\", \"63C?\")"
            )
        };
        if text.len() != 4 {
            return Err(bad());
        }
        let mut status = Self { value: 0, mask: 0 };
        for digit in text.chars() {
            let (value, mask) = match digit {
                '?' => (0, 0),
                _ => (digit.to_digit(16).ok_or_else(bad)?, 0xF),
            };
            status.value = status.value << 4 | u16::try_from(value).map_err(|_| bad())?;
            status.mask = status.mask << 4 | mask;
        }
        Ok(status)
    }
}

impl fmt::Display for StatusMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |shift: u32| {
            let given = self.mask >> shift & 0xF == 0xF;
            let digit = char::from_digit(u32::from(self.value >> shift & 0xF), 16).unwrap_or('?');
            if given {
                digit.to_ascii_uppercase()
            } else {
                '?'
            }
        };
        [12, 8, 4, 0]
            .iter()
            .try_for_each(|shift| write!(f, "{}", digit(*shift)))
    }
}

impl fmt::Debug for StatusMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
