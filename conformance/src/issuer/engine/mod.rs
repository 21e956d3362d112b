//! The engine: a value that is told the time and what happens, and answers with a reply and what it did. No thread, no socket,
//! no system clock, no randomness but its seed: the same seed and the same history give the same run, byte for byte.
//!
//! Every step first does what time has brought about, each at its own instant, so that it makes no difference whether time
//! passes in one piece or in many.

mod advance;
mod effects;
mod event;
mod identify;
mod login;
mod procedure;
mod proof;
mod reply;
mod situation;
mod start;
mod submit;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use event::{Claims, Event, Input, Level, Typed};
pub use procedure::ProcedureId;
pub use reply::{Awaiting, CloseReason, Done, Effect, Outcome, Refusal, Reply, Standing};

use super::account::AccountState;
use super::audit::Audit;
use super::clock::{Clock, Period, Timestamp};
use super::outbox::Outbox;
use super::policy::{Gate, Policies};
use super::registry::{DocumentState, Registry};
use login::LoginCode;
use procedure::{Procedure, State};

/// The issuer: policies, people, procedures, outbox and audit. Cheap to clone when a state is to be kept.
#[derive(Clone, Debug)]
pub struct Engine {
    policies: Arc<Policies>,
    registry: Registry,
    outbox: Outbox,
    audit: Audit,
    clock: Clock,
    seed: u64,
    procedures: BTreeMap<ProcedureId, Procedure>,
    /// Starts per policy and person, oldest first.
    starts: BTreeMap<(String, String), Vec<Timestamp>>,
    /// Codes of level 2 per account and person.
    login_codes: BTreeMap<(String, String), LoginCode>,
    /// Codes of level 2 that were ever made: each has a draw of its own.
    logins: u64,
}

impl Engine {
    /// An issuer that begins at an instant.
    #[must_use]
    pub fn new(policies: Arc<Policies>, registry: Registry, start: Timestamp, seed: u64) -> Self {
        Self {
            policies,
            registry,
            outbox: Outbox::default(),
            audit: Audit::default(),
            clock: Clock::new(start),
            seed,
            procedures: BTreeMap::new(),
            starts: BTreeMap::new(),
            login_codes: BTreeMap::new(),
            logins: 0,
        }
    }

    /// Something happens at `now`. A time before one that was seen counts as the latest seen.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Outcome {
        let mut effects = Vec::new();
        self.catch_up(now, &mut effects);
        let reply = match event {
            Event::Start {
                policy,
                channel,
                claims,
            } => self.start(&policy, channel, &claims, &mut effects),
            Event::Submit { procedure, input } => self.submit(&procedure, input, &mut effects),
            Event::Resend { procedure } => self.resend(&procedure, &mut effects),
            Event::Tick => Reply::plain(Ok(Done::Ticked)),
            Event::Document { nun, state } => self.document(&nun, state, &mut effects),
            Event::Operator {
                account,
                nun,
                state,
            } => self.operator(&account, &nun, state, &mut effects),
            Event::Revoke { account, claims } => self.revoke(&account, &claims, &mut effects),
            Event::Login {
                account,
                alias,
                secret,
                level,
                otp,
            } => self.login(
                &account,
                &alias,
                &secret,
                (level, otp.as_ref()),
                &mut effects,
            ),
        };
        Outcome { reply, effects }
    }

    /// Moves the issuer's own clock on and does what becomes due.
    pub fn advance(&mut self, by: Period) -> Outcome {
        self.step(by.after(self.clock.now()), Event::Tick)
    }

    /// The latest instant seen.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where a procedure stands; asking changes nothing.
    #[must_use]
    pub fn standing(&self, procedure: &ProcedureId) -> Option<Standing> {
        self.procedures.get(procedure).map(Procedure::standing)
    }

    /// Number of the card a procedure is about, and the name of its policy; nothing for one that nobody is behind.
    #[must_use]
    pub fn subject(&self, procedure: &ProcedureId) -> Option<(&str, &str)> {
        let procedure = self.procedures.get(procedure)?;
        let nun = procedure.who.nun.as_deref()?;
        Some((nun, &procedure.policy.id.value))
    }

    /// The names of the gates that come after the one a procedure stands at, in order; none when there is no such procedure or
    /// it is over.
    #[must_use]
    pub fn ahead(&self, procedure: &ProcedureId) -> Vec<&'static str> {
        let Some(procedure) = self.procedures.get(procedure) else {
            return Vec::new();
        };
        let gates = match procedure.state {
            State::Open(place) | State::Cooling(place, _) => procedure.gates.get(place + 1..),
            State::Completed | State::Closed(_) => None,
        };
        gates.unwrap_or_default().iter().map(Gate::name).collect()
    }

    /// The procedures, in the order of their starts.
    #[must_use]
    pub fn procedures(&self) -> Vec<&ProcedureId> {
        let mut all: Vec<&Procedure> = self.procedures.values().collect();
        all.sort_by_key(|procedure| procedure.number);
        all.into_iter().map(|procedure| &procedure.id).collect()
    }

    /// The instant at which time brings something about next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = self.procedures.values().filter_map(Procedure::next_due);
        due.map(|(at, _)| at).min()
    }

    /// What was sent.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// What was sent, to read from it or to disturb its delivery.
    pub fn outbox_mut(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// What happened.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Who is known.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Who is known, to put somebody in.
    pub fn registry_mut(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The policies.
    #[must_use]
    pub fn policies(&self) -> &Arc<Policies> {
        &self.policies
    }

    fn document(&mut self, nun: &str, state: DocumentState, effects: &mut Vec<Effect>) -> Reply {
        let now = self.clock.now();
        let Some(person) = self.registry.get_mut(nun) else {
            self.audit
                .add(now, None, "document", state.name(), "unknown");
            return Reply::plain(Err(Refusal::Mismatch));
        };
        person.document = state;
        self.audit.add(now, None, "document", state.name(), nun);
        let nun = nun.to_owned();
        effects.push(Effect::DocumentChanged {
            nun: nun.clone(),
            state,
        });
        self.close_where(effects, |procedure| {
            let allowed = procedure.policy.document.as_ref();
            procedure.who.nun.as_deref() == Some(&nun)
                && allowed.is_some_and(|allowed| !allowed.contains(&state))
        });
        Reply::plain(Ok(Done::Recorded))
    }

    fn operator(
        &mut self,
        account: &str,
        nun: &str,
        state: AccountState,
        effects: &mut Vec<Effect>,
    ) -> Reply {
        let from = self
            .registry
            .get(nun)
            .map(|person| person.account(account).state());
        let Some(from) = from.filter(|_| self.policies.accounts().get(account).is_some()) else {
            return self.told(account, "operator", Err(Refusal::Mismatch));
        };
        use AccountState::{Active, Issued, Revoked, Suspended};
        let allowed = matches!(
            (from, state),
            (Active, Suspended) | (Suspended, Active) | (Active | Suspended | Issued, Revoked)
        );
        if !allowed {
            return self.told(account, "operator", Err(Refusal::AccountState(from)));
        }
        self.set_account(account, nun, state, effects);
        self.told(account, "operator", Ok(Done::Recorded))
    }

    /// An account's new state; procedures upon it that do not allow the state are closed.
    fn set_account(
        &mut self,
        account: &str,
        nun: &str,
        state: AccountState,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(person) = self.registry.get_mut(nun) {
            person
                .accounts
                .entry(account.to_owned())
                .or_default()
                .change(state);
        }
        self.login_codes
            .remove(&(account.to_owned(), nun.to_owned()));
        effects.push(Effect::AccountChanged {
            account: account.to_owned(),
            nun: nun.to_owned(),
            state,
        });
        let rule_of = |procedure: &Procedure| procedure.policy.account.clone();
        self.close_where(effects, |procedure| {
            procedure.who.nun.as_deref() == Some(nun)
                && rule_of(procedure).is_some_and(|rule| {
                    rule.name.value == account && !rule.require.contains(&state)
                })
        });
    }

    fn close_where(&mut self, effects: &mut Vec<Effect>, which: impl Fn(&Procedure) -> bool) {
        let live = self
            .procedures
            .values()
            .filter(|procedure| procedure.is_live());
        let closing = live.filter(|procedure| which(procedure));
        let ids: Vec<ProcedureId> = closing.map(|procedure| procedure.id.clone()).collect();
        for id in ids {
            self.close(&id, CloseReason::Revoked, effects);
        }
    }

    /// Writes down what was refused before it became an event.
    pub(in crate::issuer) fn turned_away(
        &mut self,
        procedure: Option<&ProcedureId>,
        about: &str,
        what: &str,
        why: &str,
    ) {
        let procedure = procedure.and_then(|id| self.procedures.get(id));
        let number = procedure.map(|procedure| procedure.number);
        self.audit.add(self.clock.now(), number, about, what, why);
    }

    /// A reply about no procedure, with its line in the audit.
    fn told(&mut self, about: &str, what: &str, result: Result<Done, Refusal>) -> Reply {
        let outcome = match &result {
            Ok(done) => done.to_string(),
            Err(refusal) => refusal.to_string(),
        };
        self.audit.add(self.clock.now(), None, about, what, outcome);
        Reply::plain(result)
    }
}

impl Reply {
    fn plain(result: Result<Done, Refusal>) -> Self {
        Self {
            procedure: None,
            result,
            standing: None,
        }
    }
}
