//! A recovery walked through by a person, line by line: what each gate asks for in words, what the clock says, what arrives, and
//! at the end the recovered PUK tried on the holder's card. Lines go in, lines come out; keyboard and screen are elsewhere, and
//! every decision is the engine's.

mod acts;
mod begin;
mod card;
mod commands;
mod form;
mod gates;
mod told;
mod words;

use std::sync::Arc;

use cie_emulator::credentials::Code;

use super::clock::Timestamp;
use super::engine::{CloseReason, Engine, ProcedureId, Standing};
use super::evidence::Trusted;
use super::policy::{Channel, Gate, Policy};
use super::secret::Secret;
use card::Holder;
use form::Form;

pub use begin::{WalkError, Wish};
pub use card::Condition;

/// What a line is, for those who can show it in colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something new begins.
    Heading,
    /// What is said.
    Plain,
    /// What can be passed over.
    Aside,
    /// Something went as it was wanted.
    Good,
    /// Something was refused.
    Bad,
    /// A message that arrived.
    Letter,
}

/// A line for people. Whatever shows it sees to characters that act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub tone: Tone,
    /// The words. Codes, links and a disclosed PUK stand in them: they are what is to be seen.
    pub text: String,
}

/// How things stand with the recovery that was begun last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is not over, or none was begun.
    Open,
    /// Every gate was passed.
    Completed,
    /// It ended without success.
    Closed(CloseReason),
}

/// A recovery under way, and its holder with the card.
pub struct Walk {
    engine: Engine,
    trusted: Trusted,
    holder: Holder,
    /// Number of the holder's card.
    nun: String,
    policy: Arc<Policy>,
    channel: Channel,
    seed: u64,
    /// The gates of the procedure that was begun last.
    gates: Arc<[Gate]>,
    procedure: Option<ProcedureId>,
    form: Form,
    /// Messages that had arrived before the procedure began.
    begun_at: usize,
    /// Messages that were shown already.
    shown: usize,
    /// The new secret that was shown, this once.
    shown_secret: Option<Secret>,
    recovered: Option<Code>,
    left: bool,
    said: Vec<Line>,
}

impl Walk {
    /// What is to be read first: who it is about, when, by which gates, and how to go on.
    #[must_use]
    pub fn opening(&mut self) -> Vec<Line> {
        self.opens();
        self.take_said()
    }

    /// What stands before the next line of input.
    #[must_use]
    pub fn prompt(&self) -> String {
        self.form.prompt()
    }

    /// Takes a line of input, without its line feed, and says what comes of it.
    pub fn hear(&mut self, line: &str) -> Vec<Line> {
        match line.strip_prefix('=') {
            Some(verbatim) => self.answer(verbatim),
            None => match commands::Command::read(line) {
                Some(command) => self.obey(command),
                None => self.answer(line),
            },
        }
        self.take_said()
    }

    /// Whether the person wants to leave.
    #[must_use]
    pub const fn is_left(&self) -> bool {
        self.left
    }

    /// How things stand.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.standing() {
            Some(Standing::Completed) => Outcome::Completed,
            Some(Standing::Closed(reason)) => Outcome::Closed(reason),
            Some(Standing::Awaiting(_) | Standing::Cooling(_)) | None => Outcome::Open,
        }
    }

    /// What it waits for, when input ends too early.
    #[must_use]
    pub fn waits_for(&self) -> String {
        match self.standing() {
            Some(standing) => standing.to_string(),
            None => "waiting for somebody to say who they are".to_owned(),
        }
    }

    fn standing(&self) -> Option<Standing> {
        self.engine.standing(self.procedure.as_ref()?)
    }

    fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// The gate at which the procedure stands, and its place from 1.
    fn gate(&self) -> Option<(usize, &Gate)> {
        let id = self.procedure.as_ref()?;
        match self.engine.standing(id)? {
            Standing::Awaiting(_) | Standing::Cooling(_) => {
                let ahead = self.engine.ahead(id).len();
                let place = self.gates.len().checked_sub(ahead + 1)?;
                Some((place + 1, self.gates.get(place)?))
            }
            Standing::Completed | Standing::Closed(_) => None,
        }
    }

    fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        self.said.push(Line { tone, text });
    }

    fn take_said(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.said)
    }
}
