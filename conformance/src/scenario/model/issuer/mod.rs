//! Steps at the issuer who gives lost codes back: what people and their devices ask of it, how time passes, what arrives in
//! their letterboxes, what an operator does. A case has one issuer; the first step that needs it makes it.

mod reply;
mod send;
mod submit;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::value::Bytes;
use crate::issuer::account::AccountState;
use crate::issuer::clock::{Period, Timestamp};
use crate::issuer::outbox::Fault;
use crate::issuer::policy::{Channel, Medium};
use crate::issuer::registry::{Category, DocumentState, Email, Phone};
use crate::scenario::decode::At;
use crate::scenario::text::{Bound, text_type};

pub use reply::ReplyExpect;
pub use send::{PostMessage, Proof, SendMessage, Sod};
pub use submit::{CodeInput, NewSecret, ReplyFault, SecretChange, Submission};
pub use value::{Facts, Given};

/// What happens at the issuer.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Issuer {
    /// The issuer opens at this instant of its own clock, "2020-09-30T21:59:59Z". Without it, it opens at the first step.
    Open(Instant),
    /// The issuer takes in the holder of the card under test: reads the card's public side, and knows its PUK.
    Enrol(Enrol),
    /// A procedure begins.
    Start(Start),
    /// Something is given at the gate where the procedure stands.
    Submit(Submission),
    /// A code that did not come is sent again.
    Resend(Whose),
    /// One of the messages A01 to A05 of the recovery of a PUK, from the client with the card under test.
    Send(SendMessage),
    /// Time passes, ISO 8601: PT48H.
    Advance(Period),
    /// Time passes up to an instant.
    Until(Instant),
    /// A message must have arrived. It stays in the letterbox.
    ExpectMessage(MessageWanted),
    /// No such message may have arrived, and none may have been sent.
    ExpectNoMessage(MessageWanted),
    /// Reads a message and keeps what is in it under the name of the step's `capture`.
    TakeCode(TakeCode),
    /// Somebody logs in at a service.
    Login(Login),
    /// A holder ends an account.
    Revoke(Revoke),
    /// Messages and answers meet faults on their way.
    Faults(Faults),
    /// An operator does something.
    Operator(Operator),
}

impl Issuer {
    /// Its name as it is written.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Enrol(_) => "enrol",
            Self::Start(_) => "start",
            Self::Submit(_) => "submit",
            Self::Resend(_) => "resend",
            Self::Send(_) => "send",
            Self::Advance(_) => "advance",
            Self::Until(_) => "until",
            Self::ExpectMessage(_) => "expect_message",
            Self::ExpectNoMessage(_) => "expect_no_message",
            Self::TakeCode(_) => "take_code",
            Self::Login(_) => "login",
            Self::Revoke(_) => "revoke",
            Self::Faults(_) => "faults",
            Self::Operator(_) => "operator",
        }
    }

    /// What happens, for people: without anything that may be secret, which a file's own words may hold.
    pub fn title(&self) -> String {
        let name = self.name();
        match self {
            Self::Open(at) | Self::Until(at) => format!("issuer: {name} {}", at.0),
            Self::Start(start) => {
                let channel = start.channel.value.0.name();
                format!("issuer: {name} {} ({channel})", start.policy.value)
            }
            Self::Submit(submission) => format!("issuer: {name} {}", submission.gate()),
            Self::Send(send) => format!("issuer: {name} {}", send.message.name()),
            Self::Advance(period) => format!("issuer: {name} {period}"),
            Self::ExpectMessage(wanted) | Self::ExpectNoMessage(wanted) => {
                format!("issuer: {name} {wanted}")
            }
            Self::TakeCode(take) => format!("issuer: {name} by {}", take.channel.name()),
            Self::Login(login) => format!("issuer: {name} {}", login.account.value),
            Self::Revoke(revoke) => format!("issuer: {name} {}", revoke.account.value),
            Self::Enrol(_) | Self::Resend(_) | Self::Faults(_) | Self::Operator(_) => {
                format!("issuer: {name}")
            }
        }
    }

    /// Whether the issuer answers, so that something can be expected of the answer.
    pub fn has_reply(&self) -> bool {
        match self {
            Self::Start(_)
            | Self::Submit(_)
            | Self::Resend(_)
            | Self::Send(_)
            | Self::Login(_)
            | Self::Revoke(_) => true,
            Self::Open(_)
            | Self::Enrol(_)
            | Self::Advance(_)
            | Self::Until(_)
            | Self::ExpectMessage(_)
            | Self::ExpectNoMessage(_)
            | Self::TakeCode(_)
            | Self::Faults(_)
            | Self::Operator(_) => false,
        }
    }

    /// The names of captures it needs.
    pub fn captures(&self) -> Vec<&str> {
        match self {
            Self::Enrol(enrol) => enrol.number.iter().flat_map(Bytes::captures).collect(),
            Self::Start(start) => start.identify.captures(),
            Self::Submit(submission) => submission.captures(),
            Self::Send(send) => send.captures(),
            Self::Revoke(revoke) => revoke.identify.captures(),
            Self::Login(login) => {
                let values = [&login.secret].into_iter().chain(&login.otp);
                let values = values.flat_map(Given::captures);
                values.chain(login.alias.captures()).collect()
            }
            Self::Open(_)
            | Self::Resend(_)
            | Self::Advance(_)
            | Self::Until(_)
            | Self::ExpectMessage(_)
            | Self::ExpectNoMessage(_)
            | Self::TakeCode(_)
            | Self::Faults(_)
            | Self::Operator(_) => Vec::new(),
        }
    }

    /// What is wrong with the parameters together.
    ///
    /// # Errors
    /// One sentence that says what and how to mend it.
    pub fn check(&self, captures: bool) -> Result<(), String> {
        match self {
            Self::Submit(submission) if submission.gates() != 1 => Err(
                "submit gives something at one gate: captcha, code, card_proof, choose_secret or first_use_change"
                    .to_owned(),
            ),
            Self::Login(login) if login.alias.aliases().count() != 1 => {
                Err("a user name is one fact: cf, nun or email".to_owned())
            }
            Self::TakeCode(_) if !captures => Err(
                "what take_code reads is lost without a name: add `capture: otp`, for example"
                    .to_owned(),
            ),
            Self::TakeCode(_) | Self::Start(_) | Self::Submit(_) => Ok(()),
            other if captures => Err(format!(
                "issuer: {} gives nothing that could be captured; take_code does, and start and submit where a secret is shown",
                other.name()
            )),
            _ => Ok(()),
        }
    }
}

/// An instant, UTC: `2021-09-30T21:59:59Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub Timestamp);

impl std::str::FromStr for Instant {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = |_| format!("\"{text}\" is no instant; write it as 2021-09-30T21:59:59Z");
        text.parse().map(Self).map_err(bad)
    }
}

text_type!(
    Instant,
    "an instant such as 2021-09-30T21:59:59Z",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T",
    "An instant in UTC: 2021-09-30T21:59:59Z."
);

/// Taking in the holder of the card under test. What is not said is as for a person nobody knows yet: no contact, no account, a
/// valid document.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Enrol {
    /// How the holder can be reached. Only addresses that reach nobody are taken.
    pub contacts: Reached,
    /// The number of the document, as read from the card; the persona's when absent.
    pub number: Option<Bytes>,
    /// State of the document; valid when absent.
    pub document: Option<DocumentState>,
    /// What the holder is eligible for.
    pub categories: BTreeSet<Category>,
    /// Number of the health card.
    pub health_card: Option<String>,
    /// Accounts, by their names in the accounts' file.
    pub accounts: BTreeMap<String, Held>,
}

/// How a person can be reached. Only addresses that reach nobody are taken.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reached {
    /// Telephone, of the range that no plan uses.
    pub sms: Option<Phone>,
    /// E-mail, at a reserved domain.
    pub email: Option<Email>,
    /// Certified e-mail, at a reserved domain.
    pub pec: Option<Email>,
}

/// An account that somebody has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Where it is in its life.
    pub state: AccountState,
    /// The secret in force, invented.
    pub secret: Option<String>,
}

/// Whose procedure is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Whose {
    /// The name it was started under; the last one started when absent.
    pub procedure: Option<String>,
}

/// A procedure begins.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The policy.
    pub policy: At<String>,
    /// Where the person goes through it: web, app, mobile_app, mobile_browser.
    pub channel: At<ChannelName>,
    /// What the person tells of themselves.
    pub identify: Facts,
    /// A name for the procedure, where there are several.
    #[serde(rename = "as")]
    pub name: Option<String>,
}

/// Where people go through a procedure; a browser on a telephone is the web.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelName(pub Channel);

impl std::str::FromStr for ChannelName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("\"{text}\" is no channel: web, app, mobile_app or mobile_browser");
        Channel::named(text).map(Self).ok_or_else(bad)
    }
}

text_type!(
    ChannelName,
    "web, app, mobile_app or mobile_browser",
    "^(web|app|mobile_app|mobile_browser)$",
    "Where a person goes through a procedure."
);

/// Which message is meant; all that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MessageWanted {
    /// How it came.
    pub channel: Option<Medium>,
    /// To which address: `right`, or the address itself.
    pub to: Option<Given>,
    /// What kind of message: `cie-puk.code`.
    pub template: Option<String>,
    /// How many there must be; at least one when absent.
    pub count: Option<Bound>,
}

impl std::fmt::Display for MessageWanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let channel = self.channel.map_or("any way", Medium::name);
        write!(f, "by {channel}")?;
        match &self.template {
            Some(template) => write!(f, ", {template}"),
            None => Ok(()),
        }
    }
}

/// Reads what is in a message.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeCode {
    /// How it came.
    pub channel: Medium,
    /// What kind of message.
    pub template: Option<String>,
    /// What is read: code, link or part; code when absent.
    #[serde(default = "code")]
    pub what: String,
    /// It is read from the message that was read last, not from the next.
    #[serde(default)]
    pub same: bool,
}

fn code() -> String {
    "code".to_owned()
}

/// Somebody logs in.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The account: a name of the accounts' file.
    pub account: At<String>,
    /// The user name: one fact, of those the account has for it.
    pub alias: Facts,
    /// Password or PIN.
    pub secret: Given,
    /// The code of the second level.
    pub otp: Option<Given>,
    /// Asks for the second level without its code, which is then sent.
    #[serde(default)]
    pub second_level: bool,
}

/// What happens to messages and answers on their way.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// The next messages meet these, one each.
    pub next: Vec<MessageFault>,
    /// Every message meets this, until `none`.
    pub all: Option<MessageFault>,
    /// The next answer to A01 to A05 is spoiled like this.
    pub reply: Option<ReplyFault>,
}

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageFault {
    /// Nothing.
    None,
    /// It never arrives.
    Drop,
    /// It arrives this much later.
    Delay(Period),
    /// It arrives twice.
    Duplicate,
    /// It arrives after the next one.
    Reorder,
}

impl MessageFault {
    /// As the outbox has it; nothing for a message that is spared.
    pub(crate) const fn on_the_way(self) -> Option<Fault> {
        match self {
            Self::None => None,
            Self::Drop => Some(Fault::Drop),
            Self::Delay(by) => Some(Fault::Delay(by)),
            Self::Duplicate => Some(Fault::Duplicate),
            Self::Reorder => Some(Fault::Reorder),
        }
    }
}

/// What an operator does about the person in question.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Operator {
    /// The document's state from now on.
    pub document: Option<DocumentState>,
    /// States of accounts from now on: active, suspended, revoked.
    pub accounts: BTreeMap<String, AccountState>,
}

/// A holder ends an account.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// The account: a name of the accounts' file.
    pub account: At<String>,
    /// What the person tells of themselves.
    pub identify: Facts,
}
