//! The virtual reader as real clients see it: a private pcscd, our driver in it, cards of ours behind it.

mod support;

use cie_emulator::link::{LinkEvent, Slot};
use support::{
    Client, Counts, Echo, NO_SMARTCARD, READER, REMOVED_CARD, UNSUPPORTED_FEATURE, daemon, serve,
    via, wanted,
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
        let (atr, counts) = (next.atr(), std::sync::Arc::clone(&next.counts));
        assert!(slot.insert(Box::new(next)).is_some());
        let error = client.ask("transmit 00a4040000").0;
        assert!(
            [REMOVED_CARD, NO_SMARTCARD].contains(&error.as_str()),
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
