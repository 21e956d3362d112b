//! Secure messaging: protect and unprotect APDUs (ISO/IEC 7816-4:2020 §10, ICAO 9303-11 §9.8) with two-key 3DES and retail MAC,
//! or AES and CMAC.
//!
//! One session is keys and a send sequence counter, owned by whoever holds it and consumed by the first error: a session
//! that failed cannot be used again because it no longer exists. It does not know which application opened it.

mod keys;
mod objects;
mod session;

pub use objects::SmError;
pub use session::{SecureSession, Unprotected};
