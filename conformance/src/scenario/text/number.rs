//! Numbers with a comparison, and durations.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::text_type;

/// A number, or a comparison with one: `3`, `">=2"`, `"<256"`, `"2..5"` (both ends count).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
    /// Smallest value allowed.
    pub min: u64,
    /// Largest value allowed.
    pub max: u64,
}

impl Bound {
    /// True when the number lies between the ends, both included.
    pub fn contains(self, number: u64) -> bool {
        (self.min..=self.max).contains(&number)
    }
}

impl FromStr for Bound {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "\"{text}\" is not a number or a comparison such as \">=2\", \"<256\", \"2..5\""
            )
        };
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| bad());
        let bound = if let Some(rest) = text.strip_prefix(">=") {
            Self {
                min: number(rest)?,
                max: u64::MAX,
            }
        } else if let Some(rest) = text.strip_prefix("<=") {
            Self {
                min: 0,
                max: number(rest)?,
            }
        } else if let Some(rest) = text.strip_prefix('>') {
            Self {
                min: number(rest)?.checked_add(1).ok_or_else(bad)?,
                max: u64::MAX,
            }
        } else if let Some(rest) = text.strip_prefix('<') {
            Self {
                min: 0,
                max: number(rest)?.checked_sub(1).ok_or_else(bad)?,
            }
        } else if let Some((low, high)) = text.split_once("..") {
            Self {
                min: number(low)?,
                max: number(high)?,
            }
        } else {
            let exact = number(text)?;
            Self {
                min: exact,
                max: exact,
            }
        };
        if bound.min > bound.max {
            Err(format!("\"{text}\" allows no number at all"))
        } else {
            Ok(bound)
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, max) if min == max => write!(f, "{min}"),
            (min, u64::MAX) => write!(f, "at least {min}"),
            (0, max) => write!(f, "at most {max}"),
            (min, max) => write!(f, "{min} to {max}"),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BoundVisitor;
        impl Visitor<'_> for BoundVisitor {
            type Value = Bound;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a comparison such as \">=2\"")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Bound, E> {
                Ok(Bound {
                    min: number,
                    max: number,
                })
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bound, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(BoundVisitor)
    }
}

impl schemars::JsonSchema for Bound {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bound".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number, or a comparison: \">=2\", \"<256\", \"2..5\".",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^(>=|<=|>|<)? ?[0-9]+$|^[0-9]+\\.\\.[0-9]+$" }]
        })
    }
}

/// A duration with its unit: `"200ms"`, `"2s"`, `"1min"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(pub Duration);

text_type!(
    Time,
    "a duration such as \"200ms\"",
    "^[0-9]+ ?(us|ms|s|min|h)$",
    "A duration with its unit: \"200ms\", \"2s\", \"1min\"."
);

impl FromStr for Time {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "\"{text}\" is not a duration: a whole number and one of us, ms, s, min, h (\"200ms\")"
            )
        };
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (number, unit) = text.split_at(digits);
        let number: u32 = number.parse().map_err(|_| bad())?;
        let unit = match unit.trim() {
            "us" => Duration::from_micros(1),
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "min" => Duration::from_secs(60),
            "h" => Duration::from_secs(3600),
            _ => return Err(bad()),
        };
        Ok(Self(unit * number))
    }
}
