//! Which file an answer comes from, followed from command to command. Whoever is not certain says so: then nothing is shown.

use crate::files::FileId;
use crate::phy::trace::file_name;
use crate::wire::tlv::{Tag, Tlv};
use crate::wire::{Command, ins};

/// EF.CardAccess (ICAO 9303-11 §9.2.10): which protocols the document speaks.
const EF_CARD_ACCESS: FileId = FileId(0x011C);
/// The AID of the IAS application: selecting it stays at the root.
const IAS: [u8; 13] = [
    0xA0, 0x00, 0x00, 0x00, 0x30, 0x80, 0x00, 0x00, 0x00, 0x09, 0x81, 0x60, 0x01,
];

/// Where the card stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At the root, no file chosen.
    AfterReset,
    /// At the root, in this file.
    Root(Option<FileId>),
    /// In an application, in this file.
    Application(Option<FileId>),
    /// In a file that was named by a short identifier.
    Short {
        /// The identifier.
        short: u8,
        /// Whether at the root.
        root: bool,
    },
    /// It cannot be told.
    Unknown,
}

impl Place {
    /// After a command that was seen. READ BINARY has its own place already when it is answered.
    pub(super) fn after(self, command: &Command<'_>, done: bool) -> Self {
        let [_, ins, p1, p2] = command.header.to_bytes();
        match (ins, p1, command.data) {
            (ins::SELECT, _, _) if !done => self,
            (ins::SELECT, 0x04, name) if name == IAS => Self::Root(None),
            (ins::SELECT, 0x04, _) => Self::Application(None),
            (ins::SELECT, 0x00, [] | [0x3F, 0x00]) => Self::Root(None),
            (ins::SELECT, 0x00 | 0x02, &[hi, lo]) => self.file(FileId::from_bytes([hi, lo])),
            (ins::SELECT, _, _) => Self::Unknown,
            (ins::READ_BINARY, _, _) if p1 & 0x80 != 0 => self.short(p1 & 0x1F),
            (ins::READ_BINARY_ODD, 0, _) if matches!(p2, 1..=30) => self.short(p2),
            (ins::READ_BINARY_ODD, _, _) if (p1, p2) != (0, 0) => {
                self.file(FileId::from_bytes([p1, p2]))
            }
            _ => self,
        }
    }

    /// After a command whose data were hidden by secure messaging.
    pub(super) fn after_unseen(self, command: &[u8]) -> Self {
        match command.get(1..4) {
            Some(&[ins::READ_BINARY, p1, _]) if p1 & 0x80 == 0 => self,
            Some(&[ins::SELECT | ins::READ_BINARY | ins::READ_BINARY_ODD, ..]) | None => {
                Self::Unknown
            }
            Some(_) => self,
        }
    }

    fn is_root(&self) -> bool {
        match self {
            Self::AfterReset | Self::Root(_) => true,
            Self::Short { root, .. } => *root,
            Self::Application(_) | Self::Unknown => false,
        }
    }

    fn file(self, file: FileId) -> Self {
        match (&self, self.is_root()) {
            (Self::Unknown, _) => Self::Unknown,
            (_, true) => Self::Root(Some(file)),
            (_, false) => Self::Application(Some(file)),
        }
    }

    fn short(self, short: u8) -> Self {
        let root = self.is_root();
        Self::Short { short, root }
    }

    /// Whether the file is the same on every card of a family.
    pub(super) const fn is_public(&self) -> bool {
        matches!(
            self,
            Self::Root(Some(
                FileId::EF_DIR | FileId::EF_ATR | FileId::EF_DH | EF_CARD_ACCESS
            ))
        )
    }

    /// The file's name, if one is chosen and known.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Root(Some(file)) | Self::Application(Some(file)) => {
                Some(file_name(*file).map_or_else(|| format!("file {file}"), str::to_owned))
            }
            Self::Short { short, .. } => Some(format!("short identifier {short:02X}")),
            Self::AfterReset | Self::Root(None) | Self::Application(None) | Self::Unknown => None,
        }
    }
}

/// Whether READ BINARY with these data reads at a readable offset.
pub(super) fn is_read(command: &Command<'_>) -> bool {
    match command.header.ins {
        ins::READ_BINARY => true,
        ins::READ_BINARY_ODD => Tlv::read_only(command.data, Tag(0x54)).is_ok(),
        _ => false,
    }
}
