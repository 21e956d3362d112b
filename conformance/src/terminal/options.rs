//! How a command is sent, where the default is not wanted: negative cases are made of these.

use super::secure_messaging::{LeObject, Tamper};

/// Through the channel or past it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Through the channel when one is open, else plain.
    #[default]
    Auto,
    /// Plain, even past an open channel; the terminal keeps its side of the channel.
    Plain,
    /// Through the channel; an error when there is none.
    Protected,
}

/// How data that do not fit one command travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chaining {
    /// Command chaining above 255 bytes plain and above 231 bytes protected (what clients do).
    #[default]
    Auto,
    /// Command chaining with links of this many bytes (0 counts as 1).
    Every(usize),
    /// Never: extended length where needed.
    Never,
}

/// What a bare status word in answer to a protected command is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainAnswer {
    /// An error of the card, except for a command that was spoiled on purpose.
    #[default]
    RefuseUnlessTampered,
    /// An answer like any other; [`Reply::channel`](super::Reply::channel) tells.
    Accept,
}

/// What becomes of the channel when an answer was refused or came plain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterRefusal {
    /// It is closed, as every client does.
    #[default]
    Close,
    /// It stays, with the counter where it is: to see whether the card has forgotten its side.
    Keep,
}

/// How to send one command. The default is what a correct client does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// Which way.
    pub route: Route,
    /// When data object `97` goes along.
    pub le_object: LeObject,
    /// How long data travel.
    pub chaining: Chaining,
    /// How the command is spoiled.
    pub tamper: Option<Tamper>,
    /// Which link of a chain is spoiled, counted from 0; the last one when `None`.
    pub tamper_link: Option<usize>,
    /// What a bare status word is.
    pub plain_answer: PlainAnswer,
    /// What becomes of the channel after a refusal.
    pub after_refusal: AfterRefusal,
}

impl SendOptions {
    /// Past any channel.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            route: Route::Plain,
            ..Self::default()
        }
    }

    /// Spoiled, through the channel.
    #[must_use]
    pub fn tampered(tamper: Tamper) -> Self {
        Self {
            route: Route::Protected,
            tamper: Some(tamper),
            ..Self::default()
        }
    }
}
