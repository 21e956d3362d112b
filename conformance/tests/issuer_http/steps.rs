//! A scenario's steps at the issuer, walked over HTTP by a client that is written apart from the judge's own: nothing of it
//! touches the engine.

use std::collections::BTreeMap;

use cie_conformance::issuer::card::PublicSide;
use cie_conformance::run::{DEFAULT_CHIP, DEFAULT_PERSONA, EmbeddedCards, Provider as _};
use cie_conformance::scenario::Case;
use cie_conformance::scenario::model::Action;
use cie_conformance::scenario::model::issuer::{
    Enrol, Faults, Given, Issuer, Login, MessageFault, Operator, ReplyExpect, ReplyFault, Start,
    Submission, TakeCode, Whose,
};
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::Root;
use cie_crypto::random::Seeded;
use cie_emulator::chip::RootSelection;
use cie_emulator::persona::{CardData, Persona, personalise};
use serde_json::{Value, json};

use crate::client::{Answer, OPENS, Rehearsal};
use crate::given::Knows;

/// A procedure as its client knows it.
#[derive(Clone, Default)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) challenge: String,
    pub(crate) first_challenge: String,
    pub(crate) signature: Vec<u8>,
}

/// A client in the middle of a scenario.
pub(crate) struct Walk {
    pub(crate) rehearsal: Rehearsal,
    pub(crate) terminal: Terminal,
    pub(crate) root: Root,
    card: CardData,
    pub(crate) nun: String,
    known: Vec<Known>,
    taken: BTreeMap<String, String>,
    last: Value,
    pub(crate) fault: Option<ReplyFault>,
    pub(crate) steps: usize,
}

pub(crate) fn citizen(name: &str) -> CardData {
    personalise(&Persona::builtin(name).unwrap()).unwrap()
}

impl Walk {
    /// Walks a case to its end.
    pub(crate) fn through(case: &Case, seed: u64) -> Self {
        let opens = case.steps.iter().find_map(|step| match &step.action {
            Action::Issuer(issuer) => match &**issuer {
                Issuer::Open(at) => Some(at.0.to_string()),
                _ => None,
            },
            _ => None,
        });
        let rehearsal = Rehearsal::open(opens.as_deref().unwrap_or(OPENS), seed);
        let cards = EmbeddedCards::new(DEFAULT_CHIP);
        let setup = cards.card(case, seed).unwrap();
        let persona = setup.facts.persona.clone();
        let card = citizen(persona.as_deref().unwrap_or(DEFAULT_PERSONA));
        let root = match setup.chip.as_ref().map(|chip| chip.dialects.root) {
            Some(RootSelection::ApplicationIdentifier) => Root::IasApplication,
            Some(RootSelection::MasterFile) | None => Root::MasterFile,
        };
        let mut terminal = Terminal::new(setup.target, Box::new(Seeded::new(5)));
        terminal.power_on().unwrap();
        let mut walk = Self {
            rehearsal,
            terminal,
            root,
            nun: card.document_number.to_string(),
            card,
            known: Vec::new(),
            taken: BTreeMap::new(),
            last: Value::Null,
            fault: None,
            steps: 0,
        };
        for step in case.steps.iter().chain(&case.finally) {
            // What is done to the card itself is none of the issuer's business.
            if let Action::Issuer(issuer) = &step.action {
                let capture = step.capture.as_ref().map(|capture| capture.name.as_str());
                let answer = walk.step(issuer, capture);
                walk.steps += 1;
                if let (Some(answer), Some(wanted)) = (answer, &step.expect.reply) {
                    judge(&issuer.title(), &answer, wanted);
                }
            }
        }
        walk
    }

    fn step(&mut self, issuer: &Issuer, capture: Option<&str>) -> Option<Answer> {
        match issuer {
            Issuer::Open(_) => None,
            Issuer::Enrol(enrol) => self.enrol(enrol),
            Issuer::Start(start) => Some(self.start(start, capture)),
            Issuer::Submit(submission) => Some(self.submit(submission, capture)),
            Issuer::Resend(whose) => Some(self.resend(whose)),
            Issuer::Send(send) => self.send(send),
            Issuer::Advance(by) => {
                self.order("/v1/clock/advance", &json!({ "by": by.to_string() }))
            }
            Issuer::Until(at) => {
                self.order("/v1/clock/advance", &json!({ "until": at.0.to_string() }))
            }
            Issuer::ExpectMessage(_) | Issuer::ExpectNoMessage(_) => None,
            Issuer::TakeCode(take) => self.take(take, capture.unwrap()),
            Issuer::Login(login) => Some(self.login(login)),
            Issuer::Revoke(revoke) => {
                let identify = self.knows().told(&revoke.identify);
                let body = json!({ "account": revoke.account.value, "identify": identify });
                Some(self.rehearsal.post("/sim/v1/revoke", &body))
            }
            Issuer::Faults(faults) => self.disturb(faults),
            Issuer::Operator(operator) => self.operate(operator),
        }
    }

    fn order(&self, path: &str, body: &Value) -> Option<Answer> {
        self.rehearsal.done(path, body);
        None
    }

    pub(crate) fn knows(&self) -> Knows<'_> {
        let people = self.rehearsal.known("/v1/people");
        let mut people = people["people"].as_array().unwrap().iter();
        let record = people.find(|person| person["nun"] == self.nun.as_str());
        Knows {
            record: record.cloned().unwrap_or_default(),
            taken: &self.taken,
            card: &self.card,
        }
    }

    pub(crate) fn procedure(&mut self, name: Option<&str>) -> &mut Known {
        let mut known = self.known.iter_mut().rev();
        let found = match name {
            Some(name) => known.find(|known| known.name.as_deref() == Some(name)),
            None => known.next(),
        };
        found.expect("a procedure that was begun")
    }

    pub(crate) fn remember(&mut self, known: Known) {
        let same = |other: &Known| known.name.is_some() && other.name == known.name;
        self.known
            .retain(|other| other.id != known.id && !same(other));
        self.known.push(known);
    }

    fn enrol(&mut self, enrol: &Enrol) -> Option<Answer> {
        let side = PublicSide::read(&mut self.terminal, self.root).unwrap();
        let contacts = &enrol.contacts;
        let accounts = enrol.accounts.iter().map(|(name, held)| {
            let state = held.state.name();
            (
                name.clone(),
                json!({ "state": state, "secret": held.secret }),
            )
        });
        let categories: Vec<&str> = enrol.categories.iter().map(|it| it.name()).collect();
        let body = json!({
            "synthetic": true,
            "card": {
                "nun": self.nun,
                "nis": side.nis,
                "key": {
                    "modulus": hex::encode(side.key.modulus()),
                    "exponent": hex::encode(side.key.exponent()),
                },
                "sod": hex::encode(&side.sod),
                "puk": String::from_utf8_lossy(self.card.puk.reveal()),
            },
            "cf": self.card.holder.fiscal_code.map(|it| it.to_string()),
            "contacts": {
                "sms": contacts.sms.as_ref().map(ToString::to_string),
                "email": contacts.email.as_ref().map(ToString::to_string),
                "pec": contacts.pec.as_ref().map(ToString::to_string),
            },
            "document": enrol.document.map(|it| it.name()),
            "categories": categories,
            "health_card": enrol.health_card,
            "accounts": accounts.collect::<serde_json::Map<_, _>>(),
        });
        self.order("/v1/people", &body)
    }

    fn start(&mut self, start: &Start, capture: Option<&str>) -> Answer {
        let identify = self.knows().told(&start.identify);
        let body = json!({
            "policy": start.policy.value,
            "channel": start.channel.value.0.name(),
            "identify": identify,
        });
        let answer = self.rehearsal.post("/sim/v1/procedures", &body);
        if answer.status == 201 {
            self.remember(Known {
                id: answer.text("id"),
                name: start.name.clone(),
                ..Known::default()
            });
        }
        self.hear(&answer, capture);
        answer
    }

    fn hear(&mut self, answer: &Answer, capture: Option<&str>) {
        let (shown, challenge) = (answer.text("shown"), answer.text("challenge"));
        if let (Some(name), false) = (capture, shown.is_empty()) {
            self.taken.insert(name.to_owned(), shown);
        }
        if let (Some(known), false) = (self.known.last_mut(), challenge.is_empty()) {
            known.challenge = challenge;
        }
    }

    fn submit(&mut self, submission: &Submission, capture: Option<&str>) -> Answer {
        let id = self.procedure(submission.procedure.as_deref()).id.clone();
        let input = self.input(submission);
        let body = json!({ "gate": submission.gate(), "input": input });
        let path = format!("/sim/v1/procedures/{id}");
        let answer = self.rehearsal.post(&path, &body);
        self.hear(&answer, capture);
        answer
    }

    fn input(&mut self, submission: &Submission) -> Value {
        if let Some(proof) = submission.card_proof {
            let signature = self.proof(proof, submission.procedure.as_deref());
            return json!({ "signature": hex::encode(signature) });
        }
        let knows = self.knows();
        let text = |given: &Given| knows.text("", given);
        if let Some(word) = &submission.captcha {
            return json!(text(word));
        }
        if let Some(code) = &submission.code {
            let mut input = json!({ "repeat": knows.told(&code.repeat) });
            if let Some(code) = &code.code {
                input["code"] = json!(text(code));
            }
            if let Some(link) = &code.link {
                input["link"] = json!(text(link));
            }
            return input;
        }
        if let Some(choice) = &submission.choose_secret {
            let confirm = choice.confirm.as_ref().unwrap_or(&choice.secret);
            return json!({ "new": text(&choice.secret), "confirm": text(confirm) });
        }
        let change = submission.first_use_change.as_ref().expect("a gate");
        let confirm = change.confirm.as_ref().unwrap_or(&change.new);
        json!({
            "current": text(&change.current),
            "new": text(&change.new),
            "confirm": text(confirm),
        })
    }

    fn resend(&mut self, whose: &Whose) -> Answer {
        let id = self.procedure(whose.procedure.as_deref()).id.clone();
        let path = format!("/sim/v1/procedures/{id}/resend");
        self.rehearsal.post(&path, &json!({}))
    }

    fn login(&mut self, login: &Login) -> Answer {
        let knows = self.knows();
        let (field, alias) = login.alias.aliases().next().unwrap();
        let mut body = json!({
            "account": login.account.value,
            "alias": knows.text(field.name(), alias),
            "password": knows.text("", &login.secret),
            "second_level": login.second_level,
        });
        if let Some(otp) = &login.otp {
            body["otp"] = json!(knows.text("", otp));
        }
        self.rehearsal.post("/sim/v1/login", &body)
    }

    fn take(&mut self, take: &TakeCode, capture: &str) -> Option<Answer> {
        if !take.same {
            let mut body = json!({ "channel": take.channel.name(), "what": take.what });
            if let Some(template) = &take.template {
                body["template"] = json!(template);
            }
            self.last = self.rehearsal.done("/v1/outbox/take", &body);
        }
        let read = self.last["vars"][&take.what].as_str().unwrap().to_owned();
        self.taken.insert(capture.to_owned(), read);
        None
    }

    fn disturb(&mut self, faults: &Faults) -> Option<Answer> {
        let written = |fault: &MessageFault| match fault {
            MessageFault::None => json!("none"),
            MessageFault::Drop => json!("drop"),
            MessageFault::Delay(by) => json!({ "delay": by.to_string() }),
            MessageFault::Duplicate => json!("duplicate"),
            MessageFault::Reorder => json!("reorder"),
        };
        let next: Vec<Value> = faults.next.iter().map(written).collect();
        let mut body = json!({ "messages": next });
        if let Some(all) = &faults.all {
            body["all_messages"] = written(all);
        }
        if let Some(reply) = faults.reply {
            self.fault = Some(reply);
            body["answers"] = json!([match reply {
                ReplyFault::WithoutReason => json!("without_reason"),
                ReplyFault::Malformed => json!("malformed"),
                ReplyFault::ServerError => json!("server_error"),
                // This client has less patience than the observed one.
                ReplyFault::Late => json!({ "late_by": "PT1S" }),
            }]);
        }
        self.order("/v1/faults", &body)
    }

    fn operate(&mut self, operator: &Operator) -> Option<Answer> {
        let accounts = operator.accounts.iter();
        let accounts = accounts.map(|(name, state)| (name.clone(), json!(state.name())));
        let mut body = json!({
            "nun": self.nun,
            "accounts": accounts.collect::<serde_json::Map<_, _>>(),
        });
        if let Some(document) = operator.document {
            body["document"] = json!(document.name());
        }
        self.order("/v1/operator", &body)
    }
}

/// What the scenario expects of the answer, as far as the answer tells it.
fn judge(step: &str, answer: &Answer, wanted: &ReplyExpect) {
    let body = answer.json();
    let said = |field: &str| body[field].as_str().unwrap_or("none").to_owned();
    let refused = answer.status >= 400;
    if let Some(reason) = &wanted.reason {
        assert_eq!(
            (said("reason"), refused),
            (reason.value.clone(), true),
            "{step}: {body}"
        );
    } else if wanted.granted.is_none() {
        assert!(!refused, "{step}: {body}");
    }
    if let Some(granted) = &wanted.granted {
        assert_eq!(!refused, granted.value, "{step}: {body}");
    }
    if let Some(closed) = &wanted.closed
        && refused
    {
        assert_eq!(body["closed"], closed.value, "{step}: {body}");
    }
    // Only the interface of this project's own names the gate.
    if let (Some(gate), true) = (&wanted.gate, body["state"].is_string()) {
        assert_eq!(said("gate"), gate.value, "{step}: {body}");
    }
    if let (Some(bound), Some(left)) = (&wanted.tries_left, body["tries_left"].as_u64()) {
        assert!(bound.value.contains(left), "{step}: {body}");
    }
    if let (Some(bound), Some(level)) = (&wanted.level, body["level"].as_u64()) {
        assert!(bound.value.contains(level), "{step}: {body}");
    }
}
