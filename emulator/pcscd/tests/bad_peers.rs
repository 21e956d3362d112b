//! Whatever pretends to be a card: clients get the right error, pcscd lives on, and the next card is served.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use std::time::Duration;

use cie_driver_protocol::{Endpoint, Frame, Hello, Inbox, Kind};
use cie_emulator::link::Slot;
use cie_pcscd::PrivateDaemon;
use rstest::rstest;
use support::{
    Client, Echo, NOT_TRANSACTED, READER, REMOVED_CARD, SUCCESS, daemon, first_told, serve, via,
    wanted,
};

const ATR: [u8; 6] = [0x3B, 0x81, 0x80, 0x01, 0x55, 0x55];

/// What a peer does with the first command.
type Misbehaviour = fn(&mut Peer, sequence: u16);

/// A card side that greets, inserts, answers power actions, and misbehaves at the first command.
struct Peer {
    stream: UnixStream,
    inbox: Inbox,
}

impl Peer {
    fn start(daemon: &PrivateDaemon, misbehave: Misbehaviour) -> JoinHandle<()> {
        let Endpoint::Unix(path) = daemon.endpoints()[0].clone() else {
            unreachable!("private daemons use sockets");
        };
        std::thread::spawn(move || {
            let mut peer = Self {
                stream: UnixStream::connect(path).unwrap(),
                inbox: Inbox::default(),
            };
            let hello = Hello {
                answer_limit: Duration::from_millis(300),
            };
            peer.say(Kind::Hello, 0, 0, &hello.to_bytes());
            peer.say(Kind::Slot, 0, 1, &[]);
            peer.behave_until_commanded(misbehave);
            // Stays until the driver has had enough.
            let _ = peer.stream.read_to_end(&mut Vec::new());
        })
    }

    fn behave_until_commanded(&mut self, misbehave: Misbehaviour) {
        loop {
            let Some((kind, sequence)) = self.hear() else {
                return;
            };
            match kind {
                Kind::PowerOn | Kind::Reset => self.say(Kind::Atr, sequence, 1, &ATR),
                Kind::PowerOff => self.say(Kind::Done, sequence, 1, &[]),
                Kind::Transmit => return misbehave(self, sequence),
                _ => {}
            }
        }
    }

    fn say(&mut self, kind: Kind, sequence: u16, insertion: u32, body: &[u8]) {
        let bytes = frame(kind, sequence, insertion, body);
        self.stream.write_all(&bytes).unwrap();
    }

    fn hear(&mut self) -> Option<(Kind, u16)> {
        let Self { stream, inbox } = self;
        loop {
            if let Some(frame) = inbox.next_frame().unwrap() {
                return Some((frame.kind, frame.sequence));
            }
            if inbox.fill(|room| stream.read(room)).ok()? == 0 {
                return None;
            }
        }
    }

    fn send_and_close(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.shutdown(Shutdown::Write).unwrap();
    }
}

fn frame(kind: Kind, sequence: u16, insertion: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = Frame {
        kind,
        sequence,
        insertion,
        body,
    };
    frame.write_over(&mut bytes).unwrap();
    bytes
}

fn silent(_: &mut Peer, _: u16) {}

fn closes(peer: &mut Peer, _: u16) {
    peer.send_and_close(&[]);
}

fn closes_in_the_length(peer: &mut Peer, sequence: u16) {
    peer.send_and_close(&frame(Kind::Answer, sequence, 1, &[0x90, 0])[..9]);
}

fn half_a_body(peer: &mut Peer, sequence: u16) {
    peer.send_and_close(&frame(Kind::Answer, sequence, 1, &[0x90, 0])[..13]);
}

fn half_a_body_and_silence(peer: &mut Peer, sequence: u16) {
    let bytes = frame(Kind::Answer, sequence, 1, &[0x90, 0]);
    peer.stream.write_all(&bytes[..13]).unwrap();
}

fn oversized(peer: &mut Peer, sequence: u16) {
    let mut bytes = frame(Kind::Answer, sequence, 1, &[0x90, 0]);
    bytes[8] = 0x7F;
    peer.stream.write_all(&bytes).unwrap();
}

fn garbage(peer: &mut Peer, _: u16) {
    peer.stream.write_all(&[0xA5; 4000]).unwrap();
}

fn the_wrong_sequence(peer: &mut Peer, sequence: u16) {
    peer.say(Kind::Answer, sequence.wrapping_add(1), 1, &[0x90, 0]);
}

fn the_wrong_kind(peer: &mut Peer, sequence: u16) {
    peer.say(Kind::Atr, sequence, 1, &ATR);
}

fn a_request(peer: &mut Peer, sequence: u16) {
    peer.say(Kind::Transmit, sequence, 1, &[0, 0xA4, 4, 0]);
}

/// The client sees an error, then the removal; the daemon lives, and serves the next card.
#[rstest]
#[case::silent(silent)]
#[case::closes(closes)]
#[case::closes_in_the_length(closes_in_the_length)]
#[case::half_a_body(half_a_body)]
#[case::half_a_body_and_silence(half_a_body_and_silence)]
#[case::oversized(oversized)]
#[case::garbage(garbage)]
#[case::the_wrong_sequence(the_wrong_sequence)]
#[case::the_wrong_kind(the_wrong_kind)]
#[case::a_request(a_request)]
fn a_bad_peer_is_an_error_and_then_a_removal(#[case] misbehave: Misbehaviour) {
    if !wanted() {
        return;
    }
    let mut daemon = daemon();
    let peer = Peer::start(&daemon, misbehave);
    let mut client = Client::of(&daemon);
    client.until("present", READER);
    client.get(&format!("connect any {READER}"));
    assert_eq!(client.ask("transmit 00a4040000").0, NOT_TRANSACTED);
    client.until("empty", READER);
    assert_eq!(client.ask("transmit 00a4040000").0, REMOVED_CARD);
    peer.join().unwrap();
    serves_the_next_card(&mut daemon, &mut client);
}

fn serves_the_next_card(daemon: &mut PrivateDaemon, client: &mut Client) {
    let slot = Slot::new("next");
    slot.insert(Box::new(Echo::new(b"good")));
    let _link = serve(&slot, via(daemon, 0));
    client.until("present", READER);
    client.get(&format!("connect any {READER}"));
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
    assert!(daemon.is_running());
}

#[test]
fn a_mute_card_is_an_error_and_stays_in() {
    if !wanted() {
        return;
    }
    let daemon = daemon();
    let slot = Slot::new("mute");
    slot.insert(Box::new(Echo::new(b"mute")));
    let _link = serve(&slot, via(&daemon, 0));
    let mut client = Client::of(&daemon);
    client.until("present", READER);
    client.get(&format!("connect any {READER}"));
    assert_eq!(client.ask("transmit 0002000000").0, NOT_TRANSACTED);
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
}

#[test]
fn of_two_answers_at_once_the_first_counts() {
    if !wanted() {
        return;
    }
    let mut daemon = daemon();
    let peer = Peer::start(&daemon, |peer, sequence| {
        let one = frame(Kind::Answer, sequence, 1, &[0x90, 0]);
        let two = frame(Kind::Answer, sequence.wrapping_add(1), 1, &[0x6A, 0x82]);
        peer.stream.write_all(&[one, two].concat()).unwrap();
    });
    let mut client = Client::of(&daemon);
    client.until("present", READER);
    client.get(&format!("connect any {READER}"));
    assert_eq!(client.get("transmit 00a4040000"), "9000");
    client.until("empty", READER);
    peer.join().unwrap();
    serves_the_next_card(&mut daemon, &mut client);
}

#[rstest]
#[case::nothing(&[])]
#[case::garbage(&[0xA5; 100])]
#[case::another_protocol(b"GET / HTTP/1.1\r\n\r\n")]
#[case::another_version(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, b'C', b'I', b'E', b'-', b'I', b'F', b'D', 0, 0, 99, 0, 0, 0, 0])]
fn who_does_not_greet_does_not_keep_the_reader(#[case] bytes: &[u8]) {
    if !wanted() {
        return;
    }
    let mut daemon = daemon();
    let Endpoint::Unix(path) = &daemon.endpoints()[0] else {
        unreachable!("private daemons use sockets");
    };
    let mut stranger = UnixStream::connect(path).unwrap();
    stranger.write_all(bytes).unwrap();
    let mut client = Client::of(&daemon);
    serves_the_next_card(&mut daemon, &mut client);
    let mut said = Vec::new();
    let _ = stranger.read_to_end(&mut said);
    assert_eq!(said.first(), Some(&(Kind::Refused as u8)));
}

#[test]
fn a_second_card_side_is_told_that_the_reader_is_taken() {
    if !wanted() {
        return;
    }
    let daemon = daemon();
    let [first, second] = ["first", "second"].map(Slot::new);
    first.insert(Box::new(Echo::new(b"first")));
    let (link, _) = serve(&first, via(&daemon, 0));
    let mut client = Client::of(&daemon);
    client.until("present", READER);
    let other = Echo::new(b"second");
    let atr = other.atr();
    second.insert(Box::new(other));
    let (_other, told) = serve(&second, via(&daemon, 0));
    let reason = first_told(&told);
    assert!(
        reason.contains("another card side is in this reader already"),
        "{reason}"
    );
    client.get(&format!("connect any {READER}"));
    assert_eq!(client.ask("transmit 00a4040000").0, SUCCESS);
    client.get("disconnect leave");
    link.stop();
    client.until_card(&atr, READER);
}
