//! The PC/SC C API as `pcsc-lite` has it, bound at run time: the first call looks for `libpcsclite.so.1`, so that a program builds
//! without headers and starts without the library. It is not a safe interface; the `pcsc` crate makes one of it, unchanged.
//!
//! Written from the public C headers (`winscard.h`, `pcsclite.h`, `reader.h`; PC/SC Workgroup, Part 5). Names and signatures are
//! those of the crate `pcsc-sys` 1.3 (MIT, Ran Benita), whose place this one takes through `[patch.crates-io]`.
//!
//! Where the library is missing, every function answers [`SCARD_E_NO_SERVICE`], exactly as the library does where the daemon is
//! missing; [`library`] tells the two apart.
//!
//! Tried on Linux. The types and names of macOS are here as Apple documents them; Windows has a library of its own and is refused
//! at build time.

#![allow(
    unsafe_code,
    reason = "a binding of a C library: this crate is the one place of the workspace's client side where C is called"
)]
#![allow(
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    reason = "the names are those of the C API"
)]

#[cfg(not(unix))]
compile_error!(
    "pcsc-sys of this workspace binds libpcsclite; on other systems take [patch.crates-io] out of the workspace's Cargo.toml"
);

mod calls;
mod constants;
mod library;
mod types;

pub use calls::{
    SCardBeginTransaction, SCardCancel, SCardConnect, SCardControl, SCardDisconnect,
    SCardEndTransaction, SCardEstablishContext, SCardGetAttrib, SCardGetStatusChange,
    SCardIsValidContext, SCardListReaders, SCardReconnect, SCardReleaseContext, SCardSetAttrib,
    SCardStatus, SCardTransmit,
};
pub use constants::*;
pub use library::{LIBRARY_VARIABLE, LibraryError, library};
pub use types::{
    DWORD, LONG, SCARD_IO_REQUEST, SCARD_READERSTATE, SCARDCONTEXT, SCARDHANDLE, ULONG,
    g_rgSCardRawPci, g_rgSCardT0Pci, g_rgSCardT1Pci,
};
