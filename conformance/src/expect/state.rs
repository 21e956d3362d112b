//! Expectations about what cannot be read from one answer: the counters of the codes and, where the card can be looked into,
//! its state. Counters have two witnesses, the status words and the state; each must be as expected, and they must agree.

use super::{Judge, side_by_side, words};
use crate::report::model::FailureKind;
use crate::scenario::At;
use crate::scenario::Span;
use crate::scenario::model::{
    Application, ChannelState, CodeName, SecurityStatus, StateExpect, Tries,
};
use crate::scenario::text::{Bound, FileId};
use crate::target::{CardState, StateChannel};

impl Judge<'_, '_> {
    pub(super) fn tries(&mut self, expected: &At<Tries>) {
        let state = self.observation.tries_from_state;
        let (pin, puk) = self.observation.tries_from_status;
        if let Some(bound) = &expected.value.pin {
            self.counter(CodeName::Pin, bound, state.map(|(pin, _)| pin), pin);
        }
        if let Some(bound) = &expected.value.puk {
            self.counter(CodeName::Puk, bound, state.map(|(_, puk)| puk), puk);
        }
    }

    fn counter(
        &mut self,
        code: CodeName,
        expected: &At<Bound>,
        state: Option<u8>,
        status: Option<u8>,
    ) {
        let (bound, span) = (expected.value, expected.span.as_ref());
        let name = words::code_name(code);
        if state.is_none() && status.is_none() {
            let message = format!(
                "the tries of the {name} are not known: no status word told them, and the card's state cannot be seen"
            );
            self.unknown(span, message);
            return;
        }
        let off = |tries: &Option<u8>| tries.filter(|tries| !bound.contains(u64::from(*tries)));
        let found = match (off(&state), off(&status)) {
            (None, None) => None,
            (Some(state), Some(status)) if state == status => {
                Some((state, "the card's state and the status words"))
            }
            (Some(state), _) => Some((state, "the card's state")),
            (None, Some(status)) => Some((status, "the status words")),
        };
        if let Some((tries, witness)) = found {
            let left = left(tries);
            let message = format!("the {name} has {left}, expected {bound} (from {witness})");
            let failure = side_by_side(
                FailureKind::Tries,
                message,
                format!("{bound} left"),
                format!("{tries} left"),
            );
            self.miss(span, failure);
        }
        if let (Some(state), Some(status)) = (state, status)
            && state != status
        {
            let message = format!(
                "the tries of the {name} contradict each other: {state} in the card's state, {status} told by the status words"
            );
            let failure = side_by_side(
                FailureKind::Tries,
                message,
                format!("{state} (state)"),
                format!("{status} (status words)"),
            );
            self.miss(span, failure);
        }
    }

    pub(super) fn state(&mut self, expected: &At<StateExpect>) {
        let wanted = &expected.value;
        if let Some(changed) = &wanted.changed {
            self.changed(changed);
        }
        let Some(state) = self.observation.state else {
            if wanted.needs_sight() {
                let message =
                    "this card's state cannot be seen; expect `state` on the emulator only"
                        .to_owned();
                self.unknown(expected.span.as_ref(), message);
            }
            return;
        };
        if let Some(application) = &wanted.application {
            self.application(application, state);
        }
        if let Some(file) = &wanted.file {
            self.file(file, state);
        }
        if let Some(channel) = &wanted.channel {
            self.channel_state(channel, state);
        }
        if let Some(security) = &wanted.security {
            self.security(security, state);
        }
    }

    fn differs(&mut self, span: Option<&Span>, what: &str, expected: &str, got: &str) {
        let message = format!("{what}: {got}, expected {expected}");
        let failure = side_by_side(
            FailureKind::State,
            message,
            expected.to_owned(),
            got.to_owned(),
        );
        self.miss(span, failure);
    }

    fn changed(&mut self, expected: &At<bool>) {
        let word = |changed| if changed { "changed" } else { "unchanged" };
        match self.observation.persistent_changed {
            None => self.unknown(
                expected.span.as_ref(),
                "whether the card's memory changed cannot be seen; expect `changed` on the emulator only".to_owned(),
            ),
            Some(changed) if changed == expected.value => {}
            Some(changed) => self.differs(
                expected.span.as_ref(),
                "the card's memory",
                word(expected.value),
                word(changed),
            ),
        }
    }

    fn application(&mut self, expected: &At<Application>, state: &CardState) {
        let found = self.surroundings.application_of(state);
        if found == Some(expected.value) {
            return;
        }
        let got = match (found, &state.selected_application) {
            (Some(found), _) => application_name(found).to_owned(),
            (None, Some(identifier)) => format!("{}, unknown", words::hex(identifier)),
            (None, None) => "none".to_owned(),
        };
        self.differs(
            expected.span.as_ref(),
            "the selected application",
            application_name(expected.value),
            &got,
        );
    }

    fn file(&mut self, expected: &At<FileId>, state: &CardState) {
        if state.selected_file != Some(expected.value.0) {
            let got = state
                .selected_file
                .map_or_else(|| "none".to_owned(), |file| FileId(file).to_string());
            self.differs(
                expected.span.as_ref(),
                "the selected file",
                &expected.value.to_string(),
                &got,
            );
        }
    }

    /// The state tells whether a session is open and whether the terminal proved itself, not which protocol made the keys;
    /// that much is compared, and that the session belongs to the application whose protocol it is.
    fn channel_state(&mut self, expected: &At<ChannelState>, state: &CardState) {
        let open = matches!(state.channel, StateChannel::Protected { .. });
        let proved = state.security.device_authenticated;
        let application = self.surroundings.application_of(state);
        let travel = application == Some(Application::Emrtd);
        let met = match expected.value {
            ChannelState::None => !open,
            ChannelState::KeyAgreement => open && !proved && !travel,
            ChannelState::DeviceAuthentication => open && proved && !travel,
            ChannelState::Bac | ChannelState::ChipAuthentication => {
                open && !proved && application.is_none_or(|_| travel)
            }
            ChannelState::Pace => open && !proved,
        };
        if met {
            return;
        }
        let of = application.map_or_else(String::new, |application| {
            format!(" of {}", application_name(application))
        });
        let got = match (open, proved) {
            (false, _) => "no secure messaging session".to_owned(),
            (true, true) => format!("a session{of} with a terminal that proved itself"),
            (true, false) => format!("a session{of} with a terminal that did not prove itself"),
        };
        self.differs(
            expected.span.as_ref(),
            "the channel",
            channel_name(expected.value),
            &got,
        );
    }

    fn security(&mut self, expected: &At<SecurityStatus>, state: &CardState) {
        let (wanted, found) = (&expected.value, &state.security);
        let parts = [
            (
                wanted.device,
                found.device_authenticated,
                "the terminal's proof",
            ),
            (wanted.pin, found.pin_verified, "the PIN"),
            (wanted.puk, found.puk_verified, "the PUK"),
        ];
        let word = |verified| if verified { "verified" } else { "not verified" };
        for (wanted, found, what) in parts {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
                self.differs(expected.span.as_ref(), what, word(wanted), word(found));
            }
        }
    }
}

impl StateExpect {
    /// True when anything but a change of the memory is asked for.
    fn needs_sight(&self) -> bool {
        self.application.is_some()
            || self.file.is_some()
            || self.channel.is_some()
            || self.security.is_some()
    }
}

fn left(tries: u8) -> String {
    match tries {
        1 => "1 try left".to_owned(),
        _ => format!("{tries} tries left"),
    }
}

fn application_name(application: Application) -> &'static str {
    match application {
        Application::Mf => "the master file",
        Application::Ias => "IAS ECC",
        Application::Cie => "the CIE directory",
        Application::Emrtd => "the travel document",
    }
}

fn channel_name(channel: ChannelState) -> &'static str {
    match channel {
        ChannelState::None => "no secure messaging session",
        ChannelState::KeyAgreement => "a key agreement without device authentication",
        ChannelState::DeviceAuthentication => "a key agreement with device authentication",
        ChannelState::Bac => "basic access control",
        ChannelState::Pace => "PACE",
        ChannelState::ChipAuthentication => "chip authentication",
    }
}
