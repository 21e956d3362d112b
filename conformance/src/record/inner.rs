//! What secure messaging carried: the terminal knows it and tells it in its results, the listener saw only what passed. Both
//! are in the order of time, so they can be put side by side.

use cie_emulator::phy::trace::{Bytes, Secrets};

use crate::report::model::{CaseResult, Exchange};

/// A command and its response inside secure messaging; the response is `None` when its protection was wrong or absent. Codes
/// are taken out of the command already.
pub(super) type Inside = (Vec<u8>, Option<Vec<u8>>);

/// The terminal's side of a case, read once from the beginning to the end.
pub(super) struct Told<'a> {
    exchanges: Vec<&'a Exchange>,
    next: usize,
}

impl<'a> Told<'a> {
    pub(super) fn of(case: &'a CaseResult) -> Self {
        let steps = case.steps.iter();
        Self {
            exchanges: steps.flat_map(|step| &step.exchanges).collect(),
            next: 0,
        }
    }

    /// What a command that passed had inside; `None` for one that was not protected, or of which the terminal says nothing.
    pub(super) fn inside(&mut self, command: &[u8], response: &[u8]) -> Option<Inside> {
        let command = Bytes::of_command(command, Secrets::Masked).to_string();
        let response = hex::encode_upper(response);
        let left = self.exchanges.get(self.next..)?;
        let found = left.iter().position(|told| {
            told.wire_command.as_ref() == Some(&command)
                && told.wire_response.as_deref().unwrap_or_default() == response
        })?;
        let told = left.get(found)?;
        self.next = self.next.saturating_add(found).saturating_add(1);
        let plain = bytes(told.plain_command.as_deref()?)?;
        let reply = told.plain_response.as_deref().map(bytes);
        match reply {
            Some(reply) => Some((plain, Some(reply?))),
            None => Some((plain, None)),
        }
    }
}

/// Bytes of a report: zeros where two asterisks stand for a byte of a code.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    hex::decode(digits.replace('*', "0")).ok()
}
