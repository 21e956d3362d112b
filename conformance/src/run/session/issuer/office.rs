//! The issuer of one case and what its clients keep: procedures by name, challenges, what was read from letters, the PUK that
//! came back. Secrets stay in here; what leaves for the report are words.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use cie_emulator::credentials::Code;

use super::{AtIssuer, Trouble, harness};
use crate::issuer::audit::Audit;
use crate::issuer::clock::Timestamp;
use crate::issuer::engine::{Effect, Engine, Event, Outcome, ProcedureId};
use crate::issuer::evidence::Trusted;
use crate::issuer::outbox::Message;
use crate::issuer::policy::Policies;
use crate::issuer::registry::{Person, Registry};
use crate::issuer::secret::Secret;
use crate::scenario::model::issuer::{Faults, ReplyFault};

/// The issuer, and its clients' memory.
pub(in super::super) struct Office {
    pub(super) engine: Engine,
    pub(super) trusted: Trusted,
    /// The number of the document of the person in question.
    pub(super) nun: Option<String>,
    pub(super) known: Vec<Known>,
    /// What was read from messages or shown once, by the names of captures.
    pub(super) taken: BTreeMap<String, Secret>,
    /// The message that was read last.
    pub(super) last: Option<Message>,
    pub(super) recovered: Option<Code>,
    pub(super) reply_fault: Option<ReplyFault>,
}

/// A procedure as its client knows it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: ProcedureId,
    pub(super) name: Option<String>,
    /// The challenge that came last, and the one of the first proof.
    pub(super) challenge: Vec<u8>,
    pub(super) first_challenge: Vec<u8>,
    /// The signature that was sent last.
    pub(super) signature: Vec<u8>,
}

impl Known {
    pub(super) fn new(id: ProcedureId, name: Option<String>) -> Self {
        Self {
            id,
            name,
            challenge: Vec::new(),
            first_challenge: Vec::new(),
            signature: Vec::new(),
        }
    }
}

/// Policies and people of the program, read once: every case begins with them as they are in the files.
fn embedded() -> Result<&'static (Arc<Policies>, Registry), String> {
    static EMBEDDED: OnceLock<Result<(Arc<Policies>, Registry), String>> = OnceLock::new();
    let read = || {
        let policies = Policies::embedded().map_err(|problems| problems.render(false))?;
        let people = Registry::embedded(policies.accounts());
        let people = people.map_err(|problems| problems.render(false))?;
        Ok((Arc::new(policies), people))
    };
    EMBEDDED.get_or_init(read).as_ref().map_err(Clone::clone)
}

impl Office {
    /// An issuer that opens now, with the people of the program.
    pub(super) fn open(opens: Timestamp, seed: u64, nun: Option<String>) -> Result<Self, String> {
        let (policies, people) = embedded()?;
        Ok(Self {
            engine: Engine::new(Arc::clone(policies), people.clone(), opens, seed),
            trusted: Trusted::synthetic()?,
            nun,
            known: Vec::new(),
            taken: BTreeMap::new(),
            last: None,
            recovered: None,
            reply_fault: None,
        })
    }

    /// The PUK as it came back in this case.
    pub(in super::super) const fn recovered(&self) -> Option<&Code> {
        self.recovered.as_ref()
    }

    /// What happened here.
    pub(super) fn audit(&self) -> &Audit {
        self.engine.audit()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// Something happens now.
    pub(super) fn step(&mut self, event: Event) -> Outcome {
        self.engine.step(self.engine.now(), event)
    }

    /// Takes somebody in; whoever had this card before is forgotten.
    pub(super) fn enrol(&mut self, person: Person) -> Result<(), Trouble> {
        self.nun = Some(person.nun.clone());
        let registry = self.engine.registry_mut();
        registry.replace(person).map_err(harness)
    }

    /// The person in question.
    pub(super) fn person(&self) -> Result<&Person, Trouble> {
        let nun = self.nun.as_deref().ok_or_else(|| {
            harness("who holds this card is not known to the issuer: `issuer: { enrol: … }` comes first")
        })?;
        self.engine.registry().get(nun).ok_or_else(|| {
            harness(format!(
                "nobody with the card {nun} is known to the issuer: take them in with `issuer: {{ enrol: … }}`, or use a persona of fixtures/people"
            ))
        })
    }

    /// The client notes a procedure that began.
    pub(super) fn remember(&mut self, known: Known) {
        let named = |other: &Known| known.name.is_some() && other.name == known.name;
        self.known
            .retain(|other| other.id != known.id && !named(other));
        self.known.push(known);
    }

    /// The procedure of a name, or the one that began last.
    pub(super) fn known(&mut self, name: Option<&str>) -> Result<&mut Known, Trouble> {
        let mut known = self.known.iter_mut().rev();
        let found = match name {
            Some(name) => known.find(|known| known.name.as_deref() == Some(name)),
            None => known.next(),
        };
        found.ok_or_else(|| match name {
            Some(name) => harness(format!("no procedure was started as `{name}`")),
            None => harness("no procedure was started, or none that was granted"),
        })
    }

    pub(super) fn named(&mut self, name: Option<&str>) -> Result<ProcedureId, Trouble> {
        self.known(name).map(|known| known.id.clone())
    }

    /// Keeps a secret that is shown this once.
    pub(super) fn keep_shown(&mut self, effects: &[Effect], capture: Option<&str>) {
        let shown = effects.iter().find_map(|effect| match effect {
            Effect::SecretShown(secret) => Some(secret.clone()),
            _ => None,
        });
        if let (Some(name), Some(secret)) = (capture, shown) {
            self.taken.insert(name.to_owned(), secret);
        }
    }

    /// Disturbs what is sent from now on.
    pub(super) fn disturb(&mut self, faults: &Faults) -> AtIssuer {
        let outbox = self.engine.outbox_mut();
        outbox.fault_next(faults.next.iter().filter_map(|it| it.on_the_way()));
        if let Some(all) = faults.all {
            outbox.fault_all(all.on_the_way());
        }
        if faults.reply.is_some() {
            self.reply_fault = faults.reply;
        }
        AtIssuer::said("from now on, deliveries meet faults")
    }

    /// What was done, in words that give nothing away.
    pub(super) fn words(&self, effect: &Effect) -> String {
        match effect {
            Effect::Sent { seq, channel } => match self.engine.outbox().message(*seq) {
                Some(message) => {
                    let vars: Vec<&str> = message.vars().collect();
                    format!(
                        "message {seq} by {} to {}: {} ({} ••••)",
                        channel.name(),
                        message.to,
                        message.template,
                        vars.join(", ")
                    )
                }
                None => format!("message {seq} by {}", channel.name()),
            },
            Effect::SecretSet { account, .. } => format!("a new secret is in force for {account}"),
            Effect::SecretIssued { account, .. } => {
                format!("a first secret was issued for {account}")
            }
            Effect::SecretShown(_) => "a new secret is shown, this once: ••••".to_owned(),
            Effect::PukDisclosed { .. } => {
                "the halves of the PUK leave, each encrypted to the device".to_owned()
            }
            Effect::Completed(procedure) => format!("procedure {procedure} is completed"),
            Effect::Closed(procedure, reason) => format!("procedure {procedure} closed: {reason}"),
            Effect::DocumentChanged { nun, state } => format!("document {nun} is {}", state.name()),
            Effect::AccountChanged { account, state, .. } => {
                format!("account {account} is {}", state.name())
            }
        }
    }
}
