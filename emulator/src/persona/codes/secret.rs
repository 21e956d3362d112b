//! A code and half a code as secrets: wiped on drop, compared in constant time, shown to nobody who does not ask by name.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::crypto::ct;

use super::CodesError;

/// A PIN or PUK: eight ASCII digits. There is no `Display`; [`reveal`](Code::reveal) is the only way to the digits.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Code([u8; 8]);

/// Four ASCII digits, the first or the last of a [`Code`].
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CodeHalf([u8; 4]);

impl Code {
    /// A code from eight ASCII digits.
    pub fn from_digits(digits: &[u8]) -> Result<Self, CodesError> {
        only_digits(digits).map(Self).ok_or(CodesError::Form)
    }

    /// The code whose first and last four digits these are.
    pub fn from_halves(first: &CodeHalf, second: &CodeHalf) -> Self {
        let mut digits = [0; 8];
        digits[..4].copy_from_slice(&first.0);
        digits[4..].copy_from_slice(&second.0);
        let code = Self(digits);
        digits.zeroize();
        code
    }

    /// The eight ASCII digits, as VERIFY carries them.
    pub fn reveal(&self) -> &[u8; 8] {
        &self.0
    }

    /// The first four digits, on the receipt.
    pub fn first_half(&self) -> CodeHalf {
        let [a, b, c, d, ..] = self.0;
        CodeHalf([a, b, c, d])
    }

    /// The last four digits, in the letter.
    pub fn second_half(&self) -> CodeHalf {
        let [.., a, b, c, d] = self.0;
        CodeHalf([a, b, c, d])
    }

    /// Whether client programs refuse this value as a new PIN: all digits equal, or each one more (or one less) than the
    /// digit before, without wrapping around. Sixteen values are.
    pub fn is_trivial(&self) -> bool {
        [0, 1, -1].iter().any(|step| {
            self.0
                .iter()
                .zip(self.0.iter().skip(1))
                .all(|(a, b)| i16::from(*b) - i16::from(*a) == *step)
        })
    }
}

impl CodeHalf {
    /// Half a code from four ASCII digits.
    pub fn from_digits(digits: &[u8]) -> Result<Self, CodesError> {
        only_digits(digits).map(Self).ok_or(CodesError::HalfForm)
    }

    /// The four ASCII digits.
    pub fn reveal(&self) -> &[u8; 4] {
        &self.0
    }

    /// The four digits as text, for printing the artefact whose purpose is to show them.
    pub(super) fn reveal_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn only_digits<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digits: [u8; N] = digits.try_into().ok()?;
    digits.iter().all(u8::is_ascii_digit).then_some(digits)
}

impl FromStr for Code {
    type Err = CodesError;

    fn from_str(text: &str) -> Result<Self, CodesError> {
        Self::from_digits(text.as_bytes())
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        ct::eq(&self.0, &other.0)
    }
}

impl Eq for Code {}

impl PartialEq for CodeHalf {
    fn eq(&self, other: &Self) -> bool {
        ct::eq(&self.0, &other.0)
    }
}

impl Eq for CodeHalf {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(********)")
    }
}

impl fmt::Debug for CodeHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHalf(****)")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn code(text: &str) -> Code {
        text.parse().unwrap()
    }

    #[test]
    fn debug_shows_no_digit() {
        assert_eq!(format!("{:?}", code("12345678")), "Code(********)");
        assert_eq!(
            format!("{:?}", code("12345678").first_half()),
            "CodeHalf(****)"
        );
    }

    #[test]
    fn halves_join_in_order_only() {
        let whole = code("12345678");
        let (first, second) = (whole.first_half(), whole.second_half());
        assert_eq!((first.reveal(), second.reveal()), (b"1234", b"5678"));
        assert_eq!(Code::from_halves(&first, &second), whole);
        assert_ne!(Code::from_halves(&second, &first), whole);
    }

    #[rstest]
    #[case::seven("1234567")]
    #[case::nine("123456789")]
    #[case::letter("1234567a")]
    #[case::sign("+1234567")]
    #[case::empty("")]
    fn eight_digits_and_nothing_else(#[case] text: &str) {
        assert_eq!(text.parse::<Code>(), Err(CodesError::Form));
    }

    #[test]
    fn exactly_sixteen_codes_are_trivial() {
        let ascending = (0..=2).map(|start| {
            (start..start + 8)
                .map(|d| d.to_string())
                .collect::<String>()
        });
        let descending =
            (7..=9).map(|start| (0..8).map(|d| (start - d).to_string()).collect::<String>());
        let equal = (0..=9).map(|digit| digit.to_string().repeat(8));
        let trivial: Vec<String> = ascending.chain(descending).chain(equal).collect();
        assert_eq!(trivial.len(), 16);
        assert!(trivial.iter().all(|text| code(text).is_trivial()));
        // A prime stride samples the whole range and keeps the test short.
        let found = (0..100_000_000u32)
            .step_by(1009)
            .filter(|number| code(&format!("{number:08}")).is_trivial());
        assert!(
            found
                .into_iter()
                .all(|number| trivial.contains(&format!("{number:08}")))
        );
    }

    #[rstest]
    #[case::wraps_up("34567890")]
    #[case::wraps_down("32109876")]
    #[case::two_steps("02468024")]
    #[case::almost("11111112")]
    fn near_patterns_are_accepted(#[case] text: &str) {
        assert!(!code(text).is_trivial());
    }
}
