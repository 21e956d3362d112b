//! A client of both ports, and the service it talks to. Every answer that met no fault is held against the OpenAPI document.

use std::cell::RefCell;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};

use cie_conformance::issuer::evidence::Trusted;
use cie_conformance::issuer::policy::Policies;
use cie_conformance::issuer::wire::{Http, MEDIA_TYPE};
use cie_conformance::issuer::{Engine, Registry};
use cie_conformance::issuer_http::{Desk, Places, Service};
use cie_emulator::control::Token;
use serde_json::{Value, json};

use crate::document::Document;

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const OPENS: &str = "2026-03-02T09:00:00Z";

/// An answer as it came.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// A text of the body, empty when it is not there.
    pub(crate) fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends bytes, and gives everything that comes back.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    // Whoever refuses early may close before everything is sent.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// One request there, one answer back.
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in fields {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    let answer = exchange(address, &[head.as_bytes(), body].concat());
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(length)) = response.parse(&answer) else {
        panic!("no HTTP: {}", String::from_utf8_lossy(&answer));
    };
    let of = |name: &str| {
        let mut fields = response.headers.iter();
        let field = fields.find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| String::from_utf8(field.value.to_vec()).unwrap())
    };
    Answer {
        status: response.code.unwrap(),
        media_type: of("Content-Type").unwrap_or_default(),
        body: answer[length..].to_vec(),
    }
}

/// Policies and people of the program, read once.
fn embedded() -> &'static (Arc<Policies>, Registry, Trusted) {
    static EMBEDDED: OnceLock<(Arc<Policies>, Registry, Trusted)> = OnceLock::new();
    EMBEDDED.get_or_init(|| {
        let policies = Policies::embedded().unwrap();
        let people = Registry::embedded(policies.accounts()).unwrap();
        (Arc::new(policies), people, Trusted::synthetic().unwrap())
    })
}

pub(crate) fn local() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// A service with both ports, and its client.
pub(crate) struct Rehearsal {
    pub(crate) service: Service,
    pub(crate) public: SocketAddr,
    pub(crate) control: SocketAddr,
    documents: (Document, Document),
    /// Every body that the public port gave.
    pub(crate) heard: RefCell<Vec<Vec<u8>>>,
}

impl Rehearsal {
    /// An issuer that opens on an ordinary day.
    pub(crate) fn new() -> Self {
        Self::open(OPENS, 1)
    }

    pub(crate) fn open(opens: &str, seed: u64) -> Self {
        let (policies, people, trusted) = embedded();
        let opens = opens.parse().unwrap();
        let engine = Engine::new(Arc::clone(policies), people.clone(), opens, seed);
        let places = Places {
            public: local(),
            control: Some((local(), Token::parse(TOKEN).unwrap())),
        };
        let desk = Desk::new(engine, trusted.clone(), seed);
        let service = Service::start(desk, places, Arc::new(|| {})).unwrap();
        Self {
            public: service.address(),
            control: service.control_address().unwrap(),
            service,
            documents: (Document::public(), Document::control()),
            heard: RefCell::default(),
        }
    }

    /// Something to the public port, as it is.
    pub(crate) fn raw(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        self.hear(ask(self.public, method, path, &[], body))
    }

    fn hear(&self, answer: Answer) -> Answer {
        self.heard.borrow_mut().push(answer.body.clone());
        answer
    }

    /// Something of the interface of this project's own; the answer is one that the document knows.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let answer = self.raw("POST", path, body.to_string().as_bytes());
        self.documents.0.request("POST", path, body);
        self.documents.0.answer("POST", path, &answer);
        answer
    }

    /// The same with a body of any shape.
    pub(crate) fn post_any(&self, path: &str, body: &Value) -> Answer {
        let answer = self.raw("POST", path, body.to_string().as_bytes());
        self.documents.0.answer("POST", path, &answer);
        answer
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        let answer = self.raw("GET", path, b"");
        self.documents.0.answer("GET", path, &answer);
        answer
    }

    /// One of the messages, without a look at the answer.
    pub(crate) fn sent(&self, http: &Http) -> Answer {
        let kind = http.content_type.as_deref();
        let fields: Vec<_> = kind
            .map(|kind| ("Content-Type", kind))
            .into_iter()
            .collect();
        let method = http.method.to_string();
        self.hear(ask(self.public, &method, &http.target, &fields, &http.body))
    }

    /// One of the messages; the answer is one that the document knows.
    pub(crate) fn put(&self, http: &Http) -> Answer {
        let answer = self.sent(http);
        assert_eq!(answer.media_type, MEDIA_TYPE);
        let method = http.method.to_string();
        self.documents.0.answer(&method, &http.target, &answer);
        answer
    }

    /// Something to the control port, whatever comes of it.
    pub(crate) fn order(&self, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        let body = match body {
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let fields = [("Authorization", bearer.as_str())];
        let answer = ask(self.control, method, path, &fields, body.as_bytes());
        self.documents.1.answer(method, path, &answer);
        answer
    }

    /// Something to the control port that is done.
    pub(crate) fn done(&self, path: &str, body: &Value) -> Value {
        self.documents.1.request("POST", path, body);
        let answer = self.order("POST", path, body);
        assert!(answer.status < 300, "{path}: {answer:?}");
        answer.json()
    }

    /// Something that the control port knows.
    pub(crate) fn known(&self, path: &str) -> Value {
        let answer = self.order("GET", path, &Value::Null);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    pub(crate) fn advance(&self, by: &str) -> Value {
        self.done("/v1/clock/advance", &json!({ "by": by }))
    }

    /// The audit as the control port gives it, one line of text per line.
    pub(crate) fn audit(&self) -> String {
        let lines = self.known("/v1/audit");
        let lines = lines["lines"].as_array().unwrap().iter();
        lines
            .map(|line| line.as_str().unwrap().to_owned() + "\n")
            .collect()
    }
}
