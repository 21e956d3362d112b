//! A whole card as one JSON document, `cie-card-export: 1`: to look into, to keep in version control, to carry to another
//! program or another version of this one. Keys, PIN and PUK are in it in clear, and it says so.

use super::card_file::{self, Existing, Snapshot};
use super::content::{CardRecord, MemoryRecord};
use super::error::{Fault, StoreError};
use super::layout;
use crate::given_file;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// The version of the document that is written, and the only one that is read.
pub const EXPORT_VERSION: u32 = 1;

/// Most bytes of a document: what the largest card could need in hexadecimal digits.
const MOST: usize = 3 * layout::MOST_CONTENTS;

const WARNING: &str =
    "contains private keys, PIN and PUK in clear; all of them are invented and good for tests only";

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "cie-card-export")]
    version: u32,
    warning: String,
    card: CardRecord,
    memory: MemoryRecord,
}

/// Only the version: what a document of another one can be relied on to have.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "cie-card-export")]
    version: u32,
}

/// The document of a stored card, indented, with a line feed at the end. The card may be in use meanwhile.
///
/// # Errors
/// As [`super::read`].
pub fn export(card: &Path) -> Result<Zeroizing<String>, StoreError> {
    let document = || {
        let bytes = card_file::read_all(card)?;
        let parsed = layout::parse(&bytes)?;
        let record: CardRecord = card_file::card_record(parsed.contents)?;
        let (sequence, memory) = parsed.newest()?;
        // Only what makes a card is exported: it must be possible to import it.
        Snapshot::from_records(&record, memory, sequence, true)?;
        let document = Document {
            version: EXPORT_VERSION,
            warning: WARNING.to_owned(),
            memory: memory.clone(),
            card: record,
        };
        let text = serde_json::to_string_pretty(&document)
            .map_err(|error| Fault::Export(error.to_string()))?;
        Ok(Zeroizing::new(text + "\n"))
    };
    document().map_err(|fault: Fault| fault.at(card))
}

/// Writes the document into a new file that only its owner can read: whole or not at all.
///
/// # Errors
/// [`Fault::Exists`], [`Fault::Io`], and those of [`export`].
pub fn export_to(card: &Path, file: &Path, existing: Existing) -> Result<(), StoreError> {
    let document = export(card)?;
    card_file::place_new(file, document.as_bytes(), existing).map_err(|fault| fault.at(file))
}

/// Makes a card file of a document: the same card, in the state it had.
///
/// # Errors
/// [`Fault::Export`] with line and column of what is wrong with the document, and those of [`super::create`].
pub fn import(document: &Path, card: &Path, existing: Existing) -> Result<(), StoreError> {
    let parsed = read_document(document).map_err(|fault| fault.at(document))?;
    card_file::write_new(card, &parsed.card, &parsed.memory, existing).map_err(
        |fault| match fault {
            fault @ Fault::Content(_) => fault.at(document),
            fault => fault.at(card),
        },
    )
}

fn read_document(path: &Path) -> Result<Document, Fault> {
    let bytes = given_file::read(path, MOST)
        .map_err(|error| Fault::Export(format!("the export cannot be read: {error}")))?;
    let bytes = Zeroizing::new(bytes);
    let version: Version = serde_json::from_slice(&bytes).map_err(|error| {
        Fault::Export(format!(
            "this is not an export of `cie-card export`: {error}"
        ))
    })?;
    if version.version != EXPORT_VERSION {
        return Err(Fault::Export(format!(
            "this is an export of version {}, and this program reads version {EXPORT_VERSION}; use the program that wrote it",
            version.version
        )));
    }
    serde_json::from_slice(&bytes).map_err(|error| Fault::Export(error.to_string()))
}
