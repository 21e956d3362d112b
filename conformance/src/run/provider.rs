//! Where cards come from: one fresh card for each case. The embedded emulator's provider is here; a reader's hands out the
//! same physical card again and again. The runner knows neither.

mod identify;
mod physical;
mod served;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::card::Image;
use cie_emulator::chip::{Profile, ProfileError, chip, preset_values, setting};
use cie_emulator::persona::{Persona, personalise};

pub use physical::{CardError, PhysicalCard, family};
pub use served::{ServedCards, ServedSlot};

use super::facts::Facts;
use crate::guard::SharedGuard;
use crate::scenario::Case;
use crate::target::{Embedded, Target, TargetKind};

/// The persona of a case that names none.
pub const DEFAULT_PERSONA: &str = "adult-default";
/// The chip of a case that names none, where the run names none either: known from a real card, and speaking the dialect of
/// most families.
pub const DEFAULT_CHIP: &str = "bit4id2";

/// A card ready for a case, without power.
pub struct Setup {
    /// The way to it.
    pub target: Box<dyn Target>,
    /// What is known of it.
    pub facts: Arc<Facts>,
    /// Parameters of its behaviour, where known.
    pub profile: Option<Profile>,
    /// Whether its chip speaks the root-by-master-file dialect, where known.
    pub chip: Option<Arc<cie_emulator::chip::Chip>>,
}

/// Makes cards for cases.
pub trait Provider: Sync {
    /// What kind of target the cards are.
    fn kind(&self) -> TargetKind;

    /// One line for people.
    fn describe(&self) -> String;

    /// How many cases can run at once.
    fn capacity(&self) -> usize;

    /// What stands between cases and a card that can be harmed; the target is then behind its wall.
    fn guard(&self) -> Option<SharedGuard> {
        None
    }

    /// The card for a case; all its random bytes derive from `seed`.
    ///
    /// # Errors
    /// One sentence that says what could not be had.
    fn card(&self, case: &Case, seed: u64) -> Result<Setup, String>;
}

/// Persona, chip, preset, and settings on top of it.
type Key = (String, String, String, Vec<(String, String)>);
type Personalised = (Arc<Image>, Arc<Facts>);

/// Embedded cards. Images are made once for each combination of persona, chip and profile, and shared.
pub struct EmbeddedCards {
    chip: String,
    persona: String,
    images: Mutex<BTreeMap<Key, Personalised>>,
    alter: Box<dyn Fn(&mut Image) + Send + Sync>,
}

impl EmbeddedCards {
    /// Cards with this chip where a case names none.
    #[must_use]
    pub fn new(chip: &str) -> Self {
        Self::altered(chip, |_| {})
    }

    /// Cards changed after personalisation: for tests that need wrong cards.
    #[must_use]
    pub fn altered(chip: &str, alter: impl Fn(&mut Image) + Send + Sync + 'static) -> Self {
        Self {
            chip: chip.to_owned(),
            persona: DEFAULT_PERSONA.to_owned(),
            images: Mutex::default(),
            alter: Box::new(alter),
        }
    }

    /// Cards of this persona where a case names none.
    #[must_use]
    pub fn of_persona(self, persona: &str) -> Self {
        Self {
            persona: persona.to_owned(),
            ..self
        }
    }

    /// A card made to order: all its random bytes derive from `seed`. `preset` and `profile` are parameters of behaviour.
    ///
    /// # Errors
    /// One sentence that says what could not be had.
    pub fn made(
        &self,
        persona: Option<&str>,
        chip: Option<&str>,
        preset: Option<&str>,
        profile: impl IntoIterator<Item = (String, String)>,
        seed: u64,
    ) -> Result<Setup, String> {
        let persona = persona.unwrap_or(&self.persona);
        let key = (
            persona.to_owned(),
            chip.unwrap_or(&self.chip).to_owned(),
            preset.unwrap_or("default").to_owned(),
            profile.into_iter().collect(),
        );
        let (image, facts) = self.personalised(&key)?;
        let random = Box::new(Seeded::derived(seed, "card"));
        Ok(Setup {
            profile: Some(image.profile.clone()),
            chip: Some(Arc::clone(&image.chip)),
            target: Box::new(Embedded::new(image, random, persona)),
            facts,
        })
    }

    /// What the card of a case is made of, and its persona's name.
    fn order(&self, case: &Case) -> Result<(Arc<Image>, Arc<Facts>, String), String> {
        let setup = case.card();
        let persona = setup
            .persona
            .as_ref()
            .map_or(self.persona.as_str(), |p| p.value.as_str());
        let chip = setup
            .chip
            .as_ref()
            .map_or(self.chip.as_str(), |c| c.value.as_str());
        let profile = setup.profile.iter();
        let profile = profile.map(|(name, value)| (name.clone(), value.value.0.clone()));
        let preset = setup
            .preset
            .as_ref()
            .map_or("default", |p| p.value.as_str());
        let key = (
            persona.to_owned(),
            chip.to_owned(),
            preset.to_owned(),
            profile.collect(),
        );
        let (image, facts) = self.personalised(&key)?;
        Ok((image, facts, persona.to_owned()))
    }

    /// A card that no case asked for.
    fn blank(&self) -> Result<Card, String> {
        let key = (
            self.persona.clone(),
            self.chip.clone(),
            "default".to_owned(),
            Vec::new(),
        );
        let (image, _) = self.personalised(&key)?;
        Ok(Card::new(image, Box::new(Seeded::new(0))))
    }

    fn personalised(&self, key: &Key) -> Result<Personalised, String> {
        let known = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(key) {
            return Ok(known.clone());
        }
        drop(known);
        let made = self.make(key)?;
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(images.entry(key.clone()).or_insert(made).clone())
    }

    fn make(&self, (persona, chip_name, preset, profile): &Key) -> Result<Personalised, String> {
        let persona = Persona::builtin(persona).map_err(|error| error.to_string())?;
        let data = personalise(&persona).map_err(|error| error.to_string())?;
        let chip = chip(chip_name).map_err(|error| error.to_string())?;
        let profile = behaviour(preset, profile).map_err(|error| error.to_string())?;
        let copy = data.clone();
        let image = data.into_image(chip, profile);
        let mut image = image.map_err(|error| error.to_string())?;
        (self.alter)(&mut image);
        let facts = Facts::of(&persona, &copy, &image)?;
        Ok((Arc::new(image), Arc::new(facts)))
    }
}

fn behaviour(preset: &str, settings: &[(String, String)]) -> Result<Profile, ProfileError> {
    let mut values = preset_values(preset)?;
    for (name, value) in settings {
        let text = format!("{name}={value}");
        let (name, value) = setting(&text)?;
        values.insert(name.to_owned(), value);
    }
    Profile::with(
        values
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone())),
    )
}

impl Provider for EmbeddedCards {
    fn kind(&self) -> TargetKind {
        TargetKind::Emulator
    }

    fn describe(&self) -> String {
        format!(
            "embedded emulator, chip {} and persona {} unless a case says otherwise",
            self.chip, self.persona
        )
    }

    fn capacity(&self) -> usize {
        usize::MAX
    }

    fn card(&self, case: &Case, seed: u64) -> Result<Setup, String> {
        let setup = case.card();
        let profile = setup.profile.iter();
        self.made(
            setup.persona.as_ref().map(|p| p.value.as_str()),
            setup.chip.as_ref().map(|c| c.value.as_str()),
            setup.preset.as_ref().map(|p| p.value.as_str()),
            profile.map(|(name, value)| (name.clone(), value.value.0.clone())),
            seed,
        )
    }
}
