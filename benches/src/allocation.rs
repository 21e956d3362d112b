//! What this process holds on the heap, where a program has put the counting allocator in; others always see nothing.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// The allocator that counts; a program makes it its own with `#[global_allocator]`.
pub static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes held now.
#[must_use]
pub fn held() -> usize {
    let stats = COUNTING.stats();
    stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated)
}
