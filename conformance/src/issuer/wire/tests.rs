//! The vectors were written by a program that shares nothing with this one.

use proptest::prelude::{any, prop, proptest};
use rstest::rstest;
use serde_json::Value;

use super::{Answer, Http, Message, Method, Refusal, Reply, Request, Start, WireError, otp_hash};

const VECTORS: &str = include_str!("../../../../fixtures/vectors/issuer-messages.json");

fn vectors() -> Value {
    serde_json::from_str(VECTORS).expect("the vectors are JSON")
}

fn text(value: &Value, key: &str) -> String {
    let found = value.get(key).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("{key} is missing"))
        .to_owned()
}

fn bytes(value: &Value, key: &str) -> Vec<u8> {
    hex::decode(text(value, key)).expect("hexadecimal")
}

fn http(vector: &Value) -> Http {
    let method = match text(vector, "method").as_str() {
        "GET" => Method::Get,
        _ => Method::Put,
    };
    Http {
        method,
        target: text(vector, "target"),
        content_type: vector["content_type"].as_str().map(str::to_owned),
        body: vector["body"].as_str().unwrap_or_default().into(),
    }
}

fn meaning(name: &str, vector: &Value) -> Request {
    let m = &vector["meaning"];
    let procedure = || text(m, "procedure");
    match name {
        "a01" => Request::Start(Box::new(Start {
            nun: text(m, "nun"),
            nis: text(m, "nis"),
            address_sms: m["sms"].as_str().map(str::to_owned),
            address_email: m["email"].as_str().map(str::to_owned),
            sod: bytes(m, "sod"),
            card_key: (bytes(m, "card_modulus"), bytes(m, "card_exponent")),
            device_key: (bytes(m, "device_modulus"), bytes(m, "device_exponent")),
        })),
        "a02" => Request::FirstProof {
            procedure: procedure(),
            signature: bytes(m, "signature"),
        },
        "a03" => Request::Code {
            procedure: procedure(),
            nun: text(m, "nun"),
            hash: otp_hash(&text(m, "code")),
        },
        "a04" => Request::SecondProof {
            procedure: procedure(),
            nun: text(m, "nun"),
            signature: bytes(m, "signature"),
        },
        _ => Request::State {
            procedure: procedure(),
            nun: text(m, "nun"),
        },
    }
}

#[rstest]
#[case::start("a01")]
#[case::first_proof("a02")]
#[case::code("a03")]
#[case::second_proof("a04")]
#[case::state("a05")]
fn a_request_is_read_and_written_as_the_vector_has_it(#[case] name: &str) {
    let vector = &vectors()["requests"][name];
    let request = Request::from_http(&http(vector)).expect("one of the messages");
    assert_eq!(request, meaning(name, vector));
    let written = request.to_http();
    assert_eq!(written.target, text(vector, "target"));
    assert_eq!(written.method, http(vector).method);
    // JSON objects have no order.
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    assert_eq!(json(&written.body), json(&http(vector).body));
    assert_eq!(Request::from_http(&written), Ok(request));
}

#[rstest]
#[case::started("a01", Message::A01)]
#[case::accepted("a02", Message::A02)]
#[case::challenge("a03", Message::A03)]
#[case::halves("a04", Message::A04)]
#[case::state("a05", Message::A05)]
fn an_answer_comes_back_from_the_vector(#[case] name: &str, #[case] message: Message) {
    let body = text(&vectors()["answers"], name);
    let reply = Reply {
        status: 200,
        body: body.clone().into_bytes(),
    };
    let answer = Answer::from_reply(message, &reply).expect("the message's answer");
    let written: Value = serde_json::from_slice(&answer.to_reply().body).expect("JSON");
    assert_eq!(written, serde_json::from_str::<Value>(&body).expect("JSON"));
    for other in [Message::A01, Message::A02, Message::A03, Message::A04] {
        let is_part = (message, other) == (Message::A01, Message::A02)
            || (message, other) == (Message::A01, Message::A03);
        if other != message && !is_part {
            assert!(
                Answer::from_reply(other, &reply).is_err(),
                "{name} as {other}"
            );
        }
    }
}

#[rstest]
#[case::whole(
    r#"{"reason":"attempts","resultCodes":"7","closed":true}"#,
    Some("attempts"),
    Some(true)
)]
#[case::not_closed(
    r#"{"reason":"mismatch","closed":false}"#,
    Some("mismatch"),
    Some(false)
)]
#[case::without_a_reason(r#"{"closed":true}"#, None, Some(true))]
#[case::empty_object("{}", None, None)]
#[case::empty_body("", None, None)]
#[case::not_json("<html>gateway</html>", None, None)]
#[case::another_type(r#"{"reason":7}"#, None, None)]
fn a_refusal_is_a_refusal_whatever_its_body_looks_like(
    #[case] body: &str,
    #[case] reason: Option<&str>,
    #[case] closed: Option<bool>,
    #[values(422, 429, 500, 302)] status: u16,
    #[values(Message::A01, Message::A03, Message::A05)] message: Message,
) {
    let body = body.as_bytes().to_vec();
    let answer = Answer::from_reply(message, &Reply { status, body });
    let Ok(Answer::Refused(refusal)) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(
        (refusal.reason.as_deref(), refusal.closed),
        (reason, closed)
    );
}

#[test]
fn a_refusal_says_only_what_it_knows() {
    let refusal = Refusal {
        reason: Some("proof".to_owned()),
        closed: Some(true),
        ..Refusal::default()
    };
    let reply = Answer::Refused(refusal).to_reply();
    assert_eq!(reply.status, 422);
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!(
        body,
        serde_json::json!({ "reason": "proof", "closed": true })
    );
}

fn start() -> Start {
    let Request::Start(start) = meaning("a01", &vectors()["requests"]["a01"]) else {
        panic!("A01");
    };
    *start
}

#[test]
fn a_service_number_is_cut_to_twelve_characters_on_its_way() {
    let long = Start {
        nis: "123456789012\0\0\0".to_owned(),
        ..start()
    };
    let http = Request::Start(Box::new(long)).to_http();
    assert!(
        http.target.contains("&nis=123456789012&"),
        "{}",
        http.target
    );
}

#[test]
fn a_plus_that_was_not_encoded_reads_as_a_space() {
    let mut http = Request::Start(Box::new(start())).to_http();
    assert!(http.target.contains("addressSms=%2B39"), "{}", http.target);
    http.target = http.target.replace("%2B", "+");
    let Ok(Request::Start(read)) = Request::from_http(&http) else {
        panic!("it is still a message");
    };
    assert!(read.address_sms.is_some_and(|to| to.starts_with(" 39")));
}

fn spoiled(spoil: impl FnOnce(&mut Http)) -> Result<Request, WireError> {
    let mut http = Request::Start(Box::new(start())).to_http();
    spoil(&mut http);
    Request::from_http(&http)
}

#[test]
fn what_is_not_one_of_the_messages_is_refused_by_its_first_fault() {
    let replace = |from: &'static str, to: &'static str| {
        spoiled(move |http| http.target = http.target.replace(from, to))
    };
    assert_eq!(replace("/repuk/", "/other/"), Err(WireError::Path));
    assert_eq!(replace("repuks/?", "repuks/../x?"), Err(WireError::Path));
    assert_eq!(replace("A01", "A06"), Err(WireError::MessageType));
    assert_eq!(replace("A01", "A02"), Err(WireError::MessageType));
    assert_eq!(replace("&nun=", "&x="), Err(WireError::Missing("nun")));
    assert_eq!(replace("&lng=IT", "&nun=CA1"), Err(WireError::Twice("nun")));
    assert!(matches!(
        replace("&lng=IT", "&lng=%FF"),
        Err(WireError::Form { .. })
    ));
    assert!(matches!(
        spoiled(|http| http.method = Method::Get),
        Err(WireError::Method { .. })
    ));
    assert_eq!(
        spoiled(|http| http.content_type = None),
        Err(WireError::MediaType)
    );
    assert!(matches!(
        spoiled(|http| http.body.truncate(20)),
        Err(WireError::Json(_))
    ));
    assert!(matches!(
        spoiled(|http| http.body.resize(super::MAX_BODY + 1, b' ')),
        Err(WireError::TooLong { .. })
    ));
    let unpadded = Http {
        method: Method::Put,
        target: "/repuk/api/repuks/1?msgType=A02&randomCodeEncrypted=AQ".to_owned(),
        content_type: None,
        body: Vec::new(),
    };
    assert!(matches!(
        Request::from_http(&unpadded),
        Err(WireError::Form { .. })
    ));
}

#[test]
fn nothing_of_a_code_or_a_contact_is_printed_for_debugging() {
    let start = Request::Start(Box::new(start()));
    let shown = format!("{start:?} {:?} {:?}", start.to_http(), start.to_http());
    assert!(!shown.contains("39"), "{shown}");
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_an_error_and_never_a_panic(
        put in any::<bool>(),
        target in any::<String>(),
        content_type in prop::option::of("[ -~]{0,60}"),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let method = if put { Method::Put } else { Method::Get };
        let known = format!("/repuk/api/repuks/{target}");
        for target in [target, known] {
            let http = Http { method, target, content_type: content_type.clone(), body: body.clone() };
            let _ = Request::from_http(&http);
        }
    }

    #[test]
    fn what_is_written_is_read_again(
        id in "[A-Za-z0-9-]{1,40}",
        nun in any::<String>(),
        signature in prop::collection::vec(any::<u8>(), 1..300),
    ) {
        if !nun.is_empty() {
            let request = Request::SecondProof { procedure: id, nun, signature };
            assert_eq!(Request::from_http(&request.to_http()), Ok(request));
        }
    }

    #[test]
    fn an_answer_of_arbitrary_bytes_is_no_panic(
        status in any::<u16>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        for message in [Message::A01, Message::A02, Message::A03, Message::A04, Message::A05] {
            let _ = Answer::from_reply(message, &Reply { status, body: body.clone() });
        }
    }
}
