//! The interface of this project's own, for all procedures alike: begin one, answer its gates, ask where it stands, try a login.

use base64ct::{Base64, Encoding as _};
use cie_emulator::control::http::{Answer, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::desk::Desk;
use super::faults::Travelled;
use super::openapi;
use super::routes::{self, DOCUMENT, Miss, Route, Told, of, route};
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

const BAD: Told = (
    400,
    "The body is not what it must be. Nothing has happened",
    of::<Refused>,
);
const NONE: Told = (404, "There is no such procedure", of::<Refused>);
const OVER: Told = (410, "It was over before", of::<Refused>);
const CANNOT: Told = (422, "Refused", of::<Refused>);

/// The list of what there is.
pub(super) static ROUTES: [Route<Operation>; 7] = [
    route(
        Operation::Begin,
        ("POST", "/sim/v1/procedures"),
        "Begin a procedure",
        Some(of::<Begin>),
        &[
            (201, "It has begun", of::<Procedure>),
            BAD,
            CANNOT,
            (429, "Too many", of::<Refused>),
        ],
    ),
    route(
        Operation::Submit,
        ("POST", "/sim/v1/procedures/{id}"),
        "Give something at the gate where a procedure stands",
        Some(of::<Submission>),
        &[
            (200, "The gate is passed", of::<Procedure>),
            BAD,
            NONE,
            OVER,
            CANNOT,
        ],
    ),
    route(
        Operation::Resend,
        ("POST", "/sim/v1/procedures/{id}/resend"),
        "Have the code sent once more",
        None,
        &[
            (200, "It is on its way", of::<Procedure>),
            BAD,
            NONE,
            OVER,
            CANNOT,
            (429, "No more are sent", of::<Refused>),
        ],
    ),
    route(
        Operation::State,
        ("GET", "/sim/v1/procedures/{id}"),
        "Ask where a procedure stands; changes nothing",
        None,
        &[(200, "Where it stands", of::<Procedure>), NONE],
    ),
    route(
        Operation::Login,
        ("POST", "/sim/v1/login"),
        "Try the secret in force; no session comes of it",
        Some(of::<Login>),
        &[(200, "How far it came", of::<LoggedIn>), BAD, CANNOT],
    ),
    route(
        Operation::Revoke,
        ("POST", "/sim/v1/revoke"),
        "End an account, as its holder",
        Some(of::<Revoke>),
        &[(200, "It has ended", of::<Noted>), BAD, CANNOT],
    ),
    route(
        Operation::Document,
        ("GET", "/sim/v1/openapi.json"),
        "This document",
        None,
        &[DOCUMENT],
    ),
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
