//! Faults between the cards and their readers: who is told of them, waits that can be broken off, and cards that come back.

use super::Happening;
use super::printer::Printer;
use cie_emulator::Card;
use cie_emulator::control::Order;
use cie_emulator::control::api::Ask;
use cie_emulator::control::lines::Told;
use cie_emulator::link::Inserted;
use cie_emulator::phy::faults::{self, Outside, Rule};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

type Tell = Arc<dyn Fn(Told) + Send + Sync>;

/// What stands around every card.
pub(super) struct Faults {
    rules: Vec<Rule>,
    tell: Option<Tell>,
    happen: Sender<Happening>,
}

impl Faults {
    pub(super) fn new(rules: Vec<Rule>, printer: &Printer, happen: &Sender<Happening>) -> Self {
        Self {
            rules,
            tell: (!printer.is_quiet()).then(|| -> Tell { Arc::new(printer.teller()) }),
            happen: happen.clone(),
        }
    }

    /// The card with this number, from 1, behind its faults; the card itself where there are none.
    pub(super) fn around(&self, card: Card, number: usize, patience: &mut Patience) -> Inserted {
        let wait = Arc::new(Wait::default());
        patience.0.push(Arc::clone(&wait));
        if self.rules.is_empty() {
            return Box::new(card);
        }
        let here = Here {
            card: number,
            wait,
            tell: self.tell.clone(),
            happen: self.happen.clone(),
        };
        Box::new(faults::Faults::new(card, self.rules.clone(), here))
    }
}

/// Puts a card back after a time, unless somebody has put another one in.
pub(super) fn put_back(happen: &Sender<Happening>, reader: usize, card: usize, time: Duration) {
    let happen = happen.clone();
    // Without a thread it stays out: whoever wants it puts it in by hand.
    let _ = thread::Builder::new()
        .name("card that comes back".to_owned())
        .spawn(move || {
            thread::sleep(time);
            let order = Order::Insert {
                reader: Some(reader),
                card: Some(card),
            };
            let (reply, _) = mpsc::channel();
            // The session may have ended.
            let _ = happen.send(Happening::Ask(Ask::Order(order), reply));
        });
}

/// One card's surroundings.
struct Here {
    card: usize,
    wait: Arc<Wait>,
    tell: Option<Tell>,
    happen: Sender<Happening>,
}

impl Outside for Here {
    fn wait(&mut self, time: Duration) -> bool {
        self.wait.wait(time)
    }

    fn acts(&mut self, rule: &Rule) {
        if let Some(tell) = &self.tell {
            tell(Told::Fault {
                card: self.card,
                rule: rule.to_string(),
            });
        }
    }

    fn gone(&mut self, back: Option<Duration>) {
        // Whoever would take it out has ended.
        let _ = self.happen.send(Happening::Gone(self.card, back));
    }
}

/// The waits of all cards, by number less one, for those who cannot wait.
#[derive(Default)]
pub(super) struct Patience(Vec<Arc<Wait>>);

impl Patience {
    /// Ends the wait of this card, if it is in one: it is about to be taken away.
    pub(super) fn break_off(&self, card: usize) {
        let wait = card.checked_sub(1).and_then(|index| self.0.get(index));
        if let Some(wait) = wait {
            wait.change(|state| state.broken = state.broken.wrapping_add(1));
        }
    }

    /// Ends all waits, now and from now on.
    pub(super) fn end(&self) {
        for wait in &self.0 {
            wait.change(|state| state.over = true);
        }
    }
}

/// A wait that can be broken off.
#[derive(Default)]
struct Wait {
    state: Mutex<WaitState>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq)]
struct WaitState {
    /// How many times one was broken off.
    broken: u64,
    over: bool,
}

impl Wait {
    /// Lets this much time pass; false when it was broken off.
    fn wait(&self, time: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.broken;
        let undisturbed = |state: &mut WaitState| !state.over && state.broken == before;
        self.changed
            .wait_timeout_while(state, time, undisturbed)
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .timed_out()
    }

    fn change(&self, change: impl FnOnce(&mut WaitState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}
