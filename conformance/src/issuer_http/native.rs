//! The interface of this project's own, for all procedures alike: begin one, answer its gates, ask where it stands, try a login.

use base64ct::{Base64, Encoding as _};
use cie_emulator::control::http::{Answer, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::desk::Desk;
use super::faults::Travelled;
use super::openapi;
use super::routes::{self, Miss, Route};
use super::shapes::{
    Begin, LoggedIn, Login, Noted, Procedure, Refused, Revoke, SentWhat, State, Submission,
};
use crate::issuer::engine::{
    Awaiting, Done, Effect, Engine, Event, Level, Outcome, ProcedureId, Refusal, Reply, Standing,
};
use crate::issuer::policy::Channel;
use crate::issuer::reason::reason;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Begin,
    Submit,
    Resend,
    State,
    Login,
    Revoke,
    Document,
}

const NOT_READ: &str = "The body is not what it must be. Nothing has happened";
const NO_SUCH: &str = "There is no such procedure";

/// The list of what there is.
pub(super) static ROUTES: [Route<Operation>; 7] = [
    Route {
        operation: Operation::Begin,
        method: "POST",
        path: "/sim/v1/procedures",
        summary: "Begin a procedure",
        body: Some(|generator| generator.subschema_for::<Begin>()),
        answers: &[
            (201, "It has begun", |it| it.subschema_for::<Procedure>()),
            (400, NOT_READ, |it| it.subschema_for::<Refused>()),
            (422, "Refused", |it| it.subschema_for::<Refused>()),
            (429, "Too many", |it| it.subschema_for::<Refused>()),
        ],
    },
    Route {
        operation: Operation::Submit,
        method: "POST",
        path: "/sim/v1/procedures/{id}",
        summary: "Give something at the gate where a procedure stands",
        body: Some(|generator| generator.subschema_for::<Submission>()),
        answers: &[
            (200, "The gate is passed", |it| {
                it.subschema_for::<Procedure>()
            }),
            (400, NOT_READ, |it| it.subschema_for::<Refused>()),
            (404, NO_SUCH, |it| it.subschema_for::<Refused>()),
            (410, "It was over before", |it| {
                it.subschema_for::<Refused>()
            }),
            (422, "Refused", |it| it.subschema_for::<Refused>()),
        ],
    },
    Route {
        operation: Operation::Resend,
        method: "POST",
        path: "/sim/v1/procedures/{id}/resend",
        summary: "Have the code sent once more",
        body: None,
        answers: &[
            (200, "It is on its way", |it| {
                it.subschema_for::<Procedure>()
            }),
            (400, NOT_READ, |it| it.subschema_for::<Refused>()),
            (404, NO_SUCH, |it| it.subschema_for::<Refused>()),
            (410, "It was over before", |it| {
                it.subschema_for::<Refused>()
            }),
            (422, "Refused", |it| it.subschema_for::<Refused>()),
            (429, "No more are sent", |it| it.subschema_for::<Refused>()),
        ],
    },
    Route {
        operation: Operation::State,
        method: "GET",
        path: "/sim/v1/procedures/{id}",
        summary: "Ask where a procedure stands; changes nothing",
        body: None,
        answers: &[
            (200, "Where it stands", |it| it.subschema_for::<Procedure>()),
            (404, NO_SUCH, |it| it.subschema_for::<Refused>()),
        ],
    },
    Route {
        operation: Operation::Login,
        method: "POST",
        path: "/sim/v1/login",
        summary: "Try the secret in force; no session comes of it",
        body: Some(|generator| generator.subschema_for::<Login>()),
        answers: &[
            (200, "How far it came", |it| it.subschema_for::<LoggedIn>()),
            (400, NOT_READ, |it| it.subschema_for::<Refused>()),
            (422, "Refused", |it| it.subschema_for::<Refused>()),
        ],
    },
    Route {
        operation: Operation::Revoke,
        method: "POST",
        path: "/sim/v1/revoke",
        summary: "End an account, as its holder",
        body: Some(|generator| generator.subschema_for::<Revoke>()),
        answers: &[
            (200, "It has ended", |it| it.subschema_for::<Noted>()),
            (400, NOT_READ, |it| it.subschema_for::<Refused>()),
            (422, "Refused", |it| it.subschema_for::<Refused>()),
        ],
    },
    Route {
        operation: Operation::Document,
        method: "GET",
        path: "/sim/v1/openapi.json",
        summary: "This document",
        body: None,
        answers: &[(
            200,
            "An OpenAPI document",
            |_| schemars::json_schema!({ "type": "object" }),
        )],
    },
];

/// Answers a request. One that is not understood changes nothing.
pub(super) fn answer(desk: &mut Desk, request: &Request) -> Travelled {
    let (route, id) = match routes::find(&ROUTES, request) {
        Ok(found) => found,
        Err(Miss::Path) => {
            let all = routes::in_words(&ROUTES);
            let message = format!("there are {all}, and the messages below /repuk/api/repuks/");
            return desk.travels(not_understood(404, &message));
        }
        Err(Miss::Method(methods)) => {
            let message = format!("ask {} with {methods}", request.path);
            return desk.travels(not_understood(405, &message));
        }
    };
    if route.operation == Operation::Document {
        return Answer::new(200, openapi::public_document()).into();
    }
    let done = carry_out(desk.engine_mut(), route.operation, id, &request.body);
    desk.travels(done.unwrap_or_else(|message| not_understood(400, &message)))
}

/// The answer, or why the body is not understood.
fn carry_out(
    engine: &mut Engine,
    operation: Operation,
    id: &str,
    body: &[u8],
) -> Result<Answer, String> {
    let procedure = ProcedureId::new(id);
    let event = match operation {
        Operation::State => return Ok(state(engine, &procedure)),
        Operation::Document => return Ok(Answer::new(200, openapi::public_document())),
        Operation::Begin => start(read(body)?)?,
        Operation::Submit => Event::Submit {
            input: read::<Submission>(body)?.input()?,
            procedure,
        },
        Operation::Resend => {
            nothing(body)?;
            Event::Resend { procedure }
        }
        Operation::Login => login(read(body)?),
        Operation::Revoke => {
            let Revoke { account, identify } = read(body)?;
            Event::Revoke {
                account,
                claims: identify.claims(),
            }
        }
    };
    let outcome = engine.step(engine.now(), event);
    Ok(told(operation, &outcome))
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("the body is not as expected: {error}"))
}

/// Nothing, or an object without fields, where nothing is to be said.
pub(super) fn nothing(body: &[u8]) -> Result<(), String> {
    let empty = body.iter().all(u8::is_ascii_whitespace);
    let object = || serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body);
    match empty || object().is_ok_and(|fields| fields.is_empty()) {
        true => Ok(()),
        false => Err("this takes no body".to_owned()),
    }
}

fn start(begin: Begin) -> Result<Event, String> {
    let bad = || {
        format!(
            "`{}` is no channel: web, app, mobile_app or mobile_browser",
            begin.channel
        )
    };
    let channel = Channel::named(&begin.channel).ok_or_else(bad)?;
    Ok(Event::Start {
        policy: begin.policy,
        channel,
        claims: begin.identify.claims(),
    })
}

fn login(login: Login) -> Event {
    let level = match login.otp.is_some() || login.second_level {
        true => Level::Two,
        false => Level::One,
    };
    Event::Login {
        account: login.account,
        alias: login.alias,
        secret: login.password,
        level,
        otp: login.otp,
    }
}

fn state(engine: &Engine, id: &ProcedureId) -> Answer {
    match engine.standing(id) {
        Some(standing) => json(200, &procedure(id, &standing, &[])),
        None => refused(
            404,
            &Refusal::UnknownProcedure.to_string(),
            "unknown_procedure",
        ),
    }
}

/// What the engine did, as an answer.
fn told(operation: Operation, outcome: &Outcome) -> Answer {
    let reply = &outcome.reply;
    match (&reply.result, &reply.procedure, &reply.standing) {
        (Err(refusal), _, _) => json(
            status(refusal),
            &Refused {
                reason: reason(reply).unwrap_or("request").to_owned(),
                message: reply.message(),
                tries_left: reply.tries_left(),
                closed: reply.is_closed(),
            },
        ),
        (Ok(_), Some(id), Some(standing)) => {
            let status = match operation {
                Operation::Begin => 201,
                _ => 200,
            };
            json(status, &procedure(id, standing, &outcome.effects))
        }
        (Ok(done), _, _) => match level(*done) {
            Some(level) => json(
                200,
                &LoggedIn {
                    level,
                    message: reply.message(),
                },
            ),
            None => json(200, &noted(reply)),
        },
    }
}

fn noted(reply: &Reply) -> Noted {
    Noted {
        message: reply.message(),
    }
}

const fn level(done: Done) -> Option<u8> {
    match done {
        Done::MustChange => Some(0),
        Done::LoggedIn(Level::One) | Done::LoginCodeSent => Some(1),
        Done::LoggedIn(Level::Two) => Some(2),
        Done::Started | Done::Passed | Done::Resent | Done::Ticked | Done::Recorded => None,
    }
}

/// The status of a refusal (RFC 9110 §15.5, RFC 6585 §4).
const fn status(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::UnknownProcedure => 404,
        Refusal::Closed(_) | Refusal::Completed => 410,
        Refusal::Limit | Refusal::NoMoreSends => 429,
        _ => 422,
    }
}

fn procedure(id: &ProcedureId, standing: &Standing, effects: &[Effect]) -> Procedure {
    let mut shape = Procedure {
        id: id.as_str().to_owned(),
        state: State::Awaiting,
        gate: None,
        until: None,
        challenge: None,
        sent: None,
        reason: None,
        message: standing.to_string(),
        shown: effects.iter().find_map(|effect| match effect {
            Effect::SecretShown(secret) => Some(secret.reveal().to_owned()),
            _ => None,
        }),
        puk: effects.iter().find_map(|effect| match effect {
            Effect::PukDisclosed { first, second } => {
                Some([first, second].map(|half| Base64::encode_string(half)))
            }
            _ => None,
        }),
    };
    match standing {
        Standing::Awaiting(awaiting) => {
            shape.gate = Some(awaiting.gate());
            match awaiting {
                Awaiting::Proof { challenge, until } => {
                    shape.challenge = Some(hex::encode_upper(challenge));
                    shape.until = Some(until.to_string());
                }
                Awaiting::Code { kind, channel } => {
                    shape.sent = Some(SentWhat::new(*kind, *channel));
                }
                Awaiting::Captcha | Awaiting::NewSecret | Awaiting::Change { .. } => {}
            }
        }
        Standing::Cooling(until) => {
            shape.state = State::Cooling;
            shape.gate = Some("cooling");
            shape.until = Some(until.to_string());
        }
        Standing::Completed => shape.state = State::Completed,
        Standing::Closed(reason) => {
            shape.state = State::Closed;
            shape.reason = Some(reason.to_string());
        }
    }
    shape
}

/// The answer to what is no request of this interface.
fn not_understood(status: u16, message: &str) -> Answer {
    refused(status, message, "request")
}

fn refused(status: u16, message: &str, reason: &str) -> Answer {
    json(
        status,
        &Refused {
            reason: reason.to_owned(),
            message: message.to_owned(),
            tries_left: None,
            closed: false,
        },
    )
}

/// A struct of texts and numbers always becomes JSON.
pub(super) fn json(status: u16, body: &impl Serialize) -> Answer {
    Answer::new(status, serde_json::to_string(body).unwrap_or_default())
}
