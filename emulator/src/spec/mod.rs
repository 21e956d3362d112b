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

mod parse;

pub use parse::SpecError;

use crate::Card;
use crate::card::ImageError;
use crate::chip::{self, ChipError, Profile, ProfileError};
use crate::credentials::Credentials;
use crate::crypto::random::Seeded;
use crate::persona::{Letter, Persona, PersonaError, Receipt, personalise};
use crate::store::{self, StoreError, Trouble};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// The persona of a card that names none.
pub const DEFAULT_PERSONA: &str = "adult-default";
/// The chip of a card that names none.
pub const DEFAULT_CHIP: &str = "gemalto";
/// The profile of a card that names none.
pub const DEFAULT_PROFILE: &str = "default";

/// Where the contents of a card come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The id of a built-in persona, or the path of a YAML file: what ends in `.yaml` or `.yml`, or has a `/` in it.
    Persona(String),
    /// Everything invented from this number.
    Seed(u64),
    /// A card that was stored in this file: chip, profile and parameters are those it was made with.
    Stored(PathBuf),
}

/// The persona of that id, or of that file.
fn persona(name: &str) -> Result<Persona, PersonaError> {
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

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Persona(name) => f.write_str(name),
            Self::Seed(seed) => write!(f, "seed {seed}"),
            Self::Stored(path) => write!(f, "{}", path.display()),
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
    /// Looks every name up and makes the card, without power. A stored card is taken into use: until it is dropped nobody
    /// else can open it, and what happens to it is kept.
    ///
    /// # Errors
    /// [`IssueError`]: a name that is not known, a file that cannot be read, a value that a parameter does not take.
    pub fn issue(&self) -> Result<Issued, IssueError> {
        let persona = match &self.origin {
            Origin::Stored(path) => return self.take(path),
            Origin::Seed(seed) => Persona::generate(*seed)?,
            Origin::Persona(name) => persona(name)?,
        };
        let chip = chip::chip(&self.chip)?;
        let values = self.values()?;
        let profile = Profile::with(values.iter().map(|(k, v)| (k.as_str(), v.clone())))?;
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
            trouble: Trouble::default(),
        })
    }

    /// The same card to be looked at: a stored one is not taken, and what happens to this copy is not kept.
    ///
    /// # Errors
    /// As [`CardSpec::issue`].
    pub fn look(&self) -> Result<Issued, IssueError> {
        let Origin::Stored(path) = &self.origin else {
            return self.issue();
        };
        let snapshot = store::read(path)?;
        let card = snapshot.to_card();
        Issued::stored(snapshot.persona, card, Trouble::default())
    }

    fn take(&self, path: &Path) -> Result<Issued, IssueError> {
        let stored = store::open(path)?;
        let (persona, trouble) = (stored.snapshot().persona.clone(), stored.trouble());
        Issued::stored(persona, stored.into_card()?, trouble)
    }

    /// What people call this card.
    #[must_use]
    pub fn label(&self) -> String {
        match (&self.name, &self.origin) {
            (Some(name), _) => name.clone(),
            (None, Origin::Stored(path)) => path.display().to_string(),
            (None, origin) => format!("{origin} on {}", self.chip),
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
    /// Where to ask why a stored card fell silent.
    pub trouble: Trouble,
}

impl Issued {
    fn stored(persona: Persona, card: Card, trouble: Trouble) -> Result<Self, IssueError> {
        let Credentials { pin, puk, .. } = &card.image().factory;
        let number = persona.document_number;
        let values = serde_json::to_value(&card.image().profile).unwrap_or_default();
        let values = match values {
            Value::Object(values) => values.into_iter().collect(),
            _ => BTreeMap::new(),
        };
        Ok(Self {
            receipt: Receipt::new(number, pin, puk),
            letter: Letter::new(number, pin, puk),
            changed: differing(values)?,
            persona,
            card,
            trouble,
        })
    }
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
    /// The file of a stored card.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The contents do not make a card.
    #[error("the card cannot be made: {0}")]
    Image(#[from] ImageError),
}
