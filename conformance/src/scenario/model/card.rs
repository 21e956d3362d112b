//! Which card a scenario wants: persona, chip, changes to the profile; and on which targets and chips it makes sense.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::scenario::decode::At;
use crate::scenario::text::{Bound, one_or_many};

/// The card a scenario runs on when the target is the emulator.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CardSetup {
    /// Id of the persona; `adult-default` when absent.
    pub persona: Option<At<String>>,
    /// Id of the chip profile; the run's default when absent.
    pub chip: Option<At<String>>,
    /// Id of a behaviour profile (a file of fixtures/profiles); the defaults when absent.
    pub preset: Option<At<String>>,
    /// Parameters of behaviour, on top of the preset: `{ puk_exhaustion: puk_object_only }`.
    pub profile: BTreeMap<String, At<Setting>>,
}

/// The value of a parameter of behaviour, as it is written: a word, a number, true or false.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Setting(pub String);

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SettingVisitor;
        impl serde::de::Visitor<'_> for SettingVisitor {
            type Value = Setting;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a word, a number, true or false")
            }
            fn visit_str<E>(self, text: &str) -> Result<Setting, E> {
                Ok(Setting(text.to_owned()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Setting, E> {
                Ok(Setting(number.to_string()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Setting, E> {
                Ok(Setting(value.to_string()))
            }
        }
        deserializer.deserialize_any(SettingVisitor)
    }
}

impl schemars::JsonSchema for Setting {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Setting".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "integer", "boolean"] })
    }
}

/// Where a scenario applies.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AppliesTo {
    /// `all`, or a list of chip profiles.
    pub chips: Chips,
    /// The targets; all when absent.
    pub targets: Vec<Target>,
}

impl AppliesTo {
    /// True when the scenario applies to a target.
    pub fn target(&self, target: Target) -> bool {
        self.targets.is_empty() || self.targets.contains(&target)
    }
}

/// All chips, or some.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Chips {
    /// Every chip.
    #[default]
    All,
    /// These profiles.
    These(Vec<String>),
}

impl Chips {
    /// True when a chip is among them.
    pub fn contains(&self, chip: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(chips) => chips.iter().any(|known| known == chip),
        }
    }
}

impl<'de> Deserialize<'de> for Chips {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let chips: Vec<Name> = one_or_many(deserializer, "`all` or a list of chip profiles")?;
        let names: Vec<String> = chips.into_iter().map(|name| name.0).collect();
        Ok(if names.iter().any(|name| name == "all") {
            Self::All
        } else {
            Self::These(names)
        })
    }
}

struct Name(String);

impl std::str::FromStr for Name {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

impl schemars::JsonSchema for Chips {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Chips".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "`all`, or a list of chip profiles.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }]
        })
    }
}

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The embedded emulator.
    Emulator,
    /// A card in a reader.
    Reader,
    /// A recorded trace.
    Trace,
}

/// What must be so before the first step; otherwise the scenario is not applicable.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Requires {
    /// Tries left of the PIN.
    pub pin_tries: Option<At<Bound>>,
    /// Tries left of the PUK.
    pub puk_tries: Option<At<Bound>>,
    /// Applications that must be selectable.
    pub applications: Vec<super::reference::Application>,
    /// Parameters of behaviour that must have a value: `{ verify_empty: report }`.
    pub profile: BTreeMap<String, At<Setting>>,
    /// Extended length must be possible from end to end.
    pub extended_length: bool,
}
