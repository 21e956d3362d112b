//! The primitives of the CIE protocols, under the names of their standards.
//!
//! This room turns bytes and keys into bytes: hashes, 3DES and AES for secure messaging, RSA raw operations and the formats
//! built on them, Diffie-Hellman over MODP groups and elliptic curves, key derivation, injected randomness. It knows nothing of APDUs, files or
//! cards and asks the operating system for nothing. Primitives come from the RustCrypto crates, all but DES: secure messaging
//! is nothing else, and with tables made for it (`des`) it takes a third of the time.
//! The arithmetic that takes time has two implementations behind one boundary ([`backend`]): pure Rust, and with the cargo
//! feature `openssl` the system's library.
//!
//! DES here is table driven and RSA, in pure Rust, is not blinded: that is right for an emulator and its test keys, and
//! wrong for anything that guards real secrets.
#![forbid(unsafe_code)]

pub mod aes_sm;
pub mod backend;
pub mod ct;
mod des;
pub mod dh;
pub mod ec;
pub mod encryption;
pub mod hash;
pub mod iso9796;
pub mod kdf;
mod modular;
pub mod padding;
pub mod pkcs1;
pub mod pss;
pub mod random;
pub mod rsa;
pub mod suite;
pub mod triple_des;
