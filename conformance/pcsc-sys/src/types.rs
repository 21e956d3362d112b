//! The types of the C API (`wintypes.h`, `pcsclite.h`). Layouts only; nothing here calls anything.

use std::ffi::{c_char, c_void};

use crate::constants::{ATR_BUFFER_SIZE, SCARD_PROTOCOL_RAW, SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1};

/// An unsigned number: the size of a `long` in `pcsc-lite`, 32 bits on macOS.
#[cfg(not(target_os = "macos"))]
pub type DWORD = std::ffi::c_ulong;
/// A signed number, and the type of every answer: the size of a `long` in `pcsc-lite`, 32 bits on macOS.
#[cfg(not(target_os = "macos"))]
pub type LONG = std::ffi::c_long;
/// The number behind an attribute.
#[cfg(not(target_os = "macos"))]
pub type ULONG = std::ffi::c_ulong;

/// An unsigned number: the size of a `long` in `pcsc-lite`, 32 bits on macOS.
#[cfg(target_os = "macos")]
pub type DWORD = u32;
/// A signed number, and the type of every answer: the size of a `long` in `pcsc-lite`, 32 bits on macOS.
#[cfg(target_os = "macos")]
pub type LONG = i32;
/// The number behind an attribute.
#[cfg(target_os = "macos")]
pub type ULONG = u32;

/// A session with the resource manager.
pub type SCARDCONTEXT = LONG;
/// A connection to a card.
pub type SCARDHANDLE = LONG;

/// Which protocol a command is sent by (protocol control information).
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(target_os = "macos"), repr(C))]
#[cfg_attr(target_os = "macos", repr(C, packed))]
pub struct SCARD_IO_REQUEST {
    /// One of the `SCARD_PROTOCOL_` values.
    pub dwProtocol: DWORD,
    /// Length of this structure in bytes.
    pub cbPciLength: DWORD,
}

/// What a caller believes of a reader, and what the resource manager says of it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(target_os = "macos"), repr(C))]
#[cfg_attr(target_os = "macos", repr(C, packed))]
pub struct SCARD_READERSTATE {
    /// Its name, NUL at the end.
    pub szReader: *const c_char,
    /// The caller's own.
    pub pvUserData: *mut c_void,
    /// What the caller believes: `SCARD_STATE_` bits.
    pub dwCurrentState: DWORD,
    /// What is so: `SCARD_STATE_` bits, and a count of events in the upper half.
    pub dwEventState: DWORD,
    /// Bytes of the answer to reset, 0 to 33.
    pub cbAtr: DWORD,
    /// The answer to reset.
    pub rgbAtr: [u8; ATR_BUFFER_SIZE],
}

const fn request(protocol: DWORD) -> SCARD_IO_REQUEST {
    SCARD_IO_REQUEST {
        dwProtocol: protocol,
        // Two numbers: no cast can lose anything.
        cbPciLength: size_of::<SCARD_IO_REQUEST>() as DWORD,
    }
}

// The library reads the fields and never compares addresses, so that these need not be its own.

/// For commands by T=0.
pub static g_rgSCardT0Pci: SCARD_IO_REQUEST = request(SCARD_PROTOCOL_T0);
/// For commands by T=1.
pub static g_rgSCardT1Pci: SCARD_IO_REQUEST = request(SCARD_PROTOCOL_T1);
/// For commands by no protocol.
pub static g_rgSCardRawPci: SCARD_IO_REQUEST = request(SCARD_PROTOCOL_RAW);
