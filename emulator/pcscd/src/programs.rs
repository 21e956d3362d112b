//! The programs that are needed, found also where an ordinary user's PATH does not lead.

use std::path::PathBuf;

use crate::DaemonError;

/// The path of a program, or the sentence about the package that brings it.
pub(crate) fn find(program: &'static str, package: &'static str) -> Result<PathBuf, DaemonError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from))
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
        .ok_or(DaemonError::Missing { program, package })
}

/// pcscd itself.
pub(crate) fn pcscd() -> Result<PathBuf, DaemonError> {
    find("pcscd", "pcscd")
}
