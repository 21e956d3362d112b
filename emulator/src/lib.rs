//! The Italian electronic identity card (CIE 3.0) as software: command bytes in, response bytes out.
//!
//! A card is a pure function with a memory: no clock, no socket, no thread, no hidden randomness. Everything that makes
//! it *seem* alive is wrapped around it by others.

#![forbid(unsafe_code)]

pub mod persona;
pub mod wire;

pub use cie_crypto as crypto;
