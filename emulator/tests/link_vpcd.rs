//! The card side of vpcd against a vpcd of the test's own: frames, control bytes, and what it survives.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use cie_emulator::card::Reset;
use cie_emulator::link::{Inserted, Link, LinkError, LinkEvent, Slot, Via};
use cie_emulator::phy::Transceiver;
use proptest::prelude::*;

const ATR: [u8; 2] = [0x3B, 0x00];

/// A card that answers with as many bytes as the command's first two say.
#[derive(Default)]
struct Long(Vec<u8>);

impl Transceiver for Long {
    fn power_on(&mut self) -> &[u8] {
        &ATR
    }

    fn power_off(&mut self) {}

    fn reset(&mut self, _kind: Reset) -> &[u8] {
        &ATR
    }

    fn transmit(&mut self, command: &[u8]) -> &[u8] {
        let length = match command {
            [0xFF, 0xFF, ..] => 0x1_0002,
            [high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
            _ => 2,
        };
        self.0.clear();
        self.0.resize(length, 0x5A);
        &self.0
    }
}

fn card() -> Inserted {
    Box::new(Long::default())
}

struct Bench {
    listener: TcpListener,
    slot: Slot,
    events: Receiver<LinkEvent>,
    link: Option<Link>,
}

impl Bench {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let slot = Slot::new("bench");
        let (sender, events) = channel();
        let link = Link::start(
            slot.clone(),
            Via::Vpcd(listener.local_addr().unwrap()),
            Box::new(move |event| sender.send(event).unwrap_or_default()),
        );
        Self {
            listener,
            slot,
            events,
            link: Some(link.unwrap()),
        }
    }

    fn reader(&self) -> TcpStream {
        self.listener.accept().unwrap().0
    }

    fn event(&self) -> LinkEvent {
        self.events.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

fn say(reader: &mut TcpStream, body: &[u8]) {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    // In two pieces, as Debian's vpcd does.
    reader.write_all(&length).unwrap();
    reader.write_all(body).unwrap();
}

/// The next answer; none at the end.
fn hear(reader: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    reader.read_exact(&mut length).ok()?;
    let mut body = vec![0; u16::from_be_bytes(length).into()];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

#[test]
fn control_bytes_and_commands_are_told_apart() {
    let bench = Bench::new();
    bench.slot.insert(card());
    let mut reader = bench.reader();
    for control in [4_u8, 1, 4, 2, 4, 0, 4] {
        say(&mut reader, &[control]);
        if control == 4 {
            assert_eq!(hear(&mut reader), Some(ATR.to_vec()));
        }
    }
    say(&mut reader, &[0x00, 0x10, 0, 0]);
    assert_eq!(hear(&mut reader).map(|answer| answer.len()), Some(0x10));
}

#[test]
fn control_bytes_that_no_vpcd_sends_are_passed_over() {
    let bench = Bench::new();
    bench.slot.insert(card());
    let mut reader = bench.reader();
    say(&mut reader, &[]);
    say(&mut reader, &[9]);
    say(&mut reader, &[4]);
    assert_eq!(hear(&mut reader), Some(ATR.to_vec()));
}

#[test]
fn an_answer_that_vpcd_cannot_carry_is_6f00_and_told() {
    let bench = Bench::new();
    bench.slot.insert(card());
    let mut reader = bench.reader();
    say(&mut reader, &[0xFF, 0xFE, 0, 0]);
    assert_eq!(hear(&mut reader).map(|answer| answer.len()), Some(0xFFFE));
    say(&mut reader, &[0xFF, 0xFF, 0, 0]);
    assert_eq!(hear(&mut reader), Some(vec![0x6F, 0x00]));
    assert_eq!(bench.event(), LinkEvent::Connected);
    assert_eq!(bench.event(), LinkEvent::AnswerTooLong { length: 0x1_0002 });
}

#[test]
fn a_mute_card_ends_the_connection_and_comes_back() {
    let bench = Bench::new();
    bench.slot.insert(card());
    let mut reader = bench.reader();
    say(&mut reader, &[0x00, 0x00, 0, 0]);
    assert_eq!(hear(&mut reader), None);
    let mut reader = bench.reader();
    say(&mut reader, &[4]);
    assert_eq!(hear(&mut reader), Some(ATR.to_vec()));
}

#[test]
fn a_swap_stays_away_longer_than_a_poll() {
    let bench = Bench::new();
    bench.slot.insert(card());
    let mut reader = bench.reader();
    bench.slot.insert(card());
    assert_eq!(hear(&mut reader), None);
    let gone = Instant::now();
    bench.reader();
    assert!(
        gone.elapsed() > Duration::from_millis(400),
        "vpcd looks every 400 ms"
    );
}

#[test]
fn an_empty_slot_has_no_connection() {
    let mut bench = Bench::new();
    bench.slot.insert(card());
    let mut reader = bench.reader();
    assert!(bench.slot.remove().is_some());
    assert_eq!(hear(&mut reader), None);
    bench.link.take().unwrap().stop();
    bench.listener.set_nonblocking(true).unwrap();
    assert!(bench.listener.accept().is_err());
}

#[test]
fn only_this_machine_is_served() {
    let via = Via::Vpcd("192.0.2.1:35963".parse().unwrap());
    let error = Link::start(Slot::new("far"), via, Box::new(|_| {})).unwrap_err();
    assert!(matches!(error, LinkError::Endpoint(_)), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn no_bytes_end_a_link(bytes: Vec<u8>) {
        let bench = Bench::new();
        bench.slot.insert(card());
        let mut reader = bench.reader();
        let _ = reader.write_all(&bytes);
        drop(reader);
        let mut reader = bench.reader();
        say(&mut reader, &[4]);
        prop_assert_eq!(hear(&mut reader), Some(ATR.to_vec()));
    }
}
