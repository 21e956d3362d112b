//! Finding the library, once in the life of a process, and saying why it was not found.

use std::ffi::OsString;
use std::sync::OnceLock;

use crate::calls::Calls;

/// Names another file to load instead: for libraries in unusual places.
pub const LIBRARY_VARIABLE: &str = "CIE_PCSC_LIBRARY";

#[cfg(not(target_os = "macos"))]
const FILE: &str = "libpcsclite.so.1";
#[cfg(target_os = "macos")]
const FILE: &str = "/System/Library/Frameworks/PCSC.framework/PCSC";

/// Why the PC/SC library cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// It cannot be loaded.
    #[error(
        "the PC/SC library {file} cannot be loaded ({reason}); install it (Debian and Ubuntu: apt install libpcsclite1 pcscd), or name its file in {LIBRARY_VARIABLE}"
    )]
    Missing {
        /// The file looked for.
        file: String,
        /// What the loader said.
        reason: String,
    },
    /// It was loaded and is something else.
    #[error(
        "{file} is not a PC/SC library ({reason}); correct {LIBRARY_VARIABLE}, or install libpcsclite1 again"
    )]
    Foreign {
        /// The file loaded.
        file: String,
        /// The function it lacks, as the loader says it.
        reason: String,
    },
}

static CALLS: OnceLock<Result<Calls, LibraryError>> = OnceLock::new();

/// Whether the library is there; loads it on the first call. The daemon is another question: `SCardEstablishContext` asks it.
///
/// # Errors
/// [`LibraryError`], the same one for the life of the process.
pub fn library() -> Result<(), LibraryError> {
    calls().map(drop).map_err(Clone::clone)
}

pub(crate) fn calls() -> Result<&'static Calls, &'static LibraryError> {
    CALLS.get_or_init(load).as_ref()
}

fn load() -> Result<Calls, LibraryError> {
    let named = std::env::var_os(LIBRARY_VARIABLE).filter(|name| !name.is_empty());
    let file = named.unwrap_or_else(|| OsString::from(FILE));
    let shown = || file.to_string_lossy().into_owned();
    // SAFETY: loading runs the library's initialisers. The file is the system's PC/SC library, or one that the user of this process
    // named in its environment, which is no more than LD_PRELOAD lets them do.
    let library =
        unsafe { libloading::Library::new(&file) }.map_err(|reason| LibraryError::Missing {
            file: shown(),
            reason: reason.to_string(),
        })?;
    // SAFETY: the library exports the functions of winscard.h under their names, with the signatures of `calls`.
    unsafe { Calls::resolve(library) }.map_err(|reason| LibraryError::Foreign {
        file: shown(),
        reason: reason.to_string(),
    })
}
