//! The control API as a stranger on the same machine meets it: any bytes, in pieces of any size, are a request or a refusal; and
//! nothing happens without the token.

use std::io::{self, Read};
use std::net::SocketAddr;

use cie_emulator::control::api::{self, Guard, Reply};
use cie_emulator::control::http::{Answer, MAX_BODY, MAX_HEAD, Request, read_request};
use cie_emulator::control::{Status, Token};

use crate::input::Input;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Gives its bytes a few at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        if let Some(room) = buffer.get_mut(..count) {
            room.copy_from_slice(now);
        }
        self.0 = later;
        Ok(count)
    }
}

/// Requests to the control API.
pub(crate) fn control_http(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let size = usize::from(input.byte()) + 1;
    let text = input.rest();
    let slowly = read_request(&mut Pieces(text, size));
    let at_once = read_request(&mut Pieces(text, MAX_HEAD + MAX_BODY));
    match (&slowly, &at_once) {
        (Ok(slowly), Ok(at_once)) => assert_eq!(slowly, at_once),
        (Err(slowly), Err(at_once)) => {
            refused(slowly);
            refused(at_once);
        }
        (slowly, at_once) => panic!("{slowly:?} in pieces, {at_once:?} at once"),
    }
    if let Ok(request) = at_once {
        assert!(request.body.len() <= MAX_BODY);
        assert!(request.method.len() + request.path.len() <= MAX_HEAD);
        asked(&request);
    }
}

fn refused(answer: &Answer) {
    assert!((400..600).contains(&answer.status), "{answer:?}");
    let json: serde_json::Value = serde_json::from_str(&answer.json).expect("an answer is JSON");
    assert!(json["error"].is_string(), "{json}");
}

/// Whoever does not know the token, or comes under another name, is not heard.
fn asked(request: &Request) {
    let guard = Guard {
        token: Token::parse(TOKEN).expect("a token"),
        address: SocketAddr::from(([127, 0, 0, 1], 4242)),
    };
    let mut heard = false;
    let answer = api::respond(request, &guard, |_| {
        heard = true;
        Reply::Status(Status {
            readers: Vec::new(),
            drawer: Vec::new(),
        })
    });
    let expected = format!("Bearer {TOKEN}");
    let knows = request.authorization.as_deref() == Some(expected.as_bytes());
    let own = ["localhost:4242", "127.0.0.1:4242", "[::1]:4242"];
    let host = request.host.as_deref().unwrap_or_default();
    if heard {
        assert!(knows, "heard without the token");
        let loopback = host
            .parse::<SocketAddr>()
            .is_ok_and(|host| host.ip().is_loopback());
        assert!(
            own.contains(&host) || loopback,
            "heard under the name {host}"
        );
        assert_eq!(answer.status, 200);
    } else {
        refused(&answer);
    }
    let told = request
        .body
        .windows(TOKEN.len())
        .any(|part| part == TOKEN.as_bytes());
    assert!(told || !answer.json.contains(TOKEN), "the token is told");
}
