//! Who listens to the cards: the printer, the traces, and whoever must know that a stored card fell silent.

use super::Happening;
use super::printer::Printer;
use super::trace::Traces;
use cie_emulator::control::lines::Told;
use cie_emulator::control::{Passed, Passing};
use cie_emulator::store::Trouble;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

struct Listener<T> {
    tell: Option<T>,
    traces: Option<Traces>,
    /// By the number of the card, less one; what has been told already is gone.
    troubles: Mutex<Vec<Option<Trouble>>>,
    happen: Mutex<Sender<Happening>>,
}

/// Listens to all cards.
pub(super) fn passing(
    printer: &Printer,
    traces: Option<Traces>,
    troubles: Vec<Trouble>,
    happen: &Sender<Happening>,
) -> Passing {
    let listener = Listener {
        tell: (!printer.is_quiet()).then(|| printer.teller()),
        traces,
        troubles: Mutex::new(troubles.into_iter().map(Some).collect()),
        happen: Mutex::new(happen.clone()),
    };
    Arc::new(move |passed| listener.listen(passed))
}

impl<T: Fn(Told)> Listener<T> {
    fn listen(&self, passed: Passed) {
        if let Some(traces) = &self.traces
            && let Err(reason) = traces.write(&passed)
        {
            self.broken(format!("{reason}; serving goes on without this trace"));
        }
        if let Some(reason) = self.trouble(passed.card) {
            self.broken(format!("card {}: {reason}", passed.card));
        }
        if let Some(tell) = &self.tell {
            tell(Told::Passed(passed));
        }
    }

    /// Why the card fell silent, once.
    fn trouble(&self, card: usize) -> Option<String> {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let place = troubles.get_mut(card.checked_sub(1)?)?;
        let reason = place.as_ref()?.text()?.to_owned();
        *place = None;
        Some(reason)
    }

    fn broken(&self, reason: String) {
        let happen = self.happen.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever would be told has ended.
        let _ = happen.send(Happening::Broken(reason));
    }
}
