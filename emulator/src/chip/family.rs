//! One row of the chip table: what a family shows on the outside.

use crate::wire::Atr;
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::{Arc, LazyLock};
use thiserror::Error;

static TABLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/chips");

/// How clients of this family reach the root of the IAS application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RootSelection {
    /// `00 A4 00 00`: the master file, without data.
    MasterFile,
    /// SELECT by the application identifier of IAS.
    ApplicationIdentifier,
}

/// How clients of this family ask for the domain parameters of the key agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DhDialect {
    /// One GET DATA for g, p and q together.
    Combined,
    /// One GET DATA for each.
    Separate,
}

/// The family's dialects. A card accepts both forms of each unless its profile is strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Dialects {
    /// Root selection.
    pub root: RootSelection,
    /// Domain parameters.
    pub dh_parameters: DhDialect,
}

/// What the family can carry, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// READ BINARY of "all there is", and every READ BINARY under secure messaging.
    pub read_all: usize,
    /// READ BINARY of an exact length, in plain.
    pub read_exact: usize,
    /// Data of a whole command chain.
    pub chain: usize,
    /// Whether extended length fields are accepted.
    pub extended_length: bool,
}

/// A chip family.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chip {
    /// Name on the command line and in scenarios.
    pub id: String,
    /// Other names it answers to.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// One line for people.
    pub title: String,
    /// Where the ATR is known from.
    pub evidence: String,
    /// Answer to reset; structure and check character are verified when the table is loaded.
    #[serde(deserialize_with = "atr")]
    pub atr: Atr,
    /// Content of EF.ATR/INFO.
    #[serde(deserialize_with = "hex_bytes")]
    pub ef_atr: Vec<u8>,
    /// Dialects.
    pub dialects: Dialects,
    /// Limits.
    pub limits: Limits,
}

/// Why a chip is not to be had.
#[derive(Debug, Error)]
pub enum ChipError {
    /// No such row.
    #[error("no chip family is called {name:?}; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A row is not well formed.
    #[error("fixtures/chips/{file}: {reason}")]
    BadRow {
        /// The file.
        file: String,
        /// Line, column and reason.
        reason: String,
    },
}

impl Chip {
    /// Reads one row of the table from YAML.
    ///
    /// # Errors
    /// [`ChipError::BadRow`] with line and column.
    pub fn from_yaml(file: &str, text: &str) -> Result<Self, ChipError> {
        serde_yaml::from_str(text).map_err(|error| ChipError::BadRow {
            file: file.to_owned(),
            reason: error.to_string(),
        })
    }
}

type Table = Result<Vec<Arc<Chip>>, ChipError>;

static CHIPS: LazyLock<Table> = LazyLock::new(|| {
    let mut rows = TABLE
        .files()
        .filter(|file| file.path().extension().is_some_and(|e| e == "yaml"))
        .map(|file| {
            let name = file.path().display().to_string();
            Chip::from_yaml(&name, file.contents_utf8().unwrap_or_default()).map(Arc::new)
        })
        .collect::<Result<Vec<_>, _>>()?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
});

/// All families, by name.
///
/// # Errors
/// [`ChipError::BadRow`] when a file of the built-in table is not well formed.
pub fn chips() -> Result<&'static [Arc<Chip>], &'static ChipError> {
    CHIPS.as_deref()
}

/// The family with this name or alias.
///
/// # Errors
/// [`ChipError`].
pub fn chip(name: &str) -> Result<Arc<Chip>, ChipError> {
    let rows = chips().map_err(|error| ChipError::BadRow {
        file: String::new(),
        reason: error.to_string(),
    })?;
    rows.iter()
        .find(|chip| chip.id == name || chip.aliases.iter().any(|alias| alias == name))
        .cloned()
        .ok_or_else(|| ChipError::Unknown {
            name: name.to_owned(),
            known: rows
                .iter()
                .map(|c| c.id.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })
}

fn hex_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits: String = text.split_whitespace().collect();
    hex::decode(&digits).map_err(serde::de::Error::custom)
}

fn atr<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Atr, D::Error> {
    Atr::parse(&hex_bytes(deserializer)?).map_err(serde::de::Error::custom)
}
