//! The rules of READ BINARY (ISO/IEC 7816-4:2020 §11.2.3) as a CIE shows them.
//!
//! Two families of clients leave no choice: one reads with Le `80` until `6282` and loops for ever on `9000` without
//! data; the other reads with Le `00` and drops the data of a `6282`. So a wish for "all" is always met with `9000`, a
//! wish for an exact number that cannot be met says so, and nothing is left says `6B00`.

use crate::wire::{Le, StatusWord};

/// How much one answer may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes returned when the terminal asks for all there is (`00` or no Le).
    pub all: usize,
    /// Bytes returned at most, however many are asked for.
    pub at_most: usize,
}

/// What a read gives: a part of the file, and the status word to send with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOutcome<'a> {
    /// The bytes, may be empty (only with an error).
    pub data: &'a [u8],
    /// `9000`, `6282` or `6B00`.
    pub sw: StatusWord,
}

/// Reads `le` bytes of `contents` from `offset`.
///
/// Le absent or `00`: up to `limits.all` bytes, `9000`. Le = n: n bytes and `9000` if they are there, else what is left
/// and `6282`; a number above `limits.at_most` is cut to it. At or beyond the end: `6B00` and nothing.
#[must_use]
pub fn read_binary(
    contents: &[u8],
    offset: usize,
    le: Option<Le>,
    limits: ReadLimits,
) -> ReadOutcome<'_> {
    let rest = contents.get(offset..).unwrap_or_default();
    if rest.is_empty() {
        return ReadOutcome {
            data: &[],
            sw: StatusWord::WRONG_P1_P2,
        };
    }
    let (wanted, missing_is_told) = match le {
        None | Some(Le::Maximum) => (limits.all, false),
        Some(Le::Exactly(n)) => (usize::from(n).min(limits.at_most), true),
    };
    let data = rest.get(..wanted).unwrap_or(rest);
    let sw = if missing_is_told && data.len() < wanted {
        StatusWord::END_OF_FILE
    } else {
        StatusWord::NO_ERROR
    };
    ReadOutcome { data, sw }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const LIMITS: ReadLimits = ReadLimits {
        all: 231,
        at_most: 256,
    };

    #[rstest]
    #[case::first_chunk(270, 0, Some(Le::Exactly(0x80)), 128, 0x9000)]
    #[case::last_chunk_warns(270, 256, Some(Le::Exactly(0x80)), 14, 0x6282)]
    #[case::exactly_the_rest(256, 128, Some(Le::Exactly(0x80)), 128, 0x9000)]
    #[case::at_the_end(256, 256, Some(Le::Exactly(0x80)), 0, 0x6B00)]
    #[case::beyond_the_end(256, 300, Some(Le::Maximum), 0, 0x6B00)]
    #[case::empty_file(0, 0, Some(Le::Maximum), 0, 0x6B00)]
    #[case::all_is_231(270, 0, Some(Le::Maximum), 231, 0x9000)]
    #[case::all_of_the_rest_is_no_warning(270, 231, Some(Le::Maximum), 39, 0x9000)]
    #[case::no_le_is_all(270, 231, None, 39, 0x9000)]
    #[case::one_byte(270, 269, Some(Le::Exactly(1)), 1, 0x9000)]
    #[case::one_too_many(270, 269, Some(Le::Exactly(2)), 1, 0x6282)]
    #[case::more_than_an_answer_holds(600, 0, Some(Le::Exactly(500)), 256, 0x9000)]
    fn rules(
        #[case] size: usize,
        #[case] offset: usize,
        #[case] le: Option<Le>,
        #[case] length: usize,
        #[case] sw: u16,
    ) {
        let contents: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
        let outcome = read_binary(&contents, offset, le, LIMITS);
        assert_eq!((outcome.data.len(), outcome.sw), (length, StatusWord(sw)));
        assert_eq!(
            outcome.data,
            contents
                .get(offset..offset.saturating_add(length))
                .unwrap_or_default()
        );
    }

    proptest! {
        /// The loop that would never end: success without data.
        #[test]
        fn success_always_brings_data(size in 0_usize..1000, offset in 0_usize..1100, le in proptest::option::of(any::<u16>())) {
            let contents = vec![0; size];
            let outcome = read_binary(&contents, offset, le.map(Le::from_extended), LIMITS);
            prop_assert_eq!(outcome.data.is_empty(), outcome.sw == StatusWord::WRONG_P1_P2);
        }

        /// Both client families end up with the whole file.
        #[test]
        fn both_read_loops_get_the_whole_file(size in 1_usize..2000, chunk in 1_u16..=255) {
            let contents: Vec<u8> = (0..size).map(|i| (i % 249) as u8).collect();
            let mut exact = Vec::new();
            loop {
                let outcome = read_binary(&contents, exact.len(), Some(Le::Exactly(chunk)), LIMITS);
                exact.extend_from_slice(outcome.data);
                if outcome.sw != StatusWord::NO_ERROR { break; }
            }
            let mut all = Vec::new();
            while let ReadOutcome { data, sw: StatusWord::NO_ERROR } = read_binary(&contents, all.len(), Some(Le::Maximum), LIMITS) {
                all.extend_from_slice(data);
            }
            prop_assert_eq!(&exact, &contents);
            prop_assert_eq!(&all, &contents);
        }
    }
}
