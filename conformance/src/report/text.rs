//! Small tools for text that people read: neutralising what came from outside, and colour. No format of its own.

use std::fmt::Write as _;

use super::model::Verdict;

/// Whether a character would act on a terminal instead of standing there: control characters, line and paragraph separators,
/// changes of direction.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Text from a card or a scenario, made harmless for a terminal: characters that act are shown by their code point.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) {
            let _ = write!(out, "\\u{{{:X}}}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    out
}

/// The same where columns must stay true: each of those characters becomes one replacement character.
pub(super) fn in_columns(text: &str) -> String {
    text.chars()
        .map(|character| {
            if acts(character) {
                char::REPLACEMENT_CHARACTER
            } else {
                character
            }
        })
        .collect()
}

/// `text` with every line behind `indent`.
pub(super) fn indented(text: &str, indent: &str) -> String {
    text.lines()
        .map(|line| {
            if line.is_empty() {
                "\n".to_owned()
            } else {
                format!("{indent}{line}\n")
            }
        })
        .collect()
}

/// A duration in the unit that suits it: `850 µs`, `12.3 ms`, `4.56 s`.
pub(super) fn duration(nanoseconds: u64) -> String {
    let micros = nanoseconds / 1_000;
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        1_000_000.. => format!(
            "{}.{:02} s",
            micros / 1_000_000,
            micros % 1_000_000 / 10_000
        ),
    }
}

/// Whether to colour, and in what. The eight basic colours, as the user's terminal defines them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    colour: bool,
}

impl Paint {
    /// No escape sequences at all.
    #[must_use]
    pub const fn plain() -> Self {
        Self { colour: false }
    }

    /// Colours and weights by ANSI escape sequences.
    #[must_use]
    pub const fn coloured() -> Self {
        Self { colour: true }
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// For what begins something.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    /// For what can be passed over.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// For what went wrong.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// In the colour of a verdict.
    #[must_use]
    pub fn verdict(self, verdict: Verdict, text: &str) -> String {
        let code = match verdict {
            Verdict::Passed => "32",
            Verdict::Failed => "1;31",
            Verdict::Error => "1;35",
            Verdict::Warning => "33",
            Verdict::Inconclusive => "1;33",
            Verdict::Skipped => "36",
            Verdict::NotApplicable => "2",
        };
        self.with(code, text)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{duration, printable};

    #[rstest]
    #[case::escape("a\u{1b}[31mb", "a\\u{1B}[31mb")]
    #[case::line_feed("a\nb", "a\\u{A}b")]
    #[case::right_to_left_override("a\u{202E}b", "a\\u{202E}b")]
    #[case::letters("però €", "però €")]
    fn text_from_outside_cannot_act(#[case] given: &str, #[case] shown: &str) {
        assert_eq!(printable(given), shown);
    }

    #[rstest]
    #[case(999, "0 µs")]
    #[case(850_000, "850 µs")]
    #[case(12_345_678, "12.3 ms")]
    #[case(4_560_000_000, "4.56 s")]
    fn durations_choose_their_unit(#[case] nanoseconds: u64, #[case] shown: &str) {
        assert_eq!(duration(nanoseconds), shown);
    }
}
