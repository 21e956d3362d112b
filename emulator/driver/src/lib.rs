//! The driver of virtual readers: an IFD handler that pcscd loads from a `reader.conf` entry. It listens where the
//! entry's `DEVICENAME` says, and whoever connects there and greets is the card.
//!
//! It knows readers, not cards: no APDU is read here. It trusts neither its peer nor its caller: a peer can be silent,
//! closing, or speaking garbage at any moment, and a panic never crosses into pcscd.

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::panic_in_result_fn,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_in_result,
        clippy::unwrap_used
    )
)]

mod attributes;
mod connection;
mod features;
pub mod ffi;
mod listener;
mod presence;
mod reader;
mod registry;
#[cfg(test)]
mod tests;
mod watcher;

/// By what the file of this library is known, and its version: whoever installs or examines it looks for these bytes.
#[used]
static MARK: &str = concat!(
    "cie-emulator reader driver, version ",
    env!("CARGO_PKG_VERSION"),
    "\0"
);

/// Says something in pcscd's log (its standard error). Never anything that a card or a client has said.
fn log(reader: &str, what: impl std::fmt::Display) {
    use std::io::Write as _;
    // Where nobody listens, nothing is lost.
    let _ = writeln!(std::io::stderr(), "cie-driver: {reader}: {what}");
}
