//! What must hold for every single step. The laws see a step as what was there before, what was said, and what is there
//! after; whether the card shows these or the reference model has them is all the same to them.

use crate::event::{Command, Event, File};
use crate::model::{Knobs, Model, Seen};
use cie_emulator::card::CardState;
use cie_emulator::card::{Channel, LifeCycle};

/// What there is to see of a card.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) pin_left: u8,
    pub(crate) puk_left: u8,
    pub(crate) pin_verified: bool,
    pub(crate) puk_verified: bool,
    /// Secure messaging is on.
    pub(crate) channel: bool,
    /// The terminal is authenticated.
    pub(crate) device: bool,
    /// Nothing of a session is left, and nothing is selected.
    pub(crate) at_rest: bool,
    /// Neither code can be used any more.
    pub(crate) document_only: bool,
}

impl From<&CardState> for View {
    fn from(state: &CardState) -> Self {
        let channel = state.channel != Channel::Plain;
        Self {
            pin_left: state.pin_left,
            puk_left: state.puk_left,
            pin_verified: state.verified.pin,
            puk_verified: state.verified.puk,
            channel,
            device: state.device_authenticated,
            at_rest: !channel && state.current_df.is_none(),
            document_only: state.life_cycle == LifeCycle::DocumentOnly,
        }
    }
}

impl From<&Model> for View {
    fn from(model: &Model) -> Self {
        Self {
            pin_left: model.pin_left,
            puk_left: model.puk_left,
            pin_verified: model.pin_ok,
            puk_verified: model.puk_ok,
            channel: model.channel,
            device: model.device,
            at_rest: !model.channel,
            document_only: model.locked() && model.pin_blocked(),
        }
    }
}

/// One step of a life.
pub(crate) struct Step<'a> {
    pub(crate) knobs: Knobs,
    pub(crate) event: &'a Event,
    pub(crate) seen: Option<Seen>,
    pub(crate) before: View,
    pub(crate) after: View,
}

impl Step<'_> {
    fn sw(&self) -> Option<u16> {
        self.seen.map(|seen| seen.sw)
    }

    fn succeeded(&self) -> bool {
        self.sw() == Some(0x9000)
    }

    fn command(&self) -> Option<&Command> {
        match self.event {
            Event::Protected(command) | Event::Clear(command) => Some(command),
            _ => None,
        }
    }

    fn unblocks(&self) -> bool {
        matches!(
            self.command(),
            Some(Command::ResetWithPin(_) | Command::ResetTries | Command::ResetWithPuk(..))
        )
    }

    /// Whether the answer speaks of the PUK's counter.
    fn about_puk(&self) -> bool {
        matches!(
            self.command(),
            Some(
                Command::VerifyPuk(_) | Command::ResetWithPuk(..) | Command::ResetWithPukLength(_)
            )
        )
    }

    fn says(&self) -> String {
        format!(
            "{:?} answered {:04X?}: {:?} became {:?}",
            self.event,
            self.sw(),
            self.before,
            self.after
        )
    }
}

pub(crate) type Law = fn(&Step<'_>) -> bool;

/// All laws by name, for those who check a step against all of them.
pub(crate) const LAWS: [(&str, Law); 9] = [
    ("C1", counters_stay_in_range),
    ("C2", an_exhausted_puk_is_terminal),
    ("C3", only_an_unblocking_command_lifts_a_blocked_pin),
    ("C4", the_status_word_tells_the_counter),
    ("C5", counters_rise_only_on_success_of_their_own_command),
    ("C8", nothing_is_verified_without_a_channel),
    ("C8", a_reset_takes_the_session_and_no_counter),
    ("C12", a_verified_pin_has_all_its_tries),
    ("C14", a_document_only_card_refuses_every_use),
];

/// The law a step breaks, and how.
pub(crate) fn broken(step: &Step<'_>) -> Option<(&'static str, String)> {
    let (name, _) = LAWS.iter().find(|(_, law)| !law(step))?;
    Some((name, step.says()))
}

/// C1.
pub(crate) fn counters_stay_in_range(step: &Step<'_>) -> bool {
    step.after.pin_left <= step.knobs.pin_tries && step.after.puk_left <= step.knobs.puk_tries
}

/// C2: also over resets and over a move of the memory.
pub(crate) fn an_exhausted_puk_is_terminal(step: &Step<'_>) -> bool {
    step.before.puk_left > 0 || step.after.puk_left == 0
}

/// C3.
pub(crate) fn only_an_unblocking_command_lifts_a_blocked_pin(step: &Step<'_>) -> bool {
    step.before.pin_left > 0 || step.after.pin_left == 0 || (step.unblocks() && step.succeeded())
}

/// C4: x of `63Cx` is the counter after the command.
pub(crate) fn the_status_word_tells_the_counter(step: &Step<'_>) -> bool {
    match step.sw() {
        Some(sw) if sw & 0xFFF0 == 0x63C0 => {
            let left = if step.about_puk() {
                step.after.puk_left
            } else {
                step.after.pin_left
            };
            sw == 0x63C0 | u16::from(left)
        }
        _ => true,
    }
}

/// C5.
pub(crate) fn counters_rise_only_on_success_of_their_own_command(step: &Step<'_>) -> bool {
    let pin_rose = step.after.pin_left > step.before.pin_left;
    let puk_rose = step.after.puk_left > step.before.puk_left;
    let of_the_pin = step.unblocks()
        || matches!(
            step.command(),
            Some(Command::VerifyPin(_) | Command::Change(..))
        );
    (!pin_rose || (of_the_pin && step.succeeded()))
        && (!puk_rose || (step.about_puk() && step.succeeded()))
}

/// C8, first half.
pub(crate) fn nothing_is_verified_without_a_channel(step: &Step<'_>) -> bool {
    let after = step.after;
    (after.channel && after.device) || !(after.pin_verified || after.puk_verified)
}

/// C8, second half.
pub(crate) fn a_reset_takes_the_session_and_no_counter(step: &Step<'_>) -> bool {
    let (before, after) = (step.before, step.after);
    if !matches!(
        step.event,
        Event::Reset | Event::PowerCycle | Event::Restore
    ) {
        return true;
    }
    (before.pin_left, before.puk_left) == (after.pin_left, after.puk_left)
        && !(after.pin_verified || after.puk_verified || after.device)
        && after.at_rest
}

/// C12.
pub(crate) fn a_verified_pin_has_all_its_tries(step: &Step<'_>) -> bool {
    !step.after.pin_verified || step.after.pin_left == step.knobs.pin_tries
}

/// C14.
pub(crate) fn a_document_only_card_refuses_every_use(step: &Step<'_>) -> bool {
    if !step.before.document_only {
        return true;
    }
    let stays = step.after.document_only;
    let refused = step
        .sw()
        .is_none_or(|sw| sw != 0x9000 && sw & 0xFFF0 != 0x63C0);
    let is_use = matches!(
        step.event,
        Event::Protected(_)
            | Event::Clear(_)
            | Event::Sign
            | Event::Read(File::Serial | File::Certificate)
            | Event::PlainRead(File::Serial | File::Certificate)
    );
    stays && (refused || !is_use)
}
