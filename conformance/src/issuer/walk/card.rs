//! The holder's card and device, as the walk uses them: the card shows what it shows to everybody, signs challenges, and is
//! where the recovered PUK is tried at last. The card is an embedded one; nothing that is done to it lasts.

use std::sync::Arc;

use cie_crypto::pkcs1;
use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::credentials::Code;
use cie_emulator::persona::{CardData, Persona, personalise};
use cie_emulator::wire::StatusWord;

use crate::clients::new_pin::{Entry, Operation, check};
use crate::issuer::card::{PublicSide, prove};
use crate::issuer::device::Device;
use crate::issuer::evidence::{Evidence, Trusted, check_card};
use crate::issuer::policy::Padding;
use crate::issuer::wire::Halves;
use crate::report::words::status_words;
use crate::target::{Embedded, Reset};
use crate::terminal::Terminal;
use crate::terminal::ias::{self, OpenOptions, Reference, Root};

/// A chip that is known from real cards; every other one would do.
const CHIP: &str = "bit4id2";
/// Whose card stands in for a stranger's, and for that holder another one's.
const STRANGERS: [&str; 2] = ["adult-modern", "adult-default"];

/// In which state the holder's card is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Every try is left.
    Operational,
    /// Three wrong PINs have blocked the PIN: why people look for their PUK.
    #[default]
    PinBlocked,
    /// Ten wrong PUKs have locked it too: what is left is a document.
    DocumentOnly,
}

/// The holder's things.
pub(super) struct Holder {
    pub(super) persona: String,
    pub(super) data: CardData,
    device: Device,
    terminal: Terminal,
}

type Told<T> = Result<T, String>;

fn words(error: impl ToString) -> String {
    error.to_string()
}

impl Holder {
    /// The holder of the persona's card, which is in this condition.
    pub(super) fn new(persona: &str, condition: Condition, seed: u64) -> Told<Self> {
        let data = citizen(persona)?;
        let profile = Profile::with([]).map_err(words)?;
        let image = data.clone().into_image(chip(CHIP).map_err(words)?, profile);
        let random = Seeded::derived(seed, "walk/card");
        let card = Card::new(Arc::new(image.map_err(words)?), Box::new(random));
        let target = Embedded::of(card, format!("the card of {persona}"));
        let random = Seeded::derived(seed, "walk/terminal");
        let mut terminal = Terminal::new(Box::new(target), Box::new(random));
        terminal.power_on().map_err(words)?;
        let mut holder = Self {
            persona: persona.to_owned(),
            data,
            device: Device::synthetic().map_err(words)?,
            terminal,
        };
        let (pins, puks) = match condition {
            Condition::Operational => (0, 0),
            Condition::PinBlocked => (3, 0),
            Condition::DocumentOnly => (3, 10),
        };
        let (pin, puk) = (holder.data.pin.clone(), holder.data.puk.clone());
        for (times, reference, code) in [(pins, Reference::Pin, pin), (puks, Reference::Puk, puk)] {
            for _ in 0..times {
                holder.present(reference, &spoiled(code.reveal()))?;
            }
        }
        Ok(holder)
    }

    /// What the card shows to everybody, checked as the issuer checks it, and the number that was typed.
    pub(super) fn evidence(&mut self, nun: &str, trusted: &Trusted) -> Told<Evidence> {
        let side = PublicSide::read(&mut self.terminal, Root::MasterFile).map_err(words)?;
        let start = side.start(nun, self.device.public_key());
        check_card(&start, trusted).map_err(words)
    }

    pub(super) const fn device(&self) -> &Device {
        &self.device
    }

    /// The card's signature over a challenge.
    pub(super) fn sign(&mut self, challenge: &[u8]) -> Told<Vec<u8>> {
        prove(&mut self.terminal, Root::MasterFile, challenge).map_err(words)
    }

    /// A stranger's card signs instead.
    pub(super) fn strangers_signature(&self, challenge: &[u8]) -> Told<Vec<u8>> {
        let mut strangers = STRANGERS.into_iter();
        let stranger = strangers.find(|stranger| *stranger != self.persona);
        let key = citizen(stranger.unwrap_or_default())?.services_key;
        pkcs1::sign_type1(&key, challenge).map_err(words)
    }

    /// The PUK out of its two halves, and the halves as they are opened.
    pub(super) fn open(&self, halves: &Halves, padding: Padding) -> Told<Code> {
        self.device.open(halves, padding).map_err(words)
    }

    /// Tries that are left, in words.
    pub(super) fn counters(&mut self) -> String {
        let state = self.terminal.state();
        let left = |tries: Option<u8>| tries.map_or("?".to_owned(), |tries| tries.to_string());
        match state {
            Some(state) => format!(
                "PIN {} of 3 tries left, PUK {} of 10",
                left(state.pin_tries),
                left(state.puk_tries)
            ),
            None => "a card that cannot be looked into".to_owned(),
        }
    }

    /// Tries the PUK: presents it, unblocks the PIN with it, and presents the new PIN. What the card said to each, and
    /// whether the PIN is unblocked.
    pub(super) fn unblock(&mut self, puk: &Code, new: &str) -> Told<(Vec<String>, bool)> {
        let known = std::str::from_utf8(puk.reveal()).unwrap_or_default();
        let again = new;
        let new = check(Operation::Unblock, &Entry { known, new, again }).map_err(words)?;
        let mut said = Vec::new();
        let mut note = |what: &str, sw: StatusWord| {
            said.push(format!("{what}: {:04X}, {}", sw.0, status_words(sw)));
            sw.is_ok()
        };
        let verified = self.present(Reference::Puk, puk.reveal())?;
        if !note("VERIFY of the PUK", verified) {
            return Ok((said, false));
        }
        let command = ias::credentials::reset_retry_counter(Reference::Pin, Some(&new));
        let sw = self.terminal.transmit(&command).map_err(words)?.sw;
        if !note("RESET RETRY COUNTER with the new PIN", sw) {
            return Ok((said, false));
        }
        let digits: [u8; 8] = new.as_bytes().try_into().map_err(words)?;
        let sw = self.present(Reference::Pin, &digits)?;
        let good = note("VERIFY of the new PIN", sw);
        Ok((said, good))
    }

    /// Presents a code through a channel of its own.
    fn present(&mut self, reference: Reference, digits: &[u8; 8]) -> Told<StatusWord> {
        self.terminal.reset(Reset::Cold).map_err(words)?;
        ias::open_device_authentication(&mut self.terminal, OpenOptions::default())
            .map_err(words)?;
        let command = ias::credentials::verify(reference, &ias::Code::new(*digits));
        Ok(self.terminal.transmit(&command).map_err(words)?.sw)
    }
}

fn citizen(persona: &str) -> Told<CardData> {
    let persona = Persona::builtin(persona).map_err(words)?;
    personalise(&persona).map_err(words)
}

/// The code with its last digit made another one.
fn spoiled(digits: &[u8; 8]) -> [u8; 8] {
    let mut digits = *digits;
    let [.., last] = &mut digits;
    *last = if *last == b'9' { b'0' } else { *last + 1 };
    digits
}
