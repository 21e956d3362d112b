//! Who the synthetic citizen is: names, birth, document number, card identifiers, each as a type that cannot be wrong.
//! Not the travel document's machine readable zone, which has its own alphabet.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::document::{Province, Residence, transliterate};
use super::error::ValueError;
use super::fiscal_code::FiscalCode;

/// The holder as printed on the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Surname (X.520 attribute 2.5.4.4 of the certificate).
    pub surname: PersonName,
    /// All given names (X.520 attribute 2.5.4.42).
    pub given_names: PersonName,
    /// Sex.
    pub sex: Sex,
    /// Day of birth.
    pub birth_date: Date,
    /// Municipality or foreign country of birth.
    pub birth_place: BirthPlace,
    /// Fiscal code, the common name of the certificate; `None` for somebody who was given none yet.
    pub fiscal_code: Option<FiscalCode>,
    /// Where the holder lives.
    pub residence: Residence,
}

/// Sex as printed on the card, `M` or `F`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum Sex {
    /// `M`.
    #[serde(rename = "M")]
    Male,
    /// `F`.
    #[serde(rename = "F")]
    Female,
}

/// Where the holder was born.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BirthPlace {
    /// Name of the municipality, e.g. `ROMA`.
    pub name: PersonName,
    /// Its code in the land registry, e.g. `H501`.
    pub cadastral_code: CadastralCode,
    /// Its province, where it is known.
    pub province: Option<Province>,
}

/// A name of a person or place: 1 to 40 letters with single spaces, apostrophes or hyphens between them, upper case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct PersonName(String);

impl PersonName {
    /// The name in upper case, diacritics kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Only the letters, without diacritics, A to Z.
    pub(super) fn ascii_letters(&self) -> String {
        let mut letters = String::new();
        for letter in self.0.chars() {
            match base_letter(letter) {
                Some(base) => letters.push(base),
                None => letters.push_str(transliterate(letter).unwrap_or_default()),
            }
        }
        letters
    }
}

/// The letter under the diacritics of Italian and its minorities' names, which the fiscal code keeps single where the machine
/// readable zone writes two; `None` for all others.
fn base_letter(letter: char) -> Option<char> {
    match letter {
        'A'..='Z' => Some(letter),
        '\u{c0}'..='\u{c4}' => Some('A'),
        '\u{c7}' | '\u{10c}' | '\u{106}' => Some('C'),
        '\u{c8}'..='\u{cb}' => Some('E'),
        '\u{cc}'..='\u{cf}' => Some('I'),
        '\u{d1}' => Some('N'),
        '\u{d2}'..='\u{d6}' => Some('O'),
        '\u{d9}'..='\u{dc}' => Some('U'),
        '\u{160}' => Some('S'),
        '\u{17d}' => Some('Z'),
        _ => None,
    }
}

impl FromStr for PersonName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let name = text.to_uppercase();
        let mut after_letter = false;
        for letter in name.chars() {
            let is_letter = transliterate(letter).is_some();
            // "D'AMICO" and "DE' ROSSI" both exist: a space may follow an apostrophe, nothing else may repeat.
            let joins = matches!(letter, ' ' | '\'' | '-') && after_letter;
            if !is_letter && !joins {
                return Err(ValueError::Name(text.to_owned()));
            }
            after_letter = is_letter || letter == '\'';
        }
        if (1..=40).contains(&name.chars().count()) && !name.ends_with([' ', '-']) {
            Ok(Self(name))
        } else {
            Err(ValueError::Name(text.to_owned()))
        }
    }
}

impl TryFrom<String> for PersonName {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Defines a fixed-length ASCII identifier: its pattern, text access and the usual conversions.
macro_rules! ascii_identifier {
    ($(#[$doc:meta])* $name:ident, $length:literal, $error:ident, $pattern:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $length]);

        impl $name {
            /// The characters, ASCII.
            pub fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// The characters as text.
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                let pattern: fn(usize, u8) -> bool = $pattern;
                let wrong = || ValueError::$error(text.to_owned());
                let bytes: [u8; $length] = text.as_bytes().try_into().map_err(|_| wrong())?;
                if bytes.iter().enumerate().all(|(index, byte)| pattern(index, *byte)) {
                    Ok(Self(bytes))
                } else {
                    Err(wrong())
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = ValueError;

            fn try_from(text: String) -> Result<Self, ValueError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

ascii_identifier!(
    /// The national document number (*numero unico nazionale*, NUN) printed on the card: `C`, a letter, five digits, two
    /// letters, e.g. `CA00000AA`. Nine bytes, the content of EF.Seriale.
    DocumentNumber,
    9,
    DocumentNumber,
    |index, byte| match index {
        0 => byte == b'C',
        2..=6 => byte.is_ascii_digit(),
        _ => byte.is_ascii_uppercase(),
    }
);

ascii_identifier!(
    /// The services identifier (*numero identificativo per i servizi*, NIS): twelve digits, readable without any code, the
    /// content of EF.ID_Servizi.
    Nis,
    12,
    Nis,
    |_, byte| byte.is_ascii_digit()
);

ascii_identifier!(
    /// Code of a municipality in the land registry: a letter and three digits; `Z...` for foreign countries.
    CadastralCode,
    4,
    CadastralCode,
    |index, byte| if index == 0 { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() }
);

/// Content of EF.SN.ICC (D003), 12 bytes: tag `5A`, length `0A`, issuer prefix (3), serial number in BCD (6), check digit
/// and filler `F` (1). Clients print the six serial bytes as twelve digits and expect to find them in EF.ID_Servizi.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct SerialNumberIcc([u8; 12]);

/// Issuer prefix of the emulator's cards.
const ISSUER_PREFIX: [u8; 3] = [0x80, 0x38, 0x00];

impl SerialNumberIcc {
    /// The object for a card whose serial number is the NIS, with the check digit of ISO/IEC 7812-1.
    pub fn from_nis(nis: Nis) -> Self {
        let mut content = [0u8; 12];
        content[0] = 0x5A;
        content[1] = 0x0A;
        content[2..5].copy_from_slice(&ISSUER_PREFIX);
        for (slot, pair) in content[5..11]
            .iter_mut()
            .zip(nis.as_bytes().chunks_exact(2))
        {
            *slot = pair.iter().fold(0, |bcd, digit| bcd << 4 | (digit & 0x0F));
        }
        content[11] = luhn_digit(&content[2..11]) << 4 | 0x0F;
        Self(content)
    }

    /// The whole file content.
    pub fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// The six serial bytes.
    pub fn serial(&self) -> [u8; 6] {
        let mut serial = [0; 6];
        serial.copy_from_slice(&self.0[5..11]);
        serial
    }

    /// SN.ICC of the device authentication: the last eight bytes of the object.
    pub fn sn_icc(&self) -> [u8; 8] {
        let mut sn_icc = [0; 8];
        sn_icc.copy_from_slice(&self.0[4..12]);
        sn_icc
    }

    /// Whether the serial bytes spell the NIS, as the desktop clients require.
    pub fn matches(&self, nis: Nis) -> bool {
        hex::encode_upper(self.serial()) == nis.as_str()
    }
}

/// Check digit of ISO/IEC 7812-1 annex B over BCD digits.
fn luhn_digit(bcd: &[u8]) -> u8 {
    let digits = bcd.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    let doubled = |digit: u8| {
        let twice = digit.wrapping_shl(1);
        if digit > 4 {
            twice.saturating_sub(9)
        } else {
            twice
        }
    };
    let sum = digits
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            u32::from(if index % 2 == 0 {
                doubled(digit)
            } else {
                digit
            })
        })
        .fold(0, u32::wrapping_add);
    let above = u8::try_from(sum % 10).unwrap_or(0);
    10_u8.saturating_sub(above) % 10
}

impl TryFrom<String> for SerialNumberIcc {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        let mut content = [0u8; 12];
        match hex::decode_to_slice(&text, &mut content) {
            Ok(()) if content.starts_with(&[0x5A, 0x0A]) => Ok(Self(content)),
            _ => Err(ValueError::SerialNumber(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::lower("rossi", "ROSSI")]
    #[case::apostrophe("d'amico", "D'AMICO")]
    #[case::trailing_apostrophe("de' rossi", "DE' ROSSI")]
    #[case::accent("nicol\u{00f2}", "NICOL\u{00d2}")]
    fn a_name_is_kept_in_upper_case(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(text.parse::<PersonName>().unwrap().as_str(), expected);
    }

    #[rstest]
    #[case::empty("")]
    #[case::digits("R2D2")]
    #[case::two_spaces("ROSSI  BIANCHI")]
    #[case::leading_space(" ROSSI")]
    #[case::trailing_space("ROSSI ")]
    #[case::too_long("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNO")]
    fn another_name_is_refused(#[case] text: &str) {
        assert_eq!(
            text.parse::<PersonName>(),
            Err(ValueError::Name(text.to_owned()))
        );
    }

    #[rstest]
    #[case::first_letter("AA00000AA")]
    #[case::lower_case("CA00000aa")]
    #[case::letters_first("CAA0000AA")]
    #[case::long("CA00000AAA")]
    #[case::not_ascii("CA0000\u{00e8}A")]
    fn another_document_number_is_refused(#[case] text: &str) {
        assert!(text.parse::<DocumentNumber>().is_err());
    }

    #[test]
    fn the_check_digit_is_that_of_a_recorded_card_number() {
        assert_eq!(
            luhn_digit(&[0x92, 0x50, 0x00, 0x20, 0x10, 0x10, 0x25, 0x00, 0x01]),
            3
        );
    }

    proptest! {
        #[test]
        fn a_serial_number_made_from_a_nis_matches_it(nis in "[0-9]{12}") {
            let nis: Nis = nis.parse().unwrap();
            let serial = SerialNumberIcc::from_nis(nis);
            prop_assert!(serial.matches(nis));
            prop_assert_eq!(&serial.sn_icc()[..], &serial.as_bytes()[4..]);
        }
    }
}
