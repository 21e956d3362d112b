//! What the benches found out beside criterion's own files, kept under the target directory for the reporter: one number each,
//! or the reason why there is none.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::SetupError;

/// One number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The number itself: a ratio, or in `unit`.
    pub value: f64,
    /// How far it went up and down: the middle half of what was seen.
    #[serde(default)]
    pub spread: Option<[f64; 2]>,
    /// Unit; empty for ratios.
    #[serde(default)]
    pub unit: String,
    /// What ours took, in nanoseconds.
    #[serde(default)]
    pub ours: Option<f64>,
    /// What the baseline took, in nanoseconds.
    #[serde(default)]
    pub baseline: Option<f64>,
    /// In a few words, how it was measured.
    #[serde(default)]
    pub how: String,
}

/// A number, or why it is missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// It was measured.
    Figure(Figure),
    /// It could not be.
    Missing(String),
}

/// The target directory: where this program was built.
///
/// # Errors
/// When this program does not lie in one.
pub fn target_directory() -> Result<PathBuf, SetupError> {
    let program = std::env::current_exe()?;
    let profile = program
        .ancestors()
        .find(|path| path.ends_with("release") || path.ends_with("debug"));
    let target = profile.and_then(Path::parent);
    Ok(target
        .ok_or("this program does not lie in a target directory")?
        .to_owned())
}

fn place(name: &str) -> Result<PathBuf, SetupError> {
    let file = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    Ok(target_directory()?
        .join("cie-bench")
        .join(format!("{file}.json")))
}

/// Keeps a number for the reporter.
///
/// # Errors
/// When it cannot be written.
pub fn keep(name: &str, measured: &Measured) -> Result<(), SetupError> {
    let place = place(name)?;
    if let Some(directory) = place.parent() {
        fs::create_dir_all(directory)?;
    }
    Ok(fs::write(place, serde_json::to_vec_pretty(measured)?)?)
}

/// A kept number; `None` when the bench was not run.
#[must_use]
pub fn kept(name: &str) -> Option<Measured> {
    let text = fs::read(place(name).ok()?).ok()?;
    serde_json::from_slice(&text).ok()
}
