//! Faults between a served card and its reader, as a client and as whoever watches see them.

use crate::support::{Api, Served, Vpcd};
use rustix::process::Signal;
use serde_json::json;

const SELECT_CIE: &str = "00A4040C06A00000000039";

fn start(vpcd: &Vpcd, more: &[&str]) -> Served {
    let way = vpcd.way();
    let mut arguments = vec!["--json", "--via", &way];
    arguments.extend(more);
    Served::start(&arguments)
}

#[test]
fn a_rule_acts_on_what_it_is_about() {
    let vpcd = Vpcd::new();
    let served = start(
        &vpcd,
        &[
            "--fault",
            "sw=6F00@SELECT,#2",
            "--fault",
            "delay=1ms@get challenge",
        ],
    );
    let mut card = vpcd.card();
    card.power_on();
    assert_eq!(card.transmit(SELECT_CIE), "9000");
    assert_eq!(card.transmit(SELECT_CIE), "6F00");
    assert_eq!(card.transmit(SELECT_CIE), "9000");
    assert_eq!(card.transmit("0084000008").len(), 20);
    assert_eq!(served.event("exchange")["sw"], "9000");
    assert_eq!(
        served.event("fault"),
        json!({"event": "fault", "card": 1, "rule": "sw=6F00@SELECT,#2"})
    );
    // What is told is what passed the reader.
    assert_eq!(served.event("exchange")["sw"], "6F00");
    assert_eq!(served.event("fault")["rule"], "delay=1ms@GET CHALLENGE");
}

/// vpcd knows no mute card: the connection ends, and a new one is the same card without power.
#[test]
fn an_answer_is_lost() {
    let vpcd = Vpcd::new();
    let served = start(&vpcd, &["--fault", "lost@SELECT,#1"]);
    let mut card = vpcd.card();
    card.power_on();
    card.send(&hex::decode(SELECT_CIE).unwrap());
    card.wait_for_removal();
    let mut card = vpcd.card();
    card.power_on();
    assert_eq!(card.transmit(SELECT_CIE), "9000");
    assert_eq!(served.event("fault")["rule"], "lost@SELECT,#1");
}

#[test]
fn a_card_is_gone_and_comes_back() {
    let vpcd = Vpcd::new();
    let served = start(&vpcd, &["--fault", "gone=10ms@SELECT,#1"]);
    let mut card = vpcd.card();
    card.power_on();
    card.send(&hex::decode(SELECT_CIE).unwrap());
    card.wait_for_removal();
    assert_eq!(served.event("removed")["card"], 1);
    assert_eq!(served.event("inserted")["card"], 1);
    let mut card = vpcd.card();
    card.power_on();
    assert_eq!(card.transmit(SELECT_CIE), "9000");
}

#[test]
fn a_card_is_gone_until_somebody_puts_it_in() {
    let vpcd = Vpcd::new();
    let served = start(&vpcd, &["--fault", "gone@#2", "--control", "127.0.0.1:0"]);
    let api = Api::of(&served);
    let mut card = vpcd.card();
    card.power_on();
    assert_eq!(card.transmit(SELECT_CIE), "9000");
    card.send(&hex::decode(SELECT_CIE).unwrap());
    card.wait_for_removal();
    served.event("removed");
    assert_eq!(api.ask("POST", "/v1/insert", "").0, 200);
    let mut card = vpcd.card();
    card.power_on();
    assert_eq!(card.transmit(SELECT_CIE), "9000");
}

/// Ten minutes are not waited for: neither by who takes the card out, nor at the end.
#[test]
fn a_slow_card_can_be_taken_out() {
    let vpcd = Vpcd::new();
    let served = start(
        &vpcd,
        &["--fault", "delay=600s", "--control", "127.0.0.1:0"],
    );
    let api = Api::of(&served);
    let mut card = vpcd.card();
    card.power_on();
    card.send(&hex::decode(SELECT_CIE).unwrap());
    served.event("fault");
    assert_eq!(api.ask("POST", "/v1/remove", "").0, 200);
    card.wait_for_removal();
    assert_eq!(api.ask("POST", "/v1/insert", "").0, 200);
    let mut card = vpcd.card();
    card.power_on();
    card.send(&hex::decode(SELECT_CIE).unwrap());
    served.event("fault");
    served.signal(Signal::TERM);
    card.wait_for_removal();
    assert_eq!(served.end().0.code(), Some(0));
}
