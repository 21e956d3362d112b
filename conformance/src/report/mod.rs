//! What a run has to say: one result model and every form it is told in. This room receives finished facts (verdicts, bytes,
//! words) and writes them down; it does not run scenarios, decide verdicts of steps, or talk to a card.
//!
//! Everything starts at [`model::RunResult`]: the runner fills one, the writers read it, and its JSON form is a promise to
//! other programs.

pub mod accounting;
pub mod coverage;
mod error;
pub mod explain;
pub mod html;
pub mod json;
pub mod junit;
pub mod mask;
pub mod merge;
pub mod model;
pub mod output;
pub mod tap;
pub mod terminal;
pub mod text;
pub mod words;
pub mod write;

pub use error::ReportError;
pub use mask::Masker;
pub use merge::{MergeError, merge};
pub use output::{Destination, Format, Written, write_all};
