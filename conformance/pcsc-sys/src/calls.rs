//! The functions of `winscard.h`. Each looks into a table that is filled when the first of them is called; without a library each
//! answers [`SCARD_E_NO_SERVICE`].

use std::ffi::{c_char, c_void};

use crate::constants::SCARD_E_NO_SERVICE;
use crate::library::calls;
use crate::types::{DWORD, LONG, SCARD_IO_REQUEST, SCARD_READERSTATE, SCARDCONTEXT, SCARDHANDLE};

macro_rules! functions {
    ($( $(#[$doc:meta])+ fn $name:ident($($argument:ident: $type:ty),+); )+) => {
        /// The addresses of the functions. The library stays loaded as long as they can be called: for the life of the process.
        pub(crate) struct Calls {
            $($name: unsafe extern "C" fn($($type),+) -> LONG,)+
            _library: libloading::Library,
        }

        impl Calls {
            /// Looks all functions up.
            ///
            /// # Safety
            /// The library's functions must have the signatures of `winscard.h`.
            pub(crate) unsafe fn resolve(
                library: libloading::Library,
            ) -> Result<Self, libloading::Error> {
                Ok(Self {
                    $($name: {
                        // SAFETY: the caller vouches for the signature. The address is copied out of the symbol's borrow and is
                        // valid as long as the library is loaded; `_library` beside it keeps it so.
                        *unsafe { library.get::<unsafe extern "C" fn($($type),+) -> LONG>(symbol(stringify!($name))) }?
                    },)+
                    _library: library,
                })
            }
        }

        $(
            $(#[$doc])+
            ///
            /// # Safety
            /// As in C: pointers are valid for what they point to and lengths are theirs.
            pub unsafe fn $name($($argument: $type),+) -> LONG {
                match calls() {
                    // SAFETY: the caller keeps the contract of the C function, to which the arguments go unchanged.
                    Ok(calls) => unsafe { (calls.$name)($($argument),+) },
                    Err(_) => SCARD_E_NO_SERVICE,
                }
            }
        )+
    };
}

/// The name under which the library has a function.
fn symbol(name: &'static str) -> &'static str {
    match name {
        "SCardControl" if cfg!(target_os = "macos") => "SCardControl132",
        name => name,
    }
}

functions! {
    /// Opens a session with the resource manager.
    fn SCardEstablishContext(scope: DWORD, reserved_1: *const c_void, reserved_2: *const c_void, context: *mut SCARDCONTEXT);
    /// Ends a session.
    fn SCardReleaseContext(context: SCARDCONTEXT);
    /// Whether a session is still one.
    fn SCardIsValidContext(context: SCARDCONTEXT);
    /// Ends the waiting of [`SCardGetStatusChange`] in another thread.
    fn SCardCancel(context: SCARDCONTEXT);
    /// Connects to the card in a reader.
    fn SCardConnect(
        context: SCARDCONTEXT, reader: *const c_char, share: DWORD, protocols: DWORD, card: *mut SCARDHANDLE,
        active_protocol: *mut DWORD
    );
    /// Connects again, after resetting the card or not.
    fn SCardReconnect(
        card: SCARDHANDLE, share: DWORD, protocols: DWORD, initialization: DWORD, active_protocol: *mut DWORD
    );
    /// Ends a connection.
    fn SCardDisconnect(card: SCARDHANDLE, disposition: DWORD);
    /// Waits for a change of readers.
    fn SCardGetStatusChange(context: SCARDCONTEXT, timeout: DWORD, readers: *mut SCARD_READERSTATE, count: DWORD);
    /// Lists readers: names with a NUL after each and another at the end.
    fn SCardListReaders(context: SCARDCONTEXT, groups: *const c_char, readers: *mut c_char, length: *mut DWORD);
    /// Keeps other programs from the card.
    fn SCardBeginTransaction(card: SCARDHANDLE);
    /// Lets other programs to the card again.
    fn SCardEndTransaction(card: SCARDHANDLE, disposition: DWORD);
    /// What a connected card is in.
    fn SCardStatus(
        card: SCARDHANDLE, reader: *mut c_char, reader_length: *mut DWORD, state: *mut DWORD, protocol: *mut DWORD,
        atr: *mut u8, atr_length: *mut DWORD
    );
    /// Reads an attribute of the reader.
    fn SCardGetAttrib(card: SCARDHANDLE, attribute: DWORD, value: *mut u8, length: *mut DWORD);
    /// Sets an attribute of the reader.
    fn SCardSetAttrib(card: SCARDHANDLE, attribute: DWORD, value: *const u8, length: DWORD);
    /// Sends a command and takes the response.
    fn SCardTransmit(
        card: SCARDHANDLE, send_protocol: *const SCARD_IO_REQUEST, command: *const u8, command_length: DWORD,
        receive_protocol: *mut SCARD_IO_REQUEST, response: *mut u8, response_length: *mut DWORD
    );
    /// Sends a command to the reader.
    fn SCardControl(
        card: SCARDHANDLE, code: DWORD, command: *const u8, command_length: DWORD, response: *mut u8,
        response_size: DWORD, response_length: *mut DWORD
    );
}
