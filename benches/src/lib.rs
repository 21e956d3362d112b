//! What the benches share: cards ready to be timed, and scenarios of any size.

pub mod link;

use std::fmt::Write as _;
use std::sync::Arc;

use cie_conformance::target::Embedded;
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::{OpenOptions, open_device_authentication};
use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::card::Image;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::persona::{Persona, personalise};

/// The error of anything that goes wrong while a bench is set up.
pub type SetupError = Box<dyn std::error::Error>;

/// The image of the default citizen's card.
///
/// # Errors
/// When the built-in fixtures do not fit together.
pub fn image() -> Result<Arc<Image>, SetupError> {
    let data = personalise(&Persona::builtin("adult-default")?)?;
    Ok(Arc::new(
        data.into_image(chip("bit4id2")?, Profile::with([])?)?,
    ))
}

/// A powered card with a public file selected (EF.SOD, about 1.7 kB).
///
/// # Errors
/// As [`image`].
pub fn reading_card() -> Result<Card, SetupError> {
    let mut card = Card::new(image()?, Box::new(Seeded::new(1)));
    card.power_on();
    card.transmit(&[0x00, 0xA4, 0x04, 0x0C, 0x06, 0xA0, 0, 0, 0, 0, 0x39]);
    card.transmit(&[0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06]);
    Ok(card)
}

/// A terminal in front of a card, device authentication done.
///
/// # Errors
/// As [`image`], or when the card refuses.
pub fn authenticated() -> Result<Terminal, SetupError> {
    let target = Embedded::new(image()?, Box::new(Seeded::new(1)), "adult-default");
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(2)));
    terminal.power_on()?;
    open_device_authentication(&mut terminal, OpenOptions::default())?;
    Ok(terminal)
}

/// A scenario with this many plain reads.
#[must_use]
pub fn scenario_of(steps: usize) -> String {
    let mut text = String::from(
        "cie-scenario: 1\nid: bench\ntitle: many reads\nrequirements: [CIE-READ-001]\nhazard: none\nsteps:\n  - select: cie\n  - select: \"1006\"\n",
    );
    for step in 0..steps {
        let _ = writeln!(
            text,
            "  - read_binary: {{ offset: {}, length: 16 }}\n    expect: {{ sw: \"9000\", length: 16 }}",
            step % 1000
        );
    }
    text
}
