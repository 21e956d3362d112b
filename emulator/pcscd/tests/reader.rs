//! The virtual reader as real clients see it: a private pcscd, our driver in it, cards of ours behind it.

mod support;

use std::sync::Arc;

use cie_emulator::link::{LinkEvent, Slot, Via};
use cie_pcscd::PrivateDaemon;
use rstest::rstest;
use support::{
    Client, Counts, Echo, NO_READERS, NOT_TRANSACTED, PROTO_MISMATCH, READER, REMOVED_CARD,
    SUCCESS, UNSUPPORTED_FEATURE, daemon, serve, via, wanted,
};

#[test]
fn a_card_is_seen_inserted_spoken_to_and_removed() {
    if !wanted() {
        return;
    }
    let daemon = daemon();
    let mut client = Client::of(&daemon);
    assert_eq!(client.get("readers"), READER);
    let slot = Slot::new("test");
    let (link, told) = serve(&slot, via(&daemon, 0));
    client.until("empty", READER);
    let card = Echo::new(b"one");
    let atr = card.atr();
    slot.insert(Box::new(card));
    assert_eq!(client.until("present", READER).1, atr);
    assert_eq!(client.get(&format!("connect T1 {READER}")), "T1");
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
    assert_eq!(client.get("attribute 90303"), atr);
    assert!(slot.remove().is_some());
    client.until("empty", READER);
    assert_eq!(client.ask("transmit 00a4040000").0, REMOVED_CARD);
    link.stop();
    assert_eq!(*told.lock().unwrap(), [LinkEvent::Connected]);
}

#[test]
fn the_reader_says_what_it_is() {
    if !wanted() {
        return;
    }
    let daemon = daemon();
    let slot = Slot::new("test");
    let _link = serve(&slot, via(&daemon, 0));
    slot.insert(Box::new(Echo::new(b"one")));
    let mut client = Client::of(&daemon);
    client.until("present", READER);
    client.get(&format!("connect any {READER}"));
    let vendor = client.get("attribute 10100");
    assert!(!vendor.is_empty());
    let features = client.get("control 42000D48");
    assert_eq!(features, "120442330012", "FEATURE_GET_TLV_PROPERTIES");
    let properties = client.get("control 42330012");
    assert!(
        properties.ends_with("0a0400000100"),
        "dwMaxAPDUDataSize: {properties}"
    );
    assert_eq!(client.ask("control 42000001").0, UNSUPPORTED_FEATURE);
    assert_eq!(client.ask("attribute 7fff0").0, UNSUPPORTED_FEATURE);
}

#[test]
fn a_swap_however_quick_is_a_removal() {
    if !wanted() {
        return;
    }
    let daemon = daemon();
    let slot = Slot::new("test");
    let _link = serve(&slot, via(&daemon, 0));
    let mut client = Client::of(&daemon);
    slot.insert(Box::new(Echo::new(b"a")));
    client.until("present", READER);
    for round in 0..10_u8 {
        let (before, _) = client.until("present", READER);
        client.get(&format!("connect any {READER}"));
        let next = Echo::new(&[b'a' + round, b'x']);
        let (atr, counts) = (next.atr(), Arc::clone(&next.counts));
        assert!(slot.insert(Box::new(next)).is_some());
        let error = client.ask("transmit 00a4040000").0;
        assert!(
            [REMOVED_CARD, NOT_TRANSACTED].contains(&error.as_str()),
            "{error}"
        );
        assert_eq!(
            Counts::of(&counts.commands),
            0,
            "the new card heard what was meant for the old one"
        );
        let after = client.until_card(&atr, READER);
        assert_eq!(after, before + 2, "one removal, one insertion");
    }
}

#[test]
fn long_apdus_go_through_whole() {
    if !wanted() {
        return;
    }
    let daemon = daemon();
    let slot = Slot::new("test");
    let _link = serve(&slot, via(&daemon, 0));
    slot.insert(Box::new(Echo::new(b"long")));
    let mut client = Client::of(&daemon);
    client.until("present", READER);
    client.get(&format!("connect T1 {READER}"));
    for length in [0x0000, 0x0100, 0x1000, 0xFFFF_usize] {
        let answer = client.get(&format!("transmit 0001{length:04x}00"));
        assert_eq!(answer, format!("{}9000", "5a".repeat(length)));
    }
    let command = format!("00d60000{:06x}{}", 0xFFFF, "c3".repeat(0xFFFF));
    assert_eq!(
        client.get(&format!("transmit {command}")),
        format!("{command}9000")
    );
}

#[test]
fn power_and_reset_reach_the_card() {
    if !wanted() {
        return;
    }
    let daemon = daemon();
    let slot = Slot::new("test");
    let _link = serve(&slot, via(&daemon, 0));
    let card = Echo::new(b"power");
    let counts = Arc::clone(&card.counts);
    slot.insert(Box::new(card));
    let mut client = Client::of(&daemon);
    client.until("present", READER);
    client.get(&format!("connect any {READER}"));
    let resets = Counts::of(&counts.reset);
    client.get("reconnect reset");
    assert_eq!(Counts::of(&counts.reset), resets + 1);
    let (powered, off) = (Counts::of(&counts.powered), Counts::of(&counts.off));
    client.get("reconnect unpower");
    assert_eq!(Counts::of(&counts.off), off + 1);
    assert_eq!(Counts::of(&counts.powered), powered + 1);
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
}

#[rstest]
#[case::t0_only(&[0x3B, 0x00], "T0", "T1")]
#[case::t1_only(&[0x3B, 0x81, 0x01, 0x55, 0xD5], "T1", "T0")]
fn the_protocol_is_one_that_the_atr_offers(
    #[case] atr: &[u8],
    #[case] offered: &str,
    #[case] other: &str,
) {
    if !wanted() {
        return;
    }
    let daemon = daemon();
    let slot = Slot::new("test");
    let _link = serve(&slot, via(&daemon, 0));
    slot.insert(Box::new(Echo::with_atr(atr)));
    let mut client = Client::of(&daemon);
    client.until("present", READER);
    let refused = client.ask(&format!("connect {other} {READER}")).0;
    assert_eq!(refused, PROTO_MISMATCH);
    assert_eq!(client.get(&format!("connect any {READER}")), offered);
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
}

#[test]
fn two_readers_hold_two_cards() {
    if !wanted() {
        return;
    }
    let builder = PrivateDaemon::builder().reader("CIE A").reader("CIE B");
    let daemon = builder.start().unwrap();
    let readers = ["CIE A 00 00", "CIE B 01 00"];
    let slots = ["a", "b"].map(Slot::new);
    let _links = [0, 1].map(|index| serve(&slots[index], via(&daemon, index)));
    let mut clients = [Client::of(&daemon), Client::of(&daemon)];
    assert_eq!(clients[0].get("readers"), readers.join("|"));
    for index in [0, 1] {
        let card = Echo::new(readers[index].as_bytes().get(..5).unwrap());
        let atr = card.atr();
        slots[index].insert(Box::new(card));
        clients[index].until_card(&atr, readers[index]);
        clients[index].get(&format!("connect any {}", readers[index]));
    }
    slots[0].remove();
    clients[0].until("empty", readers[0]);
    assert_eq!(clients[0].ask("transmit 00a4040000").0, REMOVED_CARD);
    assert_eq!(clients[1].get("transmit 00a4040000"), "00a40400009000");
}

#[test]
fn a_daemon_killed_and_restarted_finds_the_card_again() {
    if !wanted() {
        return;
    }
    let mut daemon = daemon();
    let slot = Slot::new("test");
    let (_link, told) = serve(&slot, via(&daemon, 0));
    let card = Echo::new(b"stays");
    let atr = card.atr();
    slot.insert(Box::new(card));
    let mut client = Client::of(&daemon);
    client.until_card(&atr, READER);
    client.get(&format!("connect any {READER}"));
    daemon.kill();
    assert_ne!(client.ask("transmit 00a4040000").0, SUCCESS);
    daemon.restart().unwrap();
    let mut client = Client::of(&daemon);
    client.until_card(&atr, READER);
    client.get(&format!("connect any {READER}"));
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
    let told = told.lock().unwrap();
    let connected = told.iter().filter(|event| **event == LinkEvent::Connected);
    assert_eq!(connected.count(), 2, "{told:?}");
}

#[test]
fn two_readers_at_one_place_are_named_in_the_log() {
    if !wanted() {
        return;
    }
    let first = daemon();
    let Via::Driver(endpoint) = via(&first, 0) else {
        unreachable!("this is the way through the driver");
    };
    let library = cie_pcscd::find_driver_library().unwrap();
    let entry = cie_pcscd::Entry::driver("Other", &endpoint, &library).unwrap();
    let second = PrivateDaemon::builder().entry(entry).start().unwrap();
    assert_eq!(Client::of(&second).ask("readers").0, NO_READERS);
    let log = second.log();
    assert!(log.contains("in use by another reader"), "{log}");
}
