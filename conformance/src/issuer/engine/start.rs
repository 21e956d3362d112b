//! The beginning of a procedure: is there such a policy, is it in force, who is it, may they, how often. With a policy that
//! keeps silent, somebody who is not found goes through the same gates as everybody, and nothing is ever sent.

use std::sync::Arc;

use cie_crypto::hash::sha256;

use super::Engine;
use super::event::Claims;
use super::procedure::{Live, Procedure, ProcedureId, State, Who};
use super::reply::{CloseReason, Done, Effect, Refusal, Reply};
use crate::issuer::clock::Timestamp;
use crate::issuer::policy::{
    Channel, Gate, Identify, Limits, OnMismatch, Policy, Revision, WhenOpen,
};
use crate::issuer::registry::Person;
use crate::issuer::secret::Draw;

/// Shortest key a PUK half is encrypted to, in bytes.
const SHORTEST_KEY: usize = 128;

impl Engine {
    pub(super) fn start(
        &mut self,
        policy: &str,
        channel: Channel,
        claims: &Claims,
        effects: &mut Vec<Effect>,
    ) -> Reply {
        let what = format!("start {}", channel.name());
        match self.begin(policy, channel, claims, effects) {
            Err(refusal) => self.told(policy, &what, Err(refusal)),
            Ok(id) => {
                let number = self.procedures.get(&id).map(|procedure| procedure.number);
                self.audit.add(self.clock.now(), number, policy, what, "ok");
                self.enter(&id, 1, effects);
                self.reply(&id, Ok(Done::Started))
            }
        }
    }

    fn begin(
        &mut self,
        policy: &str,
        channel: Channel,
        claims: &Claims,
        effects: &mut Vec<Effect>,
    ) -> Result<ProcedureId, Refusal> {
        let now = self.clock.now();
        let unknown = || Refusal::UnknownPolicy(policy.to_owned());
        let policy = self.policies.get(policy).ok_or_else(unknown)?.clone();
        if !policy.channels.contains(&channel) {
            return Err(Refusal::Channel(channel.name()));
        }
        let revision = policy.revision(now).map_err(|_| Refusal::NotInForce)?;
        let gates = policy.gates_of(revision);
        let Some(Gate::Identify(rule)) = gates.first() else {
            return Err(Refusal::NotInForce);
        };
        let discloses = gates.iter().any(|gate| matches!(gate, Gate::Disclose(_)));
        let key = claims.device_key.as_ref();
        if discloses && key.is_none_or(|key| key.size() < SHORTEST_KEY) {
            return Err(Refusal::DeviceKey);
        }
        let who = self.who(&policy, revision, rule, claims)?;
        self.admit(&policy, &who.key, effects)?;
        let contact = rule.contacts.as_ref().and_then(|wanted| {
            let mut ways = wanted.of.iter();
            ways.find(|way| claims.contacts.contains_key(way)).copied()
        });
        let number = self.procedures.len() as u64 + 1;
        let name = Draw::new(self.seed, &format!("procedure {number}")).text(NAME, 16);
        let id = ProcedureId(name.reveal().to_owned());
        let procedure = Procedure {
            id: id.clone(),
            number,
            expires: policy.limits.lifetime.after(now),
            revision_ends: revision.map_or(Timestamp::MAX, Revision::ends),
            policy: Arc::clone(&policy),
            gates: Arc::clone(&gates),
            who,
            contact,
            device_key: claims.device_key.clone(),
            state: State::Open(0),
            live: Live::default(),
            issued: false,
        };
        self.procedures.insert(id.clone(), procedure);
        Ok(id)
    }

    /// Whose procedure it is going to be; nobody's, with a policy that keeps silent about it.
    fn who(
        &mut self,
        policy: &Policy,
        revision: Option<&Revision>,
        rule: &Identify,
        claims: &Claims,
    ) -> Result<Who, Refusal> {
        let result = self.known(policy, revision, rule, claims);
        match (result, rule.on_mismatch) {
            (Ok(nun), _) => Ok(Who {
                key: nun.clone(),
                nun: Some(nun),
            }),
            (Err(refusal), OnMismatch::Reject) => Err(refusal),
            (Err(_), OnMismatch::Silent) => {
                let key = match self.found(rule, claims) {
                    Some(person) => person.nun.clone(),
                    None => stranger(rule, claims),
                };
                Ok(Who { key, nun: None })
            }
        }
    }

    /// The card of the person, when everything matches and they may.
    fn known(
        &mut self,
        policy: &Policy,
        revision: Option<&Revision>,
        rule: &Identify,
        claims: &Claims,
    ) -> Result<String, Refusal> {
        let now = self.clock.now();
        let person = self.found(rule, claims).ok_or(Refusal::Mismatch)?;
        let nun = person.nun.clone();
        let guessed = rule.fields.iter().any(|field| field.is_secret());
        // A wrong guess at a secret counts as a start, so guesses are as limited as starts are.
        if guessed && self.is_exhausted(policy, &nun) {
            return Err(Refusal::Limit);
        }
        let account = policy.account.as_ref().map(|rule| rule.name.value.as_str());
        if !self.matches(person, rule, claims, account) {
            if guessed {
                self.count(policy, &nun, now);
            }
            return Err(Refusal::Mismatch);
        }
        may(policy, revision, person)?;
        Ok(nun)
    }

    /// Counts a start, or says that it is one too many; what is open may have to make place.
    fn admit(
        &mut self,
        policy: &Policy,
        key: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        if self.is_exhausted(policy, key) {
            return Err(Refusal::Limit);
        }
        let live = self
            .procedures
            .values()
            .filter(|procedure| procedure.is_live());
        let same = |procedure: &&Procedure| {
            procedure.who.key == key && procedure.policy.id.value == policy.id.value
        };
        let mut open: Vec<&Procedure> = live.filter(same).collect();
        open.sort_by_key(|procedure| procedure.number);
        let Limits {
            open: most,
            when_open,
            ..
        } = &policy.limits;
        let most = most.value as usize;
        let surplus = (open.len() + 1).saturating_sub(most);
        if surplus > 0 && *when_open == WhenOpen::Refuse {
            return Err(Refusal::AlreadyOpen);
        }
        let oldest = open.into_iter().take(surplus);
        let oldest: Vec<ProcedureId> = oldest.map(|procedure| procedure.id.clone()).collect();
        for id in oldest {
            self.close(&id, CloseReason::Superseded, effects);
        }
        self.count(policy, key, self.clock.now());
        Ok(())
    }

    fn is_exhausted(&self, policy: &Policy, key: &str) -> bool {
        let starts = &policy.limits.starts;
        let place = (policy.id.value.clone(), key.to_owned());
        let recent = self.starts.get(&place).into_iter().flatten();
        let recent = recent.filter(|at| starts.per.after(**at) > self.clock.now());
        recent.count() >= starts.max.value as usize
    }

    fn count(&mut self, policy: &Policy, key: &str, now: Timestamp) {
        let place = (policy.id.value.clone(), key.to_owned());
        let per = policy.limits.starts.per;
        let starts = self.starts.entry(place).or_default();
        starts.retain(|at| per.after(*at) > now);
        starts.push(now);
    }
}

const NAME: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Whether the rules let this person through.
fn may(policy: &Policy, revision: Option<&Revision>, person: &Person) -> Result<(), Refusal> {
    let allowed = policy.document.as_ref();
    if allowed.is_some_and(|allowed| !allowed.contains(&person.document)) {
        return Err(Refusal::DocumentState(person.document));
    }
    if let Some(revision) = revision
        && !revision.is_open_to(person.categories.iter())
    {
        return Err(Refusal::Ineligible(revision.otherwise.clone()));
    }
    match &policy.account {
        Some(rule) => {
            let state = person.account(&rule.name).state();
            match rule.require.contains(&state) {
                true => Ok(()),
                false => Err(Refusal::AccountState(state)),
            }
        }
        None => Ok(()),
    }
}

/// What the starts of somebody unknown are counted by: what they tell, hashed.
fn stranger(rule: &Identify, claims: &Claims) -> String {
    let facts = rule.fields.iter().map(|field| {
        let given = claims.fact(field.value).unwrap_or_default();
        format!("{}={}\n", field.name(), given.to_ascii_lowercase())
    });
    let told: String = facts.collect();
    format!("?{}", hex::encode(sha256(&[told.as_bytes()])))
}
