//! The issuer's time: a virtual clock that moves only when it is told to, lengths of time in ISO 8601, and the midnights of
//! Rome at which rules begin and end. The system's clock and the system's time zones are never asked.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::{SignedDuration, Span, SpanRelativeTo};

pub use jiff::Timestamp;

use crate::scenario::text::text_type;

/// The zone of the sources: rules change at midnight there. Compiled in.
static ROME: jiff::tz::TimeZone = jiff::tz::get!("Europe/Rome");

/// A length of time of a rule, in ISO 8601: `PT48H`, `P30D`, `PT2M`. Weeks and days have their usual fixed length; months
/// and years have none and are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(SignedDuration);

impl Period {
    /// Whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self(SignedDuration::from_secs(seconds as i64))
    }

    /// Whole hours.
    #[must_use]
    pub const fn hours(hours: u32) -> Self {
        Self(SignedDuration::from_secs(hours as i64 * 3600))
    }

    /// The instant this long after `start`; the end of representable time when there is none.
    #[must_use]
    pub fn after(self, start: Timestamp) -> Timestamp {
        start.saturating_add(self.0).unwrap_or(Timestamp::MAX)
    }

    /// As a length of time of the system's clock, for those who wait for it.
    #[must_use]
    pub fn duration(self) -> std::time::Duration {
        self.0.unsigned_abs()
    }

    /// Nothing at all.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = |why: &str| {
            format!("`{text}` {why}; write a length of time such as PT48H, PT2M or P30D")
        };
        let span: Span = text.parse().map_err(|_| bad("is no length of time"))?;
        if span.get_years() != 0 || span.get_months() != 0 {
            return Err(bad("has months or years, whose length varies"));
        }
        let length = span
            .to_duration(SpanRelativeTo::days_are_24_hours())
            .map_err(|_| bad("is too long"))?;
        match length.is_negative() || length.is_zero() {
            true => Err(bad("is not longer than nothing")),
            false => Ok(Self(length)),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

text_type!(
    Period,
    "a length of time such as PT48H or P30D",
    "^P",
    "A length of time in ISO 8601, without months and years."
);

/// A day of the calendar in Rome, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The instant at which the day begins in Rome.
    #[must_use]
    pub fn begins(self) -> Timestamp {
        midnight(self.0).unwrap_or(Timestamp::MIN)
    }

    /// The instant at which the day is over in Rome: the first that no longer belongs to it.
    #[must_use]
    pub fn ends(self) -> Timestamp {
        let next = self.0.tomorrow().ok();
        next.and_then(midnight).unwrap_or(Timestamp::MAX)
    }
}

fn midnight(date: Date) -> Option<Timestamp> {
    let zoned = date.to_zoned(ROME.clone()).ok()?;
    Some(zoned.timestamp())
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is no day of the calendar; write it as YYYY-MM-DD");
        let plain = text.len() == 10
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-');
        match plain {
            true => text.parse().map(Self).map_err(|_| bad()),
            false => Err(bad()),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

text_type!(
    Day,
    "a day, written YYYY-MM-DD",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "A day of the calendar in Rome."
);

/// A clock that stands still until it is moved, and never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock(Timestamp);

impl Clock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(start)
    }

    /// What it shows.
    #[must_use]
    pub fn now(self) -> Timestamp {
        self.0
    }

    /// Moves it on, and gives the new time.
    pub fn advance(&mut self, by: Period) -> Timestamp {
        self.set(by.after(self.0))
    }

    /// Sets it; an earlier time than shown is ignored. Gives the time shown from now on.
    pub fn set(&mut self, now: Timestamp) -> Timestamp {
        self.0 = self.0.max(now);
        self.0
    }
}
