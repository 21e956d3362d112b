//! The fiscal code (*codice fiscale*): parsing, and computing it from a holder. It is the common name of the citizen
//! certificate. Not a registry: that two people share a code, and which of them gets another (*omocodia*), is for
//! the caller to say.
//!
//! Source: Italian ministerial decree of 12 March 1974 and DM 13813 of 23 December 1976 (structure, check character).

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::date::Date;
use super::error::ValueError;
use super::identity::{CadastralCode, PersonName, Sex};

/// Sixteen characters: surname (3), given names (3), birth (5), place (4), check character (1). Upper case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct FiscalCode([u8; 16]);

/// Letters of the months January to December.
const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";

/// Weights of the characters in odd positions, by value (digits 0-9 share the weights of A-J).
const ODD_WEIGHTS: [u8; 26] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/// Where digits stand.
const DIGITS: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];

/// What stands for the digits 0 to 9 between homonyms.
const HOMOCODY: &[u8; 10] = b"LMNPQRSTUV";

impl FiscalCode {
    /// The code a holder without homonyms gets.
    pub fn compute(
        surname: &PersonName,
        given_names: &PersonName,
        sex: Sex,
        birth: Date,
        place: CadastralCode,
    ) -> Self {
        let day = birth.day().saturating_add(match sex {
            Sex::Female => 40,
            Sex::Male => 0,
        });
        let month = MONTHS
            .get(usize::from(birth.month()).saturating_sub(1))
            .copied()
            .unwrap_or(b'A');
        let mut code = [b'X'; 16];
        let text = surname_part(surname)
            .into_iter()
            .chain(given_names_part(given_names))
            .chain(format!("{:02}", birth.year() % 100).into_bytes())
            .chain([month])
            .chain(format!("{day:02}").into_bytes())
            .chain(place.as_str().bytes());
        for (slot, byte) in code.iter_mut().zip(text) {
            *slot = byte;
        }
        code[15] = check_character(&code);
        Self(code)
    }

    /// The code given to a further person with the same one: `digits` of its digits, 1 to 7 counted from the right, become
    /// letters, and the check character follows (DM 13813/1976, article 7). [`ValueError::Homocody`] for another number.
    pub fn between_homonyms(self, digits: u8) -> Result<Self, ValueError> {
        if !(1..=7).contains(&digits) {
            return Err(ValueError::Homocody(digits));
        }
        let mut code = self.0;
        for position in DIGITS.into_iter().rev().take(usize::from(digits)) {
            if let Some(slot) = code.get_mut(position)
                && slot.is_ascii_digit()
            {
                let letter = HOMOCODY.get(usize::from(slot.wrapping_sub(b'0')));
                *slot = letter.copied().unwrap_or(*slot);
            }
        }
        code[15] = check_character(&code);
        Ok(Self(code))
    }

    /// The code as it was before homonyms were told apart.
    #[must_use]
    pub fn without_homonyms(self) -> Self {
        let mut code = self.0;
        for position in DIGITS {
            if let Some(slot) = code.get_mut(position)
                && let Some(digit) = HOMOCODY.iter().position(|letter| letter == slot)
            {
                *slot = b"0123456789".get(digit).copied().unwrap_or(*slot);
            }
        }
        code[15] = check_character(&code);
        Self(code)
    }

    /// The sixteen characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Consonants first, then vowels, filled with X.
fn surname_part(name: &PersonName) -> [u8; 3] {
    let letters = name.ascii_letters();
    first_three(
        letters
            .bytes()
            .filter(|byte| !is_vowel(*byte))
            .chain(letters.bytes().filter(|byte| is_vowel(*byte))),
    )
}

/// As the surname, except that of four or more consonants the second is left out.
fn given_names_part(name: &PersonName) -> [u8; 3] {
    let letters = name.ascii_letters();
    let consonants: Vec<u8> = letters.bytes().filter(|byte| !is_vowel(*byte)).collect();
    match consonants.as_slice() {
        [first, _, third, fourth, ..] => [*first, *third, *fourth],
        _ => surname_part(name),
    }
}

fn is_vowel(byte: u8) -> bool {
    b"AEIOU".contains(&byte)
}

fn first_three(letters: impl Iterator<Item = u8>) -> [u8; 3] {
    let mut part = [b'X'; 3];
    for (slot, byte) in part.iter_mut().zip(letters) {
        *slot = byte;
    }
    part
}

/// The check character over the first fifteen.
fn check_character(code: &[u8; 16]) -> u8 {
    let mut sum = 0u16;
    for (index, byte) in code.iter().take(15).enumerate() {
        let value = match byte {
            b'0'..=b'9' => byte.saturating_sub(b'0'),
            _ => byte.saturating_sub(b'A'),
        };
        // Positions are counted from 1, so the even indexes are the odd positions.
        let weight = match index % 2 {
            0 => ODD_WEIGHTS.get(usize::from(value)).copied().unwrap_or(0),
            _ => value,
        };
        sum = sum.wrapping_add(u16::from(weight));
    }
    let letter = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ".get(usize::from(sum % 26));
    letter.copied().unwrap_or(b'A')
}

impl FromStr for FiscalCode {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError::FiscalCode(text.to_owned());
        let code: [u8; 16] = text.as_bytes().try_into().map_err(|_| wrong())?;
        // Between homonyms the digits are replaced by letters, from the right; so digits may be letters, not vice versa.
        let shape = code.iter().enumerate().all(|(index, byte)| match index {
            0..=5 | 8 | 11 | 15 => byte.is_ascii_uppercase(),
            _ => byte.is_ascii_digit() || HOMOCODY.contains(byte),
        });
        if shape && check_character(&code) == code[15] {
            Ok(Self(code))
        } else {
            Err(wrong())
        }
    }
}

impl TryFrom<String> for FiscalCode {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl fmt::Display for FiscalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_manual("ROSSI", "MARIO", Sex::Male, "1980-01-01", "H501", "RSSMRA80A01H501U")]
    #[case::woman(
        "ROSSI",
        "MARIA",
        Sex::Female,
        "1980-01-01",
        "H501",
        "RSSMRA80A41H501Y"
    )]
    #[case::four_consonants(
        "VERDI",
        "GIANFRANCO",
        Sex::Male,
        "1975-12-31",
        "F205",
        "VRDGFR75T31F205"
    )]
    #[case::short_surname("FO", "LUCA", Sex::Male, "1999-08-09", "L219", "FOXLCU99M09L219")]
    #[case::apostrophe_and_accent(
        "D'AMICO",
        "NICCOL\u{00d2}",
        Sex::Male,
        "2001-05-20",
        "G273",
        "DMCNCL01E20G273"
    )]
    fn the_code_is_computed(
        #[case] surname: &str,
        #[case] given_names: &str,
        #[case] sex: Sex,
        #[case] birth: &str,
        #[case] place: &str,
        #[case] expected: &str,
    ) {
        let code = FiscalCode::compute(
            &surname.parse().unwrap(),
            &given_names.parse().unwrap(),
            sex,
            birth.parse().unwrap(),
            place.parse().unwrap(),
        );
        assert!(code.as_str().starts_with(expected), "{code}");
        assert_eq!(code.as_str().parse(), Ok(code));
    }

    #[rstest]
    #[case::one(1, "RSSMRA80A01H50M")]
    #[case::two(2, "RSSMRA80A01H5LM")]
    #[case::all(7, "RSSMRAULALMHRLM")]
    fn homonyms_get_letters_from_the_right(#[case] digits: u8, #[case] expected: &str) {
        let code: FiscalCode = "RSSMRA80A01H501U".parse().unwrap();
        let other = code.between_homonyms(digits).unwrap();
        assert!(other.as_str().starts_with(expected), "{other}");
        assert_eq!(other.as_str().parse(), Ok(other));
        assert_eq!(other.without_homonyms(), code);
    }

    #[rstest]
    #[case(0)]
    #[case(8)]
    fn a_code_has_seven_digits(#[case] digits: u8) {
        let code: FiscalCode = "RSSMRA80A01H501U".parse().unwrap();
        let refused = code.between_homonyms(digits);
        assert_eq!(refused, Err(ValueError::Homocody(digits)));
    }

    #[rstest]
    #[case::check_character("RSSMRA80A01H501V")]
    #[case::lower_case("rssmra80a01h501u")]
    #[case::short("RSSMRA80A01H501")]
    #[case::digit_for_letter("RSSMR180A01H501U")]
    fn another_text_is_refused(#[case] text: &str) {
        assert_eq!(
            text.parse::<FiscalCode>(),
            Err(ValueError::FiscalCode(text.to_owned()))
        );
    }
}
