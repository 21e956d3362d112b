//! `cie-conf issuer serve` as people start it, and `curl` as a client that knows nothing of this project.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use cie_conformance::issuer::card::{PublicSide, prove};
use cie_conformance::issuer::device::Device;
use cie_conformance::issuer::policy::Padding;
use cie_conformance::issuer::wire::{Answer, Http, Reply, Request, otp_hash};
use cie_conformance::run::{DEFAULT_CHIP, EmbeddedCards};
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::Root;
use cie_crypto::random::Seeded;
use cie_emulator::persona::{Persona, personalise};
use rstest::rstest;
use serde_json::{Value, json};

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cie-conf"));
    command
        .current_dir(folder)
        .args(["issuer", "serve"])
        .stdin(Stdio::null())
        .env_remove("RUST_BACKTRACE");
    command
}

/// The program while it serves.
struct Serving {
    child: Child,
    said: BufReader<ChildStderr>,
    public: String,
    control: String,
}

impl Serving {
    fn start(folder: &Path) -> Self {
        let mut child = program(folder)
            .args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .args(["--control-token-file", "token"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut place = |what: &str| {
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            let rest = line.strip_prefix(what).unwrap_or_else(|| panic!("{line}"));
            rest.split_whitespace().next().unwrap().to_owned()
        };
        let (public, control) = (place("issuer: "), place("control: "));
        Self {
            child,
            said,
            public,
            control,
        }
    }

    /// The exit code, and the rest of what it says.
    fn end(mut self) -> (i32, String) {
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code().unwrap(), rest)
    }
}

#[cfg(unix)]
#[rstest]
#[case::interrupted("-INT")]
#[case::terminated("-TERM")]
fn it_ends_as_asked(#[case] signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    assert!(folder.path().join("token").exists());
    let id = serving.child.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status();
    assert!(sent.unwrap().success());
    assert_eq!(serving.end(), (0, "ended as asked\n".to_owned()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn refused(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let Output { status, stderr, .. } = program(folder).args(arguments).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

#[rstest]
#[case::everywhere(&["--listen", "0.0.0.0:0"], 2, "use a loopback address such as 127.0.0.1:0")]
#[case::everywhere_six(&["--listen", "[::]:0"], 2, "use a loopback address such as 127.0.0.1:0")]
#[case::another_machine(&["--listen", "192.0.2.1:80"], 2, "other machines could reach 192.0.2.1:80")]
#[case::control(&["--listen", "127.0.0.1:0", "--control", "0.0.0.0:0"], 2, "control port: other machines")]
#[case::control_leaves_no_token(&["--listen", "127.0.0.1:0", "--control", "0.0.0.0:0", "--control-token-file", "token"], 2, "control port: other machines")]
#[case::name(&["--listen", "localhost"], 2, "write an address and a port, such as 127.0.0.1:35990")]
#[case::control_name(&["--control", "localhost"], 2, "write an address and a port, such as")]
#[case::opens(&["--opens", "yesterday"], 2, "write an instant such as")]
#[case::no_folder(&["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--control-token-file", "missing/token"], 3, "name a file that you may read")]
#[case::token_alone(&["--control-token-file", "token"], 2, "--control")]
#[case::day(&["--opens", "yesterday"], 2, "yesterday")]
fn what_cannot_be_served(#[case] arguments: &[&str], #[case] code: i32, #[case] why: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (found, said) = refused(folder.path(), arguments);
    assert_eq!(found, code, "{said}");
    assert!(said.contains(why), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_port_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = refused(folder.path(), &["--listen", &address]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("name a port that is free"), "{said}");
}

#[test]
fn the_policies_are_listed() {
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cie-conf"));
        let output = command.args(["issuer", "list"]).args(arguments).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let text = command(&[]);
    let listed: Value = serde_json::from_str(&command(&["--json"])).unwrap();
    let listed = listed.as_array().unwrap();
    assert!(
        text.ends_with(&format!("\n{} procedures\n", listed.len())),
        "{text}"
    );
    for policy in listed {
        let word = |name: &str| policy[name].as_str().unwrap();
        let head = format!(
            "{}  {}\n    {}\n",
            word("id"),
            word("status"),
            word("title")
        );
        assert!(text.contains(&head), "{head}");
    }
    let reset = listed.iter().find(|it| it["id"] == "inps-pin-reset");
    let reset = reset.unwrap();
    assert_eq!(reset["status"], "historical");
    assert_eq!(reset["revisions"][0]["until"], "2021-09-30");
}

/// Whether `curl` is there; in the lane that has everything, it must be.
fn has_curl() -> bool {
    let found = Command::new("curl").arg("--version").output().is_ok();
    if !found {
        assert!(
            std::env::var_os("CIE_PCSC").is_none_or(|value| value != "1"),
            "CIE_PCSC=1 asks for every program, and there is no curl"
        );
        println!("left out: there is no curl here; with CIE_PCSC=1 its absence is a failure");
    }
    found
}

/// What curl makes of a request: status and body.
fn curl(arguments: &[&str], body: Option<&[u8]>) -> (u16, Vec<u8>) {
    let mut command = Command::new("curl");
    command
        .args([
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "60",
        ])
        .args(["--write-out", "\n%{http_code}"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if body.is_some() {
        command.args(["--data-binary", "@-"]);
    }
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(body.unwrap_or_default()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    let at = output
        .stdout
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap();
    let (body, status) = output.stdout.split_at(at);
    let status = std::str::from_utf8(&status[1..]).unwrap().parse().unwrap();
    (status, body.to_vec())
}

struct Curl {
    serving: Serving,
    bearer: String,
}

impl Curl {
    fn start(folder: &Path) -> Self {
        let serving = Serving::start(folder);
        let token = std::fs::read_to_string(folder.join("token")).unwrap();
        let bearer = format!("Authorization: Bearer {}", token.trim());
        Self { serving, bearer }
    }

    fn native(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.serving.public);
        let (status, answer) = curl(&[&url], Some(body.to_string().as_bytes()));
        (status, serde_json::from_slice(&answer).unwrap())
    }

    fn order(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.serving.control);
        let body = body.to_string();
        let (status, answer) = curl(&["-H", &self.bearer, &url], Some(body.as_bytes()));
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }

    fn code(&self) -> String {
        let message = self.order("/v1/outbox/take", &json!({ "channel": "sms" }));
        message["vars"]["code"].as_str().unwrap().to_owned()
    }

    fn message(&self, request: &Request) -> Answer {
        let Http {
            method,
            target,
            content_type,
            body,
        } = request.to_http();
        let url = format!("{}{target}", self.serving.public);
        let kind = format!("Content-Type: {}", content_type.unwrap_or_default());
        let method = method.to_string();
        let body = (!body.is_empty()).then_some(body);
        let arguments = ["--request", &method, "-H", &kind, &url];
        let (status, body) = curl(&arguments, body.as_deref());
        Answer::from_reply(request.message(), &Reply { status, body }).unwrap()
    }
}

#[test]
fn curl_sets_a_new_password() {
    if !has_curl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let curl = Curl::start(folder.path());
    let identify = json!({ "cf": "RSSMRA80A01H501U", "nun": "CA00000AA" });
    let begin = json!({ "policy": "cie-password", "channel": "web", "identify": identify });
    let (status, begun) = curl.native("/sim/v1/procedures", &begin);
    assert_eq!((status, &begun["gate"]), (201, &json!("captcha")));
    let path = format!("/sim/v1/procedures/{}", begun["id"].as_str().unwrap());
    let pass = |gate: &str, input: Value| {
        let (status, answer) = curl.native(&path, &json!({ "gate": gate, "input": input }));
        assert_eq!(status, 200, "{answer}");
        answer["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(pass("captcha", json!("human")), "awaiting");
    assert_eq!(pass("code", json!({ "code": curl.code() })), "awaiting");
    let new = "Fresh-Start-26";
    let chosen = json!({ "new": new, "confirm": new });
    assert_eq!(pass("choose_secret", chosen), "completed");
    let login = json!({ "alias": "CA00000AA", "password": new });
    let (status, level) = curl.native("/sim/v1/login", &login);
    assert_eq!((status, &level["level"]), (200, &json!(1)));
    curl.order("/v1/quit", &json!({}));
    assert_eq!(curl.serving.end().0, 0);
}

/// The card is the embedded one; every message there and back is curl's.
#[test]
fn curl_recovers_a_puk() {
    if !has_curl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let curl = Curl::start(folder.path());
    let persona = Persona::builtin("adult-default").unwrap();
    let citizen = personalise(&persona).unwrap();
    let nun = citizen.document_number.to_string();
    let cards = EmbeddedCards::new(DEFAULT_CHIP);
    let setup = cards
        .made(Some("adult-default"), None, None, [], 3)
        .unwrap();
    let mut terminal = Terminal::new(setup.target, Box::new(Seeded::new(5)));
    terminal.power_on().unwrap();
    let side = PublicSide::read(&mut terminal, Root::MasterFile).unwrap();
    let device = Device::synthetic().unwrap();
    let mut start = side.start(&nun, device.public_key());
    start.address_sms = Some("+39 000 000001".to_owned());
    let begun = curl.message(&Request::Start(Box::new(start)));
    let Answer::Started {
        procedure,
        challenge,
        ..
    } = begun
    else {
        panic!("{begun:?}");
    };
    let signature = prove(&mut terminal, Root::MasterFile, &challenge).unwrap();
    let accepted = curl.message(&Request::FirstProof {
        procedure: procedure.clone(),
        signature,
    });
    assert!(matches!(accepted, Answer::Accepted { .. }), "{accepted:?}");
    let state = curl.message(&Request::State {
        procedure: procedure.clone(),
        nun: nun.clone(),
    });
    let Answer::State(words) = state else {
        panic!("{state:?}");
    };
    assert!(words.contains("2026-03-04T09:00:00Z"), "{words}");
    curl.order("/v1/clock/advance", &json!({ "by": "PT48H" }));
    let second = curl.message(&Request::Code {
        procedure: procedure.clone(),
        nun: nun.clone(),
        hash: otp_hash(&curl.code()),
    });
    let Answer::Challenge(challenge) = second else {
        panic!("{second:?}");
    };
    let signature = prove(&mut terminal, Root::MasterFile, &challenge).unwrap();
    let disclosed = curl.message(&Request::SecondProof {
        procedure,
        nun,
        signature,
    });
    let Answer::Disclosed(halves) = disclosed else {
        panic!("{disclosed:?}");
    };
    assert!(device.open(&halves, Padding::Pkcs1).unwrap() == citizen.puk);
    curl.order("/v1/quit", &json!({}));
    assert_eq!(curl.serving.end().0, 0);
}
