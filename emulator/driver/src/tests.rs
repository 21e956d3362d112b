//! The reader without pcscd: the test goes round as pcscd's event thread does, and plays the card side.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use cie_driver_protocol::{Endpoint, Frame, Hello, Inbox, Kind};
use proptest::prelude::*;
use rstest::rstest;
use tempfile::TempDir;

use crate::connection::Fault;
use crate::reader::{Power, Reader};

const ATR: [u8; 6] = [0x3B, 0x81, 0x80, 0x01, 0x55, 0x55];

/// A reader, and where it listens.
struct Bench {
    reader: Reader,
    path: PathBuf,
    _directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("reader");
        Self {
            reader: Reader::open(&Endpoint::Unix(path.clone())).unwrap(),
            path,
            _directory: directory,
        }
    }

    /// Rounds of the event thread until it sees this.
    fn until(&self, present: bool) {
        while self.reader.is_present() != present {
            self.reader.wait(Duration::from_secs(20));
        }
    }

    /// A card side that greets, inserts, and then answers every request with what `answer` makes of it; it goes when it
    /// gets nothing.
    fn peer(&self, answer: impl Fn(Kind, u16) -> Vec<u8> + Send + 'static) -> JoinHandle<()> {
        let (mut stream, mut inbox) = loop {
            // The one before may not have been sent away yet; then this one is.
            if let Some(greeted) = self.greet() {
                break greeted;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        std::thread::spawn(move || {
            stream.write_all(&frame(Kind::Slot, 0, 1, &[])).unwrap();
            while let Some((kind, sequence)) = hear(&mut stream, &mut inbox) {
                let bytes = answer(kind, sequence);
                if bytes.is_empty() || stream.write_all(&bytes).is_err() {
                    return;
                }
            }
        })
    }

    /// Says hello; none when the reader is taken.
    fn greet(&self) -> Option<(UnixStream, Inbox)> {
        let mut stream = UnixStream::connect(&self.path).unwrap();
        let hello = Hello {
            answer_limit: Duration::from_millis(200),
        };
        stream
            .write_all(&frame(Kind::Hello, 0, 0, &hello.to_bytes()))
            .ok()?;
        let mut inbox = Inbox::default();
        let (kind, _) = hear(&mut stream, &mut inbox)?;
        (kind == Kind::Welcome).then_some((stream, inbox))
    }
}

/// The next frame's kind and sequence; none at the end.
fn hear(stream: &mut UnixStream, inbox: &mut Inbox) -> Option<(Kind, u16)> {
    loop {
        if let Some(frame) = inbox.next_frame().unwrap() {
            return Some((frame.kind, frame.sequence));
        }
        if inbox.fill(|room| stream.read(room)).ok()? == 0 {
            return None;
        }
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

/// What a good card side says.
fn good(kind: Kind, sequence: u16) -> Vec<u8> {
    match kind {
        Kind::PowerOn | Kind::Reset => frame(Kind::Atr, sequence, 1, &ATR),
        Kind::PowerOff => frame(Kind::Done, sequence, 1, &[]),
        _ => frame(Kind::Answer, sequence, 1, &[0x90, 0x00]),
    }
}

/// A good card side but for its answer to a command.
fn but(kind: Kind, sequence: u16, bad: fn(u16) -> Vec<u8>) -> Vec<u8> {
    if kind == Kind::Transmit {
        bad(sequence)
    } else {
        good(kind, sequence)
    }
}

#[test]
fn a_card_comes_answers_and_goes() {
    let bench = Bench::new();
    let peer = bench.peer(good);
    bench.until(true);
    assert_eq!(bench.reader.atr(), None, "no power yet");
    assert_eq!(bench.reader.power(Power::On).unwrap(), ATR);
    assert_eq!(bench.reader.atr().as_deref(), Some(&ATR[..]));
    let mut room = [0; 10];
    assert_eq!(
        bench.reader.transmit(&[0, 0xA4, 4, 0], &mut room).unwrap(),
        2
    );
    assert_eq!(room[..2], [0x90, 0x00]);
    assert_eq!(bench.reader.power(Power::Reset).unwrap(), ATR);
    bench.reader.power_off().unwrap();
    assert_eq!(bench.reader.atr(), None);
    drop(bench.reader);
    peer.join().unwrap();
    assert!(!bench.path.exists());
}

#[test]
fn an_empty_reader_has_no_card_and_no_power() {
    let bench = Bench::new();
    assert!(!bench.reader.is_present());
    assert!(matches!(bench.reader.power(Power::On), Err(Fault::NoCard)));
    assert!(matches!(
        bench.reader.transmit(&[0; 4], &mut [0; 10]),
        Err(Fault::NoCard)
    ));
    bench.reader.power_off().unwrap();
}

#[test]
fn an_answer_too_long_for_the_caller_leaves_the_card_in() {
    let bench = Bench::new();
    let _peer = bench.peer(good);
    bench.until(true);
    assert!(matches!(
        bench.reader.transmit(&[0; 4], &mut [0; 1]),
        Err(Fault::Room(2))
    ));
    assert_eq!(bench.reader.transmit(&[0; 4], &mut [0; 2]).unwrap(), 2);
}

#[test]
fn a_command_too_long_for_a_frame_leaves_the_card_in() {
    let bench = Bench::new();
    let _peer = bench.peer(good);
    bench.until(true);
    let command = vec![0; 1 << 17];
    assert!(matches!(
        bench.reader.transmit(&command, &mut [0; 9]),
        Err(Fault::TooLong(_))
    ));
    assert_eq!(bench.reader.transmit(&[0; 4], &mut [0; 2]).unwrap(), 2);
}

#[test]
fn an_answer_to_reset_that_is_too_long_powers_nothing() {
    let bench = Bench::new();
    let _peer = bench.peer(|kind, sequence| match kind {
        Kind::PowerOn => frame(Kind::Atr, sequence, 1, &[0x3B; 34]),
        _ => good(kind, sequence),
    });
    bench.until(true);
    assert!(matches!(
        bench.reader.power(Power::On),
        Err(Fault::Room(34))
    ));
    assert_eq!(bench.reader.atr(), None);
    assert!(bench.reader.is_present());
}

#[rstest]
#[case::silence(|_| vec![0x05])]
#[case::an_end(|_| vec![])]
#[case::a_kind_unknown(|_| vec![0x99; 12])]
#[case::a_length_beyond_all(|sequence| {
    let mut bytes = frame(Kind::Answer, sequence, 1, &[]);
    bytes[8] = 0xFF;
    bytes
})]
#[case::another_sequence(|sequence| frame(Kind::Answer, sequence + 1, 1, &[0x90, 0]))]
#[case::another_insertion(|sequence| frame(Kind::Answer, sequence, 2, &[0x90, 0]))]
#[case::another_kind(|sequence| frame(Kind::Done, sequence, 1, &[]))]
fn a_bad_answer_is_a_fault_and_a_removal(#[case] bad: fn(u16) -> Vec<u8>) {
    let bench = Bench::new();
    let peer = bench.peer(move |kind, sequence| but(kind, sequence, bad));
    bench.until(true);
    let fault = bench.reader.transmit(&[0; 4], &mut [0; 10]).unwrap_err();
    assert!(fault.is_fatal(), "{fault}");
    assert!(!bench.reader.is_present());
    peer.join().unwrap();
    let _next = bench.peer(good);
    bench.until(true);
    assert_eq!(bench.reader.transmit(&[0; 4], &mut [0; 2]).unwrap(), 2);
}

#[test]
fn closing_ends_a_request_that_waits() {
    let bench = Bench::new();
    let mut stream = UnixStream::connect(&bench.path).unwrap();
    stream
        .write_all(&frame(Kind::Hello, 0, 0, &Hello::default().to_bytes()))
        .unwrap();
    stream.write_all(&frame(Kind::Slot, 0, 1, &[])).unwrap();
    bench.until(true);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| bench.reader.transmit(&[0; 4], &mut [0; 10]));
        // The request has arrived: the other thread waits, for up to a minute.
        let mut inbox = Inbox::default();
        let mut last = Kind::Hello;
        while last != Kind::Transmit {
            match inbox.next_frame().unwrap() {
                Some(frame) => last = frame.kind,
                None => assert_ne!(inbox.fill(|room| stream.read(room)).unwrap(), 0),
            }
        }
        bench.reader.close();
        assert!(matches!(waiting.join().unwrap(), Err(Fault::Closed)));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever comes in, instead of a greeting or after it: the next card side is served.
    #[test]
    fn no_bytes_break_a_reader(bytes: Vec<u8>, greet: bool) {
        let bench = Bench::new();
        let mut stream = UnixStream::connect(&bench.path).unwrap();
        if greet {
            stream.write_all(&frame(Kind::Hello, 0, 0, &Hello::default().to_bytes())).unwrap();
        }
        let _ = stream.write_all(&bytes);
        drop(stream);
        let peer = bench.peer(good);
        bench.until(true);
        prop_assert_eq!(bench.reader.transmit(&[0; 4], &mut [0; 2]).unwrap(), 2);
        drop(bench.reader);
        peer.join().unwrap();
    }
}
