//! Draws from a seeded source: letters, digits, choices. Every draw has a label of its own, so that adding one never changes
//! the others of the same seed.

use crate::crypto::random::{RandomSource, Seeded};

/// A stream of draws for one purpose under one seed.
pub(super) struct Draw(Seeded);

impl Draw {
    /// The stream of `seed` labelled `persona/<label>`.
    pub(super) fn new(seed: u64, label: &str) -> Self {
        Self(Seeded::derived(seed, &format!("persona/{label}")))
    }

    /// `N` random bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    /// A number below `bound` (1 to 65536), every one as likely as the others.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let bound = bound.max(1);
        let fair = u32::MAX - u32::MAX % bound;
        loop {
            let number = u32::from_be_bytes(self.bytes());
            if number < fair {
                return number % bound;
            }
        }
    }

    /// One of `choices`; they must not be empty.
    pub(super) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let bound = u32::try_from(choices.len()).unwrap_or(u32::MAX);
        choices.get(self.below(bound) as usize)
    }

    /// `N` ASCII digits.
    pub(super) fn digits<const N: usize>(&mut self) -> [u8; N] {
        let mut digits = [b'0'; N];
        for digit in &mut digits {
            *digit += u8::try_from(self.below(10)).unwrap_or(0);
        }
        digits
    }

    /// An ASCII capital letter.
    pub(super) fn letter(&mut self) -> char {
        char::from(b'A' + u8::try_from(self.below(26)).unwrap_or(0))
    }
}
