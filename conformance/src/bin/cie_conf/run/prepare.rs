//! What is under test, from the options: made ready, its plan written, nothing sent to it yet.

use std::collections::BTreeSet;

use cie_conformance::guard::{Secrets, SharedGuard};
use cie_conformance::report::Masker;
use cie_conformance::run::{EmbeddedCards, Facts, PhysicalCard, Provider};
use cie_conformance::scenario::Case;
use cie_conformance::suite::Selection;
use cie_emulator::chip::chip;

use super::options::Run;
use super::place::Place;
use super::serve::{self, Serve};
use super::{plan, reader};
use crate::failure::Failure;

/// What is under test.
enum Cards {
    /// Made by this program.
    Made(Box<dyn Provider>),
    /// The card in a reader, powered.
    Physical(Box<PhysicalCard>, Secrets),
    /// Nothing: only the plan was asked for.
    None,
}

/// A run before its first command.
pub(super) struct Prepared {
    cards: Cards,
    /// What will be done, in words.
    pub(super) plan: String,
    /// Whether the plan is shown although nobody asked for it.
    pub(super) shows_plan: bool,
}

impl Prepared {
    /// Reads what a physical card says of itself; from here on commands are sent.
    pub(super) fn begin(self) -> Result<(Box<dyn Provider>, Masker), Failure> {
        let mut masker = Masker::new();
        match self.cards {
            Cards::Made(cards) => Ok((cards, masker)),
            Cards::Physical(mut card, secrets) => {
                card.begin(&secrets)?;
                secrets.mask_in(&mut masker);
                Ok((card, masker))
            }
            Cards::None => Err(Failure::Harness("nothing is under test".to_owned())),
        }
    }
}

impl Run {
    /// The ids of scenarios that were typed in full, as bricks demands; a folder or a glob types none.
    pub(super) fn named(&self, selection: &Selection) -> BTreeSet<String> {
        let typed = |case: &&Case| {
            let name = case.name();
            let file = selection.files.get(&name);
            self.choice.names.iter().any(|typed| {
                *typed == case.id || *typed == name || file.is_some_and(|file| file == typed)
            })
        };
        let cases = selection.cases.iter().filter(typed);
        cases.map(|case| case.id.clone()).collect()
    }

    /// Makes what is under test ready. Nothing is sent to a physical card.
    pub(super) fn prepare(&self, selection: &Selection) -> Result<Prepared, Failure> {
        let made = || EmbeddedCards::new(self.chip()).of_persona(self.persona());
        match (&self.target, &self.reader.serve) {
            (Place::Emulator, _) => {
                let cards = made();
                let plan = plan::of(&selection.cases, &cards.describe(), &self.report);
                Ok(Prepared {
                    cards: Cards::Made(Box::new(cards)),
                    plan,
                    shows_plan: false,
                })
            }
            (Place::Trace(file), _) => {
                let cards = self.trace(file)?;
                let plan = plan::of(&selection.cases, &cards.describe(), &self.report);
                Ok(Prepared {
                    cards: Cards::Made(Box::new(cards)),
                    plan,
                    shows_plan: false,
                })
            }
            (Place::Reader(name), Some(way)) => {
                let cards = made();
                let through = format!("{}, through a virtual reader", cards.describe());
                let plan = plan::of(&selection.cases, &through, &self.report);
                let cards = match way {
                    Serve::Via(way) if !self.dry_run => {
                        let options = self.reader.reader_options();
                        let served = serve::start(way, name.as_deref(), options, cards)?;
                        Cards::Made(Box::new(served))
                    }
                    // A private daemon's run is another process, which is told the way.
                    Serve::Via(_) | Serve::Private(_) => Cards::None,
                };
                Ok(Prepared {
                    cards,
                    plan,
                    shows_plan: false,
                })
            }
            (Place::Reader(name), None) => self.prepare_reader(name.as_deref(), selection),
        }
    }

    fn prepare_reader(
        &self,
        name: Option<&str>,
        selection: &Selection,
    ) -> Result<Prepared, Failure> {
        let secrets = self.reader.secrets()?;
        let named = self.named(selection);
        let named = |case: &Case| named.contains(&case.id);
        let family = self.named_chip().map(chip).transpose();
        let family = family.map_err(|error| Failure::Usage(error.to_string()))?;
        if self.dry_run {
            let guard = self.reader.guard(secrets)?;
            let facts = Facts::of_family(family.as_ref().map(|chip| chip.id.as_str()));
            let plan = reader::plan(
                &guard,
                "a card in a reader",
                &selection.cases,
                &facts,
                named,
            );
            return Ok(Prepared {
                cards: Cards::None,
                plan: plan + "nothing was sent\n",
                shows_plan: false,
            });
        }
        let card = self.reader.open(name, family, secrets.clone())?;
        let plan = {
            let guard = card.guard();
            let guard = guard.as_ref().map(SharedGuard::lock);
            let facts = Facts::of_family(card.chip().map(|chip| chip.id.as_str()));
            guard.map_or_else(String::new, |guard| {
                reader::plan(&guard, &card.describe(), &selection.cases, &facts, named)
            })
        };
        Ok(Prepared {
            cards: Cards::Physical(Box::new(card), secrets),
            plan,
            shows_plan: true,
        })
    }
}
