//! The served side of this project's reader driver: connects to it, says what is in the slot, and lets the card answer.
//!
//! Every request of the driver names the insertion it means, so a card that has just been put in never gets a command
//! that was meant for its predecessor.

use std::io;
use std::net::Shutdown;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use cie_driver_protocol::{Frame, Hello, Inbox, Kind};

use super::rest::{Backoff, Rest, Teller, unharmed};
use super::slot::{Contents, Watch, lock};
use super::stream::Stream;
use super::{Endpoint, LinkEvent, LinkOptions, Listener, Serve, Slot};
use crate::card::Reset;

/// How long the driver may take to greet.
const GREETING: Duration = Duration::from_secs(5);

/// A slot served to the driver.
#[derive(Debug)]
pub(super) struct DriverLink {
    slot: Slot,
    endpoint: Endpoint,
    hello: Hello,
    teller: Teller,
    rest: Rest,
    /// The connection's writing half: answers and news of the slot go out here, one at a time.
    writer: Mutex<Option<Writer>>,
}

/// A connection, as those see it who write to it or end it.
#[derive(Debug)]
struct Writer {
    stream: Stream,
    /// Whether the driver has said welcome; before, it wants no news.
    greeted: bool,
}

impl DriverLink {
    /// A link that is not running yet.
    pub(super) fn new(
        slot: Slot,
        endpoint: Endpoint,
        options: LinkOptions,
        listener: Listener,
    ) -> Arc<Self> {
        let link = Arc::new(Self {
            slot,
            endpoint,
            hello: Hello {
                answer_limit: options.answer_limit,
            },
            teller: Teller::new(listener),
            rest: Rest::default(),
            writer: Mutex::default(),
        });
        let watcher: Weak<Self> = Arc::downgrade(&link);
        link.slot.watch(watcher);
        link
    }

    /// One connection that stands already.
    pub(super) fn converse(&self, stream: &Stream) -> io::Result<String> {
        self.serve(stream, &mut Inbox::default())
    }

    /// One connection, from greeting to end. Returns why it ended.
    fn serve(&self, stream: &Stream, inbox: &mut Inbox) -> io::Result<String> {
        *lock(&self.writer) = Some(Writer {
            stream: stream.try_clone()?,
            greeted: false,
        });
        if self.rest.is_over() {
            return Ok("the link was stopped".to_owned());
        }
        self.greet(stream, inbox)?;
        if let Some(writer) = lock(&self.writer).as_mut() {
            writer.greeted = true;
        }
        self.teller.tell(LinkEvent::Connected);
        self.slot_changed();
        let mut out = Vec::new();
        loop {
            match inbox.next_frame() {
                Ok(Some(request)) => {
                    if !self.answer(request, &mut out) {
                        return Ok(format!(
                            "the driver sent {:?}, which is not its to say",
                            request.kind
                        ));
                    }
                    self.send(&out)?;
                }
                Ok(None) => {
                    if inbox.fill(|room| stream.read(room))? == 0 {
                        return Ok("the driver has closed the connection".to_owned());
                    }
                }
                Err(error) => return Ok(format!("the driver sent {error}")),
            }
        }
    }

    /// Says hello and waits for the welcome.
    fn greet(&self, stream: &Stream, inbox: &mut Inbox) -> io::Result<()> {
        let mut out = Vec::new();
        let hello = Frame {
            kind: Kind::Hello,
            sequence: 0,
            insertion: 0,
            body: &self.hello.to_bytes(),
        };
        hello.write_over(&mut out).map_err(io::Error::other)?;
        // A driver that refuses may have closed already; its reason can be read all the same.
        let said = stream.write_all(&out);
        stream.set_read_timeout(Some(GREETING))?;
        loop {
            match inbox.next_frame().map_err(io::Error::other)? {
                Some(frame) if frame.kind == Kind::Welcome => {
                    Hello::parse(frame.body).map_err(io::Error::other)?;
                    return stream.set_read_timeout(None);
                }
                Some(frame) if frame.kind == Kind::Refused => {
                    let reason = String::from_utf8_lossy(frame.body);
                    let reason: String = reason.chars().filter(|c| !c.is_control()).collect();
                    return Err(io::Error::other(format!("the driver refuses: {reason}")));
                }
                Some(_) => return Err(io::Error::other("the driver does not greet")),
                None => {
                    if inbox.fill(|room| stream.read(room))? == 0 {
                        return said.and(Err(io::ErrorKind::UnexpectedEof.into()));
                    }
                }
            }
        }
    }

    /// Writes the answer to a request over `out`; false when the frame is no request.
    fn answer(&self, request: Frame<'_>, out: &mut Vec<u8>) -> bool {
        let mut contents = self.slot.contents();
        let Contents {
            card, insertion, ..
        } = &mut *contents;
        let card = card
            .as_mut()
            .filter(|_| request.insertion == *insertion && request.insertion != 0);
        let (kind, body): (Kind, &[u8]) = match (request.kind, card) {
            (Kind::PowerOn, Some(card)) => (Kind::Atr, card.power_on()),
            (Kind::Reset, Some(card)) => (Kind::Atr, card.reset(Reset::Warm)),
            (Kind::PowerOff, Some(card)) => {
                card.power_off();
                (Kind::Done, &[])
            }
            (Kind::Transmit, Some(card)) => (Kind::Answer, card.transmit(request.body)),
            (Kind::PowerOn | Kind::Reset | Kind::PowerOff | Kind::Transmit, None) => {
                (Kind::Gone, &[])
            }
            (
                Kind::Hello
                | Kind::Slot
                | Kind::Atr
                | Kind::Done
                | Kind::Answer
                | Kind::Gone
                | Kind::Welcome
                | Kind::Refused,
                _,
            ) => return false,
        };
        let frame = Frame {
            kind,
            sequence: request.sequence,
            insertion: request.insertion,
            body,
        };
        if frame.write_over(out).is_err() {
            // No card answers more than a frame carries; one that does is as good as mute.
            let _ = Frame { body: &[], ..frame }.write_over(out);
        }
        true
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        match lock(&self.writer).as_ref() {
            Some(writer) => writer.stream.write_all(bytes),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn why_not(&self, error: &io::Error) -> String {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => format!(
                "nothing listens on {} yet: is pcscd running, with the reader's entry in its configuration?",
                self.endpoint
            ),
            io::ErrorKind::PermissionDenied => format!(
                "no permission to connect to {}: ask who owns the directory",
                self.endpoint
            ),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                format!("what listens on {} does not greet", self.endpoint)
            }
            _ => format!("{}: {error}", self.endpoint),
        }
    }
}

impl Watch for DriverLink {
    /// Tells the driver what is in the slot. Where that fails, the reading side notices as well.
    fn slot_changed(&self) {
        let writer = lock(&self.writer);
        let Some(writer) = writer.as_ref().filter(|writer| writer.greeted) else {
            return;
        };
        let news = Frame {
            kind: Kind::Slot,
            sequence: 0,
            insertion: self.slot.insertion(),
            body: &[],
        };
        let mut out = Vec::new();
        if news.write_over(&mut out).is_err() || writer.stream.write_all(&out).is_err() {
            writer.stream.shutdown(Shutdown::Both);
        }
    }
}

impl Serve for DriverLink {
    fn run(&self) {
        let mut backoff = Backoff::new();
        while !self.rest.is_over() {
            let mut inbox = Inbox::default();
            let result = unharmed(|| {
                let stream = Stream::connect(&self.endpoint)?;
                self.serve(&stream, &mut inbox)
            });
            let was_connected = lock(&self.writer)
                .take()
                .is_some_and(|writer| writer.greeted);
            if was_connected {
                self.slot.lose_power(self.slot.insertion());
            }
            if self.rest.is_over() {
                return;
            }
            match result {
                Ok(reason) => self.teller.tell(LinkEvent::Disconnected { reason }),
                Err(error) if was_connected => self.teller.tell(LinkEvent::Disconnected {
                    reason: error.to_string(),
                }),
                Err(error) => self.teller.waiting(self.why_not(&error)),
            }
            if was_connected {
                backoff = Backoff::new();
            }
            self.rest.pause(Some(backoff.next_pause()));
        }
    }

    fn stop(&self) {
        self.rest.stop();
        if let Some(writer) = lock(&self.writer).as_ref() {
            writer.stream.shutdown(Shutdown::Read);
        }
    }
}
