//! The cards of a command line: made before anything is started, so that a wrong word starts nothing.

use super::Serve;
use super::faults::{Faults, Patience};
use crate::failure::Failure;
use cie_emulator::Card;
use cie_emulator::control::{Desk, Order};
use cie_emulator::spec::{CardSpec, Origin};
use cie_emulator::store::Trouble;

/// A card that has been made.
struct Made {
    label: String,
    chip: String,
    card: Card,
    trouble: Trouble,
    stored: bool,
}

/// The cards, those for the readers first.
pub(super) struct Cards {
    made: Vec<Made>,
    readers: usize,
}

impl Cards {
    pub(super) fn issue(options: &Serve) -> Result<Self, Failure> {
        let mut made = Vec::new();
        if options.card.is_empty() {
            made.push(make(&options.one.spec())?);
        }
        for (option, lines) in [("--card", &options.card), ("--also", &options.also)] {
            for line in lines {
                let spec: CardSpec = line
                    .parse()
                    .map_err(|error| Failure::Input(format!("{option} {line:?}, {error}")))?;
                made.push(make(&spec)?);
            }
        }
        Ok(Self {
            readers: options.card.len().max(1),
            made,
        })
    }

    /// How many readers they need.
    pub(super) const fn readers(&self) -> usize {
        self.readers
    }

    /// The chip of the card in a reader, from 1.
    pub(super) fn chip(&self, reader: usize) -> Option<&str> {
        let index = reader.checked_sub(1)?;
        self.made.get(index).map(|made| made.chip.as_str())
    }

    /// Whether what happens to one of them is kept on disk.
    pub(super) fn any_stored(&self) -> bool {
        self.made.iter().any(|made| made.stored)
    }

    /// Where to ask why a card fell silent, by number less one.
    pub(super) fn troubles(&self) -> Vec<Trouble> {
        self.made.iter().map(|made| made.trouble.clone()).collect()
    }

    /// Puts all into the drawer, each behind its faults.
    pub(super) fn into_drawer(self, desk: &mut Desk, faults: &Faults) -> Patience {
        let mut patience = Patience::default();
        for (index, made) in self.made.into_iter().enumerate() {
            let card = faults.around(made.card, index + 1, &mut patience);
            desk.add(made.label, card);
        }
        patience
    }
}

/// Puts the first cards of the drawer into the readers.
pub(super) fn insert(desk: &mut Desk, readers: usize) -> Result<(), Failure> {
    (1..=readers).try_for_each(|reader| {
        let order = Order::Insert {
            reader: Some(reader),
            card: Some(reader),
        };
        desk.carry_out(order)
            .map(drop)
            .map_err(|refusal| Failure::Other(refusal.to_string()))
    })
}

fn make(spec: &CardSpec) -> Result<Made, Failure> {
    let issued = spec.issue()?;
    Ok(Made {
        label: spec.label(),
        chip: issued.card.image().chip.id.clone(),
        card: issued.card,
        trouble: issued.trouble,
        stored: matches!(spec.origin, Origin::Stored(_)),
    })
}
