//! What was burnt in: immutable, shared by every card forked from it.

use super::Flaw;
use crate::apps::emrtd;
use crate::apps::ias::Keys;
use crate::chip::{Chip, Profile};
use crate::credentials::{Code, Credentials};
use crate::files::{FileTree, TreeError};
use std::sync::Arc;
use thiserror::Error;

/// A card as it leaves the factory.
#[derive(Debug)]
pub struct Image {
    /// Chip family.
    pub chip: Arc<Chip>,
    /// Behaviour parameters.
    pub profile: Profile,
    /// All files.
    pub files: FileTree,
    /// Keys of the IAS application.
    pub ias: Keys,
    /// Keys of the document application; a card without them is no travel document.
    pub emrtd: Option<emrtd::Keys>,
    /// What is wrong with the card: nothing, outside tests of judges.
    pub flaw: Flaw,
    /// PIN and PUK of a fresh card.
    pub factory: Credentials,
}

/// Why parts do not make an image.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The files.
    #[error(transparent)]
    Files(#[from] TreeError),
}

impl Image {
    /// Puts an image together.
    #[must_use]
    pub fn new(
        chip: Arc<Chip>,
        profile: Profile,
        files: FileTree,
        ias: Keys,
        pin: Code,
        puk: Code,
    ) -> Self {
        let factory = Credentials::new(pin, puk, &profile.credential_policy());
        Self {
            chip,
            profile,
            files,
            ias,
            emrtd: None,
            flaw: Flaw::default(),
            factory,
        }
    }

    /// The same card with a document application: its files are in the tree under [`emrtd::AID`] and, for EF.CardAccess,
    /// under the MF.
    #[must_use]
    pub fn with_document(mut self, keys: emrtd::Keys) -> Self {
        self.emrtd = Some(keys);
        self
    }
}
