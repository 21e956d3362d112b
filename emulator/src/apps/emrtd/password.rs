//! The two passwords of the document: the MRZ information and the card access number, as types that cannot be wrong and
//! print nothing.

use cie_crypto::hash::sha1;
use core::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a text is no password of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Another number of characters, or others than the MRZ has.
    #[error(
        "the MRZ information is the document number, its check digit, date of birth and of expiry with theirs: at least 24 characters 0-9, A-Z and <"
    )]
    Mrz,
    /// A check digit does not fit.
    #[error("the check digit of the {0} in the MRZ information does not fit; read the MRZ again")]
    CheckDigit(&'static str),
    /// Not six digits.
    #[error("a card access number is six decimal digits")]
    Can,
}

/// The MRZ information (ICAO 9303-11 §4.3.2): document number with check digit, birth date with check digit, expiry date with
/// check digit; ASCII, 24 bytes for a number of nine characters.
#[derive(Clone)]
pub struct MrzInformation(Zeroizing<Vec<u8>>);

impl MrzInformation {
    /// Checks characters, length and all three check digits.
    ///
    /// # Errors
    /// [`PasswordError::Mrz`], [`PasswordError::CheckDigit`].
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        let bytes = text.as_bytes();
        let allowed = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'<');
        let number_len = bytes
            .len()
            .checked_sub(14)
            .filter(|n| (10..=31).contains(n));
        let (Some(number_len), true) = (number_len, bytes.iter().all(allowed)) else {
            return Err(PasswordError::Mrz);
        };
        let (number, dates) = bytes.split_at(number_len);
        let (birth, expiry) = dates.split_at(7);
        for (field, name) in [
            (number, "document number"),
            (birth, "date of birth"),
            (expiry, "date of expiry"),
        ] {
            match field.split_last() {
                Some((digit, field)) if *digit == check_digit(field) => {}
                _ => return Err(PasswordError::CheckDigit(name)),
            }
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The document number with its check digit: how a terminal names the chip after BAC (TR-03110-3 §B.2).
    #[must_use]
    pub fn document_number(&self) -> &[u8] {
        let end = self.0.len().saturating_sub(14);
        self.0.get(..end).unwrap_or_default()
    }

    /// The information itself, in clear: for whoever must keep the card.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// The password of PACE, 20 bytes; BAC takes the first 16 of them as key seed.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<[u8; 20]> {
        Zeroizing::new(sha1(&[&self.0]))
    }
}

/// Check digit of a field of the MRZ (ICAO 9303-3 §4.9), as its character: weights 7, 3, 1.
#[must_use]
pub fn check_digit(field: &[u8]) -> u8 {
    // Digits stand for themselves, capital letters for 10 to 35, everything else for nothing.
    let value = |byte: &u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' => char::from(*byte).to_digit(36).unwrap_or(0),
        _ => 0,
    };
    let weights = [7_u32, 3, 1].into_iter().cycle();
    let sum = field
        .iter()
        .zip(weights)
        .map(|(byte, weight)| value(byte).wrapping_mul(weight))
        .fold(0, u32::wrapping_add);
    char::from_digit(sum % 10, 10).map_or(b'0', |digit| digit as u8)
}

/// The card access number: six digits, printed on the front of a CIE.
#[derive(Clone)]
pub struct Can(Zeroizing<[u8; 6]>);

impl Can {
    /// Reads six decimal digits.
    ///
    /// # Errors
    /// [`PasswordError::Can`].
    pub fn new(digits: &str) -> Result<Self, PasswordError> {
        let bytes = <[u8; 6]>::try_from(digits.as_bytes()).map_err(|_| PasswordError::Can)?;
        match bytes.iter().all(u8::is_ascii_digit) {
            true => Ok(Self(Zeroizing::new(bytes))),
            false => Err(PasswordError::Can),
        }
    }

    /// The password of PACE: the digits themselves.
    #[must_use]
    pub fn secret(&self) -> &[u8] {
        &*self.0
    }
}

impl fmt::Debug for MrzInformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MrzInformation(..)")
    }
}

impl fmt::Debug for Can {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Can(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::italian("CA00000AA480010143101012", Ok("CA00000AA4"))]
    #[case::appendix_d("L898902C<369080619406236", Ok("L898902C<3"))]
    #[case::appendix_g("T22000129364081251010318", Ok("T220001293"))]
    #[case::long_number("D23145890734934071279507122", Ok("D231458907349"))]
    #[case::number(
        "CA00000AA580010143101012",
        Err(PasswordError::CheckDigit("document number"))
    )]
    #[case::birth(
        "CA00000AA480010153101012",
        Err(PasswordError::CheckDigit("date of birth"))
    )]
    #[case::expiry(
        "CA00000AA480010143101013",
        Err(PasswordError::CheckDigit("date of expiry"))
    )]
    #[case::short("CA00000A480010143101012", Err(PasswordError::Mrz))]
    #[case::small_letters("ca00000aa480010143101012", Err(PasswordError::Mrz))]
    #[case::nothing("", Err(PasswordError::Mrz))]
    fn mrz_information(#[case] text: &str, #[case] expected: Result<&str, PasswordError>) {
        let found = MrzInformation::new(text);
        let number = found.as_ref().map(|mrz| mrz.document_number());
        assert_eq!(number, expected.as_ref().map(|number| number.as_bytes()));
        assert!(!format!("{found:?}").contains("8001"));
    }

    #[rstest]
    #[case("123456", true)]
    #[case("12345", false)]
    #[case("1234567", false)]
    #[case("12345A", false)]
    fn access_numbers(#[case] digits: &str, #[case] right: bool) {
        let can = Can::new(digits);
        assert_eq!(can.is_ok(), right);
        assert!(!format!("{can:?}").contains("1234"));
    }
}
