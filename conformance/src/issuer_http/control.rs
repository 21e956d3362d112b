//! The control port: reads letterboxes and the audit, moves the clock, puts faults on the way, takes people in, does what an
//! operator does. Who may ask has been seen to before anything here is reached.

use cie_emulator::control::http::{Answer, Request};

use super::control_shapes::{
    Advance, AuditLines, Done, Enrol, Faults, KnownPerson, Letter, Messages, Named, Operate,
    Passed, People, Refused, Status, Take,
};
use super::desk::Desk;
use super::native::{json, nothing, read};
use super::routes::{self, DOCUMENT, Miss, Route, Told, of, route};
use super::{Quit, openapi};
use crate::issuer::account::Account;
use crate::issuer::engine::{Effect, Event};
use crate::issuer::registry::Person;
use crate::issuer::secret::Hashed;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Status,
    Audit,
    Outbox,
    Sent,
    Take,
    Advance,
    Faults,
    People,
    Enrol,
    Operate,
    Keep,
    Restore,
    Reset,
    Quit,
    Document,
}

const DONE: Told = (200, "Done", of::<Done>);
const BAD: Told = (
    400,
    "The body is not what it must be; nothing has happened",
    of::<Refused>,
);
const NONE: Told = (404, "There is none", of::<Refused>);
const CANNOT: Told = (409, "It cannot be done", of::<Refused>);

/// The list of what there is.
pub(super) static ROUTES: [Route<Operation>; 15] = [
    route(
        Operation::Status,
        ("GET", "/v1/status"),
        "How things stand",
        None,
        &[(200, "How things stand", of::<Status>)],
    ),
    route(
        Operation::Audit,
        ("GET", "/v1/audit"),
        "What happened, without anything secret",
        None,
        &[(200, "The audit", of::<AuditLines>)],
    ),
    route(
        Operation::Outbox,
        ("GET", "/v1/outbox"),
        "Messages that have arrived, in the order of arrival; a doubled one twice",
        None,
        &[(200, "Messages", of::<Messages>)],
    ),
    route(
        Operation::Sent,
        ("GET", "/v1/sent"),
        "Messages that were sent, arrived or not",
        None,
        &[(200, "Messages", of::<Messages>)],
    ),
    route(
        Operation::Take,
        ("POST", "/v1/outbox/take"),
        "Take the next message that has arrived",
        Some(of::<Take>),
        &[(200, "It", of::<Letter>), BAD, NONE],
    ),
    route(
        Operation::Advance,
        ("POST", "/v1/clock/advance"),
        "Let time pass",
        Some(of::<Advance>),
        &[(200, "It is later", of::<Passed>), BAD, CANNOT],
    ),
    route(
        Operation::Faults,
        ("POST", "/v1/faults"),
        "Put faults on the way of messages and answers",
        Some(of::<Faults>),
        &[DONE, BAD],
    ),
    route(
        Operation::People,
        ("GET", "/v1/people"),
        "Who is known, without anything secret",
        None,
        &[(200, "People", of::<People>)],
    ),
    route(
        Operation::Enrol,
        ("POST", "/v1/people"),
        "Take somebody in; whoever had the card before is forgotten",
        Some(of::<Enrol>),
        &[(201, "They are known", of::<KnownPerson>), BAD, CANNOT],
    ),
    route(
        Operation::Operate,
        ("POST", "/v1/operator"),
        "Change the state of a document or of accounts",
        Some(of::<Operate>),
        &[DONE, BAD, CANNOT],
    ),
    route(
        Operation::Keep,
        ("POST", "/v1/snapshot"),
        "Keep the present state under a name",
        Some(of::<Named>),
        &[DONE, BAD, CANNOT],
    ),
    route(
        Operation::Restore,
        ("POST", "/v1/restore"),
        "Go back to a kept state",
        Some(of::<Named>),
        &[DONE, BAD, NONE],
    ),
    route(
        Operation::Reset,
        ("POST", "/v1/reset"),
        "Go back to the beginning",
        None,
        &[DONE, BAD],
    ),
    route(
        Operation::Quit,
        ("POST", "/v1/quit"),
        "End the service",
        None,
        &[DONE, BAD],
    ),
    route(
        Operation::Document,
        ("GET", "/v1/openapi.json"),
        "This document",
        None,
        &[DOCUMENT],
    ),
];

/// A refusal: status and sentence.
type No = (u16, String);

/// Answers a request of somebody who may ask. One that is refused changes nothing.
pub(super) fn answer(desk: &mut Desk, request: &Request, quit: &Quit) -> Answer {
    let found = routes::find(&ROUTES, request).map_err(|miss| match miss {
        Miss::Path => (404, format!("there are {}", routes::in_words(&ROUTES))),
        Miss::Method(methods) => (405, format!("ask {} with {methods}", request.path)),
    });
    let done = found.and_then(|(route, _)| carry_out(desk, route.operation, &request.body, quit));
    done.unwrap_or_else(|(status, error)| json(status, &Refused { error }))
}

fn carry_out(
    desk: &mut Desk,
    operation: Operation,
    body: &[u8],
    quit: &Quit,
) -> Result<Answer, No> {
    match operation {
        Operation::Status => Ok(json(200, &status(desk))),
        Operation::Audit => Ok(json(200, &audit(desk))),
        Operation::Outbox => {
            let outbox = desk.engine().outbox();
            let messages = outbox
                .arrived(desk.engine().now())
                .map(Letter::of)
                .collect();
            Ok(json(200, &Messages { messages }))
        }
        Operation::Sent => {
            let messages = desk.engine().outbox().sent().iter();
            let messages = messages.map(Letter::of).collect();
            Ok(json(200, &Messages { messages }))
        }
        Operation::Take => take(desk, &parsed_or_default(body)?),
        Operation::Advance => advance(desk, parsed(body)?),
        Operation::Faults => disturb(desk, &parsed(body)?),
        Operation::People => {
            let people = desk.engine().registry().iter();
            let people = people.map(KnownPerson::of).collect();
            Ok(json(200, &People { people }))
        }
        Operation::Enrol => enrol(desk, &parsed(body)?),
        Operation::Operate => operate(desk, parsed(body)?),
        Operation::Keep => {
            let Named { name } = parsed(body)?;
            desk.keep(&name).map_err(|error| (409, error))?;
            Ok(done("kept"))
        }
        Operation::Restore => {
            let Named { name } = parsed(body)?;
            match desk.restore(&name) {
                true => Ok(done("restored")),
                false => Err((404, format!("no state was kept as `{name}`"))),
            }
        }
        Operation::Reset => {
            nothing(body).map_err(bad)?;
            desk.reset();
            Ok(done("reset"))
        }
        Operation::Quit => {
            nothing(body).map_err(bad)?;
            quit();
            Ok(done("quit"))
        }
        Operation::Document => Ok(Answer::new(200, openapi::control_document())),
    }
}

fn bad(error: String) -> No {
    (400, error)
}

fn parsed<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, No> {
    read(body).map_err(bad)
}

fn parsed_or_default<T: serde::de::DeserializeOwned + Default>(body: &[u8]) -> Result<T, No> {
    match body.iter().all(u8::is_ascii_whitespace) {
        true => Ok(T::default()),
        false => parsed(body),
    }
}

fn done(done: &'static str) -> Answer {
    json(200, &Done { done })
}

fn status(desk: &Desk) -> Status {
    let engine = desk.engine();
    let procedures = engine.procedures().into_iter();
    Status {
        now: engine.now().to_string(),
        next_due: engine.next_due().map(|at| at.to_string()),
        seed: desk.seed(),
        procedures: procedures.map(|id| id.as_str().to_owned()).collect(),
        sent: engine.outbox().sent().len(),
        people: engine.registry().iter().count(),
        waiting_faults: desk.waiting(),
    }
}

fn audit(desk: &Desk) -> AuditLines {
    let lines = desk.engine().audit().lines().iter();
    AuditLines {
        lines: lines.map(ToString::to_string).collect(),
    }
}

fn take(desk: &mut Desk, take: &Take) -> Result<Answer, No> {
    let now = desk.engine().now();
    let outbox = desk.engine_mut().outbox_mut();
    let taken = outbox.take(now, |message| take.wants(message));
    let taken = taken.ok_or_else(|| {
        let reason =
            "no such message has arrived that was not taken; let time pass, or see /v1/sent";
        (404, reason.to_owned())
    })?;
    Ok(json(200, &Letter::of(&taken)))
}

fn advance(desk: &mut Desk, advance: Advance) -> Result<Answer, No> {
    let now = desk.engine().now();
    let until = match advance {
        Advance::By(by) => by.after(now),
        Advance::Until(at) => at.0,
    };
    if until < now {
        return Err((409, format!("it is {now} already; time does not go back")));
    }
    let effects = desk.engine_mut().step(until, Event::Tick).effects;
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Sent { seq, .. } => Some(*seq),
        _ => None,
    });
    let passed = Passed {
        now: desk.engine().now().to_string(),
        sent: sent.collect(),
    };
    Ok(json(200, &passed))
}

fn disturb(desk: &mut Desk, faults: &Faults) -> Result<Answer, No> {
    for fault in &faults.answers {
        fault.check().map_err(bad)?;
    }
    desk.wait_for_answers(&faults.answers).map_err(bad)?;
    let outbox = desk.engine_mut().outbox_mut();
    outbox.fault_next(faults.messages.iter().filter_map(|it| it.on_the_way()));
    if let Some(all) = faults.all_messages {
        outbox.fault_all(all.on_the_way());
    }
    Ok(done("faults wait"))
}

fn enrol(desk: &mut Desk, enrol: &Enrol) -> Result<Answer, No> {
    let (mut person, sod) = enrol.person().map_err(bad)?;
    accounts(desk, enrol, &mut person)?;
    let answer = json(201, &KnownPerson::of(&person));
    let mut trusted = desk.trusted_mut().clone();
    if let Some(sod) = sod {
        let enrolled = trusted.enrol(&sod);
        enrolled.map_err(|error| bad(error.to_string()))?;
    }
    let registry = desk.engine_mut().registry_mut();
    let replaced = registry.replace(person);
    replaced.map_err(|error| (409, error.to_string()))?;
    *desk.trusted_mut() = trusted;
    Ok(answer)
}

fn accounts(desk: &mut Desk, enrol: &Enrol, person: &mut Person) -> Result<(), No> {
    let kinds = std::sync::Arc::clone(desk.engine().policies().accounts());
    let mut salts = desk.salts();
    for (name, held) in &enrol.accounts {
        if kinds.get(name).is_none() {
            let names: Vec<&str> = kinds.names().collect();
            let names = names.join(", ");
            return Err(bad(format!(
                "there is no account `{name}`; there are {names}"
            )));
        }
        let secret = held.secret.as_ref();
        let secret = secret.map(|secret| kinds.canonical(name, secret));
        let hashed = secret.map(|secret| Hashed::new(&secret, &mut salts));
        let account = Account::new(held.state, hashed);
        person.accounts.insert(name.clone(), account);
    }
    Ok(())
}

/// All of it or nothing: an operator's mistake leaves no half of a change.
fn operate(desk: &mut Desk, operate: Operate) -> Result<Answer, No> {
    let Operate {
        nun,
        document,
        accounts,
    } = operate;
    let document = document.map(|state| Event::Document {
        nun: nun.clone(),
        state,
    });
    let accounts = accounts
        .into_iter()
        .map(|(account, state)| Event::Operator {
            account,
            nun: nun.clone(),
            state,
        });
    let mut engine = desk.engine().clone();
    for event in document.into_iter().chain(accounts) {
        let reply = engine.step(engine.now(), event).reply;
        reply.result.map_err(|refusal| (409, refusal.to_string()))?;
    }
    *desk.engine_mut() = engine;
    Ok(done("recorded"))
}
