//! What a run of lives has seen, counted; and what it must have seen, or it proves less than it says.

use super::state::State;
use super::transition::Transition;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Every kind of step that must have been taken.
const KINDS: &[&str] = &[
    "CHANGE PIN in clear",
    "CHANGE PIN protected",
    "CHANGE PUK protected",
    "EXTERNAL AUTHENTICATE in clear",
    "EXTERNAL AUTHENTICATE protected",
    "GET CHALLENGE in clear",
    "GET CHALLENGE protected",
    "GET DATA in clear",
    "GET DATA protected",
    "GET DATA card public in clear",
    "GET RESPONSE in clear",
    "INTERNAL AUTHENTICATE chip in clear",
    "INTERNAL AUTHENTICATE chip protected",
    "INTERNAL AUTHENTICATE key in clear",
    "INTERNAL AUTHENTICATE key protected",
    "MSE authority in clear",
    "MSE authority protected",
    "MSE key 81/83 in clear",
    "MSE key 81/83 protected",
    "MSE key 82 in clear",
    "MSE key 82 protected",
    "MSE key agreement in clear",
    "MSE terminal in clear",
    "MSE terminal protected",
    "PSO VERIFY CERTIFICATE in clear",
    "PSO VERIFY CERTIFICATE protected",
    "READ BINARY in clear",
    "READ BINARY odd in clear",
    "READ BINARY odd protected",
    "READ BINARY protected",
    "READ BINARY short id in clear",
    "READ BINARY short id protected",
    "RESET of PUK protected",
    "RESET tries in clear",
    "RESET tries protected",
    "RESET with PIN in clear",
    "RESET with PIN protected",
    "RESET with PUK in clear",
    "RESET with PUK protected",
    "SELECT file in clear",
    "SELECT file protected",
    "SELECT name in clear",
    "SELECT name protected",
    "SELECT root in clear",
    "SELECT root protected",
    "VERIFY PIN empty protected",
    "VERIFY PIN in clear",
    "VERIFY PIN protected",
    "VERIFY PUK empty protected",
    "VERIFY PUK in clear",
    "VERIFY PUK protected",
    "VERIFY unknown reference protected",
    "login Chip",
    "login Session",
    "login Terminal",
    "power Cold",
    "power Moved",
    "power Warm",
    "spoiled Checksum",
    "spoiled Header",
    "spoiled NoChecksum",
    "spoiled OldCounter",
    "spoiled Padding",
    "spoiled Replay",
    "spoiled ShortChecksum",
    "torn AfterCommit",
    "torn BeforeCommit",
    "unfinished chain in clear",
    "unfinished chain protected",
    "unknown class in clear",
    "unknown instruction in clear",
    "unknown instruction protected",
    "unknown parameters in clear",
    "unknown parameters protected",
];

/// Every status word that must have been seen.
const STATUS_WORDS: &[u16] = &[
    0x6282, 0x6300, 0x63C0, 0x63C1, 0x63C2, 0x63C3, 0x63C4, 0x63C5, 0x63C6, 0x63C7, 0x63C8, 0x63C9,
    0x6700, 0x6882, 0x6982, 0x6983, 0x6985, 0x6986, 0x6988, 0x6A80, 0x6A82, 0x6A86, 0x6A88, 0x6B00,
    0x6D00, 0x6E00, 0x9000,
];

/// The counts.
#[derive(Default)]
pub(crate) struct Coverage {
    pub(crate) runs: u64,
    pub(crate) steps: u64,
    states: HashSet<u64>,
    pub(crate) kinds: BTreeMap<String, u64>,
    places: BTreeMap<&'static str, u64>,
    pub(crate) status_words: BTreeMap<u16, u64>,
}

impl Coverage {
    /// A step was taken, and this is where it led.
    pub(crate) fn step(&mut self, transition: &Transition, state: &State) {
        self.steps += 1;
        *self.kinds.entry(transition.kind()).or_default() += 1;
        self.arrived(state);
    }

    /// A life begins, or goes on, here.
    pub(crate) fn arrived(&mut self, state: &State) {
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        self.states.insert(hasher.finish());
        for name in state.names() {
            *self.places.entry(name).or_default() += 1;
        }
    }

    /// What was never visited, though it should have been.
    pub(crate) fn missing(&self) -> Vec<String> {
        let kinds = KINDS.iter().filter(|kind| !self.kinds.contains_key(**kind));
        let places = State::NAMES
            .iter()
            .filter(|name| !self.places.contains_key(*name));
        let words = STATUS_WORDS
            .iter()
            .filter(|sw| !self.status_words.contains_key(sw));
        kinds
            .map(|kind| format!("step: {kind}"))
            .chain(places.map(|name| format!("state: {name}")))
            .chain(words.map(|sw| format!("status word: {sw:04X}")))
            .collect()
    }

    /// All counts, one a line.
    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        for (kind, count) in &self.kinds {
            let _ = writeln!(table, "  step {count:>7} {kind}");
        }
        for (name, count) in &self.places {
            let _ = writeln!(table, "  state {count:>6} {name}");
        }
        for (sw, count) in &self.status_words {
            let _ = writeln!(table, "  status {count:>5} {sw:04X}");
        }
        table
    }

    /// The line for people.
    pub(crate) fn trust(&self) -> String {
        format!(
            "trust: model: {} steps, {} runs, {} states, {} kinds of step, {} status words",
            self.steps,
            self.runs,
            self.states.len(),
            self.kinds.len(),
            self.status_words.len()
        )
    }
}
