//! How a walk begins: which policy, whose card, on which day. Where nothing is said, somebody is taken who may go through the
//! policy, and a day on which it is in force.

use std::sync::Arc;

use super::card::{Condition, Holder};
use super::form::Form;
use super::{Tone, Walk, words};
use crate::issuer::clock::{Period, Timestamp};
use crate::issuer::engine::Engine;
use crate::issuer::evidence::Trusted;
use crate::issuer::policy::{Channel, Field, Gate, Medium, Policies, Policy, SendTo};
use crate::issuer::registry::{Person, Registry};
use crate::scenario::nearest;

/// When a walk begins that nobody gave an instant: any day on which every policy of the present is in force.
const OPENS: &str = "2026-03-02T09:00:00Z";

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Name of the policy.
    pub policy: String,
    /// The persona or the number of the card of the person; somebody who may when absent.
    pub person: Option<String>,
    /// When it begins; a day on which the person may when absent.
    pub at: Option<Timestamp>,
    /// Where; the policy's first way when absent.
    pub channel: Option<Channel>,
    /// All that is drawn comes from it.
    pub seed: u64,
    /// In which state the card is.
    pub card: Condition,
}

/// Why a walk cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// There is no such policy.
    #[error(
        "there is no policy `{name}`{meant} There are {known}; a file of your own is named by its path"
    )]
    Policy {
        /// As it was given.
        name: String,
        /// `; did you mean …?`, or a full stop.
        meant: String,
        /// All there are.
        known: String,
    },
    /// There is no such person.
    #[error(
        "nobody is known as `{name}`{meant} There are {known}; the number of a card will do too"
    )]
    Person {
        /// As it was given.
        name: String,
        /// `; did you mean …?`, or a full stop.
        meant: String,
        /// All there are.
        known: String,
    },
    /// Card or certificates of the program cannot be used.
    #[error("the card cannot be made: {0}")]
    Card(String),
}

impl Walk {
    /// Begins with these policies and people.
    ///
    /// # Errors
    /// [`WalkError`].
    pub fn new(policies: Policies, people: Registry, wish: &Wish) -> Result<Self, WalkError> {
        let policy = Arc::clone(find_policy(&policies, &wish.policy)?);
        let person = match &wish.person {
            Some(name) => Some(find_person(&people, name)?),
            None => None,
        };
        let (person, at) = choose(&policy, &people, person, wish.at);
        let person = person.ok_or_else(|| WalkError::Card("nobody is known".to_owned()))?;
        let persona = person.persona.clone().unwrap_or_default();
        let holder = Holder::new(&persona, wish.card, wish.seed).map_err(WalkError::Card)?;
        let nun = person.nun.clone();
        let ways = policy.channels.first().copied();
        let gates = policy.gates_of(policy.revision(at).ok().flatten());
        let mut walk = Self {
            trusted: Trusted::synthetic().map_err(WalkError::Card)?,
            holder,
            nun,
            channel: wish.channel.or(ways).unwrap_or(Channel::Web),
            policy,
            seed: wish.seed,
            gates,
            procedure: None,
            form: Form::default(),
            begun_at: 0,
            shown: 0,
            shown_secret: None,
            recovered: None,
            left: false,
            said: Vec::new(),
            engine: Engine::new(Arc::new(policies), people, at, wish.seed),
        };
        walk.asks();
        Ok(walk)
    }

    pub(super) fn opens(&mut self) {
        let policy = Arc::clone(&self.policy);
        let (id, status) = (&policy.id.value, policy.status.name());
        self.say(Tone::Heading, format!("{} ({id}, {status})", policy.title));
        self.say(Tone::Plain, format!("by {}", self.channel.name()));
        self.say(Tone::Plain, words::conditions(&policy));
        self.say(Tone::Plain, words::limits(&policy.limits));
        let holder = &self.holder.data.holder;
        let name = format!(
            "{} {}",
            holder.given_names.as_str(),
            holder.surname.as_str()
        );
        let persona = &self.holder.persona;
        let person = format!("person: {name} ({persona}), card {}", self.nun);
        self.say(Tone::Plain, person);
        if policy_uses_card(&self.gates) {
            let counters = self.holder.counters();
            self.say(Tone::Plain, format!("card: {counters}"));
        }
        self.say(Tone::Plain, format!("clock: {}", self.now()));
        let aside = "Everybody here is invented, and messages reach nobody: codes are shown as they arrive, new secrets as they are typed, the PUK where it is handed out.";
        self.say(Tone::Aside, aside);
        let aside = "An empty line takes what stands in brackets; `help` lists the commands.";
        self.say(Tone::Aside, aside);
        self.describes_gate();
    }
}

pub(super) fn policy_uses_card(gates: &[Gate]) -> bool {
    gates.iter().any(|gate| matches!(gate, Gate::CardProof(_)))
}

fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let meant = nearest(word, known);
    meant.map_or(".".to_owned(), |meant| format!("; did you mean `{meant}`?"))
}

fn find_policy<'p>(policies: &'p Policies, name: &str) -> Result<&'p Arc<Policy>, WalkError> {
    policies.get(name).ok_or_else(|| {
        let known: Vec<&str> = policies.iter().map(|it| it.id.value.as_str()).collect();
        WalkError::Policy {
            name: name.to_owned(),
            meant: did_you_mean(name, known.iter().copied()),
            known: known.join(", "),
        }
    })
}

fn find_person<'p>(people: &'p Registry, name: &str) -> Result<&'p Person, WalkError> {
    let known = || people.iter().filter_map(|person| person.persona.as_deref());
    let named = people
        .iter()
        .find(|person| person.persona.as_deref() == Some(name));
    let found = named.or_else(|| people.find(Field::Nun, name));
    found.ok_or_else(|| WalkError::Person {
        name: name.to_owned(),
        meant: did_you_mean(name, known()),
        known: known().collect::<Vec<_>>().join(", "),
    })
}

/// Who goes through it and when: the first who may at the first instant at which anybody may. Whoever is named goes, allowed
/// or not: being refused is worth seeing too.
fn choose<'p>(
    policy: &Policy,
    people: &'p Registry,
    named: Option<&'p Person>,
    at: Option<Timestamp>,
) -> (Option<&'p Person>, Timestamp) {
    let opens = OPENS.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let instants = match at {
        Some(at) => vec![at],
        None => [vec![opens], days(policy)].concat(),
    };
    let candidates: Vec<&Person> = match named {
        Some(person) => vec![person],
        None => people.iter().collect(),
    };
    for at in &instants {
        let mut candidates = candidates.iter();
        if let Some(person) = candidates.find(|person| may(policy, person, *at)) {
            return (Some(person), *at);
        }
    }
    let anybody = candidates.first().copied();
    (anybody, instants.first().copied().unwrap_or(opens))
}

/// A morning of each revision, the latest first.
fn days(policy: &Policy) -> Vec<Timestamp> {
    let morning = Period::hours(9);
    let days = policy.revisions.iter().rev().filter_map(|revision| {
        let day = revision.from.as_ref().or(revision.until.as_ref())?;
        Some(morning.after(day.begins()))
    });
    days.collect()
}

/// Whether somebody can go through a policy to its end, as far as that can be known before.
fn may(policy: &Policy, person: &Person, at: Timestamp) -> bool {
    let Ok(revision) = policy.revision(at) else {
        return false;
    };
    let eligible = revision.is_none_or(|it| it.is_open_to(person.categories.iter()));
    let document = policy
        .document
        .as_ref()
        .is_none_or(|states| states.contains(&person.document));
    let account = policy.account.as_ref().is_none_or(|rule| {
        rule.require
            .contains(&person.account(&rule.name.value).state())
    });
    let gates = policy.gates_of(revision);
    eligible && document && account && gates.iter().all(|gate| can(person, gate))
}

/// Whether somebody has what a gate asks for.
fn can(person: &Person, gate: &Gate) -> bool {
    let has = |medium: Medium| person.contacts.get(medium).is_some();
    match gate {
        Gate::Identify(gate) => {
            let facts = gate.fields.iter().all(|field| match field.value {
                Field::Cf => person.cf.is_some(),
                Field::Email => has(Medium::Email),
                Field::HealthCard => person.health_card.is_some(),
                Field::Nun | Field::Nis | Field::Sod | Field::PukFirst | Field::CurrentSecret => {
                    true
                }
            });
            let contacts = gate.contacts.as_ref().is_none_or(|wanted| {
                let known = wanted.of.iter().filter(|medium| has(**medium)).count();
                known >= wanted.at_least.value as usize
            });
            facts && contacts
        }
        Gate::Code(gate) => match gate.channel {
            SendTo::Sms => has(Medium::Sms),
            SendTo::Email => has(Medium::Email),
            SendTo::Pec => has(Medium::Pec),
            SendTo::SameContact => true,
        },
        Gate::IssueSecret(gate) => {
            let mut parts = gate.parts.iter();
            parts.all(|part| part.channel.iter().any(|way| has(*way)))
        }
        Gate::Captcha(_)
        | Gate::CardProof(_)
        | Gate::Cooling(_)
        | Gate::ChooseSecret(_)
        | Gate::Disclose(_)
        | Gate::FirstUseChange(_) => true,
    }
}
