//! The files of the card by the published table: where they are, how they are called, who may read them, and what stands
//! in them as far as personalisation knows it.

use super::state::Df;
use crate::support::{hex, seeded_card_data};
use cie_emulator::chip::chip;
use std::sync::LazyLock;

/// The chip all these cards have.
pub(crate) const CHIP: &str = "gemalto";

/// One file.
pub(crate) struct File {
    pub(crate) id: u16,
    pub(crate) short: u8,
    /// Under the CIE directory; otherwise under the root.
    pub(crate) cie: bool,
    /// Needs the PIN, in a session with an authenticated terminal.
    pub(crate) private: bool,
    pub(crate) bytes: Vec<u8>,
}

/// EF.CardAccess: readable from the root and before anything is selected; what stands in it belongs to another protocol.
pub(crate) const CARD_ACCESS: u16 = 0x011C;
/// A file of the travel document.
pub(crate) const DG1: u16 = 0x0101;

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let data = seeded_card_data();
    let content = |id: u16| match id {
        0x2F00 => hex("610F4F0DA0000000308000000009816001"),
        0x2F01 => chip(CHIP).unwrap().ef_atr.clone(),
        _ => {
            let files = data.files();
            files
                .iter()
                .find(|(known, _)| *known == id)
                .unwrap()
                .1
                .to_vec()
        }
    };
    [
        (0x2F00, 0x1E, false, false),
        (0x2F01, 0x1D, false, false),
        (0xD003, 0x1C, false, false),
        (0xD004, 0x1B, false, false),
        (0x1001, 1, true, false),
        (0x1002, 2, true, true),
        (0x1003, 3, true, true),
        (0x1004, 4, true, false),
        (0x1005, 5, true, false),
        (0x1006, 6, true, false),
    ]
    .map(|(id, short, cie, private)| File {
        id,
        short,
        cie,
        private,
        bytes: content(id),
    })
    .into()
});

impl File {
    fn is_in(&self, df: Df) -> bool {
        match df {
            Df::Root | Df::Ias => !self.cie,
            Df::Cie => self.cie,
            Df::Document => false,
        }
    }

    /// The file with this identifier in this directory.
    pub(crate) fn by_id(df: Df, id: u16) -> Option<&'static Self> {
        FILES.iter().find(|file| file.is_in(df) && file.id == id)
    }

    /// The file with this short identifier in this directory.
    pub(crate) fn by_short_id(df: Df, short: u8) -> Option<&'static Self> {
        FILES
            .iter()
            .find(|file| file.is_in(df) && file.short == short)
    }

    /// The file with this identifier, wherever it is.
    pub(crate) fn named(id: u16) -> Option<&'static Self> {
        FILES.iter().find(|file| file.id == id)
    }
}
