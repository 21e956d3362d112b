//! Memory as an observable: what a run allocates in all, and what it keeps. Without a sanitizer a leak would otherwise show only
//! when the machine is full. It knows no target.

use std::alloc::System;
use std::sync::{Mutex, PoisonError};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What a run may allocate in all: this many bytes, and this many for each byte of its input.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes for any input.
    pub fixed: usize,
    /// Bytes more for each byte of the input.
    pub per_byte: usize,
}

impl Budget {
    pub(crate) const fn new(fixed: usize, per_byte: usize) -> Self {
        Self { fixed, per_byte }
    }

    fn of(self, input: &[u8]) -> usize {
        self.per_byte
            .saturating_mul(input.len())
            .saturating_add(self.fixed)
    }
}

/// Tables that are made at their first use are kept, and some grow once more; nothing grows this often.
const REPEATS: usize = 6;

/// Keeping less than this is no leak: a table of the process that grew.
const NOISE: usize = 256;

/// What is counted is counted for the whole process: one run at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs a target on an input, and again where it took too much or kept something: only what happens every time counts.
///
/// # Panics
/// With the target, and for an input that takes more than its budget or leaves memory behind.
pub(crate) fn metered(run: fn(&[u8]), input: &[u8], budget: Budget) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut taken = usize::MAX;
    let mut kept = usize::MAX;
    for _ in 0..REPEATS {
        let region = Region::new(ALLOCATOR);
        run(input);
        let change = region.change();
        taken = taken.min(change.bytes_allocated);
        kept = kept.min(
            change
                .bytes_allocated
                .saturating_sub(change.bytes_deallocated),
        );
        if taken <= budget.of(input) && kept <= NOISE {
            return;
        }
    }
    let allowed = budget.of(input);
    assert!(
        taken <= allowed,
        "{} bytes of input made the program allocate {taken} bytes, {allowed} are allowed",
        input.len()
    );
    assert!(
        kept <= NOISE,
        "every run of this input leaves {kept} bytes allocated"
    );
}
