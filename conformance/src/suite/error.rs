//! What can go wrong while a suite is read and cases are chosen from it.

use std::io;
use std::path::{Path, PathBuf};

use crate::scenario::Problems;

/// Why there is no suite, or no choice from it.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A folder or file that cannot be read.
    #[error("{} cannot be read: {reason}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// No scenario in a folder, or in the program.
    #[error("there are no scenarios in {}", place.as_deref().map_or("the program".into(), Path::to_string_lossy))]
    Empty {
        /// The folder.
        place: Option<PathBuf>,
    },
    /// Names that select nothing; each with what could have been meant.
    #[error("{}", unknown(names))]
    Unknown {
        /// The names as given, each with near ones.
        names: Vec<(String, Vec<String>)>,
    },
    /// Everything wrong with scenarios, blocks or requirements.
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl SuiteError {
    pub(super) fn read(path: &Path, reason: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            reason,
        }
    }
}

fn unknown(names: &[(String, Vec<String>)]) -> String {
    let lines = names.iter().map(|(name, near)| {
        let near = match near.as_slice() {
            [] => "`cie-conf list` shows what there is".to_owned(),
            near => format!("did you mean {}?", near.join(", ")),
        };
        format!("nothing is selected by `{name}`: no scenario, folder, glob or file of that name; {near}")
    });
    lines.collect::<Vec<_>>().join("\n")
}
