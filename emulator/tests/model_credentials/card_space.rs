//! The same search with a real card in every state: each event is done to the model and, in bytes, to a copy of the card.
//! States are told apart by the model alone, which is right as long as the card is the model; where it is not, the
//! state says so and the search has found it. What only bytes can show (C10, C11, C13, C15) is asked of the cards.

use crate::event::{Command, Event, GOOD, NewPin, Presented, restored};
use crate::laws::{Step, View, broken};
use crate::model::{Knobs, Model};
use crate::secrecy::{interrogate, secrets};
use crate::support::Terminal;
use crate::survival::transcript;
use crate::tearing::{Memory, memory, tear_everywhere};
use cie_emulator::card::Channel;
use stateright::Property;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

/// The cards under one profile, from one card that has just been authenticated.
pub(crate) struct Cards {
    knobs: Knobs,
    start: Pair,
    /// What a fresh card answers to those who need no code.
    document: Vec<Vec<u8>>,
    /// What was asked already: answers that need no code depend on the memory alone, answers at all on it and on what is
    /// verified.
    asked: Mutex<HashSet<(Memory, Option<[bool; 4]>)>>,
}

/// A state of the model and a card in it.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) model: Model,
    card: Arc<Mutex<Terminal>>,
    /// How the card differed from the model on the way here, or the law it broke.
    wrong: Option<String>,
}

impl Pair {
    fn terminal(&self) -> MutexGuard<'_, Terminal> {
        self.card.lock().unwrap()
    }

    fn breaks(&self, name: &str) -> bool {
        let wrong = self.wrong.as_deref();
        wrong.is_some_and(|wrong| wrong.split(':').next() == Some(name))
    }

    /// Both do the same, or the state says why not.
    fn step(&mut self, knobs: Knobs, event: &Event) {
        let mut terminal = self.terminal().fork();
        let before = View::from(&terminal.state());
        let seen = event.apply(&mut terminal, &self.model);
        let was = self.model.clone();
        let expected = self.model.step(event);
        let after = View::from(&terminal.state());
        let law = broken(&Step {
            knobs,
            event,
            seen,
            before,
            after,
        });
        self.wrong = if let Some((name, says)) = law {
            Some(format!("{name}: {says}"))
        } else if seen != expected {
            Some(format!(
                "model: {event:?} in {was:?}: {seen:04X?}, not {expected:04X?}"
            ))
        } else {
            let same = crate::compare(&terminal, &self.model);
            same.err()
                .map(|error| format!("model: {event:?} in {was:?}: {error}"))
        };
        self.card = Arc::new(Mutex::new(terminal));
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        (&self.model, &self.wrong) == (&other.model, &other.wrong)
    }
}

impl Hash for Pair {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (&self.model, &self.wrong).hash(hasher);
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.wrong {
            Some(wrong) => f.write_str(wrong),
            None => self.model.fmt(f),
        }
    }
}

impl Cards {
    pub(crate) fn new(knobs: Knobs) -> Self {
        let (terminal, model) = crate::start(knobs);
        Self::with(knobs, terminal, model)
    }

    /// With a card that somebody else made.
    pub(crate) fn with(knobs: Knobs, terminal: Terminal, model: Model) -> Self {
        Self {
            knobs,
            document: transcript(&mut terminal.fork()),
            start: Pair {
                model,
                card: Arc::new(Mutex::new(terminal)),
                wrong: None,
            },
            asked: Mutex::default(),
        }
    }

    /// Whether this question is new; memories and rights come up in many states.
    fn is_new(&self, terminal: &Terminal, rights: Option<[bool; 4]>) -> bool {
        self.asked
            .lock()
            .unwrap()
            .insert((memory(terminal), rights))
    }
}

/// C10: after a reset, what needs no code answers as on a fresh card.
fn the_document_survives(cards: &Cards, pair: &Pair) -> bool {
    let mut terminal = pair.terminal().fork();
    !cards.is_new(&terminal, None) || transcript(&mut terminal) == cards.document
}

/// C11: nothing that can be asked in this state is answered with a code.
fn no_answer_holds_a_code(cards: &Cards, pair: &Pair) -> bool {
    let terminal = pair.terminal();
    let View {
        pin_verified,
        puk_verified,
        channel,
        device,
        ..
    } = View::from(&terminal.state());
    if !channel {
        return true;
    }
    let rights = [pin_verified, puk_verified, channel, device];
    let edge = pair.model.pin_left == 0 || pair.model.locked() || pin_verified || puk_verified;
    !edge
        || !cards.is_new(&terminal, Some(rights))
        || interrogate(&terminal, &secrets(&pair.model)).is_ok()
}

/// C13: power may go at any write of any command on a code, and what is found then is whole and paid for.
fn cutting_the_power_wins_nothing(_: &Cards, pair: &Pair) -> bool {
    use Presented::{Right, Wrong};
    const NEW: NewPin = NewPin::Good(1);
    let terminal = pair.terminal();
    if !pair.model.device {
        return true;
    }
    let commands = [
        Command::VerifyPin(Right),
        Command::VerifyPin(Wrong(1)),
        Command::VerifyPuk(Right),
        Command::VerifyPuk(Wrong(1)),
        Command::Change(Right, NEW),
        Command::Change(Wrong(1), NEW),
        Command::ResetWithPin(NEW),
        Command::ResetTries,
    ];
    commands.iter().all(|command| {
        let rises = Cell::new(true);
        let torn = tear_everywhere(&terminal, &pair.model, command, |torn, _, found| {
            torn.card.power_on();
            let rested = View::from(&torn.state()).at_rest;
            rises.set(rises.get() && rested && memory(torn) == found);
        });
        torn.is_ok() && rises.get()
    })
}

/// C15: a card made of this card's memory has that memory and no session.
fn a_move_keeps_the_memory_alone(_: &Cards, pair: &Pair) -> bool {
    let terminal = pair.terminal();
    let copy = restored(&terminal.card, 8);
    let state = copy.state();
    copy.memory() == terminal.card.memory()
        && (state.channel, state.current_df) == (Channel::Plain, None)
        && !(state.verified.pin || state.verified.puk || state.device_authenticated)
}

/// One event of each kind; the new PIN is always the same, so that the states are finite.
fn alphabet(model: &Model) -> Vec<Event> {
    use crate::event::File;
    use Command::*;
    let new = NewPin::Good(0);
    let mut events: Vec<Event> = [
        VerifyPin(Presented::Right),
        VerifyPin(Presented::Wrong(7)),
        VerifyPin(Presented::Length(0)),
        VerifyPin(Presented::Length(4)),
        VerifyPuk(Presented::Right),
        VerifyPuk(Presented::Wrong(0)),
        VerifyPuk(Presented::Length(0)),
        VerifyPuk(Presented::Length(12)),
        Change(Presented::Right, new),
        Change(Presented::Wrong(3), new),
        Change(Presented::Right, NewPin::NotDigits),
        ResetWithPin(new),
        ResetWithPin(NewPin::NotDigits),
        ResetTries,
        ResetWithPuk(Presented::Right, new),
        ChangePuk,
    ]
    .map(Event::Protected)
    .to_vec();
    events.extend([
        Event::Reset,
        Event::Restore,
        Event::Clear(VerifyPin(Presented::Right)),
        Event::Clear(ResetWithPin(new)),
        Event::BadChecksum,
        Event::LeaveAndReturn,
        Event::Read(File::Nis),
        Event::Read(File::Serial),
        Event::PlainRead(File::Certificate),
    ]);
    // The costly ways back, where they lead somewhere new.
    if !model.channel {
        events.push(Event::Agree);
    } else if !model.device {
        events.push(Event::Authenticate);
    }
    events
}

/// A law that every step of the card is held to.
macro_rules! law {
    ($name:literal, $number:literal) => {
        Property::always($name, |_: &Cards, pair: &Pair| !pair.breaks($number))
    };
}

impl stateright::Model for Cards {
    type State = Pair;
    type Action = Event;

    fn init_states(&self) -> Vec<Pair> {
        vec![self.start.clone()]
    }

    fn actions(&self, pair: &Pair, actions: &mut Vec<Event>) {
        // From where the card went wrong there is no way on.
        if pair.wrong.is_none() {
            actions.extend(alphabet(&pair.model));
        }
    }

    fn next_state(&self, pair: &Pair, event: Event) -> Option<Pair> {
        let mut next = pair.clone();
        next.step(self.knobs, &event);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            law!("the card is the model", "model"),
            law!("C1 counters stay in range", "C1"),
            law!("C2 an exhausted PUK is terminal", "C2"),
            law!("C3 only the PUK unblocks", "C3"),
            law!("C4 the status word tells the counter", "C4"),
            law!(
                "C5 counters rise only on success of their own command",
                "C5"
            ),
            law!(
                "C8 nothing is verified without a channel, and a reset takes the session",
                "C8"
            ),
            Property::always("C10 the document survives", the_document_survives),
            Property::always("C11 no answer holds a code", no_answer_holds_a_code),
            law!("C12 a verified PIN has all its tries", "C12"),
            Property::always(
                "C13 cutting the power wins nothing",
                cutting_the_power_wins_nothing,
            ),
            law!("C14 a document-only card refuses every use", "C14"),
            Property::always(
                "C15 a move keeps the memory alone",
                a_move_keeps_the_memory_alone,
            ),
            Property::sometimes("a new PIN is set", |_, pair: &Pair| {
                pair.model.pin == *GOOD[0]
            }),
            Property::sometimes("the PUK is exhausted", |_, pair: &Pair| pair.model.locked()),
        ]
    }
}
