//! The served side of the reader driver against a driver of the test's own: what it says, and what it survives.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unimplemented,
    reason = "helpers of tests fail by panicking"
)]

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use cie_driver_protocol::{Frame, Hello, Inbox, Kind};
use cie_emulator::card::Reset;
use cie_emulator::link::{Endpoint, Inserted, Link, LinkEvent, Slot, Via};
use cie_emulator::phy::Transceiver;
use proptest::prelude::*;
use rstest::rstest;
use tempfile::TempDir;

/// A card that answers with its name.
struct Named(&'static [u8]);

impl Transceiver for Named {
    fn power_on(&mut self) -> &[u8] {
        &[0x3B, 0x00]
    }

    fn power_off(&mut self) {}

    fn reset(&mut self, _kind: Reset) -> &[u8] {
        &[0x3B, 0x01]
    }

    fn transmit(&mut self, _command: &[u8]) -> &[u8] {
        self.0
    }
}

fn card(name: &'static [u8]) -> Inserted {
    Box::new(Named(name))
}

/// The driver's place, and a link that looks for it.
struct Bench {
    listener: UnixListener,
    slot: Slot,
    events: Receiver<LinkEvent>,
    link: Option<Link>,
    _directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("reader");
        let listener = UnixListener::bind(&path).unwrap();
        let slot = Slot::new("bench");
        let (sender, events) = channel();
        let link = Link::start(
            slot.clone(),
            Via::Driver(Endpoint::Unix(path)),
            Box::new(move |event| sender.send(event).unwrap_or_default()),
        );
        Self {
            listener,
            slot,
            events,
            link: Some(link.unwrap()),
            _directory: directory,
        }
    }

    /// Accepts the link and greets it.
    fn driver(&self) -> Driver {
        let mut driver = self.stranger();
        driver.say(Kind::Welcome, 0, 0, &Hello::default().to_bytes());
        assert_eq!(self.event(), LinkEvent::Connected);
        driver
    }

    /// Accepts the link, and hears its greeting.
    fn stranger(&self) -> Driver {
        let (stream, _) = self.listener.accept().unwrap();
        let mut driver = Driver {
            stream,
            inbox: Inbox::default(),
        };
        let (kind, _, _, body) = driver.hear().unwrap();
        assert_eq!(kind, Kind::Hello);
        assert_eq!(Hello::parse(&body), Ok(Hello::default()));
        driver
    }

    fn event(&self) -> LinkEvent {
        self.events.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

/// The driver's end of a connection.
struct Driver {
    stream: UnixStream,
    inbox: Inbox,
}

impl Driver {
    fn say(&mut self, kind: Kind, sequence: u16, insertion: u32, body: &[u8]) {
        let mut bytes = Vec::new();
        let frame = Frame {
            kind,
            sequence,
            insertion,
            body,
        };
        frame.write_over(&mut bytes).unwrap();
        self.stream.write_all(&bytes).unwrap();
    }

    /// The next frame; none at the end.
    fn hear(&mut self) -> Option<(Kind, u16, u32, Vec<u8>)> {
        let Self { stream, inbox } = self;
        loop {
            if let Some(frame) = inbox.next_frame().unwrap() {
                let Frame {
                    kind,
                    sequence,
                    insertion,
                    body,
                } = frame;
                return Some((kind, sequence, insertion, body.to_vec()));
            }
            if inbox.fill(|room| stream.read(room)).ok()? == 0 {
                return None;
            }
        }
    }

    fn slot(&mut self) -> u32 {
        let (kind, _, insertion, _) = self.hear().unwrap();
        assert_eq!(kind, Kind::Slot);
        insertion
    }

    /// Asks, and gives back kind and body of the answer.
    fn ask(&mut self, kind: Kind, insertion: u32, body: &[u8]) -> (Kind, Vec<u8>) {
        self.say(kind, 77, insertion, body);
        let (kind, sequence, echoed, body) = self.hear().unwrap();
        assert_eq!((sequence, echoed), (77, insertion));
        (kind, body)
    }
}

#[test]
fn the_card_answers_what_is_asked_of_it() {
    let bench = Bench::new();
    bench.slot.insert(card(&[0x90, 0x00]));
    let mut driver = bench.driver();
    let now = driver.slot();
    assert_ne!(now, 0);
    assert_eq!(
        driver.ask(Kind::PowerOn, now, &[]),
        (Kind::Atr, vec![0x3B, 0x00])
    );
    assert_eq!(
        driver.ask(Kind::Reset, now, &[]),
        (Kind::Atr, vec![0x3B, 0x01])
    );
    assert_eq!(
        driver.ask(Kind::Transmit, now, &[0, 0, 0, 0]),
        (Kind::Answer, vec![0x90, 0x00])
    );
    assert_eq!(driver.ask(Kind::PowerOff, now, &[]), (Kind::Done, vec![]));
}

#[test]
fn a_new_card_never_hears_what_was_meant_for_the_old_one() {
    let bench = Bench::new();
    let mut driver = bench.driver();
    assert_eq!(driver.slot(), 0);
    assert!(bench.slot.insert(card(b"old")).is_none());
    let old = driver.slot();
    assert!(bench.slot.insert(card(b"new")).is_some());
    let new = driver.slot();
    assert_ne!(old, new);
    assert_eq!(
        driver.ask(Kind::Transmit, old, &[0, 0, 0, 0]),
        (Kind::Gone, vec![])
    );
    assert_eq!(
        driver.ask(Kind::Transmit, new, &[0, 0, 0, 0]),
        (Kind::Answer, b"new".to_vec())
    );
    assert!(bench.slot.remove().is_some());
    assert_eq!(driver.slot(), 0);
    assert_eq!(
        driver.ask(Kind::Transmit, new, &[0, 0, 0, 0]),
        (Kind::Gone, vec![])
    );
    assert_eq!(
        driver.ask(Kind::Transmit, 0, &[0, 0, 0, 0]),
        (Kind::Gone, vec![])
    );
}

#[test]
fn stopping_closes_the_connection_and_keeps_the_card() {
    let mut bench = Bench::new();
    bench.slot.insert(card(b"kept"));
    let mut driver = bench.driver();
    assert_ne!(driver.slot(), 0);
    bench.link.take().unwrap().stop();
    assert_eq!(driver.hear(), None);
    assert!(bench.slot.is_occupied());
}

#[test]
fn stopping_while_nobody_listens_ends_too() {
    let mut bench = Bench::new();
    drop(bench.stranger());
    bench.link.take().unwrap().stop();
}

#[test]
fn a_driver_that_restarts_is_told_what_is_in() {
    let bench = Bench::new();
    bench.slot.insert(card(b"stays"));
    let mut driver = bench.driver();
    let before = driver.slot();
    drop(driver);
    assert!(matches!(bench.event(), LinkEvent::Disconnected { .. }));
    assert_eq!(bench.driver().slot(), before);
}

#[test]
fn the_reason_of_a_refusal_is_told_once() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.stranger().say(Kind::Refused, 0, 0, b"taken\x1b[31m");
    }
    let LinkEvent::Waiting { reason } = bench.event() else {
        panic!("a refusal is a reason to wait");
    };
    assert!(
        reason.ends_with("the driver refuses: taken[31m"),
        "{reason:?}"
    );
    bench.driver();
}

/// A card with a bug.
struct Panicking;

impl Transceiver for Panicking {
    fn power_on(&mut self) -> &[u8] {
        &[0x3B, 0x00]
    }

    fn power_off(&mut self) {}

    fn reset(&mut self, _kind: Reset) -> &[u8] {
        &[0x3B, 0x00]
    }

    fn transmit(&mut self, _command: &[u8]) -> &[u8] {
        panic!("a card that breaks on purpose")
    }
}

#[test]
fn a_card_that_panics_ends_its_connection_and_not_the_link() {
    let bench = Bench::new();
    bench.slot.insert(Box::new(Panicking));
    let mut driver = bench.driver();
    let now = driver.slot();
    driver.say(Kind::Transmit, 1, now, &[0, 0, 0, 0]);
    assert_eq!(driver.hear(), None);
    assert!(matches!(bench.event(), LinkEvent::Disconnected { .. }));
    assert_eq!(bench.driver().slot(), now);
    assert!(bench.slot.remove().is_some());
}

#[rstest]
#[case::an_answer(&[0x05, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])]
#[case::an_unknown_kind(&[0x99, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])]
#[case::a_length_beyond_all(&[0x86, 0, 0, 1, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF])]
fn a_driver_that_speaks_nonsense_is_left_and_looked_for_again(#[case] bytes: &[u8]) {
    let bench = Bench::new();
    bench.slot.insert(card(b"stays"));
    let mut driver = bench.driver();
    driver.slot();
    driver.stream.write_all(bytes).unwrap();
    assert!(matches!(bench.event(), LinkEvent::Disconnected { .. }));
    assert_ne!(bench.driver().slot(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever a driver says, before or after its welcome: the link is there for the next one.
    #[test]
    fn no_bytes_end_a_link(bytes: Vec<u8>, welcome: bool) {
        let bench = Bench::new();
        bench.slot.insert(card(b"stays"));
        let mut driver = if welcome { bench.driver() } else { bench.stranger() };
        let _ = driver.stream.write_all(&bytes);
        drop(driver);
        let mut next = bench.stranger();
        next.say(Kind::Welcome, 0, 0, &Hello::default().to_bytes());
        prop_assert_ne!(next.slot(), 0);
    }
}
