//! What status words tell about the counters of PIN and PUK: the only witness on a card that nobody can look into.

use cie_emulator::wire::{CommandBuf, StatusWord, ins};

use super::Session;

impl Session {
    /// Notes what an answer to a command on codes tells of the tries left.
    pub(super) fn tries_told_by(&mut self, command: &CommandBuf, sw: StatusWord) {
        let header = command.header;
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
        let (full_pin, full_puk) = self.facts.tries;
        if pin {
            self.tries_told.0 = (full_pin > 0).then_some(full_pin);
        }
        // Where a right PUK gives back nothing but its own try, the last count still holds.
        if puk && !self.facts.puk_counts_for_life {
            self.tries_told.1 = (full_puk > 0).then_some(full_puk);
        }
    }
}
