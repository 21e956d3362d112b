//! PIN and PUK as a table of rules: what a command does in a state, and what it answers. Written from the published
//! behaviour of the card, not from its code, so that the two can disagree.

use crate::event::{Command, Event, File};

/// The parameters that change the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Knobs {
    pub(crate) pin_tries: u8,
    pub(crate) puk_tries: u8,
    /// Ten wrong PUKs take the PIN with them.
    pub(crate) auth_locked: bool,
    /// The last wrong try answers `6983`, not `63C0`.
    pub(crate) last_wrong_blocked: bool,
    /// VERIFY without data reports the state.
    pub(crate) verify_empty_reports: bool,
    /// A wrong length costs a try.
    pub(crate) bad_length_counts: bool,
    /// The sixteen trivial PINs are refused.
    pub(crate) trivial_refused: bool,
    /// A right PUK gives back its tries.
    pub(crate) puk_success_resets: bool,
    /// RESET RETRY COUNTER with PUK and new PIN exists.
    pub(crate) rrc_00: bool,
    /// CHANGE REFERENCE DATA leaves the PIN verified; otherwise it leaves it unverified, also when it was.
    pub(crate) change_verifies_pin: bool,
}

impl Knobs {
    /// How many combinations there are of the eight that are not numbers.
    pub(crate) const COMBINATIONS: u16 = 256;

    /// One combination; number 0 is not the default.
    pub(crate) const fn combination(number: u16) -> Self {
        Self {
            pin_tries: 3,
            puk_tries: 10,
            auth_locked: number & 1 != 0,
            last_wrong_blocked: number & 2 != 0,
            verify_empty_reports: number & 4 != 0,
            bad_length_counts: number & 8 != 0,
            trivial_refused: number & 16 != 0,
            puk_success_resets: number & 32 != 0,
            rrc_00: number & 64 != 0,
            change_verifies_pin: number & 128 != 0,
        }
    }

    /// The card as shipped.
    pub(crate) const DEFAULT: Self = Self::combination(1 | 4 | 32 | 128);

    /// The profile settings that say the same.
    pub(crate) fn settings(&self) -> String {
        let pick = |on: bool, yes: &'static str, no: &'static str| if on { yes } else { no };
        format!(
            "pin_tries={} puk_tries={} puk_exhaustion={} last_wrong={} verify_empty={} bad_length={} new_pin_check={} \
             puk_success_resets={} rrc_00={} change_verifies_pin={}",
            self.pin_tries,
            self.puk_tries,
            pick(self.auth_locked, "auth_locked", "puk_object_only"),
            pick(self.last_wrong_blocked, "blocked", "remaining"),
            pick(self.verify_empty_reports, "report", "wrong_length"),
            pick(self.bad_length_counts, "count", "ignore"),
            pick(self.trivial_refused, "trivial", "none"),
            self.puk_success_resets,
            self.rrc_00,
            self.change_verifies_pin,
        )
    }
}

/// A status word, and whether it came protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) protected: bool,
    pub(crate) sw: u16,
}

const fn plain(sw: u16) -> Seen {
    Seen {
        protected: false,
        sw,
    }
}

/// The whole state of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Model {
    pub(crate) knobs: Knobs,
    pub(crate) factory_pin: [u8; 8],
    pub(crate) pin: [u8; 8],
    pub(crate) puk: [u8; 8],
    pub(crate) pin_left: u8,
    pub(crate) puk_left: u8,
    /// Secure messaging is on.
    pub(crate) channel: bool,
    /// The terminal is authenticated; only with a channel.
    pub(crate) device: bool,
    pub(crate) pin_ok: bool,
    pub(crate) puk_ok: bool,
}

impl Model {
    pub(crate) const fn fresh(knobs: Knobs, pin: [u8; 8], puk: [u8; 8]) -> Self {
        Self {
            knobs,
            factory_pin: pin,
            pin,
            puk,
            pin_left: knobs.pin_tries,
            puk_left: knobs.puk_tries,
            channel: true,
            device: true,
            pin_ok: false,
            puk_ok: false,
        }
    }

    pub(crate) const fn locked(&self) -> bool {
        self.puk_left == 0
    }

    pub(crate) const fn pin_blocked(&self) -> bool {
        self.pin_left == 0 || (self.locked() && self.knobs.auth_locked)
    }

    pub(crate) const fn lose_status(&mut self) {
        self.device = false;
        self.pin_ok = false;
        self.puk_ok = false;
    }

    pub(crate) const fn lose_session(&mut self) {
        self.channel = false;
        self.lose_status();
    }

    /// One event; what the terminal sees of it. `None`: the card answers nothing (a reset).
    pub(crate) fn step(&mut self, event: &Event) -> Option<Seen> {
        match event {
            Event::Reset | Event::PowerCycle | Event::Restore => {
                self.lose_session();
                return None;
            }
            Event::Clear(command) => {
                self.lose_session();
                return Some(plain(self.in_clear(command)));
            }
            Event::PlainRead(file) => {
                self.lose_session();
                return Some(plain(if file.is_public() { 0x9000 } else { 0x6982 }));
            }
            Event::BadChecksum => {
                let sw = if self.channel { 0x6988 } else { 0x6882 };
                self.lose_session();
                return Some(plain(sw));
            }
            Event::Agree => {
                self.lose_session();
                self.channel = true;
                return Some(plain(0x9000));
            }
            _ => {}
        }
        if !self.channel {
            return Some(plain(0x6882));
        }
        let sw = match event {
            Event::Protected(command) => self.credential(command),
            Event::Authenticate => {
                self.lose_status();
                self.device = true;
                0x9000
            }
            Event::LeaveAndReturn => {
                self.lose_status();
                0x9000
            }
            Event::Read(file) if file.is_public() => 0x9000,
            Event::Services => 0x9000,
            Event::Read(_) | Event::Sign if self.pin_ok => 0x9000,
            _ => 0x6982,
        };
        Some(Seen {
            protected: true,
            sw,
        })
    }

    /// Any credential command without secure messaging; those that do not exist may say so first.
    const fn in_clear(&self, command: &Command) -> u16 {
        match command.nonexistent(self.knobs.rrc_00) {
            Some(sw) => sw,
            None => 0x6982,
        }
    }

    pub(crate) fn credential(&mut self, command: &Command) -> u16 {
        if let Some(sw) = command.nonexistent(self.knobs.rrc_00) {
            return sw;
        }
        if !self.device {
            return 0x6982;
        }
        let data = command.data(self);
        match command {
            Command::VerifyPin(_) => self.verify_pin(&data),
            Command::VerifyPuk(_) => self.verify_puk(&data),
            Command::Change(..) | Command::ChangeLength(_) => self.change(&data),
            Command::ResetWithPin(_) => self.reset_with_pin(&data),
            Command::ResetTries | Command::ResetTriesWithData => self.reset_tries(&data),
            Command::ResetWithPuk(..) | Command::ResetWithPukLength(_) => {
                self.reset_with_puk(&data)
            }
            Command::ChangePuk | Command::ResetPuk(_) | Command::UnknownReference(_) => {
                unreachable!("nonexistent")
            }
        }
    }

    fn verify_pin(&mut self, data: &[u8]) -> u16 {
        if data.is_empty() {
            return self.report(self.pin_ok, self.pin_blocked(), self.pin_left);
        }
        if data.len() != 8 && !self.knobs.bad_length_counts {
            return 0x6700;
        }
        self.check_pin(data, |model| {
            model.pin_left = model.knobs.pin_tries;
            model.pin_ok = true;
            0x9000
        })
    }

    /// Blocked, wrong, or what a right PIN is good for.
    fn check_pin(&mut self, presented: &[u8], right: impl FnOnce(&mut Self) -> u16) -> u16 {
        if self.pin_blocked() {
            self.pin_ok = false;
            return 0x6983;
        }
        if presented == self.pin {
            return right(self);
        }
        self.pin_left -= 1;
        self.pin_ok = false;
        self.wrong(self.pin_left)
    }

    fn verify_puk(&mut self, data: &[u8]) -> u16 {
        if data.is_empty() {
            return self.report(self.puk_ok, self.locked(), self.puk_left);
        }
        if data.len() != 8 && !self.knobs.bad_length_counts {
            return 0x6700;
        }
        self.check_puk(data, |model| {
            model.restore_puk();
            model.puk_ok = true;
            0x9000
        })
    }

    fn check_puk(&mut self, presented: &[u8], right: impl FnOnce(&mut Self) -> u16) -> u16 {
        if self.locked() {
            self.puk_ok = false;
            return 0x6983;
        }
        if presented == self.puk {
            return right(self);
        }
        self.puk_left -= 1;
        self.puk_ok = false;
        if self.pin_blocked() {
            self.pin_ok = false;
        }
        self.wrong(self.puk_left)
    }

    const fn restore_puk(&mut self) {
        if self.knobs.puk_success_resets {
            self.puk_left = self.knobs.puk_tries;
        }
    }

    fn change(&mut self, data: &[u8]) -> u16 {
        if self.pin_blocked() {
            self.pin_ok = false;
            return 0x6983;
        }
        let Some((old, new)) = halves(data) else {
            return 0x6700;
        };
        self.check_pin(&old, |model| {
            if model.refuses(&new) {
                return 0x6A80;
            }
            model.pin = new;
            model.pin_left = model.knobs.pin_tries;
            model.pin_ok = model.knobs.change_verifies_pin;
            0x9000
        })
    }

    fn reset_with_pin(&mut self, data: &[u8]) -> u16 {
        if let Some(sw) = self.puk_missing() {
            return sw;
        }
        let Ok(new) = <[u8; 8]>::try_from(data) else {
            return 0x6700;
        };
        if self.refuses(&new) {
            return 0x6A80;
        }
        self.pin = new;
        self.unblock()
    }

    fn reset_tries(&mut self, data: &[u8]) -> u16 {
        match self.puk_missing() {
            Some(sw) => sw,
            None if data.is_empty() => self.unblock(),
            None => 0x6700,
        }
    }

    fn reset_with_puk(&mut self, data: &[u8]) -> u16 {
        if self.locked() {
            self.puk_ok = false;
            return 0x6983;
        }
        let Some((puk, new)) = halves(data) else {
            return 0x6700;
        };
        self.check_puk(&puk, |model| {
            if model.refuses(&new) {
                return 0x6A80;
            }
            // The same as VERIFY of the PUK and the form with a new PIN, in one.
            model.restore_puk();
            model.puk_ok = true;
            model.pin = new;
            model.unblock()
        })
    }

    const fn puk_missing(&self) -> Option<u16> {
        match (self.locked(), self.puk_ok) {
            (true, _) => Some(0x6983),
            (false, false) => Some(0x6982),
            (false, true) => None,
        }
    }

    const fn unblock(&mut self) -> u16 {
        self.pin_left = self.knobs.pin_tries;
        self.pin_ok = false;
        0x9000
    }

    fn report(&self, verified: bool, blocked: bool, left: u8) -> u16 {
        match (self.knobs.verify_empty_reports, verified, blocked) {
            (false, ..) => 0x6700,
            (true, true, _) => 0x9000,
            (true, false, true) => 0x6983,
            (true, false, false) => 0x63C0 | u16::from(left),
        }
    }

    fn wrong(&self, left: u8) -> u16 {
        if left == 0 && self.knobs.last_wrong_blocked {
            0x6983
        } else {
            0x63C0 | u16::from(left)
        }
    }

    /// What is not eight digits is never a PIN; the sixteen trivial values depend.
    fn refuses(&self, new: &[u8; 8]) -> bool {
        !new.iter().all(u8::is_ascii_digit)
            || (self.knobs.trivial_refused && TRIVIAL.iter().any(|code| code.as_bytes() == new))
    }
}

fn halves(data: &[u8]) -> Option<([u8; 8], [u8; 8])> {
    let (old, new) = data.split_at_checked(8)?;
    Some((old.try_into().ok()?, new.try_into().ok()?))
}

/// All equal, or each digit one more, or one less, than the one before.
pub(crate) const TRIVIAL: [&str; 16] = [
    "00000000", "11111111", "22222222", "33333333", "44444444", "55555555", "66666666", "77777777",
    "88888888", "99999999", "01234567", "12345678", "23456789", "76543210", "87654321", "98765432",
];

impl File {
    pub(crate) const fn is_public(self) -> bool {
        matches!(self, Self::Nis | Self::Sod)
    }
}
