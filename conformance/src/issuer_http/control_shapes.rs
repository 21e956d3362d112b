//! What the control port says and hears, as JSON. What is read here may hold codes: the port is the letterbox of everybody, for
//! those who know the token.

use std::collections::{BTreeMap, BTreeSet};

use cie_crypto::rsa::PublicKey;
use cie_emulator::credentials::Code;
use cie_emulator::persona::{Persona, personalise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::faults::AnswerFault;
use crate::issuer::account::AccountState;
use crate::issuer::clock::Period;
use crate::issuer::outbox::Message;
use crate::issuer::policy::Medium;
use crate::issuer::registry::{Category, Contacts, DocumentState, Person};
use crate::issuer::secret::Secret;
use crate::scenario::model::issuer::{Instant, MessageFault, Reached};

/// How things stand.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Status {
    /// What the issuer's clock shows.
    pub(super) now: String,
    /// When time brings something about next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_due: Option<String>,
    /// What everything random derives from.
    pub(super) seed: u64,
    /// Procedures that ever began.
    pub(super) procedures: Vec<String>,
    /// Messages sent.
    pub(super) sent: usize,
    /// People known.
    pub(super) people: usize,
    /// Faults that wait for answers.
    pub(super) waiting_faults: usize,
}

/// The audit.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AuditLines {
    /// One line each, oldest first; nothing secret is in them.
    pub(super) lines: Vec<String>,
}

/// Messages.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Messages {
    pub(super) messages: Vec<Letter>,
}

/// A message with what is in it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Letter {
    /// Its number, from 1, without gaps.
    seq: u64,
    /// When it was sent.
    at: String,
    /// `sms`, `email` or `pec`.
    channel: &'static str,
    /// To which address.
    to: String,
    /// What kind of message: `cie-puk.code`.
    template: String,
    /// What is in it, in clear: `code`, `link`, `part`.
    vars: BTreeMap<&'static str, String>,
}

impl Letter {
    pub(super) fn of(message: &Message) -> Self {
        let vars = message
            .vars()
            .filter_map(|name| Some((name, message.var(name)?.to_owned())));
        Self {
            seq: message.seq,
            at: message.at.to_string(),
            channel: message.channel.name(),
            to: message.to.clone(),
            template: message.template.clone(),
            vars: vars.collect(),
        }
    }
}

/// Which message is taken: the first that has arrived, was not taken before, and fits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Take {
    /// How it came.
    pub(super) channel: Option<Medium>,
    /// To which address.
    pub(super) to: Option<String>,
    /// What kind of message.
    pub(super) template: Option<String>,
    /// What is in it: `code`, `link` or `part`.
    pub(super) what: Option<String>,
}

impl Take {
    pub(super) fn wants(&self, message: &Message) -> bool {
        self.channel.is_none_or(|it| it == message.channel)
            && self.to.as_ref().is_none_or(|it| *it == message.to)
            && self
                .template
                .as_ref()
                .is_none_or(|it| *it == message.template)
            && self
                .what
                .as_ref()
                .is_none_or(|it| message.var(it).is_some())
    }
}

/// How time passes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Advance {
    /// By a length of time, ISO 8601: PT48H.
    By(Period),
    /// Up to an instant; not back.
    Until(Instant),
}

/// Time has passed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Passed {
    /// What the issuer's clock shows.
    pub(super) now: String,
    /// Numbers of the messages that were sent meanwhile.
    pub(super) sent: Vec<u64>,
}

/// What happens on the way, to messages and to answers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Faults {
    /// The next messages meet these, one each.
    pub(super) messages: Vec<MessageFault>,
    /// Every other message meets this, until `none`.
    pub(super) all_messages: Option<MessageFault>,
    /// The next answers on the public port meet these, one each.
    pub(super) answers: Vec<AnswerFault>,
}

/// A person is taken in: the holder of a persona's card, or of any card.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Enrol {
    /// Says that the person is invented; nobody else is taken in.
    synthetic: bool,
    /// A persona of the emulator.
    persona: Option<String>,
    /// What any other card shows, and the PUK that its owner knows.
    card: Option<CardShown>,
    /// Fiscal code; the persona's when absent.
    cf: Option<String>,
    /// How they can be reached. Only addresses that reach nobody are taken.
    #[serde(default)]
    contacts: Reached,
    /// State of the document; valid when absent.
    document: Option<DocumentState>,
    /// What they are eligible for.
    #[serde(default)]
    categories: BTreeSet<Category>,
    /// Number of the health card.
    health_card: Option<String>,
    /// Accounts by name.
    #[serde(default)]
    pub(super) accounts: BTreeMap<String, Held>,
}

/// A card, as its public side and its owner tell.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CardShown {
    /// Number of the card, 9 characters.
    nun: String,
    /// Service number, EF.1001: 12 digits.
    nis: String,
    /// The services key, EF.1005.
    key: KeyNumbers,
    /// The security object, EF.1006: hexadecimal.
    sod: String,
    /// The PUK, 8 digits, which the issuer keeps in halves.
    #[schemars(with = "String")]
    puk: Secret,
}

/// An RSA key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KeyNumbers {
    /// Hexadecimal.
    modulus: String,
    /// Hexadecimal.
    exponent: String,
}

/// An account that somebody has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    /// Where it is in its life.
    pub(super) state: AccountState,
    /// The secret in force, invented.
    #[schemars(with = "Option<String>")]
    pub(super) secret: Option<Secret>,
}

impl Enrol {
    /// The person without accounts, and the security object of a card that was shown.
    ///
    /// # Errors
    /// One sentence about what is missing or wrong.
    pub(super) fn person(&self) -> Result<(Person, Option<Vec<u8>>), String> {
        if !self.synthetic {
            return Err(
                "only invented people are taken in: write \"synthetic\": true when they are"
                    .to_owned(),
            );
        }
        let (mut person, sod) = match (&self.persona, &self.card) {
            (Some(name), None) => (of_persona(name)?, None),
            (None, Some(card)) => {
                let (person, sod) = card.person()?;
                (person, Some(sod))
            }
            (None, None) | (Some(_), Some(_)) => {
                return Err("give a \"persona\" or a \"card\", one of the two".to_owned());
            }
        };
        person.cf = self.cf.clone().or(person.cf);
        person.contacts = Contacts {
            sms: self.contacts.sms.clone(),
            email: self.contacts.email.clone(),
            pec: self.contacts.pec.clone(),
        };
        person.document = self.document.unwrap_or(person.document);
        person.categories.clone_from(&self.categories);
        person.health_card.clone_from(&self.health_card);
        Ok((person, sod))
    }
}

fn of_persona(name: &str) -> Result<Person, String> {
    let persona = Persona::builtin(name).map_err(|error| error.to_string())?;
    let card = personalise(&persona).map_err(|error| error.to_string())?;
    Person::of_card(&card).map_err(|error| error.to_string())
}

impl CardShown {
    fn person(&self) -> Result<(Person, Vec<u8>), String> {
        let bytes = |name: &str, text: &str| {
            hex::decode(text).map_err(|_| format!("{name} is not hexadecimal"))
        };
        let modulus = bytes("modulus", &self.key.modulus)?;
        let exponent = bytes("exponent", &self.key.exponent)?;
        let key = PublicKey::new(&modulus, &exponent);
        let key = key.map_err(|error| format!("key: {error}"))?;
        let sod = bytes("sod", &self.sod)?;
        let puk: Result<Code, _> = self.puk.reveal().parse();
        let puk = puk.map_err(|error| format!("puk: {error}"))?;
        let person = Person::enrolled(self.nun.clone(), self.nis.clone(), key, &sod, &puk);
        Ok((person.map_err(|error| error.to_string())?, sod))
    }
}

/// People.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct People {
    pub(super) people: Vec<KnownPerson>,
}

/// A person, as far as it is no secret.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct KnownPerson {
    nun: String,
    nis: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cf: Option<String>,
    contacts: BTreeMap<&'static str, String>,
    document: &'static str,
    categories: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health_card: Option<String>,
    /// States of accounts by name.
    accounts: BTreeMap<String, &'static str>,
}

impl KnownPerson {
    pub(super) fn of(person: &Person) -> Self {
        let ways = [Medium::Sms, Medium::Email, Medium::Pec];
        let contacts = ways
            .into_iter()
            .filter_map(|way| Some((way.name(), person.contacts.get(way)?.to_owned())));
        let accounts = person.accounts.iter();
        Self {
            nun: person.nun.clone(),
            nis: person.nis.clone(),
            cf: person.cf.clone(),
            contacts: contacts.collect(),
            document: person.document.name(),
            categories: person.categories.iter().map(|it| it.name()).collect(),
            health_card: person.health_card.clone(),
            accounts: accounts
                .map(|(name, account)| (name.clone(), account.state().name()))
                .collect(),
        }
    }
}

/// What an operator does about somebody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Operate {
    /// Number of the person's card.
    pub(super) nun: String,
    /// The document's state from now on.
    pub(super) document: Option<DocumentState>,
    /// States of accounts from now on: active, suspended, revoked.
    #[serde(default)]
    pub(super) accounts: BTreeMap<String, AccountState>,
}

/// A kept state.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// Its name.
    pub(super) name: String,
}

/// Something was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Done {
    pub(super) done: &'static str,
}

/// Why nothing was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Refused {
    /// A sentence.
    pub(super) error: String,
}
