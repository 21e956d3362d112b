//! Where a card stands, as far as somebody who only reads the documents and the answers can know it. What the documents
//! leave open is `Unsure` here, and nobody asks about it.

use crate::model::{Knobs, Model};
use crate::support::seeded_card_data;

/// What the documents say about a thing that is there or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Known {
    No,
    Yes,
    /// It was there, and the documents do not say whether it still is.
    Unsure,
}

impl Known {
    /// Something happened that may or may not have taken it away.
    pub(crate) fn doubt(&mut self) {
        if *self == Self::Yes {
            *self = Self::Unsure;
        }
    }
}

/// The directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Df {
    Root,
    /// The same view as the root.
    Ias,
    Cie,
    Document,
}

impl Df {
    pub(crate) const fn is_root(self) -> bool {
        matches!(self, Self::Root | Self::Ias)
    }
}

/// The current elementary file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ef {
    None,
    File(u16),
    /// A read by short identifier was refused; whether it made its file current is left open.
    Unsure,
}

/// The key of the internal authentication template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    None,
    /// 81.
    Signature,
    /// 82, for the proof of the chip.
    Device,
    /// 83.
    Services,
    Unsure,
}

impl Key {
    pub(crate) fn doubt(&mut self) {
        if *self != Self::None {
            *self = Self::Unsure;
        }
    }
}

/// The way to an authenticated terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Introduction {
    /// MANAGE SECURITY ENVIRONMENT 81B6 chose the key of the authority.
    pub(crate) authority: Known,
    /// The certificate of the terminal was verified.
    pub(crate) certificate: Known,
    /// MANAGE SECURITY ENVIRONMENT 81A4 chose the key of the terminal.
    pub(crate) terminal: Known,
    /// A challenge waits for a proof.
    pub(crate) challenge: Known,
    /// The chip may prove itself: the proof of the terminal was right, and its challenge is still the last.
    pub(crate) chip: Known,
}

impl Introduction {
    pub(crate) const NONE: Self = Self {
        authority: Known::No,
        certificate: Known::No,
        terminal: Known::No,
        challenge: Known::No,
        chip: Known::No,
    };

    pub(crate) fn doubt(&mut self) {
        self.authority.doubt();
        self.certificate.doubt();
        self.terminal.doubt();
        self.challenge.doubt();
        self.chip.doubt();
    }
}

/// The whole card.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// PIN, PUK, their counters, and the session they are verified in.
    pub(crate) codes: Model,
    pub(crate) df: Option<Df>,
    pub(crate) ef: Ef,
    /// The terminal's public value was taken, the card's not fetched yet.
    pub(crate) agreement: Known,
    pub(crate) introduction: Introduction,
    pub(crate) key: Key,
    /// A protected command was answered in this session, so that it can be sent again.
    pub(crate) answered: bool,
    /// The instruction of a chain that waits for its last link.
    pub(crate) chain: Option<u8>,
}

impl State {
    /// A personalised card with power.
    pub(crate) fn fresh(knobs: Knobs) -> Self {
        let data = seeded_card_data();
        let mut codes = Model::fresh(knobs, *data.pin.reveal(), *data.puk.reveal());
        codes.lose_session();
        Self {
            codes,
            df: None,
            ef: Ef::None,
            agreement: Known::No,
            introduction: Introduction::NONE,
            key: Key::None,
            answered: false,
            chain: None,
        }
    }

    /// Power gone and back: what is not persistent is forgotten.
    pub(crate) fn reset(&mut self) {
        self.codes.lose_session();
        self.df = None;
        self.ef = Ef::None;
        self.agreement = Known::No;
        self.introduction = Introduction::NONE;
        self.key = Key::None;
        self.answered = false;
        self.chain = None;
    }

    /// Secure messaging ends, by a plain command or an error. What was authenticated in it is gone; what is only a choice of
    /// keys may stay.
    pub(crate) fn end_session(&mut self) {
        if !self.codes.channel {
            return;
        }
        self.codes.lose_session();
        self.introduction.doubt();
        self.introduction.certificate = Known::No;
        self.key.doubt();
        self.answered = false;
    }

    /// The names of where this is, for counting.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let codes = &self.codes;
        let locked = codes.locked();
        let introduction = &self.introduction;
        [
            (self.df.is_none(), "nothing selected"),
            (self.df == Some(Df::Root), "root selected"),
            (self.df == Some(Df::Ias), "IAS selected"),
            (self.df == Some(Df::Cie), "CIE selected"),
            (self.df == Some(Df::Document), "document selected"),
            (matches!(self.ef, Ef::File(_)), "file selected"),
            (
                matches!(self.ef, Ef::File(0x1002 | 0x1003)),
                "private file selected",
            ),
            (self.agreement == Known::Yes, "agreement pending"),
            (codes.channel && !codes.device, "session without terminal"),
            (introduction.authority == Known::Yes, "authority key chosen"),
            (
                introduction.certificate == Known::Yes,
                "certificate verified",
            ),
            (introduction.terminal == Known::Yes, "terminal key chosen"),
            (introduction.challenge == Known::Yes, "challenge pending"),
            (codes.device, "terminal authenticated"),
            (
                codes.device && introduction.chip == Known::Yes,
                "chip not proven yet",
            ),
            (self.key == Key::Signature, "signature key chosen"),
            (self.key == Key::Services, "services key chosen"),
            (self.key == Key::Device, "device key chosen"),
            (codes.pin_ok && !codes.puk_ok, "PIN verified"),
            (codes.puk_ok && !codes.pin_ok, "PUK verified"),
            (codes.puk_ok && codes.pin_ok, "PIN and PUK verified"),
            (codes.pin_ok && self.key == Key::Signature, "ready to sign"),
            (codes.pin_left == 0 && !locked, "PIN blocked"),
            (locked && codes.pin_blocked(), "document only"),
            (locked && !codes.pin_blocked(), "no safety net"),
            (
                locked && codes.pin_ok,
                "PIN verified beside an exhausted PUK",
            ),
            (
                codes.device && locked,
                "document only, terminal authenticated",
            ),
            (codes.pin != codes.factory_pin, "PIN changed"),
            (self.chain.is_some(), "chain open"),
        ]
        .into_iter()
        .filter_map(|(is, name)| is.then_some(name))
    }

    /// All names there are.
    pub(crate) const NAMES: [&'static str; 29] = [
        "nothing selected",
        "root selected",
        "IAS selected",
        "CIE selected",
        "document selected",
        "file selected",
        "private file selected",
        "agreement pending",
        "session without terminal",
        "authority key chosen",
        "certificate verified",
        "terminal key chosen",
        "challenge pending",
        "terminal authenticated",
        "chip not proven yet",
        "signature key chosen",
        "services key chosen",
        "device key chosen",
        "PIN verified",
        "PUK verified",
        "PIN and PUK verified",
        "ready to sign",
        "PIN blocked",
        "document only",
        "no safety net",
        "PIN verified beside an exhausted PUK",
        "document only, terminal authenticated",
        "PIN changed",
        "chain open",
    ];
}
