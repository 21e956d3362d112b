//! The file tree of a card: dedicated and elementary files, what is selected, the rules of READ BINARY, and access
//! conditions **as data**. This room never decides who is authenticated: it is told the security status.

#![deny(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used
)]

mod control;
mod read;
mod tree;

pub use control::{ControlTemplate, write_control_information};
pub use read::{ReadLimits, ReadOutcome, read_binary};
pub use tree::{
    AccessCondition, Biometric, DedicatedFile, DfIndex, EfIndex, ElementaryFile, FileId, FileTree,
    Root, SecurityStatus, Selection, ShortFileId, TreeError,
};
