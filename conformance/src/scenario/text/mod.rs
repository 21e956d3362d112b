//! The small languages inside strings: hex, file ids, status words and their masks, byte patterns, numbers with a
//! comparison, durations. Each is parsed once, at load, into a type that cannot be wrong, and prints as it was written.

mod hex;
mod many;
mod number;
mod pattern;
mod status;

pub use hex::{FileId, HexByte, HexBytes};
pub(crate) use many::one_or_many;
pub use number::{Bound, Time};
pub use pattern::{BytePattern, PatternPart};
pub use status::StatusMask;

/// Makes a type with [`std::str::FromStr`] readable from a text in a scenario, with a pattern for editors.
macro_rules! text_type {
    ($type:ident, $wanted:literal, $pattern:literal, $doc:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextVisitor;
                impl serde::de::Visitor<'_> for TextVisitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($wanted)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(TextVisitor)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $doc })
            }
        }
    };
}
pub(crate) use text_type;
