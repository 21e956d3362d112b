//! Where the driver's library is: named, beside the program that asks, in the build's output, or installed.

use std::path::{Path, PathBuf};

/// The file name of the driver's library.
pub const DRIVER_FILE: &str = "libcie_ifd.so";

/// The variable that names the driver's library.
const VARIABLE: &str = "CIE_IFD";

const INSTALLED: [&str; 3] = [
    "/usr/local/lib/pcsc/drivers/serial",
    "/usr/lib/pcsc/drivers/serial",
    "/usr/local/lib",
];

/// The driver's library was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriverMissing {
    /// The variable names no file.
    #[error("CIE_IFD names {0}, which is no file")]
    Named(PathBuf),
    /// It is in none of the usual places.
    #[error(
        "the reader driver {DRIVER_FILE} was not found beside the program, in target/, or in /usr/lib/pcsc/drivers/serial: build it with `cargo build --release -p cie-driver`, or name it in CIE_IFD"
    )]
    Nowhere,
}

/// Finds the driver's library: `$CIE_IFD`, beside the running program, in `target/release` or `target/debug` below the
/// working directory, or where drivers are installed. The path is absolute.
///
/// # Errors
/// When it is in none of these places.
pub fn find_driver_library() -> Result<PathBuf, DriverMissing> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        return absolute(&named).ok_or(DriverMissing::Named(named));
    }
    let program = std::env::current_exe().unwrap_or_default();
    let beside = program.parent().unwrap_or(Path::new("."));
    let places = [beside.to_owned(), beside.join("deps"), beside.join("..")]
        .into_iter()
        .chain(["target/release", "target/debug"].map(PathBuf::from))
        .chain(INSTALLED.map(PathBuf::from));
    places
        .filter_map(|place| absolute(&place.join(DRIVER_FILE)))
        .next()
        .ok_or(DriverMissing::Nowhere)
}

fn absolute(path: &Path) -> Option<PathBuf> {
    path.is_file().then(|| path.canonicalize().ok()).flatten()
}
