//! The command line of the card.
fn main() {}
