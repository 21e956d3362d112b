//! Cards of this project behind a real reader: for every case a fresh card, as the case asks for it, goes into a virtual reader,
//! and the case reaches it through the whole PC/SC stack. The cards are known and cost nothing, so that every case runs, as on the
//! embedded card; that the reader is really the virtual one is proven before the first case.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::card::Reset as CardReset;
use cie_emulator::link::Slot;
use cie_emulator::phy::Transceiver;
use cie_emulator::store::{Tear, TearAt};

use super::{EmbeddedCards, Provider, Setup};
use crate::scenario::Case;
use crate::target::reader::{Hands, Reader};
use crate::target::{CardState, Reset, Target, TargetError, TargetKind, state_of};

/// The card in the slot, which is looked into from here, and which a fresh one replaces between two cases while the reader
/// restarts it: to the reader it stays in, so that no case waits for daemons that look for cards a few times a second.
#[derive(Clone)]
struct SharedCard {
    card: Arc<Mutex<Card>>,
    answer: Vec<u8>,
}

impl SharedCard {
    fn new(card: Card) -> Self {
        Self {
            card: Arc::new(Mutex::new(card)),
            answer: Vec::new(),
        }
    }

    fn become_another(&self, card: Card) {
        *self.lock() = card;
    }

    fn lock(&self) -> MutexGuard<'_, Card> {
        self.card.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&mut self, act: impl FnOnce(&mut Card) -> Vec<u8>) -> &[u8] {
        let answer = act(&mut self.lock());
        self.answer = answer;
        &self.answer
    }
}

impl Transceiver for SharedCard {
    fn power_on(&mut self) -> &[u8] {
        self.answered(|card| card.power_on().as_bytes().to_vec())
    }

    fn power_off(&mut self) {
        self.lock().power_off();
    }

    fn reset(&mut self, kind: CardReset) -> &[u8] {
        self.answered(|card| card.reset(kind).as_bytes().to_vec())
    }

    fn transmit(&mut self, command: &[u8]) -> &[u8] {
        self.answered(|card| card.transmit(command).to_vec())
    }
}

/// The hands that move the card of a slot.
struct SlotHands {
    slot: Slot,
    card: SharedCard,
}

impl Hands for SlotHands {
    fn remove(&mut self, _: &str) -> Result<(), String> {
        self.slot.remove();
        Ok(())
    }

    fn insert(&mut self, _: &str) -> Result<(), String> {
        self.slot.insert(Box::new(self.card.clone()));
        Ok(())
    }
}

/// The slot of a virtual reader with a card of this project in it.
pub struct ServedSlot {
    slot: Slot,
    card: SharedCard,
}

impl ServedSlot {
    /// Puts a card into this slot.
    ///
    /// # Errors
    /// One sentence, when no card can be made.
    pub fn fill(slot: Slot, cards: &EmbeddedCards) -> Result<Self, String> {
        let card = SharedCard::new(cards.blank()?);
        slot.insert(Box::new(card.clone()));
        Ok(Self { slot, card })
    }

    /// Hands for the reader that shows this slot.
    #[must_use]
    pub fn hands(&self) -> Box<dyn Hands> {
        Box::new(SlotHands {
            slot: self.slot.clone(),
            card: self.card.clone(),
        })
    }
}

/// Fresh cards in a virtual reader.
pub struct ServedCards {
    cards: EmbeddedCards,
    card: SharedCard,
    reader: Arc<Mutex<Reader>>,
    name: String,
}

impl ServedCards {
    /// Cards as `cards` makes them, put into `slot`, reached through `reader`, which must have this slot's
    /// [`hands`](ServedSlot::hands).
    ///
    /// # Errors
    /// One sentence, when the reader does not show what is put into the slot: then it is another one, and whatever is in it may
    /// be a citizen's card.
    pub fn new(
        cards: EmbeddedCards,
        slot: &ServedSlot,
        mut reader: Reader,
    ) -> Result<Self, String> {
        let name = reader.name().to_owned();
        let other = |error: TargetError| {
            format!(
                "{name} does not show the virtual reader's slot, so nothing is sent to it: {error}"
            )
        };
        // Out and in again: a reader that follows is the one.
        reader.remove().map_err(other)?;
        reader.insert().map_err(other)?;
        Ok(Self {
            cards,
            card: slot.card.clone(),
            reader: Arc::new(Mutex::new(reader)),
            name,
        })
    }
}

impl Provider for ServedCards {
    fn kind(&self) -> TargetKind {
        TargetKind::Emulator
    }

    fn describe(&self) -> String {
        format!(
            "{}, served through reader {}",
            self.cards.describe(),
            self.name
        )
    }

    fn capacity(&self) -> usize {
        1
    }

    fn card(&self, case: &Case, seed: u64) -> Result<Setup, String> {
        let (image, facts, persona) = self.cards.order(case)?;
        let random = Box::new(Seeded::derived(seed, "card"));
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if !reader.has_card() {
            reader.insert().map_err(|error| error.to_string())?;
        }
        self.card
            .become_another(Card::new(Arc::clone(&image), random));
        let description = format!(
            "emulated card, chip {}, persona {persona}, in reader {}",
            image.chip.id, self.name
        );
        Ok(Setup {
            profile: Some(image.profile.clone()),
            chip: Some(Arc::clone(&image.chip)),
            target: Box::new(Served {
                card: self.card.clone(),
                reader: Arc::clone(&self.reader),
                description,
            }),
            facts,
        })
    }
}

/// A card in the virtual reader: bytes and power go through PC/SC, looks inside do not.
struct Served {
    card: SharedCard,
    reader: Arc<Mutex<Reader>>,
    description: String,
}

impl Served {
    fn reader(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target for Served {
    fn kind(&self) -> TargetKind {
        TargetKind::Emulator
    }
    fn describe(&self) -> String {
        self.description.clone()
    }
    fn power_off(&mut self) -> Result<(), TargetError> {
        self.reader().power_off()
    }
    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.reader().reset(reset)
    }
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        self.reader().transmit(command, response)
    }
    fn remove(&mut self) -> Result<(), TargetError> {
        self.reader().remove()
    }
    fn insert(&mut self) -> Result<(), TargetError> {
        self.reader().insert()
    }
    fn tear(&mut self, tear: Tear, at: TearAt) -> Result<(), TargetError> {
        self.card.lock().tear(tear, at);
        Ok(())
    }
    fn state(&mut self) -> Option<CardState> {
        Some(state_of(&self.card.lock()))
    }
}
