//! PIN and PUK: the three commands that use them, and what puts them back.

use serde::Deserialize;

use super::reference::Reference;
use super::value::CodeValue;
use crate::scenario::text::HexByte;

/// VERIFY (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Which code.
    pub reference: Reference,
    /// The data: right, wrong, original, none, digits, or bytes.
    pub value: CodeValue,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the reference.
    pub p2: Option<HexByte>,
}

/// CHANGE REFERENCE DATA (ISO/IEC 7816-4:2020 §11): old value, then new value.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeReferenceData {
    /// Which code.
    pub reference: Reference,
    /// The value in force.
    pub old: CodeValue,
    /// The value to set.
    pub new: CodeValue,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the reference.
    pub p2: Option<HexByte>,
}

/// RESET RETRY COUNTER (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetRetryCounter {
    /// Which code is unblocked.
    pub reference: Reference,
    /// The value to set; without it only the counter is restored.
    pub new_value: Option<CodeValue>,
    /// A resetting code in front of the new value (P1 "00").
    pub resetting_code: Option<CodeValue>,
    /// First parameter instead of the one that fits: "02" with a new value, "03" without, "00" with a resetting code.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the reference.
    pub p2: Option<HexByte>,
}

/// What `restore` puts back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Restore {
    /// The PIN: its counter, and its value as personalised (on a reader: the lab's).
    Pin,
    /// The counter of the PUK, by a right VERIFY.
    Puk,
}
