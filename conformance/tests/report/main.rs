//! The reports as a reader meets them: golden texts of every format for one hand-made run that has every verdict, the shape of
//! the JUnit file, masking and joining from end to end, and the HTML page in a real browser.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod browser;
mod files;
mod golden;
mod junit;
mod page;
mod sample;
