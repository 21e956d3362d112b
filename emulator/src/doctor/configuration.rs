//! The daemon's reader configurations: which entries there are, and which are ours. The format is that of reader.conf(5).

use super::Finding;
use super::system::System;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where Debian's daemon looks for them.
pub const DIRECTORY: &str = "/etc/reader.conf.d";

/// One reader of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The file it stands in.
    pub file: PathBuf,
    /// Its name for people.
    pub friendly_name: String,
    /// What the driver is told to open.
    pub device_name: String,
    /// The driver.
    pub library: String,
}

/// What the configurations say.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// All entries.
    pub entries: Vec<Entry>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// Reads all configurations of a directory; a directory that is not there holds none.
pub fn read(system: &dyn System, directory: &Path) -> Configured {
    let mut configured = Configured::default();
    let files = match system.list(directory) {
        Ok(files) => files,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            configured
                .unreadable
                .push((directory.to_owned(), error.to_string()));
            Vec::new()
        }
    };
    for file in files {
        match system.read(&file) {
            Ok(bytes) => configured
                .entries
                .extend(entries(&file, &String::from_utf8_lossy(&bytes))),
            Err(error) => configured.unreadable.push((file, error.to_string())),
        }
    }
    configured
}

/// The entries of one file. An entry begins with its `FRIENDLYNAME`.
#[must_use]
pub fn entries(file: &Path, text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let Some((keyword, value)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        let value = value.trim().trim_matches('"').to_owned();
        if keyword == "FRIENDLYNAME" {
            entries.push(Entry {
                file: file.to_owned(),
                friendly_name: value,
                ..Entry::default()
            });
            continue;
        }
        let Some(entry) = entries.last_mut() else {
            continue;
        };
        match keyword {
            "DEVICENAME" => entry.device_name = value,
            "LIBPATH" => entry.library = value,
            _ => {}
        }
    }
    entries
}

impl Configured {
    /// The entries whose driver has a file name that begins so.
    pub fn with_driver<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| {
            Path::new(&entry.library)
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with(start))
        })
    }

    pub(super) fn findings(&self, directory: &Path) -> Vec<Finding> {
        self.unreadable
            .iter()
            .map(|(path, reason)| {
                Finding::warning(
                    "configuration.read",
                    format!("{} cannot be read: {reason}", path.display()),
                    format!(
                        "let this user read {}, or run the doctor as root",
                        directory.display()
                    ),
                )
            })
            .collect()
    }
}
