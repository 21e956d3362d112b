//! What must hold for every single step, judged by what the card shows and says; the reference model has no part in it.

use crate::event::{Command, Event, File};
use crate::model::{Knobs, Seen};
use cie_emulator::card::CardState;
use cie_emulator::card::{Channel, LifeCycle};

/// One step of a life.
pub(crate) struct Step<'a> {
    pub(crate) knobs: Knobs,
    pub(crate) event: &'a Event,
    pub(crate) seen: Option<Seen>,
    pub(crate) before: &'a CardState,
    pub(crate) after: &'a CardState,
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

/// Panics with the name of the law a step breaks.
pub(crate) fn check_all(step: &Step<'_>) {
    for (name, law) in LAWS {
        assert!(law(step), "{name}: {}", step.says());
    }
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
    let open = after.channel != Channel::Plain && after.device_authenticated;
    open || !(after.verified.pin || after.verified.puk)
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
        && !(after.verified.pin || after.verified.puk || after.device_authenticated)
        && (after.channel, after.current_df) == (Channel::Plain, None)
}

/// C12.
pub(crate) fn a_verified_pin_has_all_its_tries(step: &Step<'_>) -> bool {
    !step.after.verified.pin || step.after.pin_left == step.knobs.pin_tries
}

/// C14.
pub(crate) fn a_document_only_card_refuses_every_use(step: &Step<'_>) -> bool {
    if step.before.life_cycle != LifeCycle::DocumentOnly {
        return true;
    }
    let stays = step.after.life_cycle == LifeCycle::DocumentOnly;
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
