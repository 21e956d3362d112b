//! Cards for the tests, each made once: fork them, they are cheap.

use super::commands::{CIE, IAS};
use super::{Terminal, hex};
use cie_emulator::Card;
use cie_emulator::card::Image;
use cie_emulator::chip::{Profile, chip, preset, presets};
use cie_emulator::crypto::random::Seeded;
use cie_emulator::persona::{CardData, Persona, personalise};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

static SAMPLE: LazyLock<CardData> =
    LazyLock::new(|| personalise(&Persona::builtin("adult-default").unwrap()).unwrap());
static SEEDED: LazyLock<CardData> =
    LazyLock::new(|| personalise(&Persona::builtin("adult-seeded").unwrap()).unwrap());

/// The card with the sample codes: PIN 12345678, PUK 87654321.
pub(crate) fn card_data() -> &'static CardData {
    &SAMPLE
}

/// The card whose codes occur nowhere else on it.
pub(crate) fn seeded_card_data() -> &'static CardData {
    &SEEDED
}

/// The image of a card on a chip; `profile` is the name of a preset, or settings separated by spaces.
pub(crate) fn image(card: &CardData, chip_id: &str, profile: &str) -> Arc<Image> {
    let profile = if presets().iter().any(|name| name == profile) {
        preset(profile).unwrap()
    } else {
        Profile::with_settings(profile.split_whitespace()).unwrap()
    };
    let chip = chip(chip_id).unwrap();
    Arc::new(card.clone().into_image(chip, profile).unwrap())
}

/// A terminal with this card, which has power; its random bytes come from one fixed seed.
pub(crate) fn switched_on(image: Arc<Image>) -> Terminal {
    Terminal::new(Card::new(image, Box::new(Seeded::new(7))))
}

/// The sample card with power and nothing selected.
pub(crate) fn powered() -> Terminal {
    powered_with("gemalto", "default")
}

pub(crate) fn powered_with(chip_id: &str, profile: &str) -> Terminal {
    switched_on(image(card_data(), chip_id, profile))
}

/// The sample card with keys agreed, nothing authenticated.
pub(crate) fn opened() -> Terminal {
    static OPENED: OnceLock<Mutex<Terminal>> = OnceLock::new();
    let terminal = OPENED.get_or_init(|| {
        let mut terminal = powered();
        terminal.select_cie();
        terminal.agree();
        Mutex::new(terminal)
    });
    terminal.lock().unwrap().fork()
}

/// The sample card with device authentication done.
pub(crate) fn authenticated() -> Terminal {
    authenticated_with(card_data(), "default")
}

/// The same under another profile, for one of the two built-in cards. Made once for each profile.
pub(crate) fn authenticated_with(card: &CardData, profile: &str) -> Terminal {
    static MADE: LazyLock<Mutex<HashMap<(String, String), Terminal>>> =
        LazyLock::new(Mutex::default);
    let key = (card.persona_id.clone(), profile.to_owned());
    if let Some(terminal) = MADE.lock().unwrap().get(&key) {
        return terminal.fork();
    }
    let mut terminal = switched_on(image(card, "gemalto", profile));
    terminal.authenticate();
    let fork = terminal.fork();
    MADE.lock().unwrap().insert(key, terminal);
    fork
}

/// The files of the sample card: application, identifier, short identifier, size.
pub(crate) fn files() -> Vec<(&'static str, u16, u8, usize)> {
    [
        (IAS, 0x2F00, 0x1E),
        (IAS, 0x2F01, 0x1D),
        (IAS, 0xD003, 0x1C),
        (IAS, 0xD004, 0x1B),
        (CIE, 0x1001, 1),
        (CIE, 0x1002, 2),
        (CIE, 0x1003, 3),
        (CIE, 0x1004, 4),
        (CIE, 0x1005, 5),
        (CIE, 0x1006, 6),
        (CIE, 0x1007, 7),
    ]
    .map(|(df, file, short)| (df, file, short, contents(file).len()))
    .to_vec()
}

/// What stands in a file of the sample card on its chip.
pub(crate) fn contents(file: u16) -> Vec<u8> {
    match file {
        0x2F00 => hex("610F4F0DA0000000308000000009816001"),
        0x2F01 => chip("gemalto").unwrap().ef_atr.clone(),
        _ => {
            let files = card_data().files();
            files.iter().find(|(id, _)| *id == file).unwrap().1.to_vec()
        }
    }
}
