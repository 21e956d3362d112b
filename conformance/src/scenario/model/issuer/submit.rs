//! What is given at a gate.

use serde::Deserialize;

use super::Proof;
use super::value::{Facts, Given};

/// What is given at the gate where a procedure stands.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The name the procedure was started under; the last one started when absent.
    pub procedure: Option<String>,
    /// The answer of a human: `human`, or anything else for a machine.
    pub captcha: Option<Given>,
    /// A code, a link, or both.
    pub code: Option<CodeInput>,
    /// A signature of the card under test over the challenge.
    pub card_proof: Option<Proof>,
    /// A secret of one's own choice.
    pub choose_secret: Option<NewSecret>,
    /// The secret in force, and the one that replaces it.
    pub first_use_change: Option<SecretChange>,
}

/// A code that came.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CodeInput {
    /// The characters that were typed.
    pub code: Option<Given>,
    /// The link that was opened.
    pub link: Option<Given>,
    /// What is told once more.
    pub repeat: Facts,
}

/// A new secret, typed twice.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    /// The new one.
    pub secret: Given,
    /// The new one again; the same when absent.
    pub confirm: Option<Given>,
}

/// A secret in force and the one that replaces it.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretChange {
    /// The one in force.
    pub current: Given,
    /// The new one.
    pub new: Given,
    /// The new one again; the same when absent.
    pub confirm: Option<Given>,
}

impl Submission {
    /// The gate something is given for; nothing when there is none.
    pub fn gate(&self) -> &'static str {
        let given = [
            (self.captcha.is_some(), "captcha"),
            (self.code.is_some(), "code"),
            (self.card_proof.is_some(), "card_proof"),
            (self.choose_secret.is_some(), "choose_secret"),
            (self.first_use_change.is_some(), "first_use_change"),
        ];
        let mut given = given.into_iter().filter(|(given, _)| *given);
        given.next().map_or("", |(_, name)| name)
    }

    /// How many gates something is given for: one, in a submission that means something.
    pub fn gates(&self) -> usize {
        let given = [
            self.captcha.is_some(),
            self.code.is_some(),
            self.card_proof.is_some(),
            self.choose_secret.is_some(),
            self.first_use_change.is_some(),
        ];
        given.into_iter().filter(|given| *given).count()
    }

    /// The names of captures it needs.
    pub fn captures(&self) -> Vec<&str> {
        let mut given: Vec<&Given> = self.captcha.iter().collect();
        if let Some(code) = &self.code {
            given.extend(code.code.iter().chain(&code.link));
        }
        if let Some(new) = &self.choose_secret {
            given.extend([&new.secret].into_iter().chain(&new.confirm));
        }
        if let Some(change) = &self.first_use_change {
            given.extend(
                [&change.current, &change.new]
                    .into_iter()
                    .chain(&change.confirm),
            );
        }
        let again = self.code.iter().flat_map(|code| code.repeat.captures());
        given
            .into_iter()
            .flat_map(Given::captures)
            .chain(again)
            .collect()
    }
}

/// How an answer is spoiled on its way to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplyFault {
    /// A refusal comes without its reason.
    WithoutReason,
    /// The body is no JSON.
    Malformed,
    /// The service fails: status 500, no body of its own.
    ServerError,
    /// The answer comes after the client's 20 seconds. What was asked has happened.
    Late,
}
