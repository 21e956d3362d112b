//! What status words tell about the counters of PIN and PUK: the only witness on a card that nobody can look into.

use cie_emulator::wire::{CommandBuf, StatusWord, ins};

use super::super::facts::Missing;
use super::Session;
use crate::scenario::model::{Requires, Tries};
use crate::target::TargetKind;
use crate::terminal::{AfterRefusal, PlainAnswer, SendOptions};

impl Session {
    /// Notes what an answer to a command on codes tells of the tries left.
    pub(super) fn tries_told_by(&mut self, command: &CommandBuf, sw: StatusWord) {
        let header = command.header;
        let asks = header.ins == ins::VERIFY && command.data.is_empty();
        match header.ins {
            ins::VERIFY if matches!(header.p2, 0x81 | 0x82) => {
                self.facts.learn_tries(header.p2 == 0x82, asks, sw);
            }
            // A reset gives the PIN all its tries, as its right value does.
            ins::RESET_RETRY_COUNTER if sw.is_ok() && header.p2 == 0x81 => {
                self.facts.learn_tries(false, asks, sw);
            }
            ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER if !sw.is_ok() => {
                self.facts.learn_tries(false, asks, sw);
                self.facts.learn_tries(true, asks, sw);
            }
            _ => {}
        }
        if sw.is_ok() {
            self.tries_told_by_success(header.ins, header.p1, header.p2);
            return;
        }
        // RESET RETRY COUNTER names the PIN, but what can be wrong or blocked in it is the PUK.
        let about_puk = header.p2 == 0x82 || header.ins == ins::RESET_RETRY_COUNTER;
        let told = match (header.p2, about_puk) {
            (0x81 | 0x82, true) => &mut self.tries_told.1,
            (0x81, false) => &mut self.tries_told.0,
            _ => return,
        };
        if sw == StatusWord::AUTHENTICATION_METHOD_BLOCKED {
            *told = Some(0);
        } else if sw.tries_left().is_some() {
            *told = sw.tries_left();
        }
    }

    fn tries_told_by_success(&mut self, instruction: u8, p1: u8, reference: u8) {
        let (pin, puk) = match (instruction, reference) {
            (ins::VERIFY | ins::CHANGE_REFERENCE_DATA, 0x81) => (true, false),
            (ins::RESET_RETRY_COUNTER, 0x81) => (true, p1 == 0x00),
            (ins::VERIFY, 0x82) => (false, true),
            _ => return,
        };
        let (full_pin, full_puk) = self.facts.full_tries();
        if pin {
            self.tries_told.0 = (full_pin > 0).then_some(full_pin);
        }
        // Where a right PUK gives back nothing but its own try, the last count still holds.
        if puk && !self.facts.puk_counts_for_life {
            self.tries_told.1 = (full_puk > 0).then_some(full_puk);
        }
    }

    /// The counters before the first step: from the card's state, or asked for where the case needs them and the card cannot be
    /// looked into.
    pub(in super::super) fn tries_now(&mut self, needs: &Requires) -> (Option<u8>, Option<u8>) {
        if let Some(state) = self.terminal.state() {
            return (state.pin_tries, state.puk_tries);
        }
        self.ask_if_untold(needs.pin_tries.is_some(), needs.puk_tries.is_some());
        self.terminal.take_exchanges();
        self.tries_told
    }

    /// Asks a physical card for the counters that are expected and that no status word has told.
    pub(in super::super) fn ask_tries(&mut self, expected: &Tries) {
        self.ask_if_untold(expected.pin.is_some(), expected.puk.is_some());
    }

    /// VERIFY without data asks for the tries left and compares nothing (ISO/IEC 7816-4:2020 §11.6.6). Where the card does not
    /// answer it with a count, the counter stays unknown, and whoever needs it says so.
    fn ask_if_untold(&mut self, pin: bool, puk: bool) {
        if self.kind != TargetKind::Reader {
            return;
        }
        for (wanted, reference) in [(pin, 0x81), (puk, 0x82)] {
            let told = match reference {
                0x81 => self.tries_told.0,
                _ => self.tries_told.1,
            };
            if !wanted || told.is_some() {
                continue;
            }
            let command = CommandBuf::new(0x00, ins::VERIFY, 0x00, reference);
            if self.ask(&command, self.terminal.is_protected()).is_err() {
                continue;
            }
            let options = SendOptions {
                plain_answer: PlainAnswer::Accept,
                after_refusal: AfterRefusal::Keep,
                ..SendOptions::default()
            };
            let result = self.terminal.transmit_with(&command, &options);
            self.tell(Some(&command), &result);
            let Ok(reply) = result else { continue };
            self.tries_told_by(&command, reply.sw);
            let (name, told) = match reference {
                0x81 => ("PIN", self.tries_told.0),
                _ => ("PUK", self.tries_told.1),
            };
            if told.is_none() {
                // After a right value, for one: that all tries are back says nothing of how many those are on this card.
                self.facts.miss(Missing::Fact(format!(
                    "the tries of the {name} are not told here: VERIFY without data was answered {}",
                    reply.sw
                )));
            }
        }
    }
}
