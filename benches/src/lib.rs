//! What the benches share: cards ready to be timed, recorded conversations, baselines, scenarios of any size, and the way
//! numbers go to the reporter.

pub mod allocation;
pub mod counts;
pub mod criterion_files;
pub mod document;
pub mod goals;
pub mod growth;
pub mod link;
pub mod login;
pub mod messaging;
pub mod pair;
pub mod peer;
pub mod report;
pub mod results;
pub mod tape;

use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;

use cie_conformance::run::DEFAULT_CHIP;
use cie_conformance::scenario::{Case, Catalogue, Source, load};
use cie_conformance::target::Embedded;
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::{OpenOptions, open_device_authentication};
use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::card::Image;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::persona::{Document, Persona, personalise};

/// The error of anything that goes wrong while a bench is set up.
pub type SetupError = Box<dyn std::error::Error>;

/// `cargo bench -p cie-benches`, with the arithmetic of this program, whatever folder this is.
#[must_use]
pub fn cargo_bench() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["bench", "-p", "cie-benches"]);
    if cfg!(feature = "openssl") {
        command.args(["--features", "openssl"]);
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// The image of the default citizen's card.
///
/// # Errors
/// When the built-in fixtures do not fit together.
pub fn image() -> Result<Arc<Image>, SetupError> {
    Ok(image_of("adult-default")?.0)
}

/// The image of one of the built-in citizens, and the document in it as its issuer knows it.
///
/// # Errors
/// When there is no such citizen.
pub fn image_of(persona: &str) -> Result<(Arc<Image>, Document), SetupError> {
    let data = personalise(&Persona::builtin(persona)?)?;
    let document = data.document.clone();
    let image = data.into_image(chip("bit4id2")?, Profile::with([])?)?;
    Ok((Arc::new(image), document))
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

/// The cases of a scenario with this many plain reads: one.
///
/// # Errors
/// When it is longer than a scenario may be.
pub fn cases_of(steps: usize) -> Result<Vec<Case>, SetupError> {
    let catalogue = Catalogue::of(&[DEFAULT_CHIP], &["adult-default"], &["CIE-READ-001"]);
    let text = scenario_of(steps);
    let source = Source::new("bench.yaml", text.as_str());
    let loaded = load(&source, &catalogue);
    Ok(loaded.map_err(|problems| format!("{problems:?}"))?.cases)
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
