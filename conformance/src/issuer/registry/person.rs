//! One invented person as the issuer knows them: what is printed and signed on the card, the two halves of the PUK, contacts,
//! accounts. A PIN is not among it: the issuer never learns one, and the PIN of delivery is reprinted where it was made.

use std::collections::{BTreeMap, BTreeSet};

use cie_crypto::rsa::PublicKey;
use cie_emulator::persona::{CardData, Code};
use schemars::JsonSchema;
use serde::Deserialize;

use super::RegistryError;
use super::contact::Contacts;
use crate::issuer::account::Account;
use crate::issuer::secret::Secret;
use crate::terminal::checks::security_object::SecurityObject;

/// State of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentState {
    /// In force.
    Valid,
    /// Past its last day.
    Expired,
    /// Reported lost or stolen.
    Revoked,
    /// The holder has a newer one.
    Replaced,
}

impl DocumentState {
    /// Its name in files and audit lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
        }
    }
}

/// What makes a person eligible where not everybody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Not of age.
    Minor,
    /// Not a citizen of the Union, and without a document that is recognised.
    NoRecognisedDocument,
    /// Under guardianship.
    Guardianship,
    /// Under curatorship.
    Curatorship,
    /// With a support administrator.
    SupportAdmin,
    /// Lives abroad and has no Italian document.
    ResidentAbroadNoItalianDocument,
}

impl Category {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::NoRecognisedDocument => "no_recognised_document",
            Self::Guardianship => "guardianship",
            Self::Curatorship => "curatorship",
            Self::SupportAdmin => "support_admin",
            Self::ResidentAbroadNoItalianDocument => "resident_abroad_no_italian_document",
        }
    }
}

/// A person of the registry.
#[derive(Clone, Debug)]
pub struct Person {
    /// Id of the persona whose card this is; nothing for somebody who was taken in with a card.
    pub persona: Option<String>,
    /// Number of the card, 9 characters.
    pub nun: String,
    /// Services identifier, 12 digits.
    pub nis: String,
    /// Fiscal code.
    pub cf: Option<String>,
    /// Public half of the card's services key, 83.
    pub services_key: PublicKey,
    /// The hashes in the card's security object, by number: `A1` of the NIS, `A2` of the NUN, `A5` of the services key.
    pub sod_hashes: BTreeMap<u8, Vec<u8>>,
    /// How they can be reached.
    pub contacts: Contacts,
    /// State of the document.
    pub document: DocumentState,
    /// What they are eligible for.
    pub categories: BTreeSet<Category>,
    /// Number of the health card.
    pub health_card: Option<String>,
    /// Accounts by name.
    pub accounts: BTreeMap<String, Account>,
    puk_first: Secret,
    puk_second: Secret,
}

impl Person {
    /// The holder of a card of this project's making, without contacts and accounts.
    ///
    /// # Errors
    /// [`RegistryError::SecurityObject`].
    pub fn of_card(card: &CardData) -> Result<Self, RegistryError> {
        let nun = card.document_number.to_string();
        let nis = String::from_utf8_lossy(&card.nis).into_owned();
        let key = card.services_key.public().clone();
        let person = Self::enrolled(nun, nis, key, &card.ef_sod, &card.puk)?;
        Ok(Self {
            persona: Some(card.persona_id.clone()),
            cf: card.holder.fiscal_code.map(|code| code.to_string()),
            ..person
        })
    }

    /// The holder of any card, from what was read from it and the PUK that its owner typed.
    ///
    /// # Errors
    /// [`RegistryError::SecurityObject`].
    pub fn enrolled(
        nun: String,
        nis: String,
        services_key: PublicKey,
        ef_sod: &[u8],
        puk: &Code,
    ) -> Result<Self, RegistryError> {
        let object = SecurityObject::parse(ef_sod)
            .map_err(|error| RegistryError::SecurityObject(error.to_string()))?;
        Ok(Self {
            persona: None,
            nun,
            nis,
            cf: None,
            services_key,
            sod_hashes: object.hashes.into_iter().collect(),
            contacts: Contacts::default(),
            document: DocumentState::Valid,
            categories: BTreeSet::new(),
            health_card: None,
            accounts: BTreeMap::new(),
            puk_first: Secret::new(puk.first_half().reveal_str()),
            puk_second: Secret::new(puk.second_half().reveal_str()),
        })
    }

    /// The account of a name; one that was never activated when there is none.
    #[must_use]
    pub fn account(&self, name: &str) -> Account {
        self.accounts.get(name).cloned().unwrap_or_default()
    }

    /// The halves of the PUK, which leave only encrypted, each by itself.
    pub(in crate::issuer) fn puk_halves(&self) -> [&Secret; 2] {
        [&self.puk_first, &self.puk_second]
    }

    /// Whether these are the first `count` digits of the PUK's first half.
    pub(in crate::issuer) fn puk_begins_with(&self, digits: &Secret, count: usize) -> bool {
        let start = self.puk_first.reveal().get(..count);
        start.is_some_and(|start| Secret::new(start) == *digits)
    }
}
