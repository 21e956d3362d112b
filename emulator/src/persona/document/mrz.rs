//! The machine readable zone of a card of size TD1: three lines of thirty characters, ICAO Doc 9303-5 §4.2, with the check
//! digits of Doc 9303-3 §4.9. Composed from a persona, or read back from text; either way it is right by construction.

use std::fmt;
use std::str::FromStr;

use super::transliteration::transliterate;
use crate::persona::{Date, DocumentNumber, Holder, PersonName, Sex};

/// Characters in a line.
const LINE: usize = 30;
/// Room of the name: the whole third line.
const NAME: usize = LINE;
/// The most a cut surname may take: two fillers and one letter of the given names follow it (Doc 9303-5 §4.2.2).
const SURNAME: usize = NAME - 3;
const FILLER: u8 = b'<';
const STATE: &str = "ITA";

/// Three lines of the machine readable zone, every check digit right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mrz([u8; 3 * LINE]);

/// Text that is no machine readable zone of size TD1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MrzError {
    /// Not three lines of thirty.
    #[error("{0} characters are no machine readable zone of size TD1; give three lines of thirty")]
    Length(usize),
    /// A character that has no value.
    #[error("`{0}` has no place in a machine readable zone; write A to Z, 0 to 9 and <")]
    Character(char),
    /// A check digit that does not belong to its field.
    #[error(
        "the check digit of the {field} is `{found}` where `{expected}` belongs; read it again"
    )]
    CheckDigit {
        /// Which one.
        field: &'static str,
        /// What stands there.
        found: char,
        /// What should.
        expected: char,
    },
}

impl Mrz {
    /// The zone of an Italian identity card: `C<ITA`, number, birth, sex, expiry, nationality, names. The optional fields hold
    /// fillers.
    pub fn new(number: DocumentNumber, holder: &Holder, expires: Date) -> Self {
        let number = format!("{number}{}", digit(number.as_bytes()));
        let birth = dated(holder.birth_date);
        let expiry = dated(expires);
        let sex = match holder.sex {
            Sex::Male => 'M',
            Sex::Female => 'F',
        };
        let upper = filled(&format!("C<{STATE}{number}"), LINE);
        let optional = filled("", 11);
        let covered = format!(
            "{}{birth}{expiry}{optional}",
            upper.get(5..).unwrap_or_default()
        );
        let composite = digit(covered.as_bytes());
        let name = name(&holder.surname, &holder.given_names);
        let text = format!("{upper}{birth}{sex}{expiry}{STATE}{optional}{composite}{name}");
        let mut zone = [FILLER; 3 * LINE];
        for (slot, byte) in zone.iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
        Self(zone)
    }

    /// The ninety characters, as in EF.DG1.
    pub const fn as_bytes(&self) -> &[u8; 3 * LINE] {
        &self.0
    }

    /// The ninety characters as text, without line breaks.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The three lines.
    pub fn lines(&self) -> [&str; 3] {
        [0, LINE, 2 * LINE].map(|start| self.part(start, LINE))
    }

    /// The password of BAC and PACE, 24 characters: document number, birth and expiry, each with its check digit (ICAO
    /// 9303-11 §4.3.2).
    pub fn information(&self) -> String {
        [self.part(5, 10), self.part(30, 7), self.part(38, 7)].concat()
    }

    fn part(&self, from: usize, length: usize) -> &str {
        let from = self.as_str().get(from..).unwrap_or_default();
        from.get(..length).unwrap_or_default()
    }

    /// The fields with a check digit: name, covered characters, digit.
    fn checked(&self) -> [(&'static str, String, &str); 4] {
        let composite = [
            self.part(5, 25),
            self.part(30, 7),
            self.part(38, 7),
            self.part(48, 11),
        ];
        [
            ("document number", self.part(5, 9).into(), self.part(14, 1)),
            ("date of birth", self.part(30, 6).into(), self.part(36, 1)),
            ("date of expiry", self.part(38, 6).into(), self.part(44, 1)),
            ("whole zone", composite.concat(), self.part(59, 1)),
        ]
    }
}

impl FromStr for Mrz {
    type Err = MrzError;

    /// Reads three lines, with or without line breaks between them.
    fn from_str(text: &str) -> Result<Self, MrzError> {
        let characters: String = text
            .chars()
            .filter(|it| !it.is_ascii_whitespace())
            .collect();
        let allowed = |it: &char| it.is_ascii_uppercase() || it.is_ascii_digit() || *it == '<';
        if let Some(other) = characters.chars().find(|it| !allowed(it)) {
            return Err(MrzError::Character(other));
        }
        let zone = characters.as_bytes().try_into();
        let zone = Self(zone.map_err(|_| MrzError::Length(characters.len()))?);
        for (field, covered, found) in zone.checked() {
            let expected = digit(covered.as_bytes());
            let found = found.chars().next().unwrap_or('<');
            if found != expected {
                return Err(MrzError::CheckDigit {
                    field,
                    found,
                    expected,
                });
            }
        }
        Ok(zone)
    }
}

impl fmt::Display for Mrz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

/// The check digit of characters of the zone, as a digit: weights 7, 3, 1, modulo 10 (Doc 9303-3 §4.9).
fn digit(characters: &[u8]) -> char {
    let sum = characters
        .iter()
        .zip([7_u32, 3, 1].into_iter().cycle())
        .map(|(character, weight)| weight.wrapping_mul(value(*character)))
        .fold(0, u32::wrapping_add);
    char::from_digit(sum % 10, 10).unwrap_or('0')
}

/// Digits are themselves, letters 10 to 35, the filler 0.
fn value(character: u8) -> u32 {
    char::from(character).to_digit(36).unwrap_or(0)
}

fn dated(date: Date) -> String {
    let short = format!(
        "{:02}{:02}{:02}",
        date.year() % 100,
        date.month(),
        date.day()
    );
    let check = digit(short.as_bytes());
    format!("{short}{check}")
}

fn filled(text: &str, length: usize) -> String {
    format!("{text:<<length$}")
}

/// A name as the zone writes it: letters transliterated, apostrophes left out, spaces and hyphens as fillers (Doc 9303-3
/// §4.6).
fn identifier(name: &PersonName) -> String {
    let mut out = String::new();
    for letter in name.as_str().chars() {
        match letter {
            ' ' | '-' if !out.ends_with('<') => out.push('<'),
            _ => out.push_str(transliterate(letter).unwrap_or_default()),
        }
    }
    out
}

/// The third line. A name that does not fit loses letters from the end of the given names, then of the surname, and ends in a
/// letter: that tells a reader that it may have been cut (Doc 9303-5 §4.2.2 and §4.2.3).
fn name(surname: &PersonName, given_names: &PersonName) -> String {
    let (primary, secondary) = (identifier(surname), identifier(given_names));
    let whole = format!("{primary}<<{secondary}");
    if whole.len() <= NAME {
        return filled(&whole, NAME);
    }
    let primary = cut(&primary, SURNAME);
    let secondary = cut(&secondary, (NAME - 2).saturating_sub(primary.len()));
    filled(&format!("{primary}<<{secondary}"), NAME)
}

/// The first `length` characters, or all; where the cut would leave a filler at the end, the word before it gives up a letter
/// so that the next word's first one fits.
fn cut(text: &str, length: usize) -> String {
    let head = text.get(..length).unwrap_or(text);
    if !head.ends_with('<') {
        return head.to_owned();
    }
    let next = text.get(length..=length).unwrap_or_default();
    match head.get(..length.saturating_sub(2)) {
        Some(shorter) if !shorter.is_empty() && !shorter.ends_with('<') => {
            format!("{shorter}<{next}")
        }
        // A word of one letter has none to give: the filler goes instead.
        _ => format!("{}{next}", head.trim_end_matches('<')),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn line(surname: &str, given_names: &str) -> String {
        name(&surname.parse().unwrap(), &given_names.parse().unwrap())
    }

    /// Names of Doc 9303-5 §4.2.3 and Doc 9303-3 §4.6 where these leave the issuer no choice, and our own.
    #[rstest]
    #[case::usual("ROSSI", "MARIO", "ROSSI<<MARIO<<<<<<<<<<<<<<<<<<")]
    #[case::components("VAN DER MUELLEN", "MARTIN", "VAN<DER<MUELLEN<<MARTIN<<<<<<<")]
    #[case::hyphen("AL-BASRI", "HUDA MUHAMMAD JAWAD", "AL<BASRI<<HUDA<MUHAMMAD<JAWAD<")]
    #[case::fits_exactly("PAPANDROPOULOUS", "JONATHON ALEC", "PAPANDROPOULOUS<<JONATHON<ALEC")]
    #[case::one_letter_less("VILARCHAO FERNANDEZ", "JOSE RAMON", "VILARCHAO<FERNANDEZ<<JOSE<RAMO")]
    #[case::surname_too_long(
        "BENNELONG WOOLOOMOOLOO WARRANDYTE",
        "DINGO POTOROO",
        "BENNELONG<WOOLOOMOOLOO<WARR<<D"
    )]
    #[case::cut_behind_a_word(
        "ABCDEFGHIJKLMNOPQRSTU",
        "ANNA B CARLO",
        "ABCDEFGHIJKLMNOPQRSTU<<ANNA<BC"
    )]
    #[case::word_gives_a_letter(
        "ABCDEFGHIJKLMNOPQRSTUVW",
        "ANNA MARIA",
        "ABCDEFGHIJKLMNOPQRSTUVW<<ANN<M"
    )]
    #[case::surname_gives_a_letter(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ DE",
        "O",
        "ABCDEFGHIJKLMNOPQRSTUVWXY<D<<O"
    )]
    #[case::apostrophes("D'AMICO DE' ROSSI", "NICCOL\u{d2}", "DAMICO<DE<ROSSI<<NICCOLO<<<<<<")]
    #[case::umlauts(
        "M\u{dc}LLER-STRAU\u{df}",
        "J\u{f6}rg",
        "MUELLER<STRAUSS<<JOERG<<<<<<<<"
    )]
    #[case::slavic(
        "Ko\u{17e}elj \u{160}o\u{161}i\u{107}",
        "\u{141}ucja",
        "KOZELJ<SOSIC<<LUCJA<<<<<<<<<<<"
    )]
    fn names_are_written_for_machines(
        #[case] surname: &str,
        #[case] given_names: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(line(surname, given_names), expected);
    }

    #[rstest]
    #[case::number("CA00000AA", '4')]
    #[case::birth("800101", '4')]
    #[case::expiry("310101", '2')]
    #[case::with_fillers("L898902C<", '3')]
    fn check_digits(#[case] field: &str, #[case] expected: char) {
        assert_eq!(digit(field.as_bytes()), expected);
    }

    const WORKED: &str = "C<ITACA00000AA4<<<<<<<<<<<<<<<\n8001014M3101012ITA<<<<<<<<<<<4\nROSSI<<MARIO<<<<<<<<<<<<<<<<<<";

    #[test]
    fn a_zone_reads_back_and_yields_its_password() {
        let zone: Mrz = WORKED.parse().unwrap();
        assert_eq!(zone.to_string(), WORKED);
        assert_eq!(zone.information(), "CA00000AA480010143101012");
    }

    #[rstest]
    #[case::number("AA4<", "AA5<", "document number")]
    #[case::birth("8001014M", "8001015M", "date of birth")]
    #[case::expiry("3101012I", "3101013I", "date of expiry")]
    #[case::composite("<4\nR", "<5\nR", "whole zone")]
    #[case::letters("ROSSI", "R\u{d2}SSI", "no place")]
    #[case::length("<<<\n8", "<<\n8", "89 characters")]
    fn another_text_is_refused(#[case] right: &str, #[case] wrong: &str, #[case] about: &str) {
        let text = WORKED.replacen(right, wrong, 1);
        assert_ne!(text, WORKED);
        let refused = text.parse::<Mrz>().unwrap_err().to_string();
        assert!(refused.contains(about), "{refused}");
    }
}
