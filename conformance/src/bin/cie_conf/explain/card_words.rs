//! Status words and commands in words, from their digits alone.

use cie_conformance::report::words::status_words;
use cie_emulator::phy::trace::describe;
use cie_emulator::wire::{StatusClass, StatusWord};

/// The words for four digits of a status word (`?` for any digit), or for the bytes of a command; `None` for anything else.
pub(super) fn of(text: &str) -> Option<String> {
    let digits = text.replace([' ', ':'], "");
    let is_word = digits.len() == 4
        && digits
            .chars()
            .all(|digit| digit == '?' || digit.is_ascii_hexdigit());
    if is_word {
        return Some(status(&digits.to_ascii_uppercase()));
    }
    let command = hex::decode(&digits).ok().filter(|bytes| bytes.len() >= 4)?;
    Some(format!("{text}  {}\n", describe(&command)))
}

/// All status words of a mask that mean something; those with the same words once.
fn status(mask: &str) -> String {
    let meets = |word: &u16| {
        let digits = format!("{word:04X}");
        mask.chars()
            .zip(digits.chars())
            .all(|(wanted, found)| wanted == '?' || wanted == found)
    };
    let mut lines: Vec<(String, String)> = Vec::new();
    for word in (0..=u16::MAX).filter(meets).map(StatusWord) {
        let words = format!("{} ({})", status_words(word), class(word));
        if lines.last().is_none_or(|(_, last)| *last != words) {
            lines.push((format!("{:04X}", word.0), words));
        }
    }
    lines
        .iter()
        .map(|(digits, words)| format!("{digits}  {words}\n"))
        .collect()
}

fn class(word: StatusWord) -> &'static str {
    match word.class() {
        StatusClass::Success => "carried out",
        StatusClass::Warning => "carried out, with a warning",
        StatusClass::Error => "not carried out",
        StatusClass::Unknown => "not a status word of ISO/IEC 7816-4",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::of;

    #[rstest]
    #[case(
        "63C2",
        Some("63C2  verification failed, 2 tries left (carried out, with a warning)\n")
    )]
    #[case(
        "6983",
        Some("6983  authentication method blocked (not carried out)\n")
    )]
    #[case(
        "00200081",
        Some("00200081  VERIFY PIN without data: asks for the tries left\n")
    )]
    #[case(
        "00 20 00 81",
        Some("00 20 00 81  VERIFY PIN without data: asks for the tries left\n")
    )]
    #[case("pin", None)]
    #[case("CIE-PIN-003", None)]
    fn digits(#[case] text: &str, #[case] words: Option<&str>) {
        assert_eq!(of(text).as_deref(), words);
    }

    #[test]
    fn a_mask_stands_for_all_its_words() {
        let words = of("63C?").unwrap_or_default();
        assert_eq!(words.lines().count(), 16, "{words}");
        assert!(
            words.starts_with("63C0  verification failed, 0 tries left"),
            "{words}"
        );
    }
}
