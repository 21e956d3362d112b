//! Power that goes away in the middle of a write, at a place that is chosen by its name.

use std::fmt;

use cie_emulator::credentials::WritePoint;
use cie_emulator::store::TearAt;
use serde::Deserialize;

/// The power goes away at the next write that fits, once: that command is not answered, and the card is mute until it is
/// powered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tear {
    /// Which write: the name of a write point, or how many writes are let through before (0: the very next).
    pub at: TearPoint,
    /// On which side of it.
    pub side: TearSide,
}

/// A side of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TearSide {
    /// Nothing of it is durable yet.
    Before,
    /// Half of its bytes are written.
    Partial,
    /// All of it is durable, and the command has not gone on.
    After,
}

impl From<TearSide> for cie_emulator::store::Tear {
    fn from(side: TearSide) -> Self {
        match side {
            TearSide::Before => Self::BeforeCommit,
            TearSide::Partial => Self::Partial,
            TearSide::After => Self::AfterCommit,
        }
    }
}

/// A write to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TearPoint(pub TearAt);

impl TearPoint {
    fn number(number: u64) -> Result<Self, String> {
        u32::try_from(number)
            .map(|number| Self(TearAt::Write(number)))
            .map_err(|_| format!("no command writes {number} times"))
    }
}

impl<'de> Deserialize<'de> for TearPoint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PointVisitor;
        impl serde::de::Visitor<'_> for PointVisitor {
            type Value = TearPoint;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a write point (pin_try_taken) or a number of writes")
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<TearPoint, E> {
                TearPoint::number(number).map_err(E::custom)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TearPoint, E> {
                if let Ok(number) = text.parse() {
                    return TearPoint::number(number).map_err(E::custom);
                }
                text.parse::<WritePoint>()
                    .map(|point| TearPoint(TearAt::Point(point, 0)))
                    .map_err(E::custom)
            }
        }
        deserializer.deserialize_any(PointVisitor)
    }
}

impl schemars::JsonSchema for TearPoint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TearPoint".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The name of a write point, or how many writes are let through before (0: the very next).",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "enum": WritePoint::ALL.map(WritePoint::name) },
                { "type": "string", "pattern": "^[0-9]+$" }
            ]
        })
    }
}
