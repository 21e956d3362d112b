//! The models of clients against the embedded card: ways to unblock, the remembered half of a PIN, the reading of status words, the
//! checks of a new PIN. The card's own memory is the witness.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

mod half_pin;
mod new_pin;
mod status;
mod stories;
mod unblock;
mod window;

use std::sync::{Arc, LazyLock};

use cie_conformance::target::Embedded;
use cie_conformance::terminal::Terminal;
use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::card::{Image, Memory};
use cie_emulator::chip::{Profile, chip, setting};
use cie_emulator::credentials::{Code, Credentials};
use cie_emulator::persona::{Persona, personalise};
use cie_emulator::store::InMemory;
use cie_emulator::wire::StatusWord;

/// The PUK of every card here.
pub(crate) const PUK: &str = "87654321";

/// What a card remembers before anything is sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) pin: String,
    pub(crate) pin_left: u8,
    pub(crate) puk_left: u8,
}

impl Start {
    pub(crate) fn new(pin: &str, pin_left: u8, puk_left: u8) -> Self {
        Self {
            pin: pin.to_owned(),
            pin_left,
            puk_left,
        }
    }

    /// The digest a card with this memory shows.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut terminal = card(&IMAGE, self);
        terminal.state().unwrap().persistent_digest
    }
}

fn image(settings: &[&str]) -> Arc<Image> {
    let settings: Vec<_> = settings.iter().map(|text| setting(text).unwrap()).collect();
    let data = personalise(&Persona::builtin("adult-default").unwrap()).unwrap();
    let image = data.into_image(chip("bit4id2").unwrap(), Profile::with(settings).unwrap());
    Arc::new(image.unwrap())
}

/// A card as public sources describe it.
pub(crate) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| image(&[]));
/// A card whose right PUK does not give the PUK's tries back.
pub(crate) static PUK_COUNTS_FOR_LIFE: LazyLock<Arc<Image>> =
    LazyLock::new(|| image(&["puk_success_resets=false"]));
/// A card that refuses the sixteen new PINs itself.
pub(crate) static CHECKS_NEW_PINS: LazyLock<Arc<Image>> =
    LazyLock::new(|| image(&["new_pin_check=trivial"]));

/// A status word in digits.
pub(crate) fn word(sw: StatusWord) -> String {
    hex::encode_upper(sw.to_bytes())
}

/// A terminal in front of a card with this memory, powered.
pub(crate) fn card(image: &Arc<Image>, start: &Start) -> Terminal {
    let code = |digits: &str| -> Code { digits.parse().unwrap() };
    let credentials = Credentials {
        pin: code(&start.pin),
        puk: code(PUK),
        pin_left: start.pin_left,
        puk_left: start.puk_left,
    };
    let card = Card::with_memory(
        Arc::clone(image),
        Memory { credentials },
        Box::new(Seeded::derived(5, "card")),
        Box::new(InMemory),
    );
    let target = Embedded::of(card, "a card in a chosen state".to_owned());
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::derived(5, "terminal")));
    terminal.power_on().unwrap();
    terminal
}
