//! The control port: who may ask, what is seen of the faults it puts on the way, what it takes in and what it refuses.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cie_conformance::issuer_http::{Desk, Places, Port, ServeError, Service};
use cie_emulator::control::Token;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::{OPENS, Rehearsal, TOKEN, ask, local};
use crate::repeated::{begun, code, to_the_code};

fn desk() -> Desk {
    Desk::open(OPENS.parse().unwrap(), 1).unwrap()
}

#[rstest]
#[case::none(None)]
#[case::empty(Some("Bearer "))]
#[case::wrong(Some("Bearer 0123456789abcdef0123456789abcdee"))]
#[case::shorter(Some("Bearer 0123456789abcdef"))]
#[case::bare(Some(TOKEN))]
fn nothing_without_the_token(#[case] authorization: Option<&str>) {
    let rehearsal = Rehearsal::new();
    to_the_code(&rehearsal);
    let before = rehearsal.service.situation();
    let fields: Vec<_> = authorization
        .map(|it| ("Authorization", it))
        .into_iter()
        .collect();
    let quit = b"{}";
    for (method, path) in [
        ("GET", "/v1/outbox"),
        ("GET", "/v1/audit"),
        ("POST", "/v1/outbox/take"),
        ("POST", "/v1/reset"),
        ("POST", "/v1/quit"),
        ("GET", "/nothing"),
    ] {
        let answer = ask(rehearsal.control, method, path, &fields, quit);
        assert_eq!(answer.status, 401, "{method} {path}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(TOKEN));
    }
    assert_eq!(rehearsal.service.situation(), before);
}

#[test]
fn control_is_not_on_the_public_port() {
    let rehearsal = Rehearsal::new();
    let bearer = format!("Bearer {TOKEN}");
    let fields = [("Authorization", bearer.as_str())];
    let answer = ask(rehearsal.public, "GET", "/v1/outbox", &fields, b"");
    assert_eq!(answer.status, 404);
}

#[rstest]
#[case::everywhere([0, 0, 0, 0])]
#[case::another_machine([192, 0, 2, 1])]
#[case::this_one_from_outside([10, 0, 0, 1])]
fn no_other_address_is_taken(#[case] address: [u8; 4], #[values(true, false)] control: bool) {
    let other = SocketAddr::from((Ipv4Addr::from(address), 0));
    let token = Token::parse(TOKEN).unwrap();
    let places = match control {
        true => Places {
            public: local(),
            control: Some((other, token)),
        },
        false => Places {
            public: other,
            control: None,
        },
    };
    let error = Service::start(desk(), places, Arc::new(|| {})).unwrap_err();
    let ServeError::NotLoopback { port, address } = &error else {
        panic!("{error}");
    };
    assert_eq!((*port == Port::Control, *address), (control, other));
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}

#[test]
fn a_port_in_use_is_said_and_nothing_is_served() {
    let rehearsal = Rehearsal::new();
    let places = Places {
        public: local(),
        control: Some((rehearsal.control, Token::parse(TOKEN).unwrap())),
    };
    let error = Service::start(desk(), places, Arc::new(|| {})).unwrap_err();
    assert!(matches!(
        error,
        ServeError::Bind {
            port: Port::Control,
            ..
        }
    ));
    assert!(error.to_string().contains("port 0 for any"), "{error}");
}

fn seqs(rehearsal: &Rehearsal, path: &str) -> Vec<u64> {
    let messages = rehearsal.known(path);
    let messages = messages["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["seq"].as_u64().unwrap())
        .collect()
}

#[rstest]
#[case::dropped(json!(["drop"]), &[2], &[2])]
#[case::doubled(json!(["duplicate"]), &[1, 1, 2], &[1, 1, 2])]
#[case::overtaken(json!(["reorder"]), &[2, 1], &[2, 1])]
#[case::late(json!([{ "delay": "PT5M" }]), &[2], &[2, 1])]
#[case::spared(json!(["none"]), &[1, 2], &[1, 2])]
fn faults_on_the_way_of_messages(
    #[case] faults: Value,
    #[case] at_once: &[u64],
    #[case] later: &[u64],
) {
    let rehearsal = Rehearsal::new();
    rehearsal.done("/v1/faults", &json!({ "messages": faults }));
    let path = to_the_code(&rehearsal);
    rehearsal.post(&format!("{path}/resend"), &json!({}));
    assert_eq!(seqs(&rehearsal, "/v1/sent"), [1, 2]);
    assert_eq!(seqs(&rehearsal, "/v1/outbox"), at_once);
    rehearsal.advance("PT6M");
    assert_eq!(seqs(&rehearsal, "/v1/outbox"), later);
}

#[test]
fn every_message_is_lost_until_it_is_not() {
    let rehearsal = Rehearsal::new();
    rehearsal.done("/v1/faults", &json!({ "all_messages": "drop" }));
    let path = to_the_code(&rehearsal);
    rehearsal.done("/v1/faults", &json!({ "all_messages": "none" }));
    rehearsal.post(&format!("{path}/resend"), &json!({}));
    assert_eq!(seqs(&rehearsal, "/v1/outbox"), [2]);
}

/// What was asked has happened, whatever became of the answer.
#[rstest]
#[case::server_error(json!("server_error"))]
#[case::malformed(json!("malformed"))]
#[case::late(json!({ "late_by": "PT1S" }))]
fn faults_on_the_way_of_answers(#[case] fault: Value) {
    let rehearsal = Rehearsal::new();
    let path = begun(&rehearsal);
    rehearsal.done("/v1/faults", &json!({ "answers": ["none", fault] }));
    assert_eq!(rehearsal.get(&path).text("gate"), "captcha");
    let human = br#"{ "gate": "captcha", "input": "human" }"#;
    let answer = rehearsal.raw("POST", &path, human);
    let read: Result<Value, _> = serde_json::from_slice(&answer.body);
    match fault.as_str() {
        Some("server_error") => assert_eq!((answer.status, answer.body.len()), (500, 0)),
        Some(_) => assert!(answer.status == 200 && read.is_err()),
        None => assert_eq!(read.unwrap()["gate"], "code"),
    }
    assert_eq!(rehearsal.get(&path).text("gate"), "code");
    assert_eq!(rehearsal.known("/v1/status")["waiting_faults"], 0);
}

#[test]
fn a_refusal_loses_its_reason_and_what_grants_passes_by() {
    let rehearsal = Rehearsal::new();
    let path = begun(&rehearsal);
    rehearsal.done("/v1/faults", &json!({ "answers": ["without_reason"] }));
    assert_eq!(rehearsal.get(&path).text("gate"), "captcha");
    let machine = br#"{ "gate": "captcha", "input": "machine" }"#;
    let answer = rehearsal.raw("POST", &path, machine);
    assert_eq!(
        (answer.status, &answer.json()["reason"]),
        (422, &Value::Null)
    );
    assert_eq!(answer.json()["closed"], false);
}

#[test]
fn time_passes_and_does_not_go_back() {
    let rehearsal = Rehearsal::new();
    to_the_code(&rehearsal);
    let back = json!({ "until": "2026-03-02T08:59:59Z" });
    let answer = rehearsal.order("POST", "/v1/clock/advance", &back);
    assert_eq!(answer.status, 409, "{answer:?}");
    assert_eq!(rehearsal.known("/v1/status")["now"], OPENS);
    let on = json!({ "until": "2026-03-02T09:05:00Z" });
    assert_eq!(
        rehearsal.done("/v1/clock/advance", &on)["now"],
        "2026-03-02T09:05:00Z"
    );
    for wrong in [
        json!({ "by": "P1M" }),
        json!({ "by": "5" }),
        json!({}),
        json!("PT1S"),
    ] {
        let answer = rehearsal.order("POST", "/v1/clock/advance", &wrong);
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

#[test]
fn states_are_kept_and_come_back() {
    let rehearsal = Rehearsal::new();
    let path = to_the_code(&rehearsal);
    let (situation, audit) = (rehearsal.service.situation(), rehearsal.service.audit());
    rehearsal.done("/v1/snapshot", &json!({ "name": "at the code" }));
    let sent = code(&rehearsal);
    let body = json!({ "gate": "code", "input": { "code": sent } });
    assert_eq!(rehearsal.post(&path, &body).text("gate"), "choose_secret");
    rehearsal.done("/v1/restore", &json!({ "name": "at the code" }));
    assert_eq!(rehearsal.service.situation(), situation);
    assert_eq!(rehearsal.service.audit(), audit);
    assert_eq!(rehearsal.post(&path, &body).text("gate"), "choose_secret");
    let nowhere = json!({ "name": "elsewhere" });
    assert_eq!(rehearsal.order("POST", "/v1/restore", &nowhere).status, 404);
    rehearsal.done("/v1/reset", &Value::Null);
    assert_eq!(rehearsal.audit(), "");
    assert_eq!(rehearsal.get(&path).status, 404);
}

#[rstest]
#[case::not_invented(json!({ "synthetic": false, "persona": "child" }), "synthetic")]
#[case::nobody(json!({ "synthetic": true }), "persona")]
#[case::both(json!({ "synthetic": true, "persona": "child", "card": {
    "nun": "", "nis": "", "key": { "modulus": "", "exponent": "" }, "sod": "", "puk": "" } }), "one of the two")]
#[case::unknown(json!({ "synthetic": true, "persona": "nobody" }), "nobody")]
#[case::real_address(json!({ "synthetic": true, "persona": "child",
    "contacts": { "email": "somebody@elsewhere.invalid" } }), "may belong to somebody")]
#[case::real_number(json!({ "synthetic": true, "persona": "child",
    "contacts": { "sms": "+39 000 1" } }), "may belong to somebody")]
#[case::account(json!({ "synthetic": true, "persona": "child",
    "accounts": { "bank": { "state": "active" } } }), "no account `bank`")]
#[case::no_card(json!({ "synthetic": true, "card": {
    "nun": "CA00000AA", "nis": "1", "key": { "modulus": "C5", "exponent": "03" }, "sod": "00", "puk": "12345678" } }), "")]
fn people_who_are_not_taken_in(#[case] person: Value, #[case] why: &str) {
    let rehearsal = Rehearsal::new();
    let before = rehearsal.known("/v1/people");
    let answer = rehearsal.order("POST", "/v1/people", &person);
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.text("error").contains(why), "{answer:?}");
    assert_eq!(rehearsal.known("/v1/people"), before);
}

#[test]
fn somebody_is_taken_in_and_stopped() {
    let rehearsal = Rehearsal::new();
    let person = json!({
        "synthetic": true,
        "persona": "adult-modern",
        "contacts": { "sms": "+39 000 000042" },
        "accounts": { "cie": { "state": "active", "secret": "Brand-New-26" } },
    });
    let known = rehearsal.done("/v1/people", &person);
    let nun = known["nun"].as_str().unwrap();
    let login = || {
        let body = json!({ "alias": nun, "password": "Brand-New-26", "second_level": true });
        rehearsal.post("/sim/v1/login", &body).status
    };
    assert_eq!(login(), 200);
    assert_eq!(
        rehearsal.known("/v1/sent")["messages"][0]["to"],
        "+39000000042"
    );
    // An order that cannot be carried out whole is not carried out at all.
    let half = json!({ "nun": nun, "document": "revoked", "accounts": { "cie": "issued" } });
    assert_eq!(rehearsal.order("POST", "/v1/operator", &half).status, 409);
    assert_eq!(login(), 200);
    let stop = json!({ "nun": nun, "accounts": { "cie": "suspended" } });
    rehearsal.done("/v1/operator", &stop);
    assert_eq!(login(), 422);
}

#[test]
fn it_is_asked_to_end() {
    let asked = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&asked);
    let places = Places {
        public: local(),
        control: Some((local(), Token::parse(TOKEN).unwrap())),
    };
    let quit = Arc::new(move || raised.store(true, Ordering::Relaxed));
    let service = Service::start(desk(), places, quit).unwrap();
    let bearer = format!("Bearer {TOKEN}");
    let fields = [("Authorization", bearer.as_str())];
    let address = service.control_address().unwrap();
    assert_eq!(
        ask(address, "POST", "/v1/quit", &fields, b"[1]").status,
        400
    );
    assert!(!asked.load(Ordering::Relaxed));
    assert_eq!(ask(address, "POST", "/v1/quit", &fields, b"").status, 200);
    assert!(asked.load(Ordering::Relaxed));
}
