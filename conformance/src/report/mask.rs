//! The last wall before a secret reaches a report. The runner already hands over masked values; this replaces whatever slipped
//! through, in every string of a result. It does not know where a secret came from.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use super::model::{
    CaseResult, Counters, CoverageInput, Exchange, Failure, ItemInfo, RequirementInfo, RunResult,
    ScenarioInfo, StepResult, Stop, TargetInfo, TlvNode,
};

/// The character that stands in for each character of a secret. One for one, so that columns and pointers stay true.
pub const DOT: char = '•';

/// A set of secrets and the forms in which they could appear in text.
#[derive(Default)]
pub struct Masker {
    texts: Vec<Zeroizing<String>>,
    hexes: Vec<Zeroizing<String>>,
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} forms)", self.texts.len() + self.hexes.len())
    }
}

impl Masker {
    /// A masker that knows no secret and changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret typed by people: a PIN, a PUK, a CAN, a password. Masked as text, as the hexadecimal form of its
    /// ASCII bytes, and as BCD (two digits a byte, which in hexadecimal reads like the text, at any nibble). Empty is ignored.
    pub fn add_text(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        self.texts.push(Zeroizing::new(secret.to_owned()));
        self.hexes.push(Zeroizing::new(hex::encode_upper(secret)));
        if secret.bytes().all(|byte| byte.is_ascii_digit()) {
            // Again as hexadecimal, which also finds `12 34 56 78`.
            self.hexes.push(Zeroizing::new(secret.to_owned()));
        }
    }

    /// Adds a secret made of bytes: a key. Masked in hexadecimal and, when it is printable ASCII, as text. Empty is ignored.
    pub fn add_bytes(&mut self, secret: &[u8]) {
        match std::str::from_utf8(secret) {
            Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => self.add_text(text),
            Ok(_) | Err(_) => self.hexes.push(Zeroizing::new(hex::encode_upper(secret))),
        }
    }

    /// `text` with every character of every occurrence replaced by [`DOT`]. Hexadecimal is found in both letter cases and with
    /// a space, colon or hyphen between any two digits.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        let mut hidden = vec![false; characters.len()];
        for start in 0..characters.len() {
            let rest = characters.get(start..).unwrap_or_default();
            let ends = self.texts.iter().filter_map(|secret| text_at(rest, secret));
            let ends = ends.chain(self.hexes.iter().filter_map(|secret| hex_at(rest, secret)));
            if let Some(length) = ends.max() {
                hidden
                    .iter_mut()
                    .skip(start)
                    .take(length)
                    .for_each(|hide| *hide = true);
            }
        }
        characters
            .iter()
            .zip(hidden)
            .map(|(&character, hide)| if hide { DOT } else { character })
            .collect()
    }

    /// Masks every string of a result. Written without `..` so that a new field of the model cannot be forgotten.
    pub fn mask_run(&self, run: &mut RunResult) {
        if self.texts.is_empty() && self.hexes.is_empty() {
            return;
        }
        let RunResult {
            format: _,
            tool,
            seed,
            suite,
            target: TargetInfo { kind, description },
            started,
            partition: _,
            options,
            strict: _,
            stopped,
            totals: _,
            cases,
            coverage:
                CoverageInput {
                    requirements,
                    scenarios,
                    items,
                },
        } = run;
        self.all([tool, seed, suite, kind, description]);
        self.all(started);
        self.map(options);
        self.all(stopped.iter_mut().map(|Stop { kind: _, message }| message));
        cases.iter_mut().for_each(|case| self.case(case));
        for RequirementInfo {
            id,
            level: _,
            text,
            source,
        } in requirements
        {
            self.all([id, text, source]);
        }
        for ScenarioInfo {
            id,
            requirements,
            polarity: _,
        } in scenarios
        {
            self.all([id]);
            self.all(requirements);
        }
        for ItemInfo {
            id,
            lines,
            text,
            disposition: _,
            reason,
            open,
        } in items
        {
            self.all([id, lines, text].into_iter().chain(reason).chain(open));
        }
    }

    fn case(&self, case: &mut CaseResult) {
        let CaseResult {
            id,
            cell,
            title,
            requirements,
            polarity: _,
            hazard,
            chip,
            persona,
            verdict: _,
            reason,
            file,
            seed,
            rerun_command,
            counters_before: _,
            counters_after: _,
            duration_ns: _,
            steps,
        } = case;
        self.all([id, title, hazard, file, seed, rerun_command]);
        self.all(
            chip.iter_mut()
                .chain(persona)
                .chain(reason)
                .chain(requirements),
        );
        self.map(cell);
        steps.iter_mut().for_each(|step| self.step(step));
    }

    fn step(&self, step: &mut StepResult) {
        let StepResult {
            path: _,
            phase: _,
            title,
            file,
            line: _,
            column: _,
            verdict: _,
            exchanges,
            events,
            failures,
            note,
        } = step;
        self.all([title, file]);
        self.all(events);
        self.all(note);
        exchanges
            .iter_mut()
            .for_each(|exchange| self.exchange(exchange));
        for failure in failures {
            let Failure {
                kind: _,
                message,
                sent,
                expected,
                got,
                pointer: _,
                requirements,
                note,
            } = failure;
            self.all([message]);
            self.all(
                sent.iter_mut()
                    .chain(expected)
                    .chain(got)
                    .chain(note)
                    .chain(requirements),
            );
        }
    }

    fn exchange(&self, exchange: &mut Exchange) {
        let Exchange {
            command,
            plain_command,
            plain_response,
            wire_command,
            wire_response,
            channel: _,
            sw,
            sw_text,
            tlv,
            tries,
            state,
            duration_ns: _,
        } = exchange;
        let Counters { pin: _, puk: _ } = tries.unwrap_or_default();
        self.all([command]);
        self.all(
            plain_command
                .iter_mut()
                .chain(plain_response)
                .chain(wire_command)
                .chain(wire_response),
        );
        self.all(sw.iter_mut().chain(sw_text));
        for (name, words) in &mut state.0 {
            *name = self.mask(name).into();
            *words = self.mask(words);
        }
        tlv.iter_mut().for_each(|node| self.tlv(node));
    }

    fn tlv(&self, node: &mut TlvNode) {
        let TlvNode {
            tag,
            name,
            length: _,
            value,
            children,
        } = node;
        self.all([tag]);
        self.all(name.iter_mut().chain(value));
        children.iter_mut().for_each(|child| self.tlv(child));
    }

    fn all<'a>(&self, strings: impl IntoIterator<Item = &'a mut String>) {
        for string in strings {
            *string = self.mask(string);
        }
    }

    fn map(&self, map: &mut BTreeMap<String, String>) {
        *map = std::mem::take(map)
            .iter()
            .map(|(key, value)| (self.mask(key), self.mask(value)))
            .collect();
    }
}

/// The number of characters that `secret` takes at the beginning of `text`, if it stands there.
fn text_at(text: &[char], secret: &str) -> Option<usize> {
    let mut length = 0;
    for wanted in secret.chars() {
        if *text.get(length)? != wanted {
            return None;
        }
        length += 1;
    }
    Some(length)
}

/// The same for hexadecimal digits, with separators allowed between them.
fn hex_at(text: &[char], digits: &str) -> Option<usize> {
    let mut length = 0;
    for wanted in digits.chars() {
        if length > 0 && matches!(text.get(length)?, ' ' | ':' | '-') {
            length += 1;
        }
        if text.get(length)?.to_ascii_uppercase() != wanted {
            return None;
        }
        length += 1;
    }
    (length > 0).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};
    use rstest::rstest;

    use super::{DOT, Masker};

    fn knows(secret: &str) -> Masker {
        let mut masker = Masker::new();
        masker.add_text(secret);
        masker
    }

    #[rstest]
    #[case::text("the PIN is 12345678.", "the PIN is ••••••••.")]
    #[case::hex_of_ascii("0020008108313233343536373800", "0020008108••••••••••••••••00")]
    #[case::bcd_off_by_a_nibble("2812345678FFFFFF", "28••••••••FFFFFF")]
    #[case::separated("31 32 33 34 35 36 37 38", "•••••••••••••••••••••••")]
    #[case::separated_bcd("12:34:56:78", "•••••••••••")]
    #[case::next_to_each_other("1234567812345678", "••••••••••••••••")]
    #[case::a_prefix_is_no_secret("1234567", "1234567")]
    fn digits_are_masked_in_every_form(#[case] given: &str, #[case] masked: &str) {
        assert_eq!(knows("12345678").mask(given), masked);
    }

    #[test]
    fn occurrences_that_overlap_are_masked_whole() {
        assert_eq!(knows("1212").mask("121212"), "••••••");
    }

    #[test]
    fn a_key_is_masked_in_both_letter_cases() {
        let mut masker = Masker::new();
        masker.add_bytes(&[0xAB, 0xCD, 0xEF, 0x01]);
        assert_eq!(masker.mask("abcdef01 ABCDEF01"), "•••••••• ••••••••");
        assert!(!format!("{masker:?}").to_uppercase().contains("ABCDEF"));
    }

    #[test]
    fn empty_secrets_mask_nothing() {
        let mut masker = knows("");
        masker.add_bytes(&[]);
        assert_eq!(masker.mask("text"), "text");
    }

    proptest! {
        #[test]
        fn no_form_of_a_secret_survives(
            secret in "[0-9]{4,12}",
            before in any::<String>(),
            after in any::<String>(),
            form in 0_u8..4,
        ) {
            let shown = match form {
                0 => secret.clone(),
                1 => hex::encode(&secret),
                2 => hex::encode_upper(&secret),
                _ => format!("2{:X}{secret}FF", secret.len()),
            };
            let masked = knows(&secret).mask(&format!("{before}{shown}{after}"));
            assert!(!masked.contains(&secret));
            assert!(!masked.to_uppercase().contains(&hex::encode_upper(&secret)));
            assert!(masked.chars().filter(|&character| character == DOT).count() >= secret.len());
        }

        #[test]
        fn masking_keeps_the_length_and_is_idempotent(
            secret in prop::collection::vec(any::<u8>(), 1..20),
            text in any::<String>(),
        ) {
            let mut masker = Masker::new();
            masker.add_bytes(&secret);
            let once = masker.mask(&format!("{text}{}", hex::encode(&secret)));
            assert_eq!(masker.mask(&once), once);
            assert_eq!(once.chars().count(), text.chars().count() + 2 * secret.len());
            assert!(!once.contains(&hex::encode(&secret)));
        }
    }
}
