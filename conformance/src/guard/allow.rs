//! What the person at the keyboard has allowed: the hazards named with `--allow`, and the one card given up with
//! `--sacrificial`. Typed once, read everywhere; nothing here knows a command.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::scenario::model::Hazard;

/// The hazards that `--allow` opts into. Empty at first: nothing that lasts is done to a physical card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowances(BTreeSet<Hazard>);

impl Allowances {
    /// With this hazard allowed too.
    ///
    /// # Errors
    /// [`AllowError`] for `none`, which needs no permission, and `bricks`, which a flag alone never allows.
    pub fn with(mut self, hazard: Hazard) -> Result<Self, AllowError> {
        match hazard {
            Hazard::None => Err(AllowError::NothingToAllow),
            Hazard::Bricks => Err(AllowError::BricksNeedsTheCard),
            Hazard::BurnsPin | Hazard::BurnsPuk | Hazard::Writes | Hazard::BlocksPin => {
                self.0.insert(hazard);
                Ok(self)
            }
        }
    }

    /// Both together, for an option that may be given several times.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a scenario of this hazard may be admitted. Each flag stands for itself.
    #[must_use]
    pub fn contains(&self, hazard: Hazard) -> bool {
        hazard == Hazard::None || self.0.contains(&hazard)
    }

    /// Whether a single command of this hazard is covered. Blocking the PIN consists of wrong PINs and is undone by a reset, so
    /// its flag covers both; wrong PUKs are for life and always want their own.
    #[must_use]
    pub fn covers(&self, hazard: Hazard) -> bool {
        self.contains(hazard)
            || (matches!(hazard, Hazard::BurnsPin | Hazard::Writes)
                && self.contains(Hazard::BlocksPin))
    }
}

impl fmt::Display for Allowances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no --allow");
        }
        f.write_str("--allow ")?;
        for (place, hazard) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{hazard}")?;
        }
        Ok(())
    }
}

impl FromStr for Allowances {
    type Err = AllowError;

    /// Names of hazards with commas between them: `burns_pin,writes`.
    fn from_str(text: &str) -> Result<Self, AllowError> {
        text.split(',').try_fold(Self::default(), |all, name| {
            let name = name.trim();
            let hazard = ALL.into_iter().find(|hazard| hazard.name() == name);
            all.with(hazard.ok_or_else(|| AllowError::Unknown(name.to_owned()))?)
        })
    }
}

const ALL: [Hazard; 6] = [
    Hazard::None,
    Hazard::BurnsPin,
    Hazard::BurnsPuk,
    Hazard::Writes,
    Hazard::BlocksPin,
    Hazard::Bricks,
];

/// Why a value of `--allow` is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AllowError {
    /// `none` was given.
    #[error("--allow none says nothing: scenarios without hazard always run; leave it out")]
    NothingToAllow,
    /// `bricks` was given.
    #[error(
        "--allow bricks does not exist: a card is given up by typing its number in full, --sacrificial CA00000AA"
    )]
    BricksNeedsTheCard,
    /// No such hazard.
    #[error("--allow {0}: no such hazard; write burns_pin, burns_puk, writes or blocks_pin")]
    Unknown(String),
}
