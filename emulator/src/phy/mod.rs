//! What stands around a card: anything that answers APDUs is a [`Transceiver`], and a decorator is a transceiver around
//! another one, stackable in any order. No card logic lives here, and no socket.

pub mod faults;
pub mod script;
pub mod trace;

use crate::card::{Card, CardState, Reset};

/// Something that answers APDUs: a card, or a decorator around one.
pub trait Transceiver {
    /// Gives power and resets; returns the answer to reset, empty when nothing answers.
    fn power_on(&mut self) -> &[u8];

    /// Takes the power away.
    fn power_off(&mut self);

    /// Resets; returns the answer to reset, empty when nothing answers.
    fn reset(&mut self, kind: Reset) -> &[u8];

    /// Answers a command: any bytes in, a response APDU out, empty when nothing answers.
    fn transmit(&mut self, command: &[u8]) -> &[u8];

    /// A look inside, for those who can be looked into. A real card cannot.
    fn state(&self) -> Option<CardState> {
        None
    }
}

impl Transceiver for Card {
    fn power_on(&mut self) -> &[u8] {
        Self::power_on(self).as_bytes()
    }

    fn power_off(&mut self) {
        Self::power_off(self);
    }

    fn reset(&mut self, kind: Reset) -> &[u8] {
        Self::reset(self, kind).as_bytes()
    }

    fn transmit(&mut self, command: &[u8]) -> &[u8] {
        Self::transmit(self, command)
    }

    fn state(&self) -> Option<CardState> {
        Some(Self::state(self))
    }
}

impl<T: Transceiver + ?Sized> Transceiver for Box<T> {
    fn power_on(&mut self) -> &[u8] {
        (**self).power_on()
    }

    fn power_off(&mut self) {
        (**self).power_off();
    }

    fn reset(&mut self, kind: Reset) -> &[u8] {
        (**self).reset(kind)
    }

    fn transmit(&mut self, command: &[u8]) -> &[u8] {
        (**self).transmit(command)
    }

    fn state(&self) -> Option<CardState> {
        (**self).state()
    }
}
