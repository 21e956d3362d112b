//! Which card, in one line of words, and the card those words stand for: holder, chip, profile and parameters. The command
//! line, the virtual readers and their control API all order cards here. This room knows how to ask for a card; how one is
//! made is the business of [`crate::persona`], what it does that of [`crate::card`].
//!
//! ```
//! use cie_emulator::spec::CardSpec;
//!
//! let spec: CardSpec = "seed=7,chip=nxp,profile=strict,pin_tries=5".parse()?;
//! let issued = spec.issue()?;
//! assert_eq!(issued.card.image().chip.id, "nxp");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used)]

mod parse;

pub use parse::SpecError;

use crate::Card;
use crate::card::ImageError;
use crate::chip::{self, ChipError, Profile, ProfileError};
use crate::crypto::random::Seeded;
use crate::persona::{Letter, Persona, PersonaError, Receipt, personalise};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;

/// The persona of a card that names none.
pub const DEFAULT_PERSONA: &str = "adult-default";
/// The chip of a card that names none.
pub const DEFAULT_CHIP: &str = "gemalto";
/// The profile of a card that names none.
pub const DEFAULT_PROFILE: &str = "default";

/// Where the contents of a card come from. A card that was stored on disk will be one more of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The id of a built-in persona, or the path of a YAML file: what ends in `.yaml` or `.yml`, or has a `/` in it.
    Persona(String),
    /// Everything invented from this number.
    Seed(u64),
}

impl Origin {
    fn persona(&self) -> Result<Persona, PersonaError> {
        let name = match self {
            Self::Seed(seed) => return Persona::generate(*seed),
            Self::Persona(name) => name.as_str(),
        };
        let path = Path::new(name);
        let yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if yaml || name.contains(std::path::is_separator) {
            Persona::load(path)
        } else {
            Persona::builtin(name)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Persona(name) => f.write_str(name),
            Self::Seed(seed) => write!(f, "seed {seed}"),
        }
    }
}

/// A card as asked for: names that have not been looked up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardSpec {
    /// Where the contents come from.
    pub origin: Origin,
    /// Name of the chip family.
    pub chip: String,
    /// Name of the behaviour profile.
    pub profile: String,
    /// Behaviour parameters over the profile, each `NAME=VALUE`.
    pub set: Vec<String>,
    /// What people call this card; made of the other fields when absent.
    pub name: Option<String>,
}

impl Default for CardSpec {
    fn default() -> Self {
        Self {
            origin: Origin::Persona(DEFAULT_PERSONA.to_owned()),
            chip: DEFAULT_CHIP.to_owned(),
            profile: DEFAULT_PROFILE.to_owned(),
            set: Vec::new(),
            name: None,
        }
    }
}

impl CardSpec {
    /// Looks every name up and makes the card, without power.
    ///
    /// # Errors
    /// [`IssueError`]: a name that is not known, a file that cannot be read, a value that a parameter does not take.
    pub fn issue(&self) -> Result<Issued, IssueError> {
        let chip = chip::chip(&self.chip)?;
        let values = self.values()?;
        let profile = Profile::with(values.iter().map(|(k, v)| (k.as_str(), v.clone())))?;
        let persona = self.origin.persona()?;
        let data = personalise(&persona)?;
        let (receipt, letter) = (data.receipt.clone(), data.letter.clone());
        let image = data.into_image(chip, profile)?;
        let random = Seeded::derived(persona.seed, "card");
        Ok(Issued {
            receipt,
            letter,
            changed: differing(values)?,
            card: Card::new(Arc::new(image), Box::new(random)),
            persona,
        })
    }

    /// What people call this card.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => format!("{} on {}", self.origin, self.chip),
        }
    }

    /// What the profile sets, and the settings over it.
    fn values(&self) -> Result<BTreeMap<String, Value>, ProfileError> {
        let mut values = chip::preset_values(&self.profile)?;
        for text in &self.set {
            let (name, value) = chip::setting(text)?;
            values.insert(name.to_owned(), value);
        }
        Ok(values)
    }
}

/// A card, and what was handed out with it.
pub struct Issued {
    /// Whose card it is.
    pub persona: Persona,
    /// The first half of PIN and PUK, on paper.
    pub receipt: Receipt,
    /// The second half.
    pub letter: Letter,
    /// Parameters that differ from their default, by name.
    pub changed: BTreeMap<String, Changed>,
    /// The card, without power.
    pub card: Card,
}

/// A parameter that is not at its default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changed {
    /// What it is.
    pub value: Value,
    /// What it is by default.
    pub default: Value,
}

fn differing(values: BTreeMap<String, Value>) -> Result<BTreeMap<String, Changed>, ProfileError> {
    let defaults = chip::parameters()?;
    Ok(values
        .into_iter()
        .filter_map(|(name, value)| {
            let default = defaults.get(&name)?.value.clone();
            (value != default).then_some((name, Changed { value, default }))
        })
        .collect())
}

/// Why a card cannot be made.
#[derive(Debug, Error)]
pub enum IssueError {
    /// The chip.
    #[error(transparent)]
    Chip(#[from] ChipError),
    /// The profile or one of its parameters.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The holder.
    #[error(transparent)]
    Persona(#[from] PersonaError),
    /// The contents do not make a card.
    #[error("the card cannot be made: {0}")]
    Image(#[from] ImageError),
}
