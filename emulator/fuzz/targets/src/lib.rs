//! What is fuzzed: one function per target. Each takes any bytes and panics when something is wrong: not only by a crash of the
//! code under test, but by a broken promise, such as an APDU that is not written as it was read, tries that come back without the
//! code, a file that was refused and changed, memory that is kept. The programs for libFuzzer are in the folder above; the tests
//! here run every file of `fixtures/corpora` through the same functions. It is no place for checks of what one right card answers.

#![allow(
    clippy::panic,
    reason = "a panic is how a finding is told, to libFuzzer and to the tests alike"
)]

mod channel;
mod control;
mod input;
mod links;
mod meter;
mod session;
mod stored;
mod text;
mod traces;
mod wire;

pub use meter::Budget;

/// One target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of the program, and of the folder with its corpus.
    pub name: &'static str,
    /// What is done with an input.
    function: fn(&[u8]),
    /// What an input may allocate.
    budget: Budget,
    /// The longest input worth trying, in bytes.
    pub longest: usize,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

const fn target(name: &'static str, function: fn(&[u8]), budget: Budget, longest: usize) -> Target {
    Target {
        name,
        function,
        budget,
        longest,
    }
}

/// All targets.
pub const TARGETS: [Target; 13] = [
    target("apdu", wire::apdu, Budget::new(16 * KIB, 64), 2 * KIB),
    target("tlv", wire::tlv, Budget::new(16 * KIB, KIB), 4 * KIB),
    target(
        "served_files",
        wire::served_files,
        Budget::new(64 * KIB, 256),
        4 * KIB,
    ),
    target(
        "sm_unprotect",
        channel::sm_unprotect,
        Budget::new(32 * KIB, 64),
        KIB,
    ),
    target(
        "card_session",
        session::card_session,
        Budget::new(16 * MIB, KIB),
        512,
    ),
    target(
        "emrtd_session",
        session::emrtd_session,
        Budget::new(16 * MIB, KIB),
        512,
    ),
    target(
        "stored_card",
        stored::stored_card,
        Budget::new(64 * MIB, 4 * KIB),
        4 * KIB,
    ),
    target(
        "scenario",
        text::scenario,
        Budget::new(512 * MIB, 64 * KIB),
        4 * KIB,
    ),
    target(
        "card_words",
        text::card_words,
        Budget::new(32 * MIB, 4 * KIB),
        2 * KIB,
    ),
    target("vpcd", links::vpcd, Budget::new(MIB, 4 * KIB), 2 * KIB),
    target("driver", links::driver, Budget::new(MIB, 4 * KIB), 2 * KIB),
    target(
        "trace",
        traces::trace,
        Budget::new(64 * MIB, 64 * KIB),
        4 * KIB,
    ),
    target(
        "control_http",
        control::control_http,
        // Whoever sends byte by byte gets a buffer for each.
        Budget::new(64 * KIB, 2 * KIB),
        2 * KIB,
    ),
];

impl Target {
    /// The target of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Runs an input.
    ///
    /// # Panics
    /// When something is wrong with what was run.
    pub fn run(&self, input: &[u8]) {
        meter::metered(self.function, input, self.budget);
    }
}

/// Runs an input through the target of this name: all that a program for libFuzzer has to do.
///
/// # Panics
/// As [`Target::run`], and for a name that no target has.
pub fn run(name: &str, input: &[u8]) {
    match Target::named(name) {
        Some(target) => target.run(input),
        None => panic!("there is no target {name}"),
    }
}
