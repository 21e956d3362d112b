//! The card side of vsmartcard's vpcd: frames of a two-byte length and a body over TCP, one connection per insertion.
//!
//! vpcd knows no message for insertion and removal: the connection *is* the card. An empty slot has no connection, and a
//! swap stays away long enough for vpcd's poll (every 0.4 s) to see the reader empty.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use super::rest::{Backoff, Rest, Teller, unharmed};
use super::slot::{Watch, lock};
use super::stream::Stream;
use super::{Endpoint, LinkEvent, Listener, Serve, Slot};
use crate::card::Reset;
use crate::phy::Transceiver;

/// How long the reader must be empty for a removal to be seen: more than vpcd's poll of 0.4 s.
const ABSENCE: Duration = Duration::from_millis(900);

/// The longest body: the length has two bytes.
const LONGEST: usize = 0xFFFF;

/// The answer in place of one that vpcd cannot carry: no precise diagnosis (ISO/IEC 7816-4:2020 §5.6).
const CANNOT_BE_CARRIED: [u8; 2] = [0x6F, 0x00];

/// A slot served to vpcd.
#[derive(Debug)]
pub(super) struct VpcdLink {
    slot: Slot,
    address: SocketAddr,
    teller: Teller,
    rest: Rest,
    /// A handle to the connection, for ending it from another thread.
    connection: Mutex<Option<Stream>>,
}

/// What comes in and goes out, allocated once.
struct Buffers {
    input: Box<[u8]>,
    start: usize,
    end: usize,
    out: Vec<u8>,
    atr: Vec<u8>,
}

/// What is to be sent back.
enum Reply {
    /// Nothing: vpcd expects nothing.
    Nothing,
    /// What stands in the out buffer.
    Out,
    /// The card is mute, or no longer that card: only the end of the connection says so.
    End(&'static str),
}

impl VpcdLink {
    /// A link that is not running yet.
    pub(super) fn new(slot: Slot, address: SocketAddr, listener: Listener) -> Arc<Self> {
        let link = Arc::new(Self {
            slot,
            address,
            teller: Teller::new(listener),
            rest: Rest::default(),
            connection: Mutex::default(),
        });
        let watcher: Weak<Self> = Arc::downgrade(&link);
        link.slot.watch(watcher);
        link
    }

    /// One connection that stands already, for the card that is in.
    pub(super) fn converse(&self, stream: &Stream) -> io::Result<String> {
        let (insertion, mut buffers) = (self.slot.insertion(), Buffers::new());
        if !self.learn_atr(insertion, &mut buffers) {
            return Ok("there is no card".to_owned());
        }
        let reason = self.serve(insertion, stream, &mut buffers)?;
        Ok(reason.to_owned())
    }

    /// One connection: one insertion. Returns why it ended.
    fn serve(
        &self,
        insertion: u32,
        stream: &Stream,
        buffers: &mut Buffers,
    ) -> io::Result<&'static str> {
        *lock(&self.connection) = Some(stream.try_clone()?);
        self.teller.tell(LinkEvent::Connected);
        while self.slot.insertion() == insertion && !self.rest.is_over() {
            let Some(message) = buffers.next_message() else {
                if buffers.fill(stream)? == 0 {
                    return Ok("vpcd has closed the connection");
                }
                continue;
            };
            match self.answer(insertion, message, buffers) {
                Reply::Nothing => {}
                Reply::Out => stream.write_all(&buffers.out)?,
                Reply::End(reason) => return Ok(reason),
            }
        }
        Ok("the card was taken out")
    }

    /// vpcd asks for the answer to reset before it gives power: the card is powered once per insertion, for a moment.
    fn learn_atr(&self, insertion: u32, buffers: &mut Buffers) -> bool {
        let mut contents = self.slot.contents();
        if contents.insertion != insertion {
            return false;
        }
        let Some(card) = &mut contents.card else {
            return false;
        };
        buffers.atr.clear();
        buffers.atr.extend(card.power_on());
        card.power_off();
        true
    }

    /// Answers one message into the out buffer. Control bytes: 00 power off, 01 power on, 02 reset, 04 answer to reset,
    /// which alone is answered; any other length is a command APDU.
    fn answer(
        &self,
        insertion: u32,
        message: std::ops::Range<usize>,
        buffers: &mut Buffers,
    ) -> Reply {
        let mut contents = self.slot.contents();
        if contents.insertion != insertion {
            return Reply::End("the card was taken out");
        }
        let Some(card) = &mut contents.card else {
            return Reply::End("the card was taken out");
        };
        let Buffers {
            input, out, atr, ..
        } = buffers;
        let message = input.get(message).unwrap_or_default();
        match message {
            [] => Reply::Nothing,
            [control] => Self::control(*control, card.as_mut(), atr, out),
            command => {
                let mut answer = card.transmit(command);
                let length = answer.len();
                if length == 0 {
                    return Reply::End("the card is mute");
                }
                if length > LONGEST {
                    answer = &CANNOT_BE_CARRIED;
                    self.teller.tell(LinkEvent::AnswerTooLong { length });
                }
                write_over(out, answer);
                Reply::Out
            }
        }
    }

    fn control(
        control: u8,
        card: &mut (dyn Transceiver + Send),
        atr: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Reply {
        let fresh = match control {
            0x00 => {
                card.power_off();
                return Reply::Nothing;
            }
            0x01 => card.power_on(),
            0x02 => card.reset(Reset::Warm),
            0x04 => {
                write_over(out, atr);
                return Reply::Out;
            }
            // A control byte that no vpcd has: nothing is expected back.
            _ => return Reply::Nothing,
        };
        if fresh.is_empty() {
            return Reply::End("the card is mute");
        }
        atr.clear();
        atr.extend(fresh);
        Reply::Nothing
    }

    fn why_not(&self, error: &io::Error) -> String {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            format!(
                "nothing listens on {} yet: is pcscd running, with vsmartcard-vpcd installed?",
                self.address
            )
        } else {
            format!("vpcd on {}: {error}", self.address)
        }
    }

    /// Serves one insertion, as long as it lasts and the daemon lives.
    fn serve_insertion(&self, insertion: u32, buffers: &mut Buffers) {
        let mut backoff = Backoff::new();
        if !self.learn_atr(insertion, buffers) {
            return;
        }
        while self.slot.insertion() == insertion && !self.rest.is_over() {
            buffers.start = 0;
            buffers.end = 0;
            let result = unharmed(|| {
                let stream = Stream::connect(&Endpoint::Tcp(self.address))?;
                self.serve(insertion, &stream, buffers)
            });
            let was_connected = lock(&self.connection).take().is_some();
            if was_connected {
                self.slot.lose_power(insertion);
            }
            if self.rest.is_over() {
                return;
            }
            match result {
                Ok(reason) => self.teller.tell(LinkEvent::Disconnected {
                    reason: reason.to_owned(),
                }),
                Err(error) if was_connected => self.teller.tell(LinkEvent::Disconnected {
                    reason: error.to_string(),
                }),
                Err(error) => self.teller.waiting(self.why_not(&error)),
            }
            if was_connected {
                self.rest.stay_away(ABSENCE);
            } else {
                self.rest.pause(Some(backoff.next_pause()));
            }
        }
    }
}

fn write_over(out: &mut Vec<u8>, body: &[u8]) {
    out.clear();
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    out.extend(length.to_be_bytes());
    out.extend(body.iter().take(LONGEST));
}

impl Buffers {
    fn new() -> Self {
        Self {
            input: vec![0; 2 + LONGEST].into_boxed_slice(),
            start: 0,
            end: 0,
            out: Vec::new(),
            atr: Vec::new(),
        }
    }

    /// The place of the next message's body, if it is here as a whole.
    fn next_message(&mut self) -> Option<std::ops::Range<usize>> {
        let waiting = self.input.get(self.start..self.end)?;
        let (length, rest) = waiting.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        rest.get(..length)?;
        let from = self.start.checked_add(2)?;
        let to = from.checked_add(length)?;
        self.start = to;
        Some(from..to)
    }

    /// Reads more, once.
    fn fill(&mut self, stream: &Stream) -> io::Result<usize> {
        self.input.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        let count = stream.read(self.input.get_mut(self.end..).unwrap_or_default())?;
        self.end = self.end.saturating_add(count);
        Ok(count)
    }
}

impl Watch for VpcdLink {
    /// Ends the connection of the card that was in. Only the reading half is shut, so that an answer on its way out is
    /// not cut: vpcd crashes when a length is.
    fn slot_changed(&self) {
        if let Some(connection) = lock(&self.connection).as_ref() {
            connection.shutdown(Shutdown::Read);
        }
        self.rest.wake();
    }
}

impl Serve for VpcdLink {
    fn run(&self) {
        let mut buffers = Buffers::new();
        while !self.rest.is_over() {
            match self.slot.insertion() {
                0 => self.rest.pause(None),
                insertion => self.serve_insertion(insertion, &mut buffers),
            }
        }
    }

    fn stop(&self) {
        self.rest.stop();
        if let Some(connection) = lock(&self.connection).as_ref() {
            connection.shutdown(Shutdown::Read);
        }
    }
}
