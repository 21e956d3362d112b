//! What a terminal knows of a card's memory: the state that was answered last, and the states that a command without an answer
//! may have left behind. Written from the rules, not from the card.

use crate::Draw;
use cie_emulator::credentials::Credentials;
use std::fmt;

const PIN_TRIES: u8 = 3;
const PUK_TRIES: u8 = 10;

/// PIN, PUK and their tries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Codes {
    pin: [u8; 8],
    puk: [u8; 8],
    pin_left: u8,
    puk_left: u8,
}

impl Codes {
    pub(crate) fn of(credentials: &Credentials) -> Self {
        Self {
            pin: *credentials.pin.reveal(),
            puk: *credentials.puk.reveal(),
            pin_left: credentials.pin_left,
            puk_left: credentials.puk_left,
        }
    }
}

/// The cards are invented: their codes may be shown when a test fails.
impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PIN {} with {} tries, PUK with {}",
            String::from_utf8_lossy(&self.pin),
            self.pin_left,
            self.puk_left
        )
    }
}

/// A command of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Pin([u8; 8]),
    Puk([u8; 8]),
    Change([u8; 8], [u8; 8]),
    Replace([u8; 8]),
    Unblock,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    now: Codes,
    /// What the command without an answer passes through, in order, where there is one.
    way: Option<Vec<Codes>>,
    /// Length of the last such way.
    last_way: usize,
    puk_verified: bool,
}

impl Model {
    pub(crate) fn fresh(credentials: &Credentials) -> Self {
        Self {
            now: Codes::of(credentials),
            way: None,
            last_way: 0,
            puk_verified: false,
        }
    }

    pub(crate) const fn is_locked(&self) -> bool {
        self.now.puk_left == 0
    }

    /// How many states the last command without an answer passes through.
    pub(crate) const fn last_way(&self) -> usize {
        self.last_way
    }

    /// Something to do that keeps the card alive; `fatal`: while the card is killed.
    pub(crate) fn choose(&self, random: &mut Draw, fatal: bool) -> Step {
        let Codes {
            pin,
            puk,
            pin_left,
            puk_left,
        } = self.now;
        let wrong = random.digits();
        if puk_left <= 2 && !fatal {
            return Step::Puk(puk);
        }
        if self.puk_verified {
            return match random.below(4) {
                0 => Step::Unblock,
                1 | 2 => Step::Replace(random.digits()),
                _ => Step::Pin(pin),
            };
        }
        if pin_left == 0 {
            return if puk_left > 2 {
                Step::Puk(puk)
            } else {
                Step::Pin(pin)
            };
        }
        match random.below(12) {
            0..=3 => Step::Pin(wrong),
            4..=6 => Step::Pin(pin),
            7 | 8 => Step::Change(pin, random.digits()),
            9 => Step::Change(wrong, pin),
            10 if puk_left > 5 => Step::Puk(wrong),
            _ if puk_left > 2 => Step::Puk(puk),
            _ => Step::Pin(pin),
        }
    }

    /// The states a command passes through, and its status word.
    fn way_of(&self, step: Step) -> (Vec<Codes>, u16) {
        let now = self.now;
        let pin = |pin_left| Codes { pin_left, ..now };
        let puk = |puk_left| Codes { puk_left, ..now };
        let taken = |left: u8| left.saturating_sub(1);
        let new = |pin| Codes {
            pin,
            pin_left: PIN_TRIES,
            ..now
        };
        match step {
            Step::Pin(_) | Step::Change(..) if now.pin_left == 0 => (vec![], 0x6983),
            Step::Pin(code) | Step::Change(code, _) if code != now.pin => {
                let left = taken(now.pin_left);
                (vec![pin(left)], 0x63C0 | u16::from(left))
            }
            Step::Pin(_) => (vec![pin(taken(now.pin_left)), pin(PIN_TRIES)], 0x9000),
            Step::Change(_, code) => (vec![pin(taken(now.pin_left)), new(code)], 0x9000),
            Step::Puk(code) if code != now.puk => {
                let left = taken(now.puk_left);
                (vec![puk(left)], 0x63C0 | u16::from(left))
            }
            Step::Puk(_) => (vec![puk(taken(now.puk_left)), puk(PUK_TRIES)], 0x9000),
            Step::Replace(_) | Step::Unblock if !self.puk_verified => (vec![], 0x6982),
            Step::Replace(code) => (vec![new(code)], 0x9000),
            Step::Unblock => (vec![pin(PIN_TRIES)], 0x9000),
        }
    }

    /// Whether the card's word about the tries of its PIN is right.
    pub(crate) fn tells(&self, sw: u16) -> bool {
        match self.now.pin_left {
            0 => sw == 0x6983,
            left => sw == 0x63C0 | u16::from(left),
        }
    }

    pub(crate) fn answered(&mut self, step: Step, sw: u16) -> Result<(), String> {
        let (way, expected) = self.way_of(step);
        if sw != expected {
            return Err(format!(
                "{step:?} was answered {sw:04X}, not {expected:04X}: {self:?}"
            ));
        }
        if matches!(step, Step::Puk(_)) {
            self.puk_verified = sw == 0x9000;
        }
        self.now = way.last().copied().unwrap_or(self.now);
        Ok(())
    }

    pub(crate) fn unanswered(&mut self, step: Step) {
        self.way = Some(self.way_of(step).0);
    }

    /// The file says this after a kill; how far on its way the command without an answer came, if there was one.
    pub(crate) fn found(&mut self, found: &Codes) -> Result<Option<usize>, String> {
        self.puk_verified = false;
        let Some(way) = self.way.take() else {
            return match *found == self.now {
                true => Ok(None),
                false => Err(format!("found {found:?}, answered was {:?}", self.now)),
            };
        };
        self.last_way = way.len();
        let states = [vec![self.now], way].concat();
        // From the end: a state that comes twice counts as the later one.
        match states.iter().rposition(|state| state == found) {
            None => Err(format!("found {found:?}, possible were {states:?}")),
            Some(came) => {
                self.now = *found;
                Ok(Some(came))
            }
        }
    }
}
