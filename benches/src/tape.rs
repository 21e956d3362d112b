//! A card's half of a conversation, to be played again without a terminal: each command with the card as it was before it.
//! Everything random in a card comes from its seed, so the same command to a fork of that card costs what it cost then.

use std::sync::{Arc, Mutex, PoisonError};

use cie_conformance::target::{Reset, Target, TargetError, TargetKind};
use cie_conformance::terminal::Terminal;
use cie_emulator::Card;

use crate::SetupError;

/// One command, the card before it and the answer.
pub struct Turn {
    /// The card as it was; forked for every repetition.
    pub before: Card,
    /// The command as it passed.
    pub command: Vec<u8>,
    /// The command before protection.
    pub plain_command: Vec<u8>,
    /// The answer as it passed.
    pub answer: Vec<u8>,
    /// The answer after protection was taken off.
    pub plain_answer: Vec<u8>,
}

/// A card that remembers what passes.
struct Recorder {
    card: Card,
    turns: Turns,
}

type Turns = Arc<Mutex<Vec<Turn>>>;

impl Target for Recorder {
    fn kind(&self) -> TargetKind {
        TargetKind::Emulator
    }

    fn describe(&self) -> String {
        "the embedded emulator, recorded".to_owned()
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        let kind = match reset {
            Reset::Warm => cie_emulator::card::Reset::Warm,
            Reset::Cold => cie_emulator::card::Reset::Cold,
        };
        Ok(self.card.reset(kind).as_bytes().to_vec())
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        let before = self.card.fork();
        let answer = self.card.transmit(command).to_vec();
        response.clone_from(&answer);
        let turn = Turn {
            before,
            command: command.to_vec(),
            plain_command: Vec::new(),
            answer,
            plain_answer: Vec::new(),
        };
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.push(turn);
        Ok(())
    }
}

/// A terminal whose conversation is being recorded.
pub struct Recording {
    /// The terminal.
    pub terminal: Terminal,
    turns: Turns,
}

impl Recording {
    /// A terminal in front of a powered card; `random` is the terminal's source.
    ///
    /// # Errors
    /// When the card does not answer to reset.
    pub fn of(
        card: Card,
        random: Box<dyn cie_crypto::random::RandomSource>,
    ) -> Result<Self, SetupError> {
        let turns = Turns::default();
        let target = Recorder {
            card,
            turns: Arc::clone(&turns),
        };
        let mut terminal = Terminal::new(Box::new(target), random);
        terminal.power_on()?;
        Ok(Self { terminal, turns })
    }

    /// What passed since the last cut.
    ///
    /// # Errors
    /// When the terminal's record and the card's differ, or a repetition does.
    pub fn cut(&mut self) -> Result<Tape, SetupError> {
        let mut turns = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *turns)
        };
        let exchanges = self.terminal.take_exchanges();
        if exchanges.len() != turns.len() {
            return Err("the terminal counts other exchanges than the card".into());
        }
        for (turn, exchange) in turns.iter_mut().zip(exchanges) {
            turn.plain_command = exchange.plain_command.unwrap_or_default();
            turn.plain_answer = exchange.plain_response.unwrap_or_default();
        }
        let tape = Tape { turns };
        tape.check()?;
        Ok(tape)
    }
}

/// Turns one after the other, of one card.
pub struct Tape {
    turns: Vec<Turn>,
}

impl Tape {
    /// The turns.
    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// How many commands there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.turns.len() as u64
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// This tape and what was recorded right after it.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        self.turns.extend(next.turns);
        self
    }

    /// Plays everything against a fork of the card at the beginning; gives the bytes of the answers.
    #[must_use]
    pub fn play(&self) -> usize {
        let Some(first) = self.turns.first() else {
            return 0;
        };
        let mut card = first.before.fork();
        let answers = self.turns.iter();
        answers.map(|turn| card.transmit(&turn.command).len()).sum()
    }

    /// The last command alone.
    ///
    /// # Errors
    /// When there is none.
    pub fn last(&self) -> Result<&Turn, SetupError> {
        Ok(self.turns.last().ok_or("nothing was recorded")?)
    }

    /// A repetition must answer what was recorded, or something else would be timed.
    fn check(&self) -> Result<(), SetupError> {
        let Some(first) = self.turns.first() else {
            return Err("nothing was recorded".into());
        };
        let mut card = first.before.fork();
        for turn in &self.turns {
            if card.transmit(&turn.command) != turn.answer {
                return Err("a repetition answers differently".into());
            }
        }
        Ok(())
    }
}
