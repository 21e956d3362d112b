//! The served side of virtual readers, with the fuzzer as the daemon: whatever it sends, in clear over a real socket, is answered
//! as a model of a few lines says, or ends the connection.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{LazyLock, Mutex, PoisonError};

use cie_driver_protocol::{Frame, HEADER, Hello, Inbox, Kind, MAX_BODY};
use cie_emulator::Card;
use cie_emulator::card::Reset;
use cie_emulator::link::{Peer, Slot, serve_connected};
use cie_emulator::spec::CardSpec;

use crate::input::Input;

/// Fits into a socket's buffer, so that one side can speak before the other listens.
const MOST: usize = 64 << 10;

fn card() -> Card {
    static CARD: LazyLock<Mutex<Card>> = LazyLock::new(|| {
        let issued = CardSpec::default().issue().expect("the default card");
        Mutex::new(issued.card)
    });
    CARD.lock().unwrap_or_else(PoisonError::into_inner).fork()
}

/// Says all of this to a served card, and listens until the other side closes.
fn converse(peer: Peer, said: &[u8]) -> Vec<u8> {
    let slot = Slot::new("fuzzed");
    slot.insert(Box::new(card()));
    let (mut ours, theirs) = UnixStream::pair().expect("two sockets");
    ours.write_all(said.get(..MOST).unwrap_or(said))
        .expect("room for it");
    ours.shutdown(Shutdown::Write).expect("an open socket");
    let mut heard = Vec::new();
    std::thread::scope(|scope| {
        let listening = scope.spawn(|| {
            // A connection that is cut has said what it had to say.
            let _ = ours.read_to_end(&mut heard);
        });
        // Why it ended is for people.
        let _ = serve_connected(&slot, peer, theirs);
        drop(listening.join());
    });
    heard
}

/// Frames of vpcd: a length of two bytes, and a body.
pub(crate) fn vpcd(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut said = Vec::new();
    match input.byte() % 4 {
        0 => said.extend(input.rest()),
        _ => {
            while !input.is_empty() {
                let body = input.short();
                said.extend(u16::try_from(body.len()).unwrap_or_default().to_be_bytes());
                said.extend(body);
            }
        }
    }
    said.truncate(MOST);
    assert_eq!(converse(Peer::Vpcd, &said), vpcd_model(&said));
}

/// What vpcd must hear.
fn vpcd_model(said: &[u8]) -> Vec<u8> {
    let mut card = card();
    let mut atr = card.power_on().as_bytes().to_vec();
    card.power_off();
    let mut heard = Vec::new();
    let mut rest = said;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let Some((body, after)) = after.split_at_checked(u16::from_be_bytes(*length).into()) else {
            break;
        };
        rest = after;
        let answer = match body {
            [0x00] => {
                card.power_off();
                continue;
            }
            [0x01] => {
                atr = card.power_on().as_bytes().to_vec();
                continue;
            }
            [0x02] => {
                atr = card.reset(Reset::Warm).as_bytes().to_vec();
                continue;
            }
            [0x04] => atr.clone(),
            [] | [_] => continue,
            command => card.transmit(command).to_vec(),
        };
        if answer.is_empty() {
            break;
        }
        heard.extend(
            u16::try_from(answer.len())
                .unwrap_or_default()
                .to_be_bytes(),
        );
        heard.extend(answer);
    }
    heard
}

/// Frames of the reader driver, both ways: an inbox given any pieces, and a served card.
pub(crate) fn driver(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let kind = input.byte();
    let said = match kind & 1 {
        0 => input.rest().to_vec(),
        _ => frames(&mut input, kind & 2 == 0),
    };
    let size = usize::from(kind >> 2) + 1;
    let in_pieces = read(&said, size);
    assert_eq!(in_pieces, read(&said, MAX_BODY));
    let mut again = Vec::new();
    for owned in &in_pieces.0 {
        again.extend(owned.bytes());
    }
    assert!(
        said.starts_with(&again),
        "a frame is written as it was read"
    );
    let heard = converse(Peer::Driver, &said);
    assert_eq!(read(&heard, MAX_BODY).0, driver_model(&in_pieces.0));
}

/// A frame that owns its body.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    kind: Kind,
    sequence: u16,
    insertion: u32,
    body: Vec<u8>,
}

impl Owned {
    const fn new(kind: Kind, sequence: u16, insertion: u32, body: Vec<u8>) -> Self {
        Self {
            kind,
            sequence,
            insertion,
            body,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let frame = Frame {
            kind: self.kind,
            sequence: self.sequence,
            insertion: self.insertion,
            body: &self.body,
        };
        frame
            .write_over(&mut out)
            .expect("a body that was read fits");
        out
    }
}

/// The frames of these bytes, given in pieces of this size, and whether an error ended them.
fn read(bytes: &[u8], size: usize) -> (Vec<Owned>, bool) {
    let mut inbox = Inbox::default();
    let mut frames = Vec::new();
    for mut piece in bytes.chunks(size.max(1)) {
        while !piece.is_empty() {
            let count = inbox
                .fill(|room| piece.read(room))
                .expect("memory can be read");
            assert!(count > 0, "an inbox with unread frames only is never full");
            loop {
                match inbox.next_frame() {
                    Ok(Some(frame)) => frames.push(Owned::new(
                        frame.kind,
                        frame.sequence,
                        frame.insertion,
                        frame.body.to_vec(),
                    )),
                    Ok(None) => break,
                    Err(_) => return (frames, true),
                }
            }
        }
    }
    (frames, false)
}

/// Frames that are well formed, with the greeting in front or without.
fn frames(input: &mut Input<'_>, greet: bool) -> Vec<u8> {
    const KINDS: [u8; 14] = [
        0x86, 0x86, 0x86, 0x83, 0x84, 0x85, 0x81, 0x82, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
    ];
    let mut said = Vec::new();
    if greet {
        let hello = Hello::default().to_bytes().to_vec();
        said.extend(Owned::new(Kind::Welcome, 0, 0, hello).bytes());
    }
    while !input.is_empty() && said.len() < MOST - HEADER - 256 {
        let kind = input.choose(&KINDS).copied().unwrap_or_default();
        // The insertion that is meant is nearly always the first.
        let tag = input.byte();
        let insertion = if tag & 0xF0 == 0xF0 {
            u32::from(tag)
        } else {
            1
        };
        let body = input.short();
        said.extend([kind, 0, 0, tag]);
        said.extend(insertion.to_be_bytes());
        said.extend(u32::try_from(body.len()).unwrap_or_default().to_be_bytes());
        said.extend(body);
    }
    said
}

/// What the driver must hear.
fn driver_model(said: &[Owned]) -> Vec<Owned> {
    let mut card = card();
    let own = Hello::default().to_bytes().to_vec();
    let mut heard = vec![Owned::new(Kind::Hello, 0, 0, own)];
    let Some((welcome, requests)) = said.split_first() else {
        return heard;
    };
    if welcome.kind != Kind::Welcome || Hello::parse(&welcome.body).is_err() {
        return heard;
    }
    heard.push(Owned::new(Kind::Slot, 0, 1, Vec::new()));
    for request in requests {
        let here = request.insertion == 1;
        let (kind, body) = match (request.kind, here) {
            (Kind::PowerOn, true) => (Kind::Atr, card.power_on().as_bytes().to_vec()),
            (Kind::Reset, true) => (Kind::Atr, card.reset(Reset::Warm).as_bytes().to_vec()),
            (Kind::PowerOff, true) => {
                card.power_off();
                (Kind::Done, Vec::new())
            }
            (Kind::Transmit, true) => (Kind::Answer, card.transmit(&request.body).to_vec()),
            (Kind::PowerOn | Kind::Reset | Kind::PowerOff | Kind::Transmit, false) => {
                (Kind::Gone, Vec::new())
            }
            _ => break,
        };
        heard.push(Owned::new(kind, request.sequence, request.insertion, body));
    }
    heard
}
