//! The messages A01 to A05 as they come from the socket: to the wire's form and back. What they mean and what is answered is
//! [`crate::issuer::wire`]'s and [`crate::issuer::puk`]'s.

use cie_emulator::control::http::{Answer, Request as Received};

use super::desk::Desk;
use crate::issuer::puk;
use crate::issuer::wire::{self, Http, MEDIA_TYPE, Method, Refusal, Reply, Request, WireError};

/// Where the messages live.
const ROOT: &str = "/repuk/";

/// Whether a request is for this interface.
pub(super) fn is_message(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// Answers a request. One that is no message changes nothing.
pub(super) fn answer(desk: &mut Desk, received: &Received) -> Answer {
    match read(received) {
        Err((status, reason)) => refused(status, reason),
        Ok(request) => {
            let (engine, trusted) = desk.parts();
            let now = engine.now();
            let handled = puk::handle(engine, trusted, now, &request);
            written(handled.answer.to_reply())
        }
    }
}

fn read(received: &Received) -> Result<Request, (u16, String)> {
    let method = match received.method.as_str() {
        "GET" => Method::Get,
        "PUT" => Method::Put,
        _ => {
            let reason = "the messages are sent with PUT, the question for the state with GET";
            return Err((405, reason.to_owned()));
        }
    };
    let http = Http {
        method,
        target: received.path.clone(),
        content_type: received.content_type.clone(),
        body: received.body.clone(),
    };
    Request::from_http(&http).map_err(|error| (status(&error), error.to_string()))
}

const fn status(error: &WireError) -> u16 {
    match error {
        WireError::Path => 404,
        WireError::Method { .. } => 405,
        WireError::TooLong { .. } => 413,
        WireError::MediaType => 415,
        WireError::MessageType
        | WireError::Missing(_)
        | WireError::Twice(_)
        | WireError::Form { .. }
        | WireError::Json(_) => 400,
    }
}

fn refused(status: u16, reason: String) -> Answer {
    let refusal = wire::Answer::Refused(Refusal {
        reason: Some(reason),
        result_codes: None,
        closed: Some(false),
    });
    Answer {
        status,
        ..written(refusal.to_reply())
    }
}

fn written(reply: Reply) -> Answer {
    Answer {
        status: reply.status,
        media_type: MEDIA_TYPE,
        json: String::from_utf8_lossy(&reply.body).into_owned(),
    }
}
