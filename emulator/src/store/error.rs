//! Why a card file cannot be used, and what to do about it. Always with the file's name in front.

use super::content::ContentError;
use super::holder::Holder;
use super::layout::FORMAT;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A card file that cannot be used.
#[derive(Debug, Error)]
#[error("{}: {fault}", file.display())]
pub struct StoreError {
    /// Which file.
    pub file: PathBuf,
    /// What is the matter.
    #[source]
    pub fault: Fault,
}

/// What is the matter with a card file.
#[derive(Debug, Error)]
pub enum Fault {
    /// The operating system refused.
    #[error("cannot {doing} the card file: {source}{}", hint(source))]
    Io {
        /// What was tried: `read`, `write`, `create`, `lock`.
        doing: &'static str,
        /// The reason.
        source: io::Error,
    },
    /// Something else than a card file.
    #[error(
        "this is not a card file; `cie-card new --out FILE` makes one, `cie-card import` makes one of an export"
    )]
    NotACard,
    /// A card file of a later program.
    #[error(
        "this card file has format {found}, and this program knows format {FORMAT}; use the newer program that made it. The file was left as it is"
    )]
    Newer {
        /// Its format.
        found: u32,
    },
    /// A card file that is not as it was written.
    #[error(
        "the card file is damaged: {0}. It was left as it is; use a copy of it, or make it again from an export with `cie-card import`"
    )]
    Damaged(String),
    /// Another process has the card.
    #[error("the card is in use by {0}; a card is in one reader at a time, so end that first")]
    InUse(Holder),
    /// There is a file already.
    #[error("there is a file of this name already; name another, or add --force to replace it")]
    Exists,
    /// Data that make no card.
    #[error("its data make no card: {0}")]
    Content(#[from] ContentError),
    /// An export that cannot be read.
    #[error("{0}")]
    Export(String),
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; is the name right?",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; a card must be readable and writable for whoever uses it"
        }
        _ => "",
    }
}

impl Fault {
    pub(super) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }

    pub(super) fn at(self, file: &Path) -> StoreError {
        StoreError {
            file: file.to_owned(),
            fault: self,
        }
    }
}
