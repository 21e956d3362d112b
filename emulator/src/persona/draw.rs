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
        // The largest multiple of the bound: numbers above it would make small results likelier.
        let rest = u32::MAX.checked_rem(bound).unwrap_or(0);
        let fair = u32::MAX.saturating_sub(rest);
        loop {
            let number = u32::from_be_bytes(self.bytes());
            if number < fair {
                return number.checked_rem(bound).unwrap_or(0);
            }
        }
    }

    /// A number from `first` on, one of `count`.
    pub(super) fn from(&mut self, first: u32, count: u32) -> u32 {
        first.saturating_add(self.below(count))
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
            *digit = symbol(b"0123456789", self.below(10));
        }
        digits
    }

    /// An ASCII capital letter.
    pub(super) fn letter(&mut self) -> char {
        char::from(symbol(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", self.below(26)))
    }
}

/// The symbol with that index; the callers draw below the count.
fn symbol<const N: usize>(of: &[u8; N], index: u32) -> u8 {
    let symbol = of.get(index as usize).or(of.first());
    symbol.copied().unwrap_or_default()
}
