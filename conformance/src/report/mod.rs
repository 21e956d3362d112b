//! What a run has to say: one result model and every form it is told in. This room receives finished facts (verdicts, bytes,
//! words) and writes them down; it does not run scenarios, decide verdicts of steps, or talk to a card.
//!
//! Everything starts at [`model::RunResult`]: the runner fills one, the writers read it, and its JSON form is a promise to
//! other programs.

pub mod model;
