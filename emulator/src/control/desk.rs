//! The desk: readers, the cards in them, and a drawer with the cards that are in none. Every card has a number that it keeps.

use super::order::{CardStatus, Done, Order, ReaderStatus, Refusal, Status};
use crate::link::{Inserted, Slot};
use crate::phy::trace::{Event, Trace};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Something that a card on the desk did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The reader, from 1.
    pub reader: usize,
    /// The card's number, from 1.
    pub card: usize,
    /// What it was.
    pub what: What,
}

/// What a card and a reader do with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The card is about to be put in.
    Inserted,
    /// The card has been taken out.
    Removed,
    /// Something passed between them, secrets taken out.
    Event(Event),
}

/// Who is told what passes, in the order in which it happens. Called from the reader's thread while the card answers: it must
/// not use the desk.
pub type Passing = Arc<dyn Fn(Passed) + Send + Sync>;

/// A card and what is known of it without asking it.
struct Held {
    number: usize,
    /// The reader it is in, for its listener.
    seat: Arc<AtomicUsize>,
    card: Inserted,
}

struct Reader {
    slot: Slot,
    /// Number and seat of the card that is in.
    inside: Option<(usize, Arc<AtomicUsize>)>,
    /// The card that was in last.
    last: Option<usize>,
}

/// Readers and drawer.
pub struct Desk {
    readers: Vec<Reader>,
    drawer: Vec<Held>,
    /// Labels by number, less one.
    labels: Vec<String>,
    passing: Option<Passing>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Desk").field(&self.status()).finish()
    }
}

impl Desk {
    /// A desk with these readers, empty. What passes is told to `passing`; without it nobody listens, and nothing is slower
    /// for it.
    #[must_use]
    pub fn new(slots: Vec<Slot>, passing: Option<Passing>) -> Self {
        Self {
            readers: slots
                .into_iter()
                .map(|slot| Reader {
                    slot,
                    inside: None,
                    last: None,
                })
                .collect(),
            drawer: Vec::new(),
            labels: Vec::new(),
            passing,
        }
    }

    /// Puts a card into the drawer; returns its number.
    pub fn add(&mut self, label: impl Into<String>, card: Inserted) -> usize {
        self.labels.push(label.into());
        let number = self.labels.len();
        let seat = Arc::new(AtomicUsize::new(0));
        let card = match &self.passing {
            None => card,
            Some(passing) => listened(card, number, Arc::clone(passing), Arc::clone(&seat)),
        };
        self.drawer.push(Held { number, seat, card });
        number
    }

    /// What people call a card.
    #[must_use]
    pub fn label(&self, card: usize) -> &str {
        card.checked_sub(1)
            .and_then(|index| self.labels.get(index))
            .map_or("", String::as_str)
    }

    /// Does what is asked for.
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed then.
    pub fn carry_out(&mut self, order: Order) -> Result<Done, Refusal> {
        match order {
            Order::Insert { reader, card } => self.insert(reader, card),
            Order::Remove { reader } => self.remove(reader),
            Order::Swap { reader, card } => self.swap(reader, card),
            Order::Reset { reader } => self.reset(reader),
        }
    }

    fn insert(&mut self, reader: Option<usize>, card: Option<usize>) -> Result<Done, Refusal> {
        let reader = self.number(reader)?;
        if let Some(card) = self.inside(reader)? {
            return Err(Refusal::Occupied { reader, card });
        }
        let last = self.reader(reader)?.last;
        let held = match (card, last) {
            (Some(card), _) => self.take(card)?,
            (None, Some(last)) => self.take(last).or_else(|_| self.next())?,
            (None, None) => self.next()?,
        };
        let card = held.number;
        self.put_in(reader, held)?;
        Ok(Done::Inserted { reader, card })
    }

    fn remove(&mut self, reader: Option<usize>) -> Result<Done, Refusal> {
        let reader = self.number(reader)?;
        let place = self.reader(reader)?;
        let (Some((number, seat)), Some(card)) = (place.inside.take(), place.slot.remove()) else {
            return Err(Refusal::Empty { reader });
        };
        place.last = Some(number);
        seat.store(0, Ordering::Relaxed);
        self.drawer.push(Held { number, seat, card });
        self.tell(reader, number, What::Removed);
        Ok(Done::Removed {
            reader,
            card: number,
        })
    }

    fn swap(&mut self, reader: Option<usize>, card: Option<usize>) -> Result<Done, Refusal> {
        let reader = self.number(reader)?;
        let Some(out) = self.inside(reader)? else {
            return Err(Refusal::Empty { reader });
        };
        let held = match card {
            Some(card) if card == out => return Err(Refusal::Occupied { reader, card }),
            Some(card) => self.take(card)?,
            None => self.next()?,
        };
        let card = held.number;
        // Two steps, and still a removal that every client sees: the slot counts its insertions.
        self.remove(Some(reader))?;
        self.put_in(reader, held)?;
        Ok(Done::Swapped { reader, out, card })
    }

    fn reset(&mut self, reader: Option<usize>) -> Result<Done, Refusal> {
        let reader = self.number(reader)?;
        let Some(card) = self.inside(reader)? else {
            return Err(Refusal::Empty { reader });
        };
        self.reader(reader)?.slot.with(|inside| {
            if let Some(inside) = inside {
                inside.power_off();
                inside.power_on();
            }
        });
        Ok(Done::Reset { reader, card })
    }

    /// Takes every card out.
    pub fn clear(&mut self) {
        for reader in 1..=self.readers.len() {
            // An empty reader is as it should be.
            let _ = self.remove(Some(reader));
        }
    }

    /// What is where.
    #[must_use]
    pub fn status(&self) -> Status {
        let card = |card: usize| CardStatus {
            card,
            label: self.label(card).to_owned(),
        };
        Status {
            readers: self
                .readers
                .iter()
                .enumerate()
                .map(|(index, reader)| ReaderStatus {
                    reader: index.saturating_add(1),
                    name: reader.slot.name().to_owned(),
                    card: reader.inside.as_ref().map(|(number, _)| card(*number)),
                })
                .collect(),
            drawer: self.drawer.iter().map(|held| card(held.number)).collect(),
        }
    }

    /// Puts a card into an empty reader.
    fn put_in(&mut self, reader: usize, held: Held) -> Result<(), Refusal> {
        let Held { number, seat, card } = held;
        seat.store(reader, Ordering::Relaxed);
        self.tell(reader, number, What::Inserted);
        let place = self.reader(reader)?;
        place.slot.insert(card);
        place.inside = Some((number, seat));
        Ok(())
    }

    fn tell(&self, reader: usize, card: usize, what: What) {
        if let Some(passing) = &self.passing {
            passing(Passed { reader, card, what });
        }
    }

    fn number(&self, reader: Option<usize>) -> Result<usize, Refusal> {
        let readers = self.readers.len();
        match reader {
            None if readers == 1 => Ok(1),
            None => Err(Refusal::WhichReader { readers }),
            Some(reader) if (1..=readers).contains(&reader) => Ok(reader),
            Some(reader) => Err(Refusal::NoReader { reader, readers }),
        }
    }

    fn reader(&mut self, reader: usize) -> Result<&mut Reader, Refusal> {
        let readers = self.readers.len();
        reader
            .checked_sub(1)
            .and_then(|index| self.readers.get_mut(index))
            .ok_or(Refusal::NoReader { reader, readers })
    }

    fn inside(&mut self, reader: usize) -> Result<Option<usize>, Refusal> {
        Ok(self
            .reader(reader)?
            .inside
            .as_ref()
            .map(|(number, _)| *number))
    }

    /// Takes a card out of the drawer.
    fn take(&mut self, card: usize) -> Result<Held, Refusal> {
        if let Some(index) = self.drawer.iter().position(|held| held.number == card) {
            return Ok(self.drawer.remove(index));
        }
        let elsewhere = self.readers.iter().position(|reader| {
            reader
                .inside
                .as_ref()
                .is_some_and(|(number, _)| *number == card)
        });
        Err(match elsewhere {
            Some(index) => Refusal::Elsewhere {
                card,
                reader: index.saturating_add(1),
            },
            None => Refusal::NoCard {
                card,
                cards: self.labels.len(),
            },
        })
    }

    fn next(&mut self) -> Result<Held, Refusal> {
        if self.drawer.is_empty() {
            return Err(Refusal::DrawerEmpty);
        }
        Ok(self.drawer.remove(0))
    }
}

/// A card whose events are told with its place. A card without power that loses it does nothing worth telling.
fn listened(card: Inserted, number: usize, passing: Passing, seat: Arc<AtomicUsize>) -> Inserted {
    let mut powered = false;
    Box::new(Trace::new(card, move |event| {
        let before = powered;
        powered = !matches!(event, Event::PowerOff);
        if before || powered {
            passing(Passed {
                reader: seat.load(Ordering::Relaxed),
                card: number,
                what: What::Event(event),
            });
        }
    }))
}

#[cfg(test)]
mod tests;
