//! The control API of the real program: who may ask, what is refused, and what a reader sees of an order.

use crate::support::{Api, Served, Vpcd, text};
use rstest::rstest;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

fn start(vpcd: &Vpcd, more: &[&str]) -> (Served, Api) {
    start_at(vpcd, "127.0.0.1:0", more)
}

fn start_at(vpcd: &Vpcd, address: &str, more: &[&str]) -> (Served, Api) {
    let way = vpcd.way();
    let mut arguments = vec![
        "--json",
        "--card",
        "chip=gemalto",
        "--also",
        "chip=stm,name=other",
        "--via",
        &way,
        "--control",
        address,
    ];
    arguments.extend(more);
    let served = Served::start(&arguments);
    let api = Api::of(&served);
    (served, api)
}

#[test]
fn cards_come_and_go() {
    let vpcd = Vpcd::new();
    let (served, api) = start(&vpcd, &[]);
    let mut first = vpcd.card();
    let atr = first.power_on();
    assert_eq!(
        api.ask("POST", "/v1/remove", ""),
        (200, json!({"done": "removed", "reader": 1, "card": 1}))
    );
    first.wait_for_removal();
    assert_eq!(
        api.ask("POST", "/v1/insert", "{\"card\": 1}"),
        (200, json!({"done": "inserted", "reader": 1, "card": 1}))
    );
    let mut again = vpcd.card();
    assert_eq!(again.power_on(), atr);
    assert_eq!(
        api.ask("POST", "/v1/swap", "{\"reader\": 1}"),
        (
            200,
            json!({"done": "swapped", "reader": 1, "out": 1, "card": 2})
        )
    );
    again.wait_for_removal();
    let mut other = vpcd.card();
    assert_ne!(other.power_on(), atr);
    let (status, found) = api.ask("GET", "/v1/status", "");
    assert_eq!(status, 200);
    assert_eq!(found["readers"][0]["card"]["label"], "other");
    assert_eq!(found["drawer"][0]["card"], 1);
    assert_eq!(
        api.ask("POST", "/v1/quit", ""),
        (200, json!({"done": "quit"}))
    );
    other.wait_for_removal();
    let (status, lines) = served.end();
    assert_eq!(status.code(), Some(0));
    assert!(lines.last().unwrap().contains("\"why\":\"control\""));
    assert!(!lines.join("").contains(&api.token));
}

#[test]
fn a_loose_contact_ends_the_session() {
    let vpcd = Vpcd::new();
    let (_served, api) = start(&vpcd, &[]);
    let mut card = vpcd.card();
    card.power_on();
    // Selected until the power goes: without a selected application there is no challenge to give.
    assert_eq!(card.transmit("00A4040C06A00000000039"), "9000");
    let before = card.transmit("00A4020402100500");
    assert_eq!(
        api.ask("POST", "/v1/reset", ""),
        (200, json!({"done": "reset", "reader": 1, "card": 1}))
    );
    assert_ne!(card.transmit("00A4020402100500"), before);
}

#[test]
fn refusals() {
    let vpcd = Vpcd::new();
    let (_served, api) = start(&vpcd, &[]);
    for (path, body, status) in [
        ("/v1/insert", "", 409),
        ("/v1/insert", "{\"reader\": 2}", 404),
        ("/v1/swap", "{\"card\": 9}", 404),
        ("/v1/swap", "{\"card\": \"two\"}", 400),
        ("/v1/remove", "[", 400),
        ("/v1/eject", "", 404),
    ] {
        let (found, answer) = api.ask("POST", path, body);
        assert_eq!(found, status, "{path} {body}: {answer}");
        assert!(answer["error"].is_string(), "{answer}");
    }
}

#[rstest]
#[case::wrong_token("Bearer 00000000000000000000000000000000", None, 401)]
#[case::no_token("", None, 401)]
#[case::foreign_host("right", Some("rebound.example:80"), 403)]
fn strangers(#[case] authorization: &str, #[case] host: Option<&str>, #[case] status: u16) {
    let vpcd = Vpcd::new();
    let (_served, api) = start(&vpcd, &[]);
    let right = format!("Bearer {}", api.token);
    let authorization = if authorization == "right" {
        &right
    } else {
        authorization
    };
    let own = api.address.to_string();
    let host = host.unwrap_or(&own);
    let (found, _) = api.ask_as(host, authorization, "POST", "/v1/quit", "");
    assert_eq!(found, status);
    assert_eq!(api.ask("GET", "/v1/status", "").0, 200, "still there");
}

#[rstest]
#[case::body(format!("POST /v1/insert HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{}", "a".repeat(100_000)), "HTTP/1.1 413 ")]
#[case::head(format!("GET /v1/status HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(9_000)), "HTTP/1.1 431 ")]
#[case::garbage("\u{0}\u{1}\r\n\r\n".to_owned(), "HTTP/1.1 400 ")]
fn oversized_and_garbage(#[case] request: String, #[case] start_of_answer: &str) {
    let vpcd = Vpcd::new();
    let (_served, api) = start(&vpcd, &[]);
    let mut stream = TcpStream::connect(api.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with(start_of_answer), "{answer}");
    assert_eq!(api.ask("GET", "/v1/status", "").0, 200, "still there");
}

#[test]
fn a_token_file_of_ours_comes_and_goes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let vpcd = Vpcd::new();
    let served = Served::start(&[
        "--via",
        &vpcd.way(),
        "--control",
        "127.0.0.1:0",
        "--control-token-file",
        path.to_str().unwrap(),
    ]);
    let told = served.told("control: ");
    let address = told
        .strip_prefix("control: http://")
        .and_then(|rest| rest.split_once(" token in "))
        .unwrap()
        .0;
    let token = text(&path).trim().to_owned();
    assert!(!told.contains(&token));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let api = Api {
        address: address.parse().unwrap(),
        token,
    };
    assert_eq!(api.ask("POST", "/v1/quit", "").0, 200);
    assert_eq!(served.end().0.code(), Some(0));
    assert!(!path.exists());
}

#[rstest]
#[case::readable_by_others("0123456789abcdef", 0o644, "others may read it")]
#[case::short("0123", 0o600, "the token has 4 characters")]
#[case::two_words("0123456789 abcdef", 0o600, "character 11")]
fn a_token_file_that_will_not_do(#[case] contents: &str, #[case] mode: u32, #[case] words: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    std::fs::write(&path, contents).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    let served = Served::start(&["--control", "--control-token-file", path.to_str().unwrap()]);
    let told = served.told("error: ");
    assert!(told.contains(words) && !told.contains(contents), "{told}");
    assert_eq!(served.end().0.code(), Some(2));
    assert_eq!(text(&path), contents);
}

#[test]
fn a_port_that_is_taken() {
    let vpcd = Vpcd::new();
    let (_served, api) = start(&vpcd, &[]);
    let other = Served::start(&["--via", &vpcd.way(), "--control", &api.address.to_string()]);
    other.told("name a port that is free, or port 0 for any");
    assert_eq!(other.end().0.code(), Some(1));
}

/// Another address than loopback is refused, and with the option that allows it the danger is told.
#[test]
fn other_machines_only_on_demand_and_aloud() {
    let refused = Served::start(&["--control", "0.0.0.0:0"]);
    refused.told("other machines could reach that");
    assert_eq!(refused.end().0.code(), Some(2));
    let vpcd = Vpcd::new();
    let (served, api) = start_at(&vpcd, "0.0.0.0:0", &["--control-anywhere"]);
    served.told("WARNING: other machines can reach");
    let own = std::net::SocketAddr::from(([127, 0, 0, 1], api.address.port()));
    let api = Api {
        address: own,
        ..api
    };
    assert_eq!(api.ask("POST", "/v1/quit", "").0, 200);
    assert_eq!(served.end().0.code(), Some(0));
}

#[rstest]
#[case::nested("[".repeat(4000), 400)]
#[case::nested_maps("{\"a\":".repeat(600), 400)]
#[case::huge_number(format!("{{\"card\":{}}}", "9".repeat(3000)), 400)]
#[case::largest_number("{\"card\":18446744073709551615}".to_owned(), 404)]
#[case::zero("{\"card\":0}".to_owned(), 404)]
#[case::twice("{\"card\":1,\"card\":2}".to_owned(), 400)]
#[case::path("{\"card\":\"../../etc/passwd\"}".to_owned(), 400)]
fn hostile_bodies(#[case] body: String, #[case] status: u16) {
    let vpcd = Vpcd::new();
    let (_served, api) = start(&vpcd, &[]);
    let (found, answer) = api.ask("POST", "/v1/swap", &body);
    assert_eq!(found, status, "{answer}");
    assert!(
        answer["error"].is_string() && answer.to_string().len() < 500,
        "{answer}"
    );
    assert_eq!(api.ask("GET", "/v1/status", "").0, 200, "still there");
}
