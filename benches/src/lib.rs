//! What the benches share: cards ready to be timed.
