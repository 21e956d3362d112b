//! What every test here stands on: the program's own policies and people, an instant, and a few words to drive an engine.

use std::sync::{Arc, OnceLock};

use cie_conformance::issuer::clock::{Period, Timestamp};
use cie_conformance::issuer::policy::{Channel, Field, Medium, Policies};
use cie_conformance::issuer::{
    Claims, Engine, Event, Input, Level, Outcome, ProcedureId, Registry, Reply, Secret,
};
use cie_emulator::persona::{CardData, Persona, personalise};

pub(crate) const NUN: &str = "CA00000AA";
pub(crate) const CF: &str = "RSSMRA80A01H501U";
pub(crate) const NIS: &str = "123456789012";
pub(crate) const PHONE: &str = "+39000000001";
pub(crate) const EMAIL: &str = "mario.rossi@example.org";
pub(crate) const PEC: &str = "mario.rossi@pec.test";

pub(crate) fn policies() -> Arc<Policies> {
    static POLICIES: OnceLock<Arc<Policies>> = OnceLock::new();
    let made = POLICIES.get_or_init(|| Arc::new(Policies::embedded().expect("the policies")));
    Arc::clone(made)
}

pub(crate) fn people() -> Registry {
    static PEOPLE: OnceLock<Registry> = OnceLock::new();
    let made = PEOPLE.get_or_init(|| Registry::embedded(policies().accounts()).expect("people"));
    made.clone()
}

/// The card of Mario Rossi.
pub(crate) fn card() -> &'static CardData {
    static CARD: OnceLock<CardData> = OnceLock::new();
    CARD.get_or_init(|| {
        let persona = Persona::builtin("adult-default").expect("a persona");
        personalise(&persona).expect("a card")
    })
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn period(text: &str) -> Period {
    text.parse().expect("a length of time")
}

/// An issuer on a day on which every policy of the present is in force.
pub(crate) fn issuer() -> Engine {
    issuer_at("2026-03-01T09:00:00Z")
}

pub(crate) fn issuer_at(start: &str) -> Engine {
    Engine::new(policies(), people(), at(start), 7)
}

/// The words of the tests.
pub(crate) trait Drive {
    fn happens(&mut self, event: Event) -> Outcome;
    fn start(&mut self, policy: &str, claims: Claims) -> Reply;
    fn start_by(&mut self, policy: &str, channel: Channel, claims: Claims) -> Reply;
    fn submit(&mut self, procedure: &ProcedureId, input: Input) -> Outcome;
    fn human(&mut self, procedure: &ProcedureId) -> Reply;
    fn login(&mut self, account: &str, alias: &str, secret: &str) -> Reply;
    /// What a variable of the next message on a medium holds.
    fn take(&mut self, medium: Medium, var: &str) -> Option<String>;
}

impl Drive for Engine {
    fn happens(&mut self, event: Event) -> Outcome {
        let now = self.now();
        self.step(now, event)
    }

    fn start(&mut self, policy: &str, claims: Claims) -> Reply {
        let channel = if policy == "cie-puk" {
            Channel::App
        } else {
            Channel::Web
        };
        self.start_by(policy, channel, claims)
    }

    fn start_by(&mut self, policy: &str, channel: Channel, claims: Claims) -> Reply {
        let policy = policy.to_owned();
        self.happens(Event::Start {
            policy,
            channel,
            claims,
        })
        .reply
    }

    fn submit(&mut self, procedure: &ProcedureId, input: Input) -> Outcome {
        let procedure = procedure.clone();
        self.happens(Event::Submit { procedure, input })
    }

    fn human(&mut self, procedure: &ProcedureId) -> Reply {
        self.submit(procedure, Input::Captcha("human".to_owned()))
            .reply
    }

    fn login(&mut self, account: &str, alias: &str, secret: &str) -> Reply {
        self.happens(Event::Login {
            account: account.to_owned(),
            alias: alias.to_owned(),
            secret: Secret::new(secret),
            level: Level::One,
            otp: None,
        })
        .reply
    }

    fn take(&mut self, medium: Medium, var: &str) -> Option<String> {
        let now = self.now();
        let message = self
            .outbox_mut()
            .take(now, |message| message.channel == medium)?;
        message.var(var).map(str::to_owned)
    }
}

pub(crate) fn begun(reply: &Reply) -> ProcedureId {
    assert_eq!(reply.result.as_ref().err(), None);
    reply.procedure.clone().expect("a procedure")
}

pub(crate) fn by_cf() -> Claims {
    Claims::default().with(Field::Cf, CF)
}

pub(crate) fn by_card() -> Claims {
    by_cf().with(Field::Nun, NUN)
}

pub(crate) fn choose(secret: &str) -> Input {
    let secret = Secret::new(secret);
    Input::Choose {
        new: secret.clone(),
        confirm: secret,
    }
}

pub(crate) fn change(current: &str, new: &str) -> Input {
    let new = Secret::new(new);
    Input::Change {
        current: Secret::new(current),
        new: new.clone(),
        confirm: new,
    }
}
