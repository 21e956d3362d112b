//! What a correct terminal does from power-on to the end, recorded once: before every command a fork of the card and the
//! terminal's half of the channel. Sessions begin at any of these moments, so that key agreements and signatures are not computed
//! anew for each of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cie_conformance::target::{Reset, Target, TargetError, TargetKind};
use cie_conformance::terminal::{SecureMessaging, Terminal};
use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::card::{self, CardState, Channel, Image};

/// One command of a flow, with everything as it stood before it.
pub(crate) struct Moment {
    /// The card.
    pub(crate) card: Card,
    /// The terminal's half of the channel, where one was open.
    pub(crate) channel: Option<SecureMessaging>,
    /// The command before protection.
    pub(crate) command: Vec<u8>,
    /// What the card answered on the wire.
    pub(crate) response: Vec<u8>,
    /// The channel afterwards.
    pub(crate) after: Option<SecureMessaging>,
    /// What the card was then.
    pub(crate) state_after: CardState,
}

/// Everything a terminal did with one card.
pub(crate) struct Flow {
    pub(crate) moments: Vec<Moment>,
}

/// The card, shared by the terminal and whoever records.
struct Recorded {
    card: Arc<Mutex<Card>>,
    forks: Arc<Mutex<Vec<Card>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Target for Recorded {
    fn kind(&self) -> TargetKind {
        TargetKind::Emulator
    }

    fn describe(&self) -> String {
        "a card that is recorded".to_owned()
    }

    fn reset(&mut self, _: Reset) -> Result<Vec<u8>, TargetError> {
        let mut card = lock(&self.card);
        Ok(card.reset(card::Reset::Cold).as_bytes().to_vec())
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        let mut card = lock(&self.card);
        lock(&self.forks).push(card.fork());
        response.clear();
        response.extend_from_slice(card.transmit(command));
        Ok(())
    }
}

/// Records a terminal.
pub(crate) struct Recorder {
    card: Arc<Mutex<Card>>,
    forks: Arc<Mutex<Vec<Card>>>,
    terminal: Terminal,
    moments: Vec<Moment>,
}

impl Recorder {
    /// A terminal in front of a card with power.
    pub(crate) fn new(image: Arc<Image>, seed: u64) -> Self {
        let card = Card::new(image, Box::new(Seeded::derived(seed, "card")));
        let card = Arc::new(Mutex::new(card));
        let forks = Arc::new(Mutex::new(Vec::new()));
        let target = Recorded {
            card: Arc::clone(&card),
            forks: Arc::clone(&forks),
        };
        let random = Box::new(Seeded::derived(seed, "terminal"));
        let mut terminal = Terminal::new(Box::new(target), random);
        terminal.power_on().expect("an emulated card has power");
        Self {
            card,
            forks,
            terminal,
            moments: Vec::new(),
        }
    }

    /// Lets the terminal do something within one channel, or open another one at the end of it.
    pub(crate) fn step<T>(&mut self, act: impl FnOnce(&mut Terminal) -> T) -> T {
        let before = self.channel();
        let result = act(&mut self.terminal);
        let after = self.channel();
        let exchanges = self.terminal.take_exchanges();
        let forks = std::mem::take(&mut *lock(&self.forks));
        let last = exchanges.len().saturating_sub(1);
        assert_eq!(forks.len(), exchanges.len());
        for (index, (card, exchange)) in forks.into_iter().zip(exchanges).enumerate() {
            let channel = exchange.counter.and_then(|counter| {
                let mut channel = before.clone()?;
                channel.set_counter(counter.wrapping_sub(1));
                Some(channel)
            });
            self.moments.push(Moment {
                state_after: card.state(),
                card,
                after: match index == last {
                    true => after.clone(),
                    false => channel.clone(),
                },
                channel,
                command: exchange.plain_command.unwrap_or(exchange.wire_command),
                response: exchange.wire_response.unwrap_or_default(),
            });
        }
        result
    }

    fn channel(&self) -> Option<SecureMessaging> {
        let channel = self
            .terminal
            .channel()
            .filter(|_| self.terminal.is_protected());
        channel.map(|channel| channel.messaging.clone())
    }

    /// All that was recorded.
    pub(crate) fn finish(mut self) -> Flow {
        let ends: Vec<CardState> = self
            .moments
            .iter()
            .skip(1)
            .map(|moment| moment.card.state())
            .chain([lock(&self.card).state()])
            .collect();
        for (moment, end) in self.moments.iter_mut().zip(ends) {
            moment.state_after = end;
        }
        Flow {
            moments: self.moments,
        }
    }
}

/// Whether two looks at a card differ in its session only by the messages that passed.
pub(crate) const fn counter(state: &CardState) -> Option<u64> {
    match state.channel {
        Channel::Plain => None,
        Channel::Protected {
            send_sequence_counter,
        } => Some(send_sequence_counter),
    }
}
