//! H-3: a request that comes again changes nothing more: it brings the same state or a clean refusal, and what is given out once
//! is given out once.

use rstest::rstest;
use serde_json::{Value, json};

use crate::client::{Answer, Rehearsal};

/// Begins a new password of the first citizen. Gives the path of the procedure.
pub(crate) fn begun(rehearsal: &Rehearsal) -> String {
    let identify = json!({ "cf": "RSSMRA80A01H501U", "nun": "CA00000AA" });
    let begin = json!({ "policy": "cie-password", "channel": "web", "identify": identify });
    let answer = rehearsal.post("/sim/v1/procedures", &begin);
    assert_eq!(answer.status, 201, "{answer:?}");
    format!("/sim/v1/procedures/{}", answer.text("id"))
}

/// As far as the code that was sent.
pub(crate) fn to_the_code(rehearsal: &Rehearsal) -> String {
    let path = begun(rehearsal);
    let human = json!({ "gate": "captcha", "input": "human" });
    assert_eq!(rehearsal.post(&path, &human).status, 200);
    path
}

pub(crate) fn code(rehearsal: &Rehearsal) -> String {
    let message = rehearsal.done("/v1/outbox/take", &json!({ "channel": "sms" }));
    message["vars"]["code"].as_str().unwrap().to_owned()
}

fn with_code(code: &str) -> Value {
    json!({ "gate": "code", "input": { "code": code } })
}

fn chosen(new: &str) -> Value {
    json!({ "gate": "choose_secret", "input": { "new": new, "confirm": new } })
}

fn refusal(answer: &Answer) -> (u16, String, bool) {
    let closed = answer.json()["closed"].as_bool().unwrap();
    (answer.status, answer.text("reason"), closed)
}

fn wrong_gate() -> (u16, String, bool) {
    (422, "wrong_gate".to_owned(), false)
}

#[test]
fn each_answer_again_is_refused_and_changes_nothing() {
    let rehearsal = Rehearsal::new();
    let path = to_the_code(&rehearsal);
    let state = || rehearsal.get(&path).json();
    let human = json!({ "gate": "captcha", "input": "human" });
    let before = state();
    assert_eq!(refusal(&rehearsal.post(&path, &human)), wrong_gate());
    assert_eq!(state(), before);
    let code = with_code(&code(&rehearsal));
    assert_eq!(rehearsal.post(&path, &code).status, 200);
    let before = state();
    assert_eq!(refusal(&rehearsal.post(&path, &code)), wrong_gate());
    assert_eq!(state(), before);
    let new = chosen("Fresh-Start-26");
    assert_eq!(rehearsal.post(&path, &new).text("state"), "completed");
    let gone = refusal(&rehearsal.post(&path, &chosen("Fresh-Start-27")));
    assert_eq!(gone, (410, "completed".to_owned(), true));
    assert_eq!(state()["state"], "completed");
    let login = |password: &str| {
        let body = json!({ "alias": "CA00000AA", "password": password });
        rehearsal.post("/sim/v1/login", &body).status
    };
    assert_eq!(
        (login("Fresh-Start-26"), login("Fresh-Start-27")),
        (200, 422)
    );
    // One message was sent, however often was asked.
    assert_eq!(rehearsal.known("/v1/status")["sent"], 1);
}

#[test]
fn asking_changes_nothing() {
    let rehearsal = Rehearsal::new();
    let path = to_the_code(&rehearsal);
    let before = rehearsal.service.situation();
    let first = rehearsal.get(&path);
    for path in [&path, "/sim/v1/openapi.json"] {
        assert_eq!(rehearsal.get(path).status, 200);
    }
    for path in [
        "/v1/status",
        "/v1/audit",
        "/v1/outbox",
        "/v1/sent",
        "/v1/people",
    ] {
        rehearsal.known(path);
    }
    assert_eq!(rehearsal.get("/sim/v1/procedures/nobody").status, 404);
    assert_eq!(rehearsal.get(&path).body, first.body);
    assert_eq!(rehearsal.service.situation(), before);
}

#[test]
fn the_last_wrong_code_closes_and_says_so() {
    let rehearsal = Rehearsal::new();
    let path = to_the_code(&rehearsal);
    let wrong = with_code(&crate::given::changed(&code(&rehearsal)));
    for left in [2, 1] {
        let answer = rehearsal.post(&path, &wrong);
        assert_eq!(refusal(&answer), (422, "wrong_code".to_owned(), false));
        assert_eq!(answer.json()["tries_left"], left);
    }
    let answer = rehearsal.post(&path, &wrong);
    assert_eq!(refusal(&answer), (422, "attempts".to_owned(), true));
    assert_eq!(answer.json()["tries_left"], 0);
    let gone = refusal(&rehearsal.post(&path, &wrong));
    assert_eq!(gone, (410, "attempts".to_owned(), true));
    assert_eq!(rehearsal.get(&path).text("reason"), "attempts");
}

#[test]
fn starts_are_limited() {
    let rehearsal = Rehearsal::new();
    for _ in 0..3 {
        begun(&rehearsal);
    }
    let identify = json!({ "cf": "RSSMRA80A01H501U", "nun": "CA00000AA" });
    let begin = json!({ "policy": "cie-password", "channel": "web", "identify": identify });
    let answer = rehearsal.post("/sim/v1/procedures", &begin);
    assert_eq!(refusal(&answer), (429, "limit".to_owned(), false));
}

#[rstest]
#[case::policy(json!({ "policy": "nothing", "channel": "web" }), 422, "unknown_policy")]
#[case::channel(json!({ "policy": "cie-password", "channel": "app" }), 422, "channel")]
#[case::no_channel(json!({ "policy": "cie-password", "channel": "post" }), 400, "request")]
#[case::nobody(json!({ "policy": "cie-password", "channel": "web" }), 422, "mismatch")]
#[case::history(json!({ "policy": "inps-pin-reset", "channel": "web" }), 422, "mismatch")]
fn starts_that_are_refused(#[case] begin: Value, #[case] status: u16, #[case] reason: &str) {
    let rehearsal = Rehearsal::new();
    let answer = rehearsal.post("/sim/v1/procedures", &begin);
    assert_eq!(refusal(&answer), (status, reason.to_owned(), false));
}
