//! A secret of eight digits, the only form a PIN or PUK of a CIE has, and half of one, the form in which it is delivered:
//! wiped on drop, compared in constant time, shown to nobody who does not ask by name.

use core::fmt;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Eight ASCII digits. Erased when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Code([u8; 8]);

/// Four ASCII digits, the first or the last of a [`Code`].
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CodeHalf([u8; 4]);

/// Why something is not a code. Says nothing of the value itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Not eight (or, for half a code, four) characters.
    #[error("a code has {expected} digits, this has {found} characters")]
    WrongLength {
        /// Characters a code (or half of one) has.
        expected: usize,
        /// Characters this has.
        found: usize,
    },
    /// A character that is not a decimal digit.
    #[error("a code has decimal digits only; character {0} is something else")]
    NotADigit(usize),
}

impl Code {
    /// Reads eight ASCII digits.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn from_digits(digits: &[u8]) -> Result<Self, CodeError> {
        only_digits(digits).map(Self)
    }

    /// The eight ASCII digits, in clear. The only way out of the type: grep for it.
    #[must_use]
    pub const fn reveal(&self) -> &[u8; 8] {
        &self.0
    }

    /// The code whose first and last four digits these are.
    #[must_use]
    pub fn from_halves(first: &CodeHalf, second: &CodeHalf) -> Self {
        let [a, b, c, d] = first.0;
        let [e, f, g, h] = second.0;
        Self([a, b, c, d, e, f, g, h])
    }

    /// The first four digits, on the receipt.
    #[must_use]
    pub const fn first_half(&self) -> CodeHalf {
        let [a, b, c, d, ..] = self.0;
        CodeHalf([a, b, c, d])
    }

    /// The last four digits, in the letter.
    #[must_use]
    pub const fn second_half(&self) -> CodeHalf {
        let [.., a, b, c, d] = self.0;
        CodeHalf([a, b, c, d])
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

impl CodeHalf {
    /// Reads four ASCII digits.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn from_digits(digits: &[u8]) -> Result<Self, CodeError> {
        only_digits(digits).map(Self)
    }

    /// The four ASCII digits, in clear.
    #[must_use]
    pub const fn reveal(&self) -> &[u8; 4] {
        &self.0
    }

    /// The four digits as text, for the artefact whose purpose is to show them.
    #[must_use]
    pub fn reveal_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn only_digits<const N: usize>(digits: &[u8]) -> Result<[u8; N], CodeError> {
    let code: [u8; N] = digits.try_into().map_err(|_| CodeError::WrongLength {
        expected: N,
        found: digits.len(),
    })?;
    match code.iter().position(|digit| !digit.is_ascii_digit()) {
        Some(at) => Err(CodeError::NotADigit(at.saturating_add(1))),
        None => Ok(code),
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

impl PartialEq for CodeHalf {
    fn eq(&self, other: &Self) -> bool {
        cie_crypto::ct::eq(&self.0, &other.0)
    }
}

impl Eq for CodeHalf {}

impl fmt::Debug for CodeHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHalf(****)")
    }
}

impl core::str::FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_digits(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("1234567", CodeError::WrongLength { expected: 8, found: 7 })]
    #[case("123456789", CodeError::WrongLength { expected: 8, found: 9 })]
    #[case("", CodeError::WrongLength { expected: 8, found: 0 })]
    #[case("1234567x", CodeError::NotADigit(8))]
    #[case(" 2345678", CodeError::NotADigit(1))]
    fn refused(#[case] text: &str, #[case] error: CodeError) {
        assert_eq!(text.parse::<Code>(), Err(error));
    }

    #[test]
    fn never_printed() {
        let code: Code = "13572468".parse().unwrap();
        assert_eq!(format!("{code:?}"), "Code(********)");
        assert_eq!(format!("{:?}", code.first_half()), "CodeHalf(****)");
    }

    #[test]
    fn halves_join_in_order_only() {
        let whole: Code = "12345678".parse().unwrap();
        let (first, second) = (whole.first_half(), whole.second_half());
        assert_eq!((first.reveal(), second.reveal()), (b"1234", b"5678"));
        assert_eq!((first.reveal_str(), second.reveal_str()), ("1234", "5678"));
        assert_eq!(first, CodeHalf::from_digits(b"1234").unwrap());
        assert_ne!(first, second);
        assert_eq!(Code::from_halves(&first, &second), whole);
        assert_ne!(Code::from_halves(&second, &first), whole);
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
