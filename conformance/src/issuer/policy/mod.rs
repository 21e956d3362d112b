//! Recovery policies: which gates, in which order, for whom, when and how often. Policies are YAML, read with positions and
//! refused with a caret like scenarios; this room holds their types and nothing that runs.

mod check;
mod embedded;
mod gate;
mod load;
mod schema;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::account::AccountState;
use super::clock::{Day, Period, Timestamp};
use super::registry::{Category, DocumentState};
use crate::scenario::At;

pub use embedded::{account_files, policy_files};
pub use gate::{
    Captcha, CardKey, CardProof, ChooseSecret, CodeGate, CodeKind, Comparison, ContactsWanted,
    Cooling, Disclose, Disclosed, EncryptTo, Field, FirstUseChange, Gate, Generator, Identify,
    IssueSecret, Medium, OnMismatch, Padding, Part, SendTo,
};
pub use load::Policies;
pub use schema::policy_schema;

/// A way of getting a secret back, or of replacing it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Version of the format.
    #[serde(rename = "cie-policy")]
    version: u32,
    /// Its name: that of its file.
    pub id: At<String>,
    /// One line for people.
    pub title: String,
    /// Whether it can still be met in the world.
    pub status: Status,
    /// What it is taken from.
    pub source: Vec<String>,
    /// The account it acts upon, when it acts upon one.
    pub account: Option<AccountRule>,
    /// States of the card's document in which it is open; all when absent.
    pub document: Option<Vec<DocumentState>>,
    /// Where people can go through it.
    pub channels: Vec<Channel>,
    /// How often.
    pub limits: Limits,
    /// The gates, in order.
    pub gates: At<Vec<Gate>>,
    /// Its versions in time; always in force and open to everybody when absent.
    #[serde(default)]
    pub revisions: Vec<At<Revision>>,
}

/// Whether a policy can still be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is in use.
    Current,
    /// It was switched off.
    Historical,
}

impl Status {
    /// Its name in policies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Historical => "historical",
        }
    }
}

/// The account a policy acts upon.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountRule {
    /// Which: a name of `accounts.yaml`.
    pub name: At<String>,
    /// States in which the policy is open.
    pub require: At<Vec<AccountState>>,
}

/// Where people go through a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A web page, on a computer or on a telephone.
    Web,
    /// The app of the body that offers the procedure.
    App,
    /// The app that a body has for its services, where it offers no such procedure.
    MobileApp,
}

impl Channel {
    /// Its name in policies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::App => "app",
            Self::MobileApp => "mobile_app",
        }
    }

    /// The channel that a word names: one of the three, or `mobile_browser`, which is the web on a telephone.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "web" | "mobile_browser" => Some(Self::Web),
            "app" => Some(Self::App),
            "mobile_app" => Some(Self::MobileApp),
            _ => None,
        }
    }
}

/// How often and how long.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Procedures of one person that may be open at a time.
    pub open: At<u32>,
    /// What a start does when as many are open.
    #[serde(default)]
    pub when_open: WhenOpen,
    /// Procedures of one person within a window.
    pub starts: Starts,
    /// How long a procedure stays open at most.
    pub lifetime: Period,
}

/// What a start does when as many procedures are open as may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenOpen {
    /// It closes the oldest.
    #[default]
    Supersede,
    /// It is refused.
    Refuse,
}

/// Procedures within a window.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Starts {
    /// At most this many.
    pub max: At<u32>,
    /// Within any length of time like this.
    pub per: Period,
}

/// A version of a policy in time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// Its name.
    pub id: At<String>,
    /// What it is taken from.
    pub source: Vec<String>,
    /// First day, in Rome.
    pub from: Option<At<Day>>,
    /// Last day, in Rome.
    pub until: Option<At<Day>>,
    /// Whom it is open to; everybody when absent.
    pub eligible: Option<Vec<Category>>,
    /// What everybody else is told.
    pub otherwise: Option<String>,
    /// Other gates than the policy's.
    pub gates: Option<At<Vec<Gate>>>,
}

impl Revision {
    /// Whether it is in force at an instant: from the midnight its first day begins to that its last day ends.
    #[must_use]
    pub fn covers(&self, now: Timestamp) -> bool {
        self.begins() <= now && now < self.ends()
    }

    /// The first instant it is in force.
    #[must_use]
    pub fn begins(&self) -> Timestamp {
        self.from
            .as_ref()
            .map_or(Timestamp::MIN, |day| day.begins())
    }

    /// The first instant it is no longer in force.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        self.until.as_ref().map_or(Timestamp::MAX, |day| day.ends())
    }

    /// Whether a person with these categories may go through it.
    #[must_use]
    pub fn is_open_to<'c>(&self, mut categories: impl Iterator<Item = &'c Category>) -> bool {
        match &self.eligible {
            None => true,
            Some(eligible) => categories.any(|category| eligible.contains(category)),
        }
    }
}

impl Policy {
    /// The revision in force at an instant, or `None` for a policy without revisions.
    ///
    /// # Errors
    /// [`NotInForce`].
    pub fn revision(&self, now: Timestamp) -> Result<Option<&Revision>, NotInForce> {
        if self.revisions.is_empty() {
            return Ok(None);
        }
        let mut revisions = self.revisions.iter();
        let found = revisions.find(|revision| revision.covers(now));
        found.map(|found| Some(&found.value)).ok_or(NotInForce)
    }

    /// The gates under a revision.
    #[must_use]
    pub fn gates_of(&self, revision: Option<&Revision>) -> Arc<[Gate]> {
        let own = revision.and_then(|revision| revision.gates.as_ref());
        own.unwrap_or(&self.gates).value.clone().into()
    }
}

/// No revision of the policy covers the instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this procedure is not in force on that day")]
pub struct NotInForce;
