//! PIN and PUK: values, retry counters, verified flags, and the rules between them.
//!
//! Pure: knows no APDU, no secure messaging, no disk. Every check takes a try first, makes that durable through
//! [`Commit`], and only then compares; cutting the power at any point can lose a try, never give one away.

mod code;
mod object;
mod policy;
mod write_point;

pub use code::{Code, CodeError, CodeHalf};
pub use object::{CredentialObject, Credentials, Outcome, Reference, Verified};
pub use policy::{BadLength, CredentialPolicy, LastWrong, NewPinCheck, PukExhaustion, VerifyEmpty};
pub use write_point::{Commit, PowerLost, UnknownWritePoint, WritePoint};
