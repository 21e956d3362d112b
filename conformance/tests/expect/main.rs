//! Each expectation of the language met and missed, with the very words people read.

mod answer;
mod bench;
mod signature;
