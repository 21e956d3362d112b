//! Randomness as an ingredient: every card and every terminal is given its source, so one seed replays a whole session.
//! The operating system is never asked here. The bytes are as good as the seed and no better: fit for tests, not for secrets.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::hash;

/// A source of random bytes.
pub trait RandomSource: Send {
    /// Fills `out`.
    fn fill(&mut self, out: &mut [u8]);

    /// An independent copy that will give the same bytes as this source from here on.
    fn fork(&self) -> Box<dyn RandomSource>;
}

impl RandomSource for Box<dyn RandomSource> {
    fn fill(&mut self, out: &mut [u8]) {
        self.as_mut().fill(out);
    }

    fn fork(&self) -> Box<dyn RandomSource> {
        self.as_ref().fork()
    }
}

impl Clone for Box<dyn RandomSource> {
    fn clone(&self) -> Self {
        self.as_ref().fork()
    }
}

impl fmt::Debug for dyn RandomSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomSource")
    }
}

/// ChaCha20 (RFC 8439) keyed with `SHA-256("cie-crypto random" ‖ seed as 8 bytes big-endian ‖ label)`.
#[derive(Clone)]
pub struct Seeded {
    stream: ChaCha20Rng,
}

impl Seeded {
    /// The source of a seed, with the empty label.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::derived(seed, "")
    }

    /// A source of its own for each label under one seed, so that parts of a system do not disturb each other's bytes.
    #[must_use]
    pub fn derived(seed: u64, label: &str) -> Self {
        let key = hash::sha256(&[b"cie-crypto random", &seed.to_be_bytes(), label.as_bytes()]);
        Self {
            stream: ChaCha20Rng::from_seed(key),
        }
    }
}

impl RandomSource for Seeded {
    fn fill(&mut self, out: &mut [u8]) {
        self.stream.fill_bytes(out);
    }

    fn fork(&self) -> Box<dyn RandomSource> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seeded")
    }
}

/// Byte strings handed out in the order of the calls, then a [`Seeded`] source.
///
/// A `fill` of n bytes consumes the next entry. An entry of another length is consumed too, but the bytes then come from the
/// fallback and the mismatch is counted, so that a test can tell that its script no longer fits the protocol.
pub struct Scripted {
    entries: VecDeque<Vec<u8>>,
    fallback: Seeded,
    mismatches: Arc<AtomicUsize>,
}

impl Scripted {
    /// A script, with the source that continues where it ends.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = Vec<u8>>, fallback: Seeded) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            fallback,
            mismatches: Arc::default(),
        }
    }

    /// How many entries had another length than the call that consumed them.
    #[must_use]
    pub fn mismatches(&self) -> usize {
        self.mismatches.load(Ordering::Relaxed)
    }

    /// A view of [`mismatches`](Self::mismatches) that stays with the caller when the source moves into a card.
    /// Forks count on their own.
    #[must_use]
    pub fn monitor(&self) -> MismatchMonitor {
        MismatchMonitor(Arc::clone(&self.mismatches))
    }

    /// How many entries are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.entries.len()
    }
}

/// Reads the mismatch count of a [`Scripted`] source that lives elsewhere.
#[derive(Clone, Debug)]
pub struct MismatchMonitor(Arc<AtomicUsize>);

impl MismatchMonitor {
    /// See [`Scripted::mismatches`].
    #[must_use]
    pub fn mismatches(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl RandomSource for Scripted {
    fn fill(&mut self, out: &mut [u8]) {
        match self.entries.pop_front() {
            Some(entry) if entry.len() == out.len() => out.copy_from_slice(&entry),
            Some(_) => {
                self.mismatches.fetch_add(1, Ordering::Relaxed);
                self.fallback.fill(out);
            }
            None => self.fallback.fill(out),
        }
    }

    fn fork(&self) -> Box<dyn RandomSource> {
        Box::new(self.clone())
    }
}

impl Clone for Scripted {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            fallback: self.fallback.clone(),
            mismatches: Arc::new(AtomicUsize::new(self.mismatches())),
        }
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted")
            .field("remaining", &self.remaining())
            .field("mismatches", &self.mismatches())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{RandomSource, Scripted, Seeded};

    fn take(source: &mut dyn RandomSource, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        source.fill(&mut out);
        out
    }

    #[test]
    fn same_seed_same_bytes_and_labels_differ() {
        let (mut a, mut b, mut c) = (
            Seeded::new(7),
            Seeded::new(7),
            Seeded::derived(7, "terminal"),
        );
        let first = take(&mut a, 40);
        assert_eq!(first, take(&mut b, 40));
        assert_ne!(first, take(&mut c, 40));
        assert_ne!(first, take(&mut a, 40));
    }

    #[test]
    fn the_stream_of_a_seed_is_fixed_for_ever() {
        // Recorded sessions depend on these bytes; OpenSSL gives the same for this key and a zero nonce.
        assert_eq!(
            hex::encode(take(&mut Seeded::new(1), 16)),
            "d19dac2df76fbfbdea2b5b5f7d455fbd"
        );
    }

    #[test]
    fn a_fork_repeats_and_does_not_disturb() {
        let mut source: Box<dyn RandomSource> = Box::new(Seeded::new(3));
        let _ = take(source.as_mut(), 5);
        let mut fork = source.clone();
        let from_fork = take(fork.as_mut(), 100);
        assert_eq!(take(source.as_mut(), 100), from_fork);
    }

    #[test]
    fn a_script_is_consumed_in_order_then_the_fallback() {
        let mut source = Scripted::new([vec![1, 2], vec![3]], Seeded::new(9));
        assert_eq!(take(&mut source, 2), [1, 2]);
        assert_eq!(take(&mut source, 1), [3]);
        assert_eq!(take(&mut source, 8), take(&mut Seeded::new(9), 8));
        assert_eq!(source.mismatches(), 0);
    }

    #[test]
    fn an_entry_of_another_length_is_counted() {
        let source = Scripted::new([vec![1, 2], vec![3]], Seeded::new(9));
        let monitor = source.monitor();
        let mut boxed: Box<dyn RandomSource> = Box::new(source);
        assert_eq!(take(boxed.as_mut(), 3), take(&mut Seeded::new(9), 3));
        assert_eq!(monitor.mismatches(), 1);
        assert_eq!(take(boxed.as_mut(), 1), [3]);
        assert_eq!(monitor.mismatches(), 1);
    }
}
