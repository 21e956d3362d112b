//! A rule as people write it. Every refusal says where and what can stand there.

use super::rule::{Bit, Commands, Draw, Effect, LONGEST, Rule, Which};
use crate::wire::{StatusWord, ins};
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;

/// Why a line is no rule. Columns count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// No effect of that name.
    #[error(
        "column {column}: {found:?} is no fault; there are delay=300ms, truncate=5, flip, flip=-1, sw=6F00, lost, unheard, gone and gone=2s"
    )]
    Effect {
        /// Where.
        column: usize,
        /// What stands there.
        found: String,
    },
    /// A value that the effect or condition cannot have.
    #[error("column {column}: {found:?} will not do for {name}: {expected}")]
    Value {
        /// Where.
        column: usize,
        /// The effect or condition.
        name: &'static str,
        /// What stands there.
        found: String,
        /// What can stand there.
        expected: &'static str,
    },
    /// A condition of no known form.
    #[error(
        "column {column}: {found:?} is no condition; write the name of a command ({names}), a header like 00B0???? (? is any digit), #3, #3-5, #3-, 10% or seed=7",
        names = names().join(", ")
    )]
    Condition {
        /// Where.
        column: usize,
        /// What stands there.
        found: String,
    },
    /// A second condition of the same kind.
    #[error(
        "column {column}: {found:?} is the second condition of its kind; keep one of the two, or write two rules"
    )]
    Twice {
        /// Where.
        column: usize,
        /// What stands there.
        found: String,
    },
}

/// A part of the line, without the spaces around it, and where it begins.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    column: usize,
}

impl<'a> Piece<'a> {
    fn new(text: &'a str, column: usize) -> Self {
        let trimmed = text.trim_start();
        let before = text.chars().count().saturating_sub(trimmed.chars().count());
        Self {
            text: trimmed.trim_end(),
            column: column.saturating_add(before),
        }
    }

    fn refused(self, name: &'static str, expected: &'static str) -> RuleError {
        RuleError::Value {
            column: self.column,
            name,
            found: self.text.to_owned(),
            expected,
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(line: &str) -> Result<Self, RuleError> {
        let (effect, conditions) = match line.split_once('@') {
            None => (line, None),
            Some((effect, conditions)) => (effect, Some(conditions)),
        };
        let mut draft = Draft::default();
        let mut column = effect.chars().count().saturating_add(2);
        for part in conditions.into_iter().flat_map(|text| text.split(',')) {
            draft.condition(Piece::new(part, column))?;
            column = column
                .saturating_add(part.chars().count())
                .saturating_add(1);
        }
        Ok(Self {
            effect: self::effect(effect)?,
            commands: draft.commands.unwrap_or(Commands::All),
            which: draft.which.unwrap_or(Which::ALL),
            draw: Draw {
                percent: draft.percent,
                seed: draft.seed.unwrap_or_default(),
            },
        })
    }
}

/// Reads what goes wrong.
fn effect(text: &str) -> Result<Effect, RuleError> {
    let (name, value) = match text.split_once('=') {
        None => (text, None),
        Some((name, value)) => {
            let column = name.chars().count().saturating_add(2);
            (name, Some(Piece::new(value, column)))
        }
    };
    let name = Piece::new(name, 1);
    // A value that is missing is missing at the end.
    let end = Piece::new("", text.trim_end().chars().count().saturating_add(1));
    match (name.text, value) {
        ("delay", value) => time("delay", value.unwrap_or(end)).map(Effect::Delay),
        ("truncate", value) => {
            let value = value.unwrap_or(end);
            let refused = value.refused("truncate", "write how many bytes arrive, at least 1");
            number(value.text).map(Effect::Truncate).ok_or(refused)
        }
        ("flip", None) => Ok(Effect::Flip(Bit::Drawn)),
        ("flip", Some(value)) => bit(value).map(Effect::Flip),
        ("sw", value) => status(value.unwrap_or(end)).map(Effect::Status),
        ("lost", None) => Ok(Effect::Lost),
        ("unheard", None) => Ok(Effect::Unheard),
        ("gone", None) => Ok(Effect::Gone(None)),
        ("gone", Some(value)) => time("gone", value).map(|time| Effect::Gone(Some(time))),
        ("lost", Some(value)) => Err(value.refused("lost", "it has no value")),
        ("unheard", Some(value)) => Err(value.refused("unheard", "it has no value")),
        _ => Err(RuleError::Effect {
            column: name.column,
            found: name.text.to_owned(),
        }),
    }
}

/// Digits and nothing else, as a number that its type allows.
fn number<N: FromStr>(text: &str) -> Option<N> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn time(name: &'static str, value: Piece<'_>) -> Result<Duration, RuleError> {
    let time = match value.text.strip_suffix("ms") {
        Some(count) => number(count).map(Duration::from_millis),
        None => value
            .text
            .strip_suffix('s')
            .and_then(number)
            .map(Duration::from_secs),
    };
    time.filter(|time| (Duration::from_millis(1)..=LONGEST).contains(time))
        .ok_or_else(|| value.refused(name, "write a time like 300ms or 2s, from 1ms to 600s"))
}

fn bit(value: Piece<'_>) -> Result<Bit, RuleError> {
    let bit = match value.text.strip_prefix('-') {
        Some(place) => number(place).map(Bit::FromEnd),
        None => number(value.text).map(Bit::FromStart),
    };
    bit.ok_or_else(|| {
        value.refused("flip", "write the number of a bit: 0 is the first one, -1 the last one; or flip alone, for one that is drawn")
    })
}

fn status(value: Piece<'_>) -> Result<StatusWord, RuleError> {
    let digits = value.text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let sw = (digits && value.text.len() == 4)
        .then(|| u16::from_str_radix(value.text, 16).ok())
        .flatten();
    sw.map(StatusWord)
        .ok_or_else(|| value.refused("sw", "write the four hexadecimal digits of a status word"))
}

/// Conditions read so far.
#[derive(Default)]
struct Draft {
    commands: Option<Commands>,
    which: Option<Which>,
    percent: Option<std::num::NonZeroU8>,
    seed: Option<u64>,
}

impl Draft {
    fn condition(&mut self, piece: Piece<'_>) -> Result<(), RuleError> {
        if let Some(count) = piece.text.strip_prefix('#') {
            let which = which(count)
                .ok_or_else(|| piece.refused("#", "write #3, #3-5 or #3-, counted from 1"))?;
            return once(&mut self.which, which, piece);
        }
        if let Some(percent) = piece.text.strip_suffix('%') {
            let percent = number(percent)
                .filter(|percent: &std::num::NonZeroU8| percent.get() <= 100)
                .ok_or_else(|| piece.refused("%", "write a whole number from 1 to 100"))?;
            return once(&mut self.percent, percent, piece);
        }
        if let Some(seed) = piece.text.strip_prefix("seed=") {
            let seed = number(seed).ok_or_else(|| {
                piece.refused(
                    "seed",
                    "write a whole number from 0 to 18446744073709551615",
                )
            })?;
            return once(&mut self.seed, seed, piece);
        }
        let commands = header(piece.text).or_else(|| named(piece.text));
        let commands = commands.ok_or_else(|| RuleError::Condition {
            column: piece.column,
            found: piece.text.to_owned(),
        })?;
        once(&mut self.commands, commands, piece)
    }
}

fn once<T>(place: &mut Option<T>, value: T, piece: Piece<'_>) -> Result<(), RuleError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(RuleError::Twice {
            column: piece.column,
            found: piece.text.to_owned(),
        }),
    }
}

fn which(text: &str) -> Option<Which> {
    let (first, last) = match text.split_once('-') {
        None => {
            let only: NonZeroU64 = number(text)?;
            (only, Some(only))
        }
        Some((first, "")) => (number(first)?, None),
        Some((first, last)) => (number(first)?, Some(number(last)?)),
    };
    last.is_none_or(|last| first <= last)
        .then_some(Which { first, last })
}

/// Eight hexadecimal digits, some of them `?`.
fn header(text: &str) -> Option<Commands> {
    let digits: &[u8; 8] = text.as_bytes().try_into().ok()?;
    let (mut value, mut mask) = ([0; 4], [0; 4]);
    for ((pair, value), mask) in digits.chunks(2).zip(&mut value).zip(&mut mask) {
        for digit in pair {
            let (bits, counts) = match char::from(*digit) {
                '?' => (0, 0),
                digit => (u8::try_from(digit.to_digit(16)?).ok()?, 0x0F),
            };
            *value = *value << 4 | bits;
            *mask = *mask << 4 | counts;
        }
    }
    Some(Commands::Header { value, mask })
}

fn named(text: &str) -> Option<Commands> {
    names()
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(text))
        .map(Commands::Named)
}

/// The names that commands have, each once.
fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = (0..=u8::MAX)
        .map(ins::name)
        .filter(|name| *name != ins::name(0))
        .collect();
    names.dedup();
    names
}
