//! Expectations about BER-TLV data objects, by path.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::shorthand::text_or_fields;
use super::value::Data;
use crate::scenario::decode::At;
use crate::scenario::text::{Bound, HexBytes, text_type};

/// Expectations about data objects, by path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlvTree {
    /// No data objects besides those named (and those on the way to them).
    pub closed: bool,
    /// What is expected at each path.
    pub nodes: Vec<(TlvPath, At<TlvExpect>)>,
}

/// Tags from the outermost inwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TlvPath(pub Vec<HexBytes>);

impl fmt::Display for TlvPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tags: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&tags.join("/"))
    }
}

impl std::str::FromStr for TlvPath {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let tags = text.split('/').map(|tag| match tag.parse::<HexBytes>() {
            Ok(tag) if (1..=4).contains(&tag.0.len()) => Ok(tag),
            _ => Err(format!("\"{text}\" is no path of tags such as \"7F49/82\"")),
        });
        tags.collect::<Result<_, _>>().map(Self)
    }
}

text_type!(
    TlvPath,
    "a path of tags such as \"7F49/82\"",
    "^[0-9A-Fa-f]{2,8}(/[0-9A-Fa-f]{2,8})*$",
    "Tags from the outermost inwards: \"7F49/82\"."
);

impl<'de> Deserialize<'de> for TlvTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;
        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = TlvTree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping from paths such as \"7F49/82\" to what is there")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TlvTree, A::Error> {
                let mut tree = TlvTree::default();
                while let Some(key) = map.next_key::<TreeKey>()? {
                    match key {
                        TreeKey::Closed => tree.closed = map.next_value()?,
                        TreeKey::Path(path) => tree.nodes.push((path, map.next_value()?)),
                    }
                }
                Ok(tree)
            }
        }
        deserializer.deserialize_map(TreeVisitor)
    }
}

enum TreeKey {
    Closed,
    Path(TlvPath),
}

impl<'de> Deserialize<'de> for TreeKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "closed" {
            Ok(Self::Closed)
        } else {
            text.parse()
                .map(Self::Path)
                .map_err(serde::de::Error::custom)
        }
    }
}

impl schemars::JsonSchema for TlvTree {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TlvTree".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let node = generator.subschema_for::<TlvExpect>();
        schemars::json_schema!({
            "type": "object",
            "description": "Data objects by path (\"7F49/82\"); closed: true forbids all others.",
            "properties": { "closed": { "type": "boolean" } },
            "patternProperties": { "^[0-9A-Fa-f]{2,8}(/[0-9A-Fa-f]{2,8})*$": node },
            "additionalProperties": false
        })
    }
}

/// What is expected of one data object; just naming it expects it to be there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlvExpect {
    /// Its value.
    pub value: Option<Data>,
    /// The length of its value in bytes.
    pub length: Option<Bound>,
    /// It must not be there.
    pub absent: bool,
}

#[derive(Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct TlvFields {
    /// Its value.
    value: Option<Data>,
    /// The length of its value in bytes.
    length: Option<Bound>,
    /// It must not be there.
    absent: bool,
}

impl From<TlvFields> for TlvExpect {
    fn from(f: TlvFields) -> Self {
        Self {
            value: f.value,
            length: f.length,
            absent: f.absent,
        }
    }
}

text_or_fields!(
    TlvExpect,
    "TlvExpect",
    "present, absent, a pattern in hex, or {value, length, absent}",
    TlvFields,
    |text| match text {
        "present" => Ok(Self::default()),
        "absent" => Ok(Self {
            absent: true,
            ..Self::default()
        }),
        _ => Ok(Self {
            value: Some(Data::Pattern(text.parse()?)),
            ..Self::default()
        }),
    }
);
