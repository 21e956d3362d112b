//! A pattern laid along bytes that do not fit it: where the first digit leaves it, and the pattern stretched so that both
//! lines read column by column. Whether bytes fit at all is [`BytePattern::matches`].

use crate::scenario::text::{BytePattern, PatternPart};

/// Where and how bytes leave a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aligned {
    /// The pattern, each `..` stretched over the bytes it stands for.
    pub(super) expected: String,
    /// The first digit that does not fit, counted from 0 in both lines.
    pub(super) pointer: usize,
    /// How many bytes the pattern takes; with a `..` in it, the least number.
    pub(super) length: Result<usize, usize>,
}

/// `None` when the bytes fit.
pub(super) fn align(pattern: &BytePattern, bytes: &[u8]) -> Option<Aligned> {
    let runs: Vec<Run<'_>> = pattern
        .0
        .split(|part| matches!(part, PatternPart::Any))
        .map(Run)
        .collect();
    let fixed = runs.iter().map(|run| run.0.len()).sum();
    let length = if runs.len() > 1 {
        Err(fixed)
    } else {
        Ok(fixed)
    };
    let mut walk = Walk {
        bytes,
        at: 0,
        expected: String::new(),
    };
    let pointer = walk.runs(&runs)?;
    Some(Aligned {
        expected: walk.expected,
        pointer,
        length,
    })
}

/// Bytes of a pattern without a `..` among them.
#[derive(Clone, Copy)]
struct Run<'a>(&'a [PatternPart]);

impl Run<'_> {
    /// The first digit of `bytes` that does not fit, at their end when they are too few; `None` when all are met.
    fn leaves(self, bytes: &[u8]) -> Option<usize> {
        let mut had = bytes.iter();
        for (place, part) in self.0.iter().enumerate() {
            let (value, mask) = digits(part);
            match had.next() {
                None => return Some(2 * place),
                Some(byte) if (byte & mask) == value => {}
                Some(byte) if (byte & mask & 0xF0) != value & 0xF0 => return Some(2 * place),
                Some(_) => return Some(2 * place + 1),
            }
        }
        None
    }

    fn text(self) -> String {
        BytePattern(self.0.to_vec()).to_string()
    }
}

fn digits(part: &PatternPart) -> (u8, u8) {
    match part {
        PatternPart::Byte { value, mask } => (*value, *mask),
        PatternPart::Any => (0, 0),
    }
}

struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
    expected: String,
}

impl Walk<'_> {
    fn runs(&mut self, runs: &[Run<'_>]) -> Option<usize> {
        let (first, others) = runs.split_first()?;
        if let Some(off) = first.leaves(self.bytes) {
            return Some(self.stop(0, off, runs));
        }
        self.take(0, *first);
        let Some((last, middle)) = others.split_last() else {
            // Nothing but the first run: whatever follows is too much.
            return (self.at < self.bytes.len()).then_some(2 * self.at);
        };
        for (index, run) in middle.iter().enumerate() {
            let remaining = others.get(index..).unwrap_or_default();
            match self.find(*run) {
                Ok(place) => self.take(place, *run),
                Err((place, off)) => return Some(self.stop(place, off, remaining)),
            }
        }
        let end = self.bytes.len().checked_sub(last.0.len());
        let place = end.filter(|place| *place >= self.at).unwrap_or(self.at);
        let off = last.leaves(self.rest(place))?;
        Some(self.stop(place, off, std::slice::from_ref(last)))
    }

    fn rest(&self, place: usize) -> &[u8] {
        self.bytes.get(place..).unwrap_or_default()
    }

    /// The first place from here on where the run fits; else the place where most of it does, and where it stops fitting.
    fn find(&self, run: Run<'_>) -> Result<usize, (usize, usize)> {
        let mut best = (self.at, 0);
        for place in self.at..=self.bytes.len() {
            match run.leaves(self.rest(place)) {
                None => return Ok(place),
                Some(off) if off > best.1 => best = (place, off),
                Some(_) => {}
            }
        }
        Err(best)
    }

    /// Writes the run at `place`, with dots from here to there.
    fn take(&mut self, place: usize, run: Run<'_>) {
        let gap = place.saturating_sub(self.at);
        self.expected.push_str(&"..".repeat(gap));
        self.expected.push_str(&run.text());
        self.at = place + run.0.len();
    }

    /// Writes what is left of the pattern; gives the place of the digit that does not fit.
    fn stop(&mut self, place: usize, off: usize, remaining: &[Run<'_>]) -> usize {
        for (index, run) in remaining.iter().enumerate() {
            if index == 0 {
                self.take(place, *run);
            } else {
                self.expected.push_str("..");
                self.expected.push_str(&run.text());
            }
        }
        2 * place + off
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
    use rstest::rstest;

    use super::align;
    use crate::scenario::text::{BytePattern, PatternPart};

    fn aligned(pattern: &str, bytes: &str) -> Option<(String, usize)> {
        let pattern: BytePattern = pattern.parse().unwrap();
        align(&pattern, &hex::decode(bytes).unwrap())
            .map(|aligned| (aligned.expected, aligned.pointer))
    }

    #[rstest]
    #[case::fits("6F..9000", "6F01029000", None)]
    #[case::nothing_between("6F..90", "6F90", None)]
    #[case::high_nibble("6F12", "6F22", Some(("6F12", 2)))]
    #[case::low_nibble("6F12", "6F13", Some(("6F12", 3)))]
    #[case::masked_nibble("6F1?", "6F23", Some(("6F1?", 2)))]
    #[case::too_short("6F1213", "6F12", Some(("6F1213", 4)))]
    #[case::too_long("6F12", "6F1213", Some(("6F12", 4)))]
    #[case::start("6F..90", "7F0090", Some(("6F..90", 0)))]
    #[case::end_is_aligned_to_the_end("6F..9000", "6F01029001", Some(("6F....9000", 9)))]
    #[case::middle("6F..8405A0..90", "6F018405B00290", Some(("6F..8405A0..90", 8)))]
    #[case::end_before_the_middle("AABB..BBCC", "AABBCC", Some(("AABBBBCC", 4)))]
    #[case::any_takes_all("..", "0102", None)]
    #[case::empty_pattern("", "01", Some(("", 0)))]
    fn lays_the_pattern_along(
        #[case] pattern: &str,
        #[case] bytes: &str,
        #[case] wanted: Option<(&str, usize)>,
    ) {
        let wanted = wanted.map(|(expected, pointer)| (expected.to_owned(), pointer));
        assert_eq!(aligned(pattern, bytes), wanted);
    }

    fn part() -> impl Strategy<Value = PatternPart> {
        let mask = prop_oneof![Just(0xFF_u8), Just(0xF0), Just(0x0F), Just(0)];
        prop_oneof![
            4 => (0_u8..3, mask).prop_map(|(value, mask)| PatternPart::Byte { value: value & mask, mask }),
            1 => Just(PatternPart::Any),
        ]
    }

    proptest! {
        /// Aligning and matching are written apart and must not disagree.
        #[test]
        fn agrees_with_matching(
            parts in prop::collection::vec(part(), 0..9),
            bytes in prop::collection::vec(0_u8..3, 0..12),
        ) {
            let pattern = BytePattern(parts);
            let aligned = align(&pattern, &bytes);
            assert_eq!(aligned.is_none(), pattern.matches(&bytes), "{pattern} {bytes:?}");
            if let Some(aligned) = aligned {
                assert!(aligned.pointer <= 2 * bytes.len());
            }
        }

        /// Up to the pointer, every shown digit is the card's own, a `?` or a `.`; at the pointer it is not.
        #[test]
        fn the_pointer_is_the_first_difference(
            parts in prop::collection::vec(part(), 0..9),
            bytes in prop::collection::vec(0_u8..3, 0..12),
        ) {
            let Some(aligned) = align(&BytePattern(parts), &bytes) else { return Ok(()) };
            let got = hex::encode_upper(&bytes);
            let fits = |place: usize| {
                let (wanted, had) = (aligned.expected.chars().nth(place), got.chars().nth(place));
                matches!(wanted, Some('?' | '.')) && had.is_some() || wanted == had
            };
            assert!((0..aligned.pointer).all(fits), "{aligned:?} {got}");
            let over = aligned.pointer == got.len() || aligned.pointer >= aligned.expected.len();
            assert!(over || !fits(aligned.pointer), "{aligned:?} {got}");
        }

        #[test]
        fn a_pattern_of_the_bytes_themselves_fits(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let pattern: BytePattern = hex::encode(&bytes).parse().unwrap();
            assert_eq!(align(&pattern, &bytes), None);
        }
    }
}
