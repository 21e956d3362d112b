//! What a served card prints and writes, and how it ends.

use crate::support::{Served, Vpcd, text};
use cie_emulator::phy::trace::file::{Record, Recording};
use rstest::rstest;
use rustix::process::Signal;
use serde_json::Value;

const SELECT_CIE: &str = "00A4040C06A00000000039";
const GEMALTO: &str = "3B8F800180318065B085040011120FFF8290008A";

#[test]
fn a_client_sees_the_card_and_people_see_the_client() {
    let vpcd = Vpcd::new();
    let served = Served::start(&["--seed", "7", "--via", &vpcd.way()]);
    let mut card = vpcd.card();
    assert_eq!(card.power_on(), GEMALTO);
    assert_eq!(card.transmit(SELECT_CIE), "9000");
    served.line("1  == card 1 (seed 7 on gemalto) is in");
    served.line("1  -- power on: ATR 3B8F80");
    let line = served.line("SELECT");
    assert_eq!(
        line,
        "1  1. SELECT the CIE application (A00000000039), status word only -> 9000 (no error)  * selected: CIE"
    );
}

#[rstest]
#[case::terminated(Signal::TERM)]
#[case::interrupted(Signal::INT)]
#[case::hung_up(Signal::HUP)]
fn a_signal_takes_the_card_out(#[case] signal: Signal) {
    let vpcd = Vpcd::new();
    let served = Served::start(&["--json", "--via", &vpcd.way()]);
    let mut card = vpcd.card();
    card.power_on();
    served.event("power_on");
    served.signal(signal);
    card.wait_for_removal();
    let (status, rest) = served.end();
    assert_eq!(status.code(), Some(0));
    let events: Vec<String> = rest
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].to_string())
        .collect();
    // Whether the reader hears of the empty slot before or after people do is nobody's promise.
    let told: Vec<&str> = events
        .iter()
        .map(String::as_str)
        .filter(|event| *event != "\"link\"")
        .collect();
    assert_eq!(told[told.len() - 2..], ["\"removed\"", "\"end\""]);
}

#[test]
fn every_line_is_json() {
    let vpcd = Vpcd::new();
    let served = Served::start(&["--json", "--seed", "7", "--via", &vpcd.way()]);
    let mut card = vpcd.card();
    card.power_on();
    card.transmit(SELECT_CIE);
    card.transmit("0084000008");
    let inserted = served.event("inserted");
    assert_eq!(
        inserted,
        serde_json::json!({"event": "inserted", "reader": 1, "card": 1, "label": "seed 7 on gemalto"})
    );
    assert_eq!(
        served.event("status")["status"]["drawer"],
        Value::Array(vec![])
    );
    assert_eq!(served.event("power_on")["atr"], GEMALTO);
    for (number, sw) in [(1, "9000"), (2, "9000")] {
        let exchange = served.event("exchange");
        assert_eq!(exchange["number"], number);
        assert_eq!(exchange["sw"], sw);
        assert_eq!(exchange["reader"], 1);
        assert_eq!(exchange["tries"], serde_json::json!({"pin": 3, "puk": 10}));
    }
}

#[test]
fn a_daemon_that_restarts_gets_the_card_back() {
    let vpcd = Vpcd::new();
    let served = Served::start(&["--json", "--via", &vpcd.way()]);
    for _ in 0..3 {
        let mut card = vpcd.card();
        assert_eq!(card.power_on(), GEMALTO);
        assert_eq!(served.event("link")["state"], "connected");
        drop(card);
        assert_eq!(served.event("link")["state"], "disconnected");
    }
}

#[rstest]
#[case::driver("driver:unix:/missing/reader", "`sudo cie-card driver install`")]
#[case::vpcd("vpcd:1", "apt-get install pcscd vsmartcard-vpcd")]
fn without_a_daemon_a_sentence_says_what_to_do(#[case] way: &str, #[case] what: &str) {
    let served = Served::start(&["--via", way]);
    served.line("1  == waiting: nothing listens on ");
    served.told(what);
    served.signal(Signal::TERM);
    assert_eq!(served.end().0.code(), Some(0));
}

#[test]
fn two_readers_with_two_citizens() {
    let (left, right) = (Vpcd::new(), Vpcd::new());
    let served = Served::start(&[
        "--card",
        "seed=1",
        "--card",
        "seed=2,chip=stm",
        "--via",
        &left.way(),
        "--via",
        &right.way(),
    ]);
    let (mut one, mut two) = (left.card(), right.card());
    assert_eq!(one.power_on(), GEMALTO);
    assert_ne!(two.power_on(), GEMALTO);
    assert_eq!(two.transmit("00A40000"), "9000");
    assert_eq!(served.line("SELECT").get(..5), Some("2  1."));
}

#[test]
fn quiet_prints_nothing() {
    let vpcd = Vpcd::new();
    let served = Served::start(&["--quiet", "--via", &vpcd.way()]);
    let mut card = vpcd.card();
    card.power_on();
    card.transmit(SELECT_CIE);
    served.signal(Signal::TERM);
    let (status, lines) = served.end();
    assert_eq!((status.code(), lines), (Some(0), vec![]));
}

/// A PIN in plain, whole, in halves and in a chain: none of it comes out anywhere.
#[rstest]
#[case::text("text", &[])]
#[case::json("json", &["--json"])]
fn no_secret_comes_out(#[case] name: &str, #[case] how: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    let vpcd = Vpcd::new();
    let way = vpcd.way();
    let trace = path.to_str().unwrap();
    let mut arguments = vec!["--via", &way, "--trace", trace];
    arguments.extend(how);
    let served = Served::start(&arguments);
    let mut card = vpcd.card();
    card.power_on();
    card.transmit(SELECT_CIE);
    let pin = hex::encode_upper("13579135");
    for command in [
        format!("0020008108{pin}"),
        format!("10200081 04{}", &pin[..8]).replace(' ', ""),
        format!("00200081{pin}"),
        format!("0024008110{pin}{pin}"),
        format!("002C008110{pin}{pin}"),
    ] {
        card.transmit(&command);
    }
    served.signal(Signal::TERM);
    let (_, lines) = served.end();
    let mut all = lines.join("\n");
    assert!(all.contains("VERIFY PIN"), "{all}");
    all.push_str(&text(&path));
    for secret in ["13579135", "1357", &pin, &pin[..8]] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[rstest]
#[case::asked_to_end(Signal::TERM, true)]
#[case::killed(Signal::KILL, false)]
fn a_trace_is_valid_however_it_ends(#[case] signal: Signal, #[case] orderly: bool) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.jsonl");
    let vpcd = Vpcd::new();
    let served = Served::start(&["--via", &vpcd.way(), "--trace", path.to_str().unwrap()]);
    let mut card = vpcd.card();
    card.power_on();
    assert_eq!(card.transmit(SELECT_CIE), "9000");
    served.signal(signal);
    assert_eq!(served.end().0.code().is_some(), orderly);
    let trace = Recording::open(&path).unwrap();
    let kinds: Vec<&str> = trace
        .records
        .iter()
        .map(|(_, record)| match record {
            Record::Insert(_) => "insert",
            Record::PowerOn(_) => "on",
            Record::Exchange(_) => "exchange",
            Record::PowerOff(_) => "off",
            Record::Remove(_) => "remove",
            Record::Case(_) | Record::Reset(_) => "other",
        })
        .collect();
    let end: &[&str] = if orderly { &["off", "remove"] } else { &[] };
    // A card without power that is asked for its answer to reset needs some for a moment.
    let begin: &[&str] = &["insert", "on", "off", "on", "exchange"];
    assert_eq!(kinds, [begin, end].concat());
}

#[test]
fn a_stored_card_is_given_back_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("anna.cie");
    let file = file.to_str().unwrap();
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_cie-card"))
        .args(["new", "--out", file])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    for _ in 0..2 {
        let vpcd = Vpcd::new();
        let served = Served::start(&["--card", file, "--via", &vpcd.way()]);
        let mut card = vpcd.card();
        assert_eq!(card.power_on(), GEMALTO);
        served.signal(Signal::TERM);
        assert_eq!(
            served.end().0.code(),
            Some(0),
            "and nobody holds the file any more"
        );
    }
}

#[test]
fn nothing_is_left_of_what_could_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let mut command =
        crate::support::command(&["--trace", "run.jsonl", "--start-pcscd", "private"]);
    command
        .current_dir(directory.path())
        .env("CIE_IFD", "/missing/libcie_ifd.so");
    let served = Served::spawn(command);
    served.told("error: CIE_IFD names /missing/libcie_ifd.so, which is no file");
    assert_eq!(served.end().0.code(), Some(1));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
