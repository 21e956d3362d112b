//! What stands above the steps: identity, requirements, hazard, and the block files that scenarios reuse.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::card::{AppliesTo, CardSetup, Requires};
use super::step::StepSource;
use crate::scenario::decode::At;

/// The version of the format this release reads.
pub const FORMAT_VERSION: u32 = 1;

/// A scenario file.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of the format: 1.
    #[serde(rename = "cie-scenario")]
    pub version: At<u32>,
    /// Stable id: the path of the file below its root, without the extension.
    pub id: At<String>,
    /// One sentence: what the card must do.
    pub title: At<String>,
    /// More words, for people.
    pub description: Option<String>,
    /// Ids of the requirements it tests, and of the items of the articles it shows (`S0-12`).
    pub requirements: Vec<At<String>>,
    /// Whether it shows that the right thing works, that the wrong thing is refused, or both; derived when absent.
    pub polarity: Option<At<Polarity>>,
    /// Ids of the same test in published catalogues.
    #[serde(default, rename = "ref")]
    pub references: Vec<String>,
    /// Words to select scenarios by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Which side is under test.
    #[serde(default)]
    pub mode: Mode,
    /// The worst it can do to a card; never below what its steps imply.
    pub hazard: At<Hazard>,
    /// Chips and targets it applies to.
    #[serde(default)]
    pub applies_to: AppliesTo,
    /// What must be so before the first step.
    #[serde(default)]
    pub requires: Requires,
    /// The card.
    #[serde(default)]
    pub card: CardSetup,
    /// One case for each combination of these values; `all` stands for every chip under `chip`.
    #[serde(default)]
    pub matrix: BTreeMap<String, Vec<At<String>>>,
    /// Variables.
    #[serde(default)]
    pub vars: BTreeMap<String, At<String>>,
    /// What is done, in order.
    pub steps: Vec<StepSource>,
    /// What is done at the end, whatever happened.
    #[serde(default)]
    pub finally: Vec<StepSource>,
}

/// A file of steps for reuse; it uses no other blocks.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Version of the format: 1.
    #[serde(rename = "cie-block")]
    pub version: At<u32>,
    /// Its name: that of the file, without the extension.
    pub id: At<String>,
    /// One sentence: what it does.
    pub title: At<String>,
    /// What it is given, by name.
    #[serde(default)]
    pub parameters: BTreeMap<String, At<Parameter>>,
    /// What is done, in order.
    pub steps: Vec<StepSource>,
}

/// A parameter of a block.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What it must look like.
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    /// Its value when none is given; without it one must be given.
    pub default: Option<At<String>>,
    /// One sentence about it.
    pub note: Option<String>,
}

/// What the value of a parameter must look like.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// Any text.
    Text,
    /// Bytes in hex.
    Hex,
    /// A whole number.
    Number,
    /// Decimal digits.
    Digits,
    /// A status word or mask.
    Sw,
    /// A file identifier.
    File,
    /// One of these.
    OneOf(Vec<String>),
}

/// Which side of the contact is under test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The judge is the terminal, the card is under test.
    #[default]
    Drive,
    /// The emulator is the card, a client program is under test.
    Serve,
}

/// The worst a scenario can do to a physical card, from harmless to final.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Hazard {
    /// Nothing that lasts.
    #[default]
    None,
    /// Uses up tries of the PIN.
    BurnsPin,
    /// Uses up tries of the PUK.
    BurnsPuk,
    /// Changes a code or a counter of the card.
    Writes,
    /// Blocks the PIN.
    BlocksPin,
    /// Blocks the PUK: the card is lost.
    Bricks,
}

impl Hazard {
    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::BurnsPin => "burns_pin",
            Self::BurnsPuk => "burns_puk",
            Self::Writes => "writes",
            Self::BlocksPin => "blocks_pin",
            Self::Bricks => "bricks",
        }
    }
}

impl std::fmt::Display for Hazard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a scenario says about the requirements it cites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// The right thing works.
    Positive,
    /// The wrong thing is refused.
    Negative,
    /// Both.
    Both,
}
