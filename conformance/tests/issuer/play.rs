//! Random histories: what people, thieves, operators and bad networks may do in any order, played to an engine, with
//! everything seen on the way written down.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use cie_conformance::issuer::clock::Timestamp;
use cie_conformance::issuer::outbox::Message;
use cie_conformance::issuer::policy::{Channel, Field, Generator, Medium, Policy};
use cie_conformance::issuer::registry::Person;
use cie_conformance::issuer::{
    Awaiting, Claims, Done, Effect, Engine, Event, Input, Outcome, ProcedureId, Secret, Standing,
    Typed,
};
use cie_crypto::pkcs1::sign_type1;
use cie_emulator::persona::{CardData, Persona, personalise};

use crate::acts::{Act, Answer};
use crate::told::{changed, choice, code, nobody};
use crate::world::{issuer_at, people, period};

/// Whose acts are played: everything on record, codes from a seed, no telephone, abroad, first access not made, a minor.
pub(crate) const PEOPLE: [&str; 6] = [
    "adult-default",
    "adult-seeded",
    "adult-modern",
    "adult-long-names",
    "adult-homocody",
    "child",
];

pub(crate) const POLICIES: [&str; 7] = [
    "cie-puk",
    "cie-password",
    "cie-activate",
    "posteid-password",
    "inps-pin-issue",
    "inps-pin-reset",
    "inps-pin-change",
];

/// The secrets in force in `fixtures/people/sample.yaml`.
const SECRETS: [(usize, &str, &str); 7] = [
    (0, "cie", "Sample-Card-1"),
    (0, "posteid", "Sample-Post1"),
    (0, "inps", "AB12CD34"),
    (2, "cie", "Sample-Card-2"),
    (2, "posteid", "Sample-Post2"),
    (3, "inps", "ZZ00YY11"),
    (4, "inps", "ABCDEFGH12345678"),
];

pub(crate) fn cards() -> &'static [CardData] {
    static CARDS: OnceLock<Vec<CardData>> = OnceLock::new();
    CARDS.get_or_init(|| {
        let card = |name: &&str| personalise(&Persona::builtin(name).expect("a persona"));
        PEOPLE
            .iter()
            .map(|name| card(name).expect("a card"))
            .collect()
    })
}

pub(crate) fn person(index: usize) -> Person {
    let nun = cards()[index].document_number.to_string();
    people().get(&nun).expect("somebody").clone()
}

/// One step of a history, with where every procedure stood before and after.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) act: Act,
    /// The procedure answered to.
    pub(crate) procedure: Option<ProcedureId>,
    /// The code or link that was given.
    pub(crate) given: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) at: Timestamp,
    pub(crate) before: BTreeMap<ProcedureId, Standing>,
    pub(crate) after: BTreeMap<ProcedureId, Standing>,
}

/// A procedure that began.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) policy: &'static str,
    pub(crate) person: usize,
}

/// An engine, those who act upon it, and what they have seen.
#[derive(Clone)]
pub(crate) struct Play {
    pub(crate) engine: Engine,
    pub(crate) seen: Vec<Seen>,
    pub(crate) begun: BTreeMap<ProcedureId, Begun>,
    /// In the order of their beginnings.
    pub(crate) order: Vec<ProcedureId>,
    /// The secret in force per account and person, as its holder knows it, and the one before.
    pub(crate) known: BTreeMap<(String, usize), (String, Option<String>)>,
    shown: Option<Secret>,
    challenges: Vec<(usize, Vec<u8>)>,
    chosen: usize,
}

impl Play {
    pub(crate) fn new() -> Self {
        // A day on which every policy is in force, also those that are history.
        Self::with(issuer_at("2021-05-01T09:00:00Z"))
    }

    pub(crate) fn with(engine: Engine) -> Self {
        let known = SECRETS.iter().map(|(who, account, secret)| {
            (((*account).to_owned(), *who), ((*secret).to_owned(), None))
        });
        Self {
            engine,
            seen: Vec::new(),
            begun: BTreeMap::new(),
            order: Vec::new(),
            known: known.collect(),
            shown: None,
            challenges: Vec::new(),
            chosen: 0,
        }
    }

    pub(crate) fn of(acts: &[Act]) -> Self {
        let mut play = Self::new();
        acts.iter().for_each(|act| play.act(act));
        play
    }

    pub(crate) fn policy(&self, procedure: &ProcedureId) -> &Policy {
        let begun = &self.begun[procedure];
        self.engine.policies().get(begun.policy).expect("a policy")
    }

    fn standings(&self) -> BTreeMap<ProcedureId, Standing> {
        let all = self.engine.procedures();
        let standing = |id: &&ProcedureId| self.engine.standing(id).expect("a standing");
        all.iter().map(|id| ((*id).clone(), standing(id))).collect()
    }

    pub(crate) fn act(&mut self, act: &Act) {
        let before = self.standings();
        let (procedure, event) = self.event(act);
        let Some(event) = event else {
            return;
        };
        let given = match &event {
            Event::Submit {
                input: Input::Code { code, link, .. },
                ..
            } => match (code, link) {
                (Some(Typed::Text(code)), _) => Some(code.reveal().to_owned()),
                (_, Some(link)) => Some(link.reveal().to_owned()),
                _ => None,
            },
            _ => None,
        };
        let chosen = match &event {
            Event::Submit {
                input: Input::Choose { new, .. } | Input::Change { new, .. },
                ..
            } => Some(new.reveal().to_owned()),
            _ => None,
        };
        let at = match act {
            Act::Wait(length) => period(length).after(self.engine.now()),
            Act::Past => "2000-01-01T00:00:00Z".parse().expect("an instant"),
            _ => self.engine.now(),
        };
        let outcome = self.engine.step(at, event);
        if let (Act::Start(policy, person, _), Some(id)) = (act, &outcome.reply.procedure) {
            let begun = Begun {
                policy: POLICIES[*policy],
                person: *person,
            };
            self.begun.insert(id.clone(), begun);
            self.order.push(id.clone());
        }
        self.learn(&outcome, chosen);
        let after = self.standings();
        for (id, standing) in &after {
            if let Standing::Awaiting(Awaiting::Proof { challenge, .. }) = standing {
                let entry = (self.begun[id].person, challenge.clone());
                if !self.challenges.contains(&entry) {
                    self.challenges.push(entry);
                }
            }
        }
        self.seen.push(Seen {
            act: act.clone(),
            procedure,
            given,
            outcome,
            at: self.engine.now(),
            before,
            after,
        });
    }

    /// What holders know of their secrets after a step.
    fn learn(&mut self, outcome: &Outcome, chosen: Option<String>) {
        for effect in &outcome.effects {
            match effect {
                Effect::SecretShown(secret) => self.shown = Some(secret.clone()),
                Effect::SecretSet { account, nun } => {
                    let new = chosen.clone().expect("a secret of somebody's choice");
                    self.replace(account, nun, new);
                }
                Effect::SecretIssued { account, nun } => {
                    let parts = |number: u32| {
                        let end = format!(".part-{number}");
                        let mut sent = self.engine.outbox().sent().iter().rev();
                        let part = sent.find(|message| message.template.ends_with(&end));
                        part.and_then(|part| part.var("part"))
                            .expect("a part")
                            .to_owned()
                    };
                    let whole = parts(1) + &parts(2);
                    self.replace(account, nun, whole);
                }
                _ => {}
            }
        }
    }

    fn replace(&mut self, account: &str, nun: &str, new: String) {
        let who = cards()
            .iter()
            .position(|card| card.document_number.to_string() == nun);
        let key = (account.to_owned(), who.expect("one of the people"));
        let before = self.known.get(&key).map(|(now, _)| now.clone());
        self.known.insert(key, (new, before));
    }

    /// One of the newest procedures.
    fn pick(&self, which: usize) -> Option<ProcedureId> {
        self.order.iter().rev().nth(which).cloned()
    }

    fn event(&mut self, act: &Act) -> (Option<ProcedureId>, Option<Event>) {
        match act {
            Act::Start(policy, who, right) => {
                let policy = POLICIES[*policy].to_owned();
                let channel = if policy == "cie-puk" {
                    Channel::App
                } else {
                    Channel::Web
                };
                let claims = if *right {
                    self.claims(*who, &policy)
                } else {
                    nobody()
                };
                (
                    None,
                    Some(Event::Start {
                        policy,
                        channel,
                        claims,
                    }),
                )
            }
            Act::Answer(which, answer) => {
                let Some(procedure) = self.pick(*which) else {
                    return (None, None);
                };
                let Some(input) = self.input(&procedure, answer) else {
                    return (None, None);
                };
                let event = Event::Submit {
                    procedure: procedure.clone(),
                    input,
                };
                (Some(procedure), Some(event))
            }
            Act::Resend(which) => match self.pick(*which) {
                Some(procedure) => (Some(procedure.clone()), Some(Event::Resend { procedure })),
                None => (None, None),
            },
            Act::Wait(_) | Act::Past => (None, Some(Event::Tick)),
            Act::Document(who, state) => {
                let nun = cards()[*who].document_number.to_string();
                (None, Some(Event::Document { nun, state: *state }))
            }
            Act::Operator(who, account, state) => {
                let nun = cards()[*who].document_number.to_string();
                let account = (*account).to_owned();
                (
                    None,
                    Some(Event::Operator {
                        account,
                        nun,
                        state: *state,
                    }),
                )
            }
            Act::Delivery(fault) => {
                self.engine.outbox_mut().fault_all(*fault);
                (None, None)
            }
        }
    }

    fn secret(&self, account: &str, who: usize) -> Option<Secret> {
        let known = self.known.get(&(account.to_owned(), who));
        known.map(|(now, _)| Secret::new(now.clone()))
    }

    /// Everything somebody can tell of themselves.
    pub(crate) fn claims(&self, who: usize, policy: &str) -> Claims {
        let (person, card) = (person(who), &cards()[who]);
        let mut claims = Claims::default()
            .with(Field::Nun, person.nun.clone())
            .with(Field::Nis, person.nis.clone())
            .with(Field::Cf, person.cf.clone().unwrap_or_default());
        if let Some(email) = &person.contacts.email {
            claims = claims.with(Field::Email, email.as_str());
        }
        for medium in [Medium::Sms, Medium::Email, Medium::Pec] {
            if let Some(address) = person.contacts.get(medium) {
                claims = claims.contact(medium, address);
            }
        }
        let account = policy.split('-').next().unwrap_or_default();
        Claims {
            puk_first: Some(Secret::new(card.puk.first_half().reveal_str())),
            current_secret: self.secret(account, who),
            sod_hashes: Some(person.sod_hashes.clone()),
            device_key: Some(card.device_key.public().clone()),
            ..claims
        }
    }

    fn input(&mut self, procedure: &ProcedureId, answer: &Answer) -> Option<Input> {
        let standing = self.engine.standing(procedure)?;
        let Begun { policy, person } = self.begun.get(procedure)?.clone();
        Some(match answer {
            Answer::Right => match standing {
                Standing::Awaiting(awaiting) => self.right(&awaiting, policy, person)?,
                Standing::Cooling(_) | Standing::Completed | Standing::Closed(_) => {
                    Input::Captcha("human".to_owned())
                }
            },
            Answer::Wrong => match standing {
                Standing::Awaiting(Awaiting::Proof { .. }) => Input::Proof(vec![1; 256]),
                Standing::Awaiting(Awaiting::NewSecret) => choice("short", "short"),
                Standing::Awaiting(Awaiting::Change { .. }) => changed("WRONG", "NEW"),
                Standing::Awaiting(Awaiting::Code { kind, .. }) => {
                    let wrong = |wanted: bool| wanted.then(|| Secret::new("wrong"));
                    code(wrong(kind.has_code()), wrong(kind.has_link()), person)
                }
                _ => Input::Captcha("robot".to_owned()),
            },
            Answer::Old(back) => {
                let message = self.engine.outbox().sent().iter().rev().nth(*back)?.clone();
                let var = |name: &str| message.var(name).map(Secret::new);
                code(var("code"), var("link"), person)
            }
            Answer::Replay(back) => {
                let (who, challenge) = self.challenges.iter().rev().nth(*back)?;
                Input::Proof(sign_type1(&cards()[*who].services_key, challenge).ok()?)
            }
            Answer::Careless => match standing {
                Standing::Awaiting(Awaiting::Change { .. }) => {
                    let account = policy.split('-').next()?;
                    let current = self.secret(account, person)?;
                    changed(current.reveal(), "NOT THE ONE")
                }
                _ => choice("Fresh-Start-26", "Fresh-Start-27"),
            },
        })
    }

    fn right(&mut self, awaiting: &Awaiting, policy: &str, who: usize) -> Option<Input> {
        self.chosen += 1;
        Some(match awaiting {
            Awaiting::Captcha => Input::Captcha("human".to_owned()),
            Awaiting::Proof { challenge, .. } => {
                Input::Proof(sign_type1(&cards()[who].services_key, challenge).ok()?)
            }
            Awaiting::Code { kind, .. } => {
                let message = self.newest(policy, who)?;
                let var = |wanted: bool, name: &str| {
                    let value = wanted.then(|| message.var(name))?;
                    value.map(Secret::new)
                };
                code(
                    var(kind.has_code(), "code"),
                    var(kind.has_link(), "link"),
                    who,
                )
            }
            Awaiting::NewSecret => {
                let new = format!("Fresh-{:03}-x", self.chosen);
                choice(&new, &new)
            }
            Awaiting::Change { generator } => {
                let account = policy.split('-').next()?;
                let current = self.secret(account, who)?;
                let new = match generator {
                    Generator::User => Secret::new(format!("NEW{:05}", self.chosen)),
                    Generator::System => self.shown.clone()?,
                };
                changed(current.reveal(), new.reveal())
            }
        })
    }

    /// The newest code of a policy that has arrived at somebody.
    pub(crate) fn newest(&self, policy: &str, who: usize) -> Option<Message> {
        let (person, now) = (person(who), self.engine.now());
        let template = format!("{policy}.code");
        let arrived = self.engine.outbox().arrived(now);
        let own = arrived.filter(|message| {
            message.template == template
                && person.contacts.get(message.channel) == Some(message.to.as_str())
        });
        own.max_by_key(|message| message.seq).cloned()
    }

    /// The steps in which a procedure's gate was passed by an answer.
    pub(crate) fn passed(seen: &Seen) -> bool {
        matches!(seen.act, Act::Answer(..)) && seen.outcome.reply.result == Ok(Done::Passed)
    }
}
