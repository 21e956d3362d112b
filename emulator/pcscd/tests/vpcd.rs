//! The same cards through vsmartcard's vpcd, as Debian brings it.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod support;

use std::sync::Arc;

use cie_emulator::link::{Link, LinkEvent, Slot, Via};
use cie_pcscd::PrivateDaemon;
use support::{Client, Echo, REMOVED_CARD, Told, UNSUPPORTED_FEATURE, serve, wanted_as_root};

const READER: &str = "Virtual PCD 00 00";

fn daemon() -> PrivateDaemon {
    PrivateDaemon::builder().vpcd().start().unwrap()
}

/// Serves from inside the daemon's network.
fn serve_inside(daemon: &PrivateDaemon, slot: &Slot) -> (Link, Told) {
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            daemon.join_network().unwrap();
            serve(slot, Via::Vpcd(daemon.vpcd_address()))
        });
        inside.join().unwrap()
    })
}

#[test]
fn a_card_is_seen_spoken_to_swapped_and_removed() {
    if !wanted_as_root() {
        return;
    }
    let daemon = daemon();
    let mut client = Client::of(&daemon);
    let slot = Slot::new("vpcd");
    let (link, told) = serve_inside(&daemon, &slot);
    client.until("empty", READER);
    assert_eq!(*told.lock().unwrap(), [], "an empty slot has no connection");
    let [first, second] = [Echo::new(b"one"), Echo::new(b"two")];
    let [one, two] = [first.atr(), second.atr()];
    slot.insert(Box::new(first));
    let before = client.until_card(&one, READER);
    client.get(&format!("connect T1 {READER}"));
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
    assert_eq!(client.get("transmit 00011000").len(), 2 * (0x1000 + 2));
    assert_eq!(client.get("transmit 0001fffd").len(), 2 * 0xFFFF);
    assert_eq!(
        client.get("transmit 0001fffe"),
        "6f00",
        "more than vpcd carries"
    );
    assert_eq!(client.ask("attribute 90303").0, UNSUPPORTED_FEATURE);
    slot.insert(Box::new(second));
    let after = client.until_card(&two, READER);
    assert_eq!(client.ask("transmit 00a4040000").0, REMOVED_CARD);
    assert_eq!(after, before + 2, "one removal, one insertion");
    client.get(&format!("connect any {READER}"));
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
    client.get("reconnect reset");
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
    slot.remove();
    client.until("empty", READER);
    link.stop();
    let told = told.lock().unwrap();
    assert!(
        told.contains(&LinkEvent::AnswerTooLong { length: 0x1_0000 }),
        "{told:?}"
    );
}

#[test]
fn a_daemon_that_comes_back_finds_the_card() {
    if !wanted_as_root() {
        return;
    }
    let mut daemon = daemon();
    let slot = Slot::new("vpcd");
    let card = Echo::new(b"stays");
    let (atr, counts) = (card.atr(), Arc::clone(&card.counts));
    slot.insert(Box::new(card));
    let (link, _) = serve_inside(&daemon, &slot);
    Client::of(&daemon).until_card(&atr, READER);
    drop(link);
    daemon.restart().unwrap();
    let _link = serve_inside(&daemon, &slot);
    Client::of(&daemon).until_card(&atr, READER);
    assert!(
        support::Counts::of(&counts.off) > 0,
        "the reader's power went with the reader"
    );
}
