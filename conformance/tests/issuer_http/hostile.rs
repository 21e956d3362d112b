//! H-2: arbitrary bytes at either port, and arbitrary JSON in requests of the right form, neither end the service nor change where
//! the issuer stands.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value};

use crate::client::{Rehearsal, exchange};
use crate::repeated::to_the_code;

const CASES: u32 = 256;

/// A service with a procedure in the middle, and everything that must stay as it is.
struct Standing {
    rehearsal: Rehearsal,
    procedure: String,
    before: (String, String),
}

impl Standing {
    fn new() -> Self {
        let rehearsal = Rehearsal::new();
        let procedure = to_the_code(&rehearsal);
        let before = (rehearsal.service.situation(), rehearsal.service.audit());
        Self {
            rehearsal,
            procedure,
            before,
        }
    }

    fn is_untouched(&self) -> Result<(), TestCaseError> {
        let now = (
            self.rehearsal.service.situation(),
            self.rehearsal.service.audit(),
        );
        prop_assert_eq!(&now, &self.before);
        Ok(())
    }

    fn stands(&self) {
        assert_eq!(self.rehearsal.get(&self.procedure).text("gate"), "code");
    }
}

fn properties<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(strategy, property)
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// Bytes, and texts that begin like requests.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let line = "(GET|POST|PUT|[A-Z]{1,7}) (/sim/v1/procedures|/v1/quit|/repuk/api/repuks/|/[!-~]{0,30}) HTTP/1.[0-9]\r\n(Host: 127.0.0.1\r\n|[A-Za-z-]{1,12}: [ -~]{0,30}\r\n|Content-Length: [0-9]{1,5}\r\n){0,5}(\r\n)?[ -~]{0,60}";
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..600),
        line.prop_map(String::into_bytes),
    ]
}

#[test]
fn arbitrary_bytes_change_nothing() {
    let standing = Standing::new();
    let rehearsal = &standing.rehearsal;
    properties(&bytes(), |bytes| {
        for address in [rehearsal.public, rehearsal.control] {
            let answer = exchange(address, &bytes);
            // Whoever is refused early may have the connection reset under the answer.
            let spoken = answer.is_empty()
                || answer.starts_with(b"HTTP/1.1 4")
                || answer.starts_with(b"HTTP/1.1 501");
            prop_assert!(spoken, "{}", String::from_utf8_lossy(&answer));
        }
        standing.is_untouched()
    });
    standing.stands();
    println!(
        "trust: issuer over HTTP, arbitrary bytes: {} requests, nothing changed",
        2 * CASES
    );
}

const NAMES: [&str; 16] = [
    "policy",
    "channel",
    "identify",
    "gate",
    "input",
    "code",
    "link",
    "repeat",
    "new",
    "confirm",
    "current",
    "account",
    "alias",
    "password",
    "signature",
    "cf",
];

const WORDS: [&str; 10] = [
    "cie-password",
    "web",
    "captcha",
    "human",
    "code",
    "choose_secret",
    "card_proof",
    "cie",
    "CA00000AA",
    "",
];

/// JSON of any shape, with the interface's own names in it.
fn shapes() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(&WORDS[..]).prop_map(Value::from),
    ];
    let name = prop_oneof![
        prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        "[a-z]{0,6}",
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        let fields = prop::collection::vec((name.clone(), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

#[test]
fn arbitrary_json_is_refused_or_means_what_it_says() {
    let standing = Standing::new();
    let rehearsal = &standing.rehearsal;
    let paths = [
        "/sim/v1/procedures",
        standing.procedure.as_str(),
        "/sim/v1/login",
        "/sim/v1/revoke",
        "/sim/v1/procedures/nobody/resend",
    ];
    let paths = paths.map(str::to_owned).to_vec();
    let strategy = (prop::sample::select(paths), shapes());
    properties(&strategy, |(path, body)| {
        let audit = rehearsal.service.audit();
        let answer = rehearsal.post_any(&path, &body);
        prop_assert!((400..500).contains(&answer.status), "{answer:?}");
        prop_assert_eq!(&rehearsal.service.situation(), &standing.before.0);
        // What was understood and refused is noted; what was not understood leaves no trace.
        if answer.status == 400 {
            prop_assert_eq!(&rehearsal.service.audit(), &audit);
        }
        Ok(())
    });
    standing.stands();
    println!("trust: issuer over HTTP, arbitrary JSON: {CASES} requests, nothing changed");
}

#[test]
fn arbitrary_messages_are_refused() {
    let standing = Standing::new();
    let rehearsal = &standing.rehearsal;
    let strategy = (
        prop_oneof![Just("PUT"), Just("GET"), Just("POST")],
        "(/repuk/api/repuks/)([a-z0-9-]{0,20})(/puk)?",
        "(msgType=A0[0-9]&)?(lng=IT&)?(nun=[A-Z0-9%+]{0,9}&)?(nis=[0-9]{0,13}&)?(randomCodeEncrypted=[A-Za-z0-9_=-]{0,20})?",
        shapes(),
    );
    properties(&strategy, |(method, path, query, body)| {
        let body = body.to_string();
        let kind = cie_conformance::issuer::wire::MEDIA_TYPE;
        let fields = [("Content-Type", kind)];
        let target = format!("{path}?{query}");
        let answer =
            crate::client::ask(rehearsal.public, method, &target, &fields, body.as_bytes());
        prop_assert!((400..500).contains(&answer.status), "{answer:?}");
        prop_assert!(answer.json()["closed"] == Value::Bool(false), "{answer:?}");
        prop_assert_eq!(&rehearsal.service.situation(), &standing.before.0);
        Ok(())
    });
    standing.stands();
}

#[test]
fn a_body_longer_than_any_message_is_refused() {
    let standing = Standing::new();
    let long = vec![b' '; cie_conformance::issuer_http::MAX_BODY + 1];
    let answer = standing.rehearsal.raw("POST", "/sim/v1/login", &long);
    assert_eq!(answer.status, 413);
    standing.is_untouched().unwrap();
}

/// A page of somebody else's, whose name was made to point here, names itself in `Host`.
#[test]
fn another_name_than_this_machines_is_refused() {
    let standing = Standing::new();
    for address in [standing.rehearsal.public, standing.rehearsal.control] {
        let request = "GET /v1/status HTTP/1.1\r\nHost: issuer.example\r\n\r\n";
        let answer = exchange(address, request.as_bytes());
        assert!(answer.starts_with(b"HTTP/1.1 403 "));
    }
    standing.is_untouched().unwrap();
}
