//! Cards for the clients: one of three personas, on any chip, under any profile.

use std::sync::{Arc, LazyLock};

use cie_conformance::target::{Embedded, Target};
use cie_crypto::random::Seeded;
use cie_emulator::card::Image;
use cie_emulator::chip::{self, Profile};
use cie_emulator::persona::{CardData, Persona, SodVariant, personalise};

static SAMPLE: LazyLock<CardData> =
    LazyLock::new(|| personalise(&Persona::builtin("adult-default").unwrap()).unwrap());

/// The sample holder with the newer security object.
static SAMPLE_PSS: LazyLock<CardData> = LazyLock::new(|| {
    let persona = Persona {
        sod: SodVariant::Pss,
        ..Persona::builtin("adult-default").unwrap()
    };
    personalise(&persona).unwrap()
});

/// PIN and PUK of the sample card.
pub(crate) const PIN: &str = "12345678";
pub(crate) const PUK: &str = "87654321";

/// The sample card.
pub(crate) fn sample() -> &'static CardData {
    &SAMPLE
}

/// The sample card with this generation of security object.
pub(crate) fn with(sod: SodVariant) -> &'static CardData {
    match sod {
        SodVariant::V0 => &SAMPLE,
        SodVariant::Pss => &SAMPLE_PSS,
    }
}

/// A profile: a preset, or settings separated by spaces.
pub(crate) fn profile(text: &str) -> Profile {
    match chip::presets().iter().any(|name| name == text) {
        true => chip::preset(text).unwrap(),
        false => Profile::with_settings(text.split_whitespace()).unwrap(),
    }
}

/// A card on this chip.
pub(crate) fn card_of(data: &CardData, chip: &str, text: &str) -> Embedded {
    let image: Image = data
        .clone()
        .into_image(chip::chip(chip).unwrap(), profile(text))
        .unwrap();
    Embedded::new(Arc::new(image), Box::new(Seeded::new(7)), &data.persona_id)
}

/// The sample card on this chip.
pub(crate) fn card(chip: &str, text: &str) -> Box<dyn Target> {
    Box::new(card_of(sample(), chip, text))
}

/// The table has as many rows as the tests of this suite name, and each name is a row.
#[test]
fn all_chips_are_named() {
    let known: Vec<&str> = chip::chips()
        .unwrap()
        .iter()
        .map(|chip| chip.id.as_str())
        .collect();
    assert_eq!(known, crate::CHIPS);
}
