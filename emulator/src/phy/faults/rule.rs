//! What a rule says: an effect, and the commands that it is about. How it is written stands in the room's own page.

use crate::wire::{StatusWord, ins};
use std::fmt;
use std::num::{NonZeroU8, NonZeroU64, NonZeroUsize};
use std::time::Duration;

/// The longest time in a rule.
pub const LONGEST: Duration = Duration::from_secs(600);

/// One thing that goes wrong, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What goes wrong.
    pub effect: Effect,
    /// With which commands.
    pub commands: Commands,
    /// With which of those.
    pub which: Which,
    /// How often, and what is drawn from what.
    pub draw: Draw,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The answer comes later.
    Delay(Duration),
    /// Only so many bytes of the answer arrive.
    Truncate(NonZeroUsize),
    /// A bit of the answer is wrong.
    Flip(Bit),
    /// This status word arrives instead of the answer.
    Status(StatusWord),
    /// The command is carried out, the answer never arrives.
    Lost,
    /// The command never reaches the card.
    Unheard,
    /// The command is carried out, then the card is gone; back after this time, if there is one.
    Gone(Option<Duration>),
}

/// Which bit of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bit {
    /// Counted from 0; the first one is the highest of the first byte.
    FromStart(usize),
    /// Counted from 1 backwards; the first one is the lowest of the last byte.
    FromEnd(NonZeroUsize),
    /// Any, drawn.
    Drawn,
}

/// Commands with something in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commands {
    /// All, whatever bytes they are.
    All,
    /// Those of this name, as [`ins::name`] gives it.
    Named(&'static str),
    /// Those whose header, masked, is this.
    Header {
        /// CLA INS P1 P2; 0 where the mask is.
        value: [u8; 4],
        /// `F` for every digit that counts, `0` for the others.
        mask: [u8; 4],
    },
}

impl Commands {
    /// Whether this command is one of them.
    #[must_use]
    pub fn hold(&self, command: &[u8]) -> bool {
        match (self, command.first_chunk::<4>()) {
            (Self::All, _) => true,
            (Self::Named(name), Some([_, ins, ..])) => ins::name(*ins) == *name,
            (Self::Header { value, mask }, Some(header)) => {
                let masked = header.iter().zip(mask).map(|(byte, mask)| byte & mask);
                masked.eq(value.iter().copied())
            }
            (Self::Named(_) | Self::Header { .. }, None) => false,
        }
    }
}

/// Which ones of the commands that a rule is about, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    /// The first one.
    pub first: NonZeroU64,
    /// The last one; `None`: there is no last one.
    pub last: Option<NonZeroU64>,
}

impl Which {
    /// All of them.
    pub const ALL: Self = Self {
        first: NonZeroU64::MIN,
        last: None,
    };

    /// Whether this one is meant.
    #[must_use]
    pub fn holds(&self, number: u64) -> bool {
        number >= self.first.get() && self.last.is_none_or(|last| number <= last.get())
    }
}

/// How often a rule acts where it may, and the seed of what is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    /// In so many of a hundred cases; `None`: always.
    pub percent: Option<NonZeroU8>,
    /// What is drawn comes from this.
    pub seed: u64,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.effect)?;
        let mut sign = '@';
        let mut condition = |f: &mut fmt::Formatter<'_>, text: &dyn fmt::Display| {
            let result = write!(f, "{sign}{text}");
            sign = ',';
            result
        };
        if self.commands != Commands::All {
            condition(f, &self.commands)?;
        }
        if self.which != Which::ALL {
            condition(f, &self.which)?;
        }
        if let Some(percent) = self.draw.percent {
            condition(f, &format_args!("{percent}%"))?;
        }
        if self.draw.seed != 0 {
            condition(f, &format_args!("seed={}", self.draw.seed))?;
        }
        Ok(())
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(time) => write!(f, "delay={}", Time(*time)),
            Self::Truncate(length) => write!(f, "truncate={length}"),
            Self::Flip(Bit::FromStart(bit)) => write!(f, "flip={bit}"),
            Self::Flip(Bit::FromEnd(bit)) => write!(f, "flip=-{bit}"),
            Self::Flip(Bit::Drawn) => f.write_str("flip"),
            Self::Status(sw) => write!(f, "sw={:04X}", sw.0),
            Self::Lost => f.write_str("lost"),
            Self::Unheard => f.write_str("unheard"),
            Self::Gone(None) => f.write_str("gone"),
            Self::Gone(Some(time)) => write!(f, "gone={}", Time(*time)),
        }
    }
}

impl fmt::Display for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Named(name) => f.write_str(name),
            Self::Header { value, mask } => value.iter().zip(mask).try_for_each(|(value, mask)| {
                [(value >> 4, mask >> 4), (value & 0x0F, mask & 0x0F)]
                    .into_iter()
                    .try_for_each(|(digit, counts)| match counts {
                        0 => f.write_str("?"),
                        _ => write!(f, "{digit:X}"),
                    })
            }),
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last {
            None => write!(f, "#{}-", self.first),
            Some(last) if last == self.first => write!(f, "#{last}"),
            Some(last) => write!(f, "#{}-{last}", self.first),
        }
    }
}

/// A time as rules have it: whole seconds where they are whole.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.subsec_millis() {
            0 => write!(f, "{}s", self.0.as_secs()),
            _ => write!(f, "{}ms", self.0.as_millis()),
        }
    }
}
