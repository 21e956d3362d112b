//! The file tree of a card: dedicated and elementary files, what is selected, the rules of READ BINARY, and access
//! conditions **as data**. This room never decides who is authenticated: it is told the security status.

mod access;
mod control;
mod read;
mod tree;

pub use access::{AccessCondition, Biometric, SecurityStatus};
pub use control::{ControlTemplate, write_control_information};
pub use read::{ReadLimits, ReadOutcome, read_binary};
pub use tree::{
    DedicatedFile, DfIndex, EfIndex, ElementaryFile, FileId, FileTree, Root, Selection,
    ShortFileId, TreeError,
};
