//! The issuer's promises: what it says of bad files, boundaries, and the invariants of recoveries as properties.

mod world;

mod walks;
