//! A secret of eight digits: the only form a PIN or PUK of a CIE has.

use core::fmt;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Eight ASCII digits. Erased when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Code([u8; 8]);

/// Why something is not a code. Says nothing of the value itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Not eight characters.
    #[error("a code has exactly 8 digits, this has {0} characters")]
    WrongLength(usize),
    /// A character that is not a decimal digit.
    #[error("a code has decimal digits only; character {0} is something else")]
    NotADigit(usize),
}

impl Code {
    /// Reads eight ASCII digits.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn new(digits: &[u8]) -> Result<Self, CodeError> {
        let code: [u8; 8] = digits
            .try_into()
            .map_err(|_| CodeError::WrongLength(digits.len()))?;
        match code.iter().position(|digit| !digit.is_ascii_digit()) {
            Some(at) => Err(CodeError::NotADigit(at.saturating_add(1))),
            None => Ok(Self(code)),
        }
    }

    /// The eight ASCII digits, in clear. The only way out of the type: grep for it.
    #[must_use]
    pub const fn reveal(&self) -> &[u8; 8] {
        &self.0
    }

    /// Whether these bytes are the code, in constant time.
    #[must_use]
    pub fn matches(&self, presented: &[u8]) -> bool {
        cie_crypto::ct::eq(&self.0, presented)
    }

    /// One of the sixteen values that clients refuse as a new PIN: all digits equal, or each one more (or one less)
    /// than the one before, without wrapping.
    #[must_use]
    pub fn is_trivial(&self) -> bool {
        let mut steps = self.0.windows(2).map(|pair| match pair {
            [a, b] => i16::from(*b).saturating_sub(i16::from(*a)),
            _ => 0,
        });
        let first = steps.next().unwrap_or(0);
        (-1..=1).contains(&first) && steps.all(|step| step == first)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(********)")
    }
}

impl core::str::FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("1234567", CodeError::WrongLength(7))]
    #[case("123456789", CodeError::WrongLength(9))]
    #[case("", CodeError::WrongLength(0))]
    #[case("1234567x", CodeError::NotADigit(8))]
    #[case(" 2345678", CodeError::NotADigit(1))]
    fn refused(#[case] text: &str, #[case] error: CodeError) {
        assert_eq!(text.parse::<Code>(), Err(error));
    }

    #[test]
    fn never_printed() {
        let code: Code = "13572468".parse().unwrap();
        assert_eq!(format!("{code:?}"), "Code(********)");
    }

    #[test]
    fn exactly_sixteen_values_are_trivial() {
        let mut candidates: Vec<String> = (0..10).map(|d| d.to_string().repeat(8)).collect();
        for start in 0..3 {
            let up: String = (start..start + 8).map(|d| d.to_string()).collect();
            candidates.push(up.chars().rev().collect());
            candidates.push(up);
        }
        assert_eq!(candidates.len(), 16);
        assert!(
            candidates
                .iter()
                .all(|c| c.parse::<Code>().unwrap().is_trivial())
        );
    }

    #[rstest]
    #[case("12345679")]
    #[case("78901234")]
    #[case("89012345")]
    #[case("11111112")]
    #[case("12121212")]
    #[case("02468024")]
    fn neighbours_are_not(#[case] text: &str) {
        assert!(!text.parse::<Code>().unwrap().is_trivial());
    }
}
