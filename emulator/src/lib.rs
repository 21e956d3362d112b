//! The Italian electronic identity card (CIE 3.0) as software: command bytes in, response bytes out.
//!
//! A card is a pure function with a memory: no clock, no socket, no thread, no hidden randomness. Everything that makes
//! it *seem* alive is wrapped around it by others.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
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

pub mod apps;
pub mod card;
pub mod chip;
pub mod control;
pub mod credentials;
pub mod doctor;
pub mod files;
pub mod given_file;
pub mod install;
pub mod link;
pub mod persona;
pub mod phy;
pub mod secure_messaging;
#[doc = include_str!("../SECURITY.md")]
pub mod security {}
pub mod spec;
pub mod store;
pub mod whole_file;
pub mod wire;

pub use card::Card;
pub use cie_crypto as crypto;
