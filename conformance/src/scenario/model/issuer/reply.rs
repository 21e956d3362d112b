//! What a step may expect of the issuer's answer.

use serde::Deserialize;

use crate::scenario::decode::At;
use crate::scenario::text::Bound;

/// Expectations about an answer of the issuer; all that are given must be met. Without `reason` and `granted` the answer must
/// grant what was asked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplyExpect {
    /// True: what was asked is granted; false: it is refused, whatever the reason.
    pub granted: Option<At<bool>>,
    /// It is refused for this reason: expired, attempts, mismatch, proof, revoked, superseded, ineligible, … "none": a refusal
    /// that gives no reason.
    pub reason: Option<At<String>>,
    /// Whether the procedure is over.
    pub closed: Option<At<bool>>,
    /// The gate that comes next; "none" at the end.
    pub gate: Option<At<String>>,
    /// Tries left at the gate.
    pub tries_left: Option<At<Bound>>,
    /// The level a login reached: 0 refused, 1, 2.
    pub level: Option<At<Bound>>,
    /// The rules that a new secret breaks: words that the answer names.
    pub rules: Option<At<String>>,
    /// The answer never reaches the client.
    pub lost: Option<At<bool>>,
}

impl ReplyExpect {
    /// True when a refusal is what is tested.
    pub fn is_refusal(&self) -> bool {
        let denied = self.granted.as_ref().is_some_and(|granted| !granted.value);
        let level = self
            .level
            .as_ref()
            .is_some_and(|level| level.value.max == 0);
        denied || level || self.reason.is_some()
    }
}
