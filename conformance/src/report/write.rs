//! Getting a finished text onto the disk, whole or not at all. It knows nothing of what the text says.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::error::ReportError;

/// Writes `text` to `path`: first to a new file in the same folder, then renamed over `path`, so that a reader sees the old
/// report or the whole new one. A device or pipe (`/dev/stdout`) is written to directly and never replaced.
///
/// # Errors
/// [`ReportError::Write`] naming `path`; nothing new is left in the folder then.
pub fn atomically(path: &Path, text: &str) -> Result<(), ReportError> {
    bytes_atomically(path, text.as_bytes())
}

/// The same for bytes that are no text.
///
/// # Errors
/// [`ReportError::Write`] naming `path`; nothing new is left in the folder then.
pub fn bytes_atomically(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    write_with(path, |file| file.write_all(bytes)).map_err(|reason| ReportError::Write {
        path: path.to_owned(),
        reason,
    })
}

/// Whether a report could be written to `path` now: asked before a long run, so that its result is not lost at the end.
///
/// # Errors
/// [`ReportError::Write`] naming `path`.
pub fn check(path: &Path) -> Result<(), ReportError> {
    let tried = match special(path) {
        Ok(true) => OpenOptions::new().write(true).open(path).map(drop),
        Ok(false) => Draft::beside(path).map(drop),
        Err(reason) => Err(reason),
    };
    tried.map_err(|reason| ReportError::Write {
        path: path.to_owned(),
        reason,
    })
}

fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    if special(path)? {
        return fill(&mut OpenOptions::new().write(true).open(path)?);
    }
    let mut draft = Draft::beside(path)?;
    fill(&mut draft.file)?;
    // A full disk may only show itself here.
    draft.file.sync_all()?;
    draft.rename(path)
}

/// Whether `path` is there and is neither file nor folder. A folder is an error.
fn special(path: &Path) -> io::Result<bool> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a folder",
        )),
        Ok(found) => Ok(!found.is_file()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file on its way: removed again unless it is renamed.
struct Draft {
    file: File,
    path: Option<PathBuf>,
}

impl Draft {
    fn beside(path: &Path) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let nameless = || io::Error::new(io::ErrorKind::InvalidInput, "it does not name a file");
        let mut name = OsString::from(".");
        name.push(path.file_name().ok_or_else(nameless)?);
        name.push(format!(
            ".{}-{}.part",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        let draft = path.with_file_name(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&draft)?;
        Ok(Self {
            file,
            path: Some(draft),
        })
    }

    fn rename(mut self, target: &Path) -> io::Result<()> {
        if let Some(draft) = &self.path {
            std::fs::rename(draft, target)?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(draft) = self.path.take() {
            // Nothing more can be done about a draft that will not go away.
            let _ = std::fs::remove_file(draft);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::path::Path;

    use super::{atomically, check, write_with};

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_report_replaces_the_old_one_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        atomically(&path, "old").unwrap();
        atomically(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn a_write_that_breaks_off_keeps_the_old_report_and_no_part_of_the_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        atomically(&path, "old").unwrap();
        let broken = write_with(&path, |file| {
            file.write_all(b"half of it")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(broken.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere/report.json");
        for error in [
            check(&path).unwrap_err(),
            atomically(&path, "x").unwrap_err(),
        ] {
            assert!(error.to_string().contains("nowhere/report.json"), "{error}");
        }
    }

    #[test]
    fn a_folder_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let error = atomically(folder.path(), "x").unwrap_err();
        assert!(error.to_string().contains("it is a folder"), "{error}");
        assert!(folder.path().is_dir());
    }

    #[test]
    fn a_check_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        check(&folder.path().join("report.json")).unwrap();
        assert!(names(folder.path()).is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_an_error_and_stays_a_device() {
        let full = Path::new("/dev/full");
        let error = atomically(full, "x").unwrap_err();
        assert!(error.to_string().contains("/dev/full"), "{error}");
        assert!(!full.metadata().unwrap().is_file());
    }
}
