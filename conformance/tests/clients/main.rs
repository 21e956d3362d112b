//! Every kind of client the card is met by, as a small model that sends exactly its bytes and makes exactly its checks, against the
//! embedded card. The models share no code with the card and only the channel with the terminal of this crate; they are named
//! after what they do, because that is what a card must live with.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

/// Tests on every chip family, each by name.
macro_rules! on_every_chip {
    ($($(#[$attribute:meta])* fn $name:ident($chip:ident) $body:block)+) => {
        $(
            $(#[$attribute])*
            #[rstest::rstest]
            fn $name(
                #[values("actalis", "actalis-b946", "actalis2", "bit4id", "bit4id2", "bit4id3", "gemalto", "gemalto2", "nxp", "stm", "stm2", "stm3")]
                $chip: &str,
            ) $body
        )+
    };
}

/// The families that the macro names; `cards` compares them with the table.
const CHIPS: [&str; 12] = [
    "actalis",
    "actalis-b946",
    "actalis2",
    "bit4id",
    "bit4id2",
    "bit4id3",
    "gemalto",
    "gemalto2",
    "nxp",
    "stm",
    "stm2",
    "stm3",
];

mod agreement;
mod answers;
mod atr;
mod ber;
mod cards;
mod certificate;
mod desktop;
mod desktop_enrolment;
mod desktop_use;
mod loops;
mod minidriver;
mod phone;
mod phone_use;
mod pin_manager;
mod reader;
mod security_object;
mod services;
mod services_use;
mod strict_phone;
mod transcript;
mod transcript_model;
mod transcript_replay;

use cie_conformance::target::TargetError;
use cie_conformance::terminal::ChannelError;
use desktop::Verdict;

/// Why a client stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A status word it does not go on with.
    Status(u16),
    /// PIN or PUK were not accepted.
    Code(Verdict),
    /// It does not know the chip.
    NotRecognised,
    /// It was not introduced to this card.
    NotEnrolled,
    /// An answer it cannot parse.
    Parse(&'static str),
    /// A check of its own failed.
    Mismatch(&'static str),
    /// It would read beyond a buffer, or use what is not there.
    Crash(&'static str),
    /// It would never stop.
    Endless,
    /// Secure messaging failed.
    Channel(String),
    /// The card is gone.
    Gone(TargetError),
}

impl From<TargetError> for Stop {
    fn from(error: TargetError) -> Self {
        Self::Gone(error)
    }
}

impl From<ChannelError> for Stop {
    fn from(error: ChannelError) -> Self {
        Self::Channel(error.to_string())
    }
}
