//! The control API: what may be asked over HTTP, by whom, and what comes back. JSON in, JSON out, version 1 in the path.
//!
//! | request | body, every field optional | does |
//! |---|---|---|
//! | `GET /v1/status` | | readers, cards and drawer |
//! | `POST /v1/insert` | `{"reader": 1, "card": 2}` | puts a card in |
//! | `POST /v1/remove` | `{"reader": 1}` | takes it out |
//! | `POST /v1/swap` | `{"reader": 1, "card": 2}` | puts another one in |
//! | `POST /v1/reset` | `{"reader": 1}` | takes its power away for a moment |
//! | `POST /v1/quit` | | ends the program |
//!
//! Every request carries `Authorization: Bearer TOKEN`, and a `Host` by which this machine is known to itself: a web page
//! that had its own name point here would carry another.

use super::http::{Answer, Request};
use super::{Done, Order, Refusal, Status, Token};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};

/// Who may ask.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The word to know.
    pub token: Token,
    /// Where the API listens.
    pub address: SocketAddr,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// How things stand.
    Status,
    /// Something to do.
    Order(Order),
    /// To end.
    Quit,
}

/// What comes back from those who know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// How things stand.
    Status(Status),
    /// What was done, or why nothing was.
    Done(Result<Done, Refusal>),
    /// It ends.
    Quitting,
    /// It has ended already.
    Gone,
}

/// The fields a body may have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    reader: Option<usize>,
    card: Option<usize>,
}

/// Answers a request: checks who asks, understands what, and has `carry_out` do it.
pub fn respond(request: &Request, guard: &Guard, carry_out: impl FnOnce(Ask) -> Reply) -> Answer {
    match admit(request, guard).and_then(|()| understand(request)) {
        Ok(ask) => answer(&carry_out(ask)),
        Err(answer) => answer,
    }
}

/// The answer before anybody knows where the API listens.
#[must_use]
pub fn starting() -> Answer {
    Answer::error(503, "the program is starting; try again")
}

/// Whether a request may be understood at all: it names this machine, and carries the token.
///
/// # Errors
/// The answer to one that may not.
pub fn admit(request: &Request, guard: &Guard) -> Result<(), Answer> {
    addressed(request, guard.address)?;
    let offered = request
        .authorization
        .as_deref()
        .and_then(|value| value.strip_prefix(b"Bearer "));
    match offered {
        Some(offered) if guard.token.is(offered) => Ok(()),
        Some(_) => Err(Answer::error(401, "this is not the token")),
        None => Err(Answer::error(
            401,
            "send `Authorization: Bearer TOKEN` with the token that was shown at the start",
        )),
    }
}

/// Whether a request names this machine, at the address where it is served.
///
/// # Errors
/// The answer to one that names another.
pub fn addressed(request: &Request, address: SocketAddr) -> Result<(), Answer> {
    let host = request.host.as_deref().unwrap_or_default();
    match is_own_name(host, address) {
        true => Ok(()),
        false => Err(Answer::error(
            403,
            "the Host of the request is not a name of this machine; ask 127.0.0.1 or localhost, with the port",
        )),
    }
}

/// Whether a `Host` is the address itself or `localhost`. On other addresses than loopback (which somebody asked for), any
/// literal address will do: only names can be made to point somewhere else.
fn is_own_name(host: &str, address: SocketAddr) -> bool {
    let with_port = |name: &str| host == format!("{name}:{}", address.port());
    let literal: Option<SocketAddr> = host.parse().ok();
    with_port("localhost")
        || literal.is_some_and(|literal| {
            literal.port() == address.port()
                && (literal.ip() == address.ip()
                    || loopback(literal.ip())
                    || !loopback(address.ip()))
        })
}

const fn loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

fn understand(request: &Request) -> Result<Ask, Answer> {
    let method = match request.path.as_str() {
        "/v1/status" => "GET",
        "/v1/insert" | "/v1/remove" | "/v1/swap" | "/v1/reset" | "/v1/quit" => "POST",
        _ => {
            return Err(Answer::error(
                404,
                "there are GET /v1/status and POST /v1/insert, /v1/remove, /v1/swap, /v1/reset, /v1/quit",
            ));
        }
    };
    if request.method != method {
        return Err(Answer::error(
            405,
            &format!("ask {} with {method}", request.path),
        ));
    }
    let Which { reader, card } = which(&request.body)?;
    let without_card = |order: Order| match card {
        None => Ok(Ask::Order(order)),
        Some(_) => Err(Answer::error(
            400,
            &format!("{} takes no card", request.path),
        )),
    };
    match request.path.as_str() {
        "/v1/status" => Ok(Ask::Status),
        "/v1/quit" => Ok(Ask::Quit),
        "/v1/insert" => Ok(Ask::Order(Order::Insert { reader, card })),
        "/v1/swap" => Ok(Ask::Order(Order::Swap { reader, card })),
        "/v1/remove" => without_card(Order::Remove { reader }),
        _ => without_card(Order::Reset { reader }),
    }
}

fn which(body: &[u8]) -> Result<Which, Answer> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Which::default());
    }
    serde_json::from_slice(body).map_err(|error| {
        Answer::error(
            400,
            &format!(
                "the body is not as expected: {error}; write {{\"reader\": 1, \"card\": 2}} or less"
            ),
        )
    })
}

fn answer(reply: &Reply) -> Answer {
    let json = |value: serde_json::Result<String>| match value {
        Ok(json) => Answer::new(200, json),
        Err(_) => Answer::error(500, "the answer cannot be written as JSON"),
    };
    match reply {
        Reply::Status(status) => json(serde_json::to_string(status)),
        Reply::Done(Ok(done)) => json(serde_json::to_string(done)),
        Reply::Done(Err(refusal)) => {
            let status = match refusal {
                Refusal::WhichReader { .. } => 400,
                Refusal::NoReader { .. } | Refusal::NoCard { .. } => 404,
                Refusal::Elsewhere { .. }
                | Refusal::Occupied { .. }
                | Refusal::Empty { .. }
                | Refusal::DrawerEmpty => 409,
            };
            Answer::error(status, &refusal.to_string())
        }
        Reply::Quitting => json(serde_json::to_string(
            &serde_json::json!({ "done": "quit" }),
        )),
        Reply::Gone => Answer::error(503, "the program is ending"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TOKEN: &str = "abababababababababababababababab";

    fn guard(address: &str) -> Guard {
        Guard {
            token: Token::parse(TOKEN).unwrap(),
            address: address.parse().unwrap(),
        }
    }

    fn request(method: &str, path: &str, body: &str) -> Request {
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            host: Some("127.0.0.1:35980".to_owned()),
            authorization: Some(format!("Bearer {TOKEN}").into_bytes()),
            content_type: None,
            body: body.as_bytes().to_vec(),
        }
    }

    /// What is understood, or the status of the refusal.
    fn asked(request: &Request) -> Result<Ask, u16> {
        let mut asked = None;
        let answer = respond(request, &guard("127.0.0.1:35980"), |ask| {
            asked = Some(ask);
            Reply::Quitting
        });
        asked.ok_or(answer.status)
    }

    #[rstest]
    #[case::status("GET", "/v1/status", "", Ask::Status)]
    #[case::quit("POST", "/v1/quit", "", Ask::Quit)]
    #[case::insert("POST", "/v1/insert", "", Ask::Order(Order::Insert { reader: None, card: None }))]
    #[case::insert_card("POST", "/v1/insert", "{\"reader\":2,\"card\":3}", Ask::Order(Order::Insert { reader: Some(2), card: Some(3) }))]
    #[case::swap("POST", "/v1/swap", " {} ", Ask::Order(Order::Swap { reader: None, card: None }))]
    #[case::remove("POST", "/v1/remove", "{\"reader\":1}", Ask::Order(Order::Remove { reader: Some(1) }))]
    #[case::reset("POST", "/v1/reset", "", Ask::Order(Order::Reset { reader: None }))]
    fn understood(#[case] method: &str, #[case] path: &str, #[case] body: &str, #[case] ask: Ask) {
        assert_eq!(asked(&request(method, path, body)), Ok(ask));
    }

    #[rstest]
    #[case::path("GET", "/", "", 404)]
    #[case::version("GET", "/v2/status", "", 404)]
    #[case::method("GET", "/v1/insert", "", 405)]
    #[case::post_status("POST", "/v1/status", "", 405)]
    #[case::not_json("POST", "/v1/insert", "reader=1", 400)]
    #[case::unknown_field("POST", "/v1/insert", "{\"readr\":1}", 400)]
    #[case::negative("POST", "/v1/insert", "{\"reader\":-1}", 400)]
    #[case::card_to_remove("POST", "/v1/remove", "{\"card\":1}", 400)]
    fn not_understood(
        #[case] method: &str,
        #[case] path: &str,
        #[case] body: &str,
        #[case] status: u16,
    ) {
        assert_eq!(asked(&request(method, path, body)), Err(status));
    }

    #[rstest]
    #[case::none(None)]
    #[case::empty(Some("Bearer "))]
    #[case::wrong(Some("Bearer abababababababababababababababac"))]
    #[case::shorter(Some("Bearer ab"))]
    #[case::basic(Some("Basic abababababababababababababababab"))]
    #[case::bare(Some(TOKEN))]
    fn without_the_token(#[case] authorization: Option<&str>) {
        let request = Request {
            authorization: authorization.map(|value| value.as_bytes().to_vec()),
            ..request("GET", "/v1/status", "")
        };
        assert_eq!(asked(&request), Err(401));
    }

    #[rstest]
    #[case::own("127.0.0.1:35980", "127.0.0.1:35980", true)]
    #[case::localhost("127.0.0.1:35980", "localhost:35980", true)]
    #[case::six("[::1]:35980", "[::1]:35980", true)]
    #[case::other_port("127.0.0.1:35980", "127.0.0.1:80", false)]
    #[case::no_port("127.0.0.1:35980", "localhost", false)]
    #[case::name("127.0.0.1:35980", "evil.example:35980", false)]
    #[case::other_address("127.0.0.1:35980", "192.0.2.1:35980", false)]
    #[case::nothing("127.0.0.1:35980", "", false)]
    #[case::anywhere("0.0.0.0:35980", "192.0.2.1:35980", true)]
    #[case::anywhere_name("0.0.0.0:35980", "evil.example:35980", false)]
    fn hosts(#[case] address: &str, #[case] host: &str, #[case] admitted: bool) {
        let request = Request {
            host: Some(host.to_owned()),
            ..request("GET", "/v1/status", "")
        };
        let answer = respond(&request, &guard(address), |_| Reply::Quitting);
        assert_eq!(answer.status == 200, admitted, "{answer:?}");
    }

    #[rstest]
    #[case::done(Reply::Done(Ok(Done::Inserted { reader: 1, card: 2 })), 200, "{\"done\":\"inserted\",\"reader\":1,\"card\":2}")]
    #[case::refused(
        Reply::Done(Err(Refusal::DrawerEmpty)),
        409,
        "{\"error\":\"the drawer is empty; start with --also to have more cards in it\"}"
    )]
    #[case::quitting(Reply::Quitting, 200, "{\"done\":\"quit\"}")]
    #[case::gone(Reply::Gone, 503, "{\"error\":\"the program is ending\"}")]
    fn answers(#[case] reply: Reply, #[case] status: u16, #[case] json: &str) {
        let found = answer(&reply);
        assert_eq!((found.status, found.json.as_str()), (status, json));
    }
}
