//! What the whole-card machine wants to know of the commands on codes and of their model, beyond what the other suite does.

use crate::event::{Command, NewPin, Presented};
use crate::model::Model;

impl Command {
    /// Right or wrong values of the right length in commands that exist: what is written, and when, is laid down for these.
    pub(crate) const fn is_simple(&self) -> bool {
        use {NewPin::Good, Presented::Right, Presented::Wrong};
        matches!(
            self,
            Self::VerifyPin(Right | Wrong(_))
                | Self::VerifyPuk(Right | Wrong(_))
                | Self::Change(Right | Wrong(_), Good(_))
                | Self::ResetWithPin(Good(_))
                | Self::ResetTries
        )
    }

    /// What kind of command this is.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::VerifyPin(Presented::Length(0)) => "VERIFY PIN empty",
            Self::VerifyPin(_) => "VERIFY PIN",
            Self::VerifyPuk(Presented::Length(0)) => "VERIFY PUK empty",
            Self::VerifyPuk(_) => "VERIFY PUK",
            Self::Change(..) | Self::ChangeLength(_) => "CHANGE PIN",
            Self::ResetWithPin(_) => "RESET with PIN",
            Self::ResetTries | Self::ResetTriesWithData => "RESET tries",
            Self::ResetWithPuk(..) | Self::ResetWithPukLength(_) => "RESET with PUK",
            Self::ChangePuk => "CHANGE PUK",
            Self::ResetPuk(_) => "RESET of PUK",
            Self::UnknownReference(_) => "VERIFY unknown reference",
        }
    }
}

impl Model {
    /// Takes over what lasts, and nothing of the session.
    pub(crate) const fn keep_memory_of(&mut self, other: &Self) {
        self.pin = other.pin;
        (self.pin_left, self.puk_left) = (other.pin_left, other.puk_left);
    }
}
