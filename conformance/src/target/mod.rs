//! What is under test, behind one trait: the embedded emulator, a card in a reader, a recorded script. A target moves bytes and
//! power, nothing else: it does not know what a command means, and nothing above it knows how the bytes travel.
//!
//! [`ScriptedTarget`] answers from a list, [`Tampering`] spoils the answers of another target.

mod embedded;
pub mod reader;
mod scripted;
mod state;
mod tampering;

use std::fmt;

use cie_emulator::store::{Tear, TearAt};

pub use embedded::Embedded;
pub(crate) use embedded::state_of;
pub use scripted::{ScriptStep, ScriptedTarget};
pub use state::{CardState, SecurityStatus, StateChannel};
pub use tampering::{Alteration, Tampering, When};

/// How a card is restarted (ISO/IEC 7816-3:2006 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reset {
    /// The reset line; power stays.
    Warm,
    /// Power off and on.
    Cold,
}

/// What kind of thing a target is. Guards and matchers depend on it, protocols never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// A card of this project in the same process: its state can be seen, nothing can be harmed.
    Emulator,
    /// A card in a reader: state is unknown, wrong codes cost tries for good.
    Reader,
    /// A recording.
    Recording,
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Emulator => "emulator",
            Self::Reader => "reader",
            Self::Recording => "recording",
        })
    }
}

/// Why no response came. Whatever the card answered, even garbage, is not an error here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// No card is present any more. The verdict is open, not negative.
    #[error("the card was removed; insert it and run the case again")]
    CardRemoved,
    /// Another program restarted the card in the middle: sessions and what was proven are gone.
    #[error(
        "another program reset the card in the middle; keep others from it (--share exclusive, or close them) and run the case again"
    )]
    CardReset,
    /// The reader, or the service that owns it, went away.
    #[error("the reader is gone: {0}; connect it again and check that the PC/SC service runs")]
    ReaderGone(String),
    /// The card is there and says nothing, or has no power.
    #[error("the card is mute; reset it, and look at the command before this one if it stays so")]
    NoResponse,
    /// The way to the card refused the command before the card saw it (another program holds the card, a guard, a limit of the
    /// reader).
    #[error("the command was not sent: {0}")]
    Refused(String),
    /// This kind of target cannot do that.
    #[error("a target of this kind cannot {0}; restrict the scenario to targets that can")]
    Unsupported(&'static str),
    /// The target is a recording, and what is asked of it was not recorded. Nothing is said about the card.
    #[error("the recording has no answer: {0}")]
    Recording(String),
    /// The harness itself is wrong: a script that does not fit, a poisoned lock.
    #[error("the harness failed, not the card: {0}")]
    Harness(String),
}

/// A card under test and the way to it.
///
/// A target starts without power: [`power_on`](Self::power_on) comes first.
pub trait Target: Send {
    /// What kind of thing this is.
    fn kind(&self) -> TargetKind;

    /// In words, for reports: the reader's name, the persona and chip of an emulated card.
    fn describe(&self) -> String;

    /// Powers the card on, from no power: the answer to reset, 2 to 33 bytes. A card that has power is power-cycled.
    ///
    /// # Errors
    /// [`TargetError`].
    fn power_on(&mut self) -> Result<Vec<u8>, TargetError> {
        self.reset(Reset::Cold)
    }

    /// Takes the power away. The next command is answered with [`TargetError::NoResponse`].
    ///
    /// # Errors
    /// [`TargetError`], [`TargetError::Unsupported`] unless the target overrides this.
    fn power_off(&mut self) -> Result<(), TargetError> {
        Err(TargetError::Unsupported("switch the power off"))
    }

    /// Restarts the card: the answer to reset, 2 to 33 bytes.
    ///
    /// # Errors
    /// [`TargetError`].
    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError>;

    /// Sends a command as it is, replaces the content of `response` by what came back: data and two status bytes, when the card
    /// keeps to the standard. On an error `response` is empty.
    ///
    /// # Errors
    /// [`TargetError`].
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError>;

    /// Takes the card out of the reader, or asks a person to.
    ///
    /// # Errors
    /// [`TargetError`], [`TargetError::Unsupported`] unless the target overrides this.
    fn remove(&mut self) -> Result<(), TargetError> {
        Err(TargetError::Unsupported("remove the card"))
    }

    /// Puts the card back. It has no power until [`power_on`](Self::power_on).
    ///
    /// # Errors
    /// [`TargetError`], [`TargetError::Unsupported`] unless the target overrides this.
    fn insert(&mut self) -> Result<(), TargetError> {
        Err(TargetError::Unsupported("insert the card"))
    }

    /// Lets the power go away at a write to come, once: that command is not answered, and what is durable then is what the next
    /// [`power_on`](Self::power_on) finds.
    ///
    /// # Errors
    /// [`TargetError`], [`TargetError::Unsupported`] unless the target overrides this.
    fn tear(&mut self, _: Tear, _: TearAt) -> Result<(), TargetError> {
        Err(TargetError::Unsupported(
            "cut the power in the middle of a write",
        ))
    }

    /// What the card is in, seen from inside. `None` wherever that cannot be seen: only an emulator tells.
    fn state(&mut self) -> Option<CardState> {
        None
    }
}

macro_rules! forward {
    ($($owner:tt)+) => {
        impl<T: Target + ?Sized> Target for $($owner)+ {
            fn kind(&self) -> TargetKind {
                (**self).kind()
            }

            fn describe(&self) -> String {
                (**self).describe()
            }

            fn power_on(&mut self) -> Result<Vec<u8>, TargetError> {
                (**self).power_on()
            }

            fn power_off(&mut self) -> Result<(), TargetError> {
                (**self).power_off()
            }

            fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
                (**self).reset(reset)
            }

            fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
                (**self).transmit(command, response)
            }

            fn remove(&mut self) -> Result<(), TargetError> {
                (**self).remove()
            }

            fn insert(&mut self) -> Result<(), TargetError> {
                (**self).insert()
            }

            fn tear(&mut self, tear: Tear, at: TearAt) -> Result<(), TargetError> {
                (**self).tear(tear, at)
            }

            fn state(&mut self) -> Option<CardState> {
                (**self).state()
            }
        }
    };
}

forward!(Box<T>);
forward!(&mut T);
