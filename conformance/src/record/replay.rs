//! Sends the commands of a trace again to a card and compares what comes back. What cannot be sent exactly is not sent, and
//! said: commands of which bytes were left out, and protected ones wherever the keys of their session cannot come again.

use std::sync::atomic::{AtomicBool, Ordering};

use cie_emulator::phy::trace::file::{
    Case as Marker, Exchange, Header, Record, Recording, Redaction, ResetKind, TraceFileError,
    Writer,
};
use cie_emulator::wire::{Command, ins};

use super::compare::compare;
use super::difference::Comparison;
use super::memory::Memory;
use super::played::left_out;
use super::session::put;
use super::tap::{Ear, Heard, Tapped};
use crate::target::{Reset, Target, TargetError, TargetKind};

/// Makes the card for a case; the marker is empty for what happened before the first one.
pub type Cards<'a> = dyn FnMut(&Marker) -> Result<Box<dyn Target>, String> + 'a;

/// Why a replay ended without a comparison.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// No card could be had.
    #[error("no card for {case}: {reason}")]
    Card {
        /// The case.
        case: String,
        /// Why.
        reason: String,
    },
    /// What the card answered could not be kept.
    #[error(transparent)]
    Trace(#[from] TraceFileError),
    /// Nothing of the trace could be sent.
    #[error("nothing of the trace could be sent exactly; {0}")]
    Nothing(String),
}

/// How a card is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// The card's random bytes are those of the recorded one: sessions come again, key by key.
    pub same_randomness: bool,
}

/// Replays a trace: power and resets as they were, commands where they can be sent exactly.
///
/// # Errors
/// [`ReplayError`].
pub fn replay(
    trace: &Recording,
    cards: &mut Cards<'_>,
    manners: Manners,
    interrupted: &AtomicBool,
) -> Result<Comparison, ReplayError> {
    let memory = Memory::default();
    let header = Header {
        redaction: Redaction::Nothing,
        ..Header::new("the same commands again")
    };
    let mut replayer = Replayer {
        writer: memory.writer(&header)?,
        ear: Ear::default(),
        target: None,
        manners,
        session_lost: None,
        sent: Vec::new(),
        unsent: Vec::new(),
        notes: Vec::new(),
    };
    let mut case = Marker::default();
    for (line, record) in &trace.records {
        if interrupted.load(Ordering::Relaxed) {
            replayer
                .notes
                .push(format!("interrupted before line {line}"));
            break;
        }
        if let Record::Case(marker) = record {
            case.clone_from(marker);
            replayer.end()?;
            replayer.sent.push((*line, record.clone()));
            replayer.writer.case(&marker.name)?;
            continue;
        }
        if replayer.target.is_none() {
            let target = cards(&case).map_err(|reason| ReplayError::Card {
                case: match case.name.is_empty() {
                    true => "the trace".to_owned(),
                    false => case.name.clone(),
                },
                reason,
            })?;
            replayer.begin(target);
        }
        replayer.record(*line, record);
    }
    replayer.end()?;
    replayer.compare(trace, &memory)
}

struct Replayer {
    writer: Writer,
    ear: Ear,
    target: Option<Tapped<Box<dyn Target>>>,
    manners: Manners,
    /// The line of a protected command that was not sent: none after it fits any more.
    session_lost: Option<usize>,
    /// What was sent, to be compared.
    sent: Vec<(usize, Record)>,
    /// What was not, in order.
    unsent: Vec<Unsent>,
    notes: Vec<String>,
}

/// Neighbours that were not sent for the same reason.
struct Unsent {
    lines: (usize, usize),
    count: usize,
    words: String,
    why: Why,
}

/// Why a command is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    /// These placeholders stand in it.
    LeftOut(String),
    /// Its session has keys of its own.
    Keys,
    /// Its session lost an earlier command, in this line.
    Session(usize),
    /// It may harm a physical card.
    Physical(&'static str),
}

impl Why {
    /// Whether two reasons are one for people: which placeholders they are is told of the first.
    fn is_like(&self, other: &Self) -> bool {
        matches!((self, other), (Self::LeftOut(_), Self::LeftOut(_))) || self == other
    }

    fn told(&self) -> String {
        match self {
            Self::LeftOut(placeholders) => format!("bytes were left out ({placeholders})"),
            Self::Keys => "the keys of the session cannot come again on this card".to_owned(),
            Self::Session(line) => {
                format!("the session does not fit any more after line {line}, which was not sent")
            }
            Self::Physical(why) => (*why).to_owned(),
        }
    }
}

impl Unsent {
    fn told(self) -> String {
        let (first, last) = self.lines;
        let why = self.why.told();
        match self.count {
            1 => format!("line {first}, {}: not sent, {why}", self.words),
            count => format!(
                "lines {first} to {last}, {count} commands from {}: not sent, {why}",
                self.words
            ),
        }
    }
}

impl Replayer {
    fn begin(&mut self, target: Box<dyn Target>) {
        self.ear.begin(Heard::default());
        self.session_lost = None;
        self.target = Some(Tapped::new(target, self.ear.clone()));
    }

    /// Writes down what the card of a case answered, and lets it go.
    fn end(&mut self) -> Result<(), TraceFileError> {
        self.target = None;
        let heard = self.ear.take().unwrap_or_default();
        for (_, happening) in &heard.happenings {
            put(&mut self.writer, happening, None)?;
        }
        Ok(())
    }

    fn record(&mut self, line: usize, record: &Record) {
        if let Record::Exchange(exchange) = record
            && let Some(why) = self.unsendable(line, exchange)
        {
            self.leave_out(line, exchange, why);
            return;
        }
        let Some(target) = self.target.as_mut() else {
            return;
        };
        let done = match record {
            Record::Case(_) => Ok(()),
            Record::Insert(_) => target.insert(),
            Record::Remove(_) => target.remove(),
            Record::PowerOn(_) => target.power_on().map(drop),
            Record::PowerOff(_) => target.power_off(),
            Record::Reset(reset) => target.reset(kind_of(reset.kind)).map(drop),
            Record::Exchange(exchange) => {
                let bytes = exchange.command.filled(0);
                target.transmit(&bytes, &mut Vec::new())
            }
        };
        if !matches!(record, Record::Exchange(_)) {
            self.session_lost = None;
        }
        match done {
            Ok(()) | Err(TargetError::NoResponse) => self.sent.push((line, record.clone())),
            Err(error) => self.notes.push(format!("line {line}: {error}")),
        }
    }

    fn leave_out(&mut self, line: usize, exchange: &Exchange, why: Why) {
        match self.unsent.last_mut() {
            Some(last) if last.lines.1.saturating_add(1) == line && last.why.is_like(&why) => {
                last.lines.1 = line;
                last.count = last.count.saturating_add(1);
            }
            _ => self.unsent.push(Unsent {
                lines: (line, line),
                count: 1,
                words: exchange.words.clone(),
                why,
            }),
        }
    }

    /// Why a command is not sent.
    fn unsendable(&mut self, line: usize, exchange: &Exchange) -> Option<Why> {
        let kind = self.target.as_ref()?.kind();
        let Some(bytes) = exchange.command.bytes() else {
            if is_protected(exchange.command.beginning()) {
                self.session_lost.get_or_insert(line);
            }
            return Some(Why::LeftOut(left_out(&exchange.command)));
        };
        if is_protected(&bytes) {
            if !self.manners.same_randomness {
                return Some(Why::Keys);
            }
            if let Some(lost) = self.session_lost {
                return Some(Why::Session(lost));
            }
        }
        if kind == TargetKind::Reader {
            return not_for_physical_cards(&bytes);
        }
        None
    }

    /// Compares what was sent with what came back.
    fn compare(mut self, trace: &Recording, memory: &Memory) -> Result<Comparison, ReplayError> {
        let sent = |record: &Record| matches!(record, Record::Exchange(_));
        let had = trace.records.iter().any(|(_, record)| sent(record));
        if had && !self.sent.iter().any(|(_, record)| sent(record)) {
            let first = self.unsent.into_iter().next().map(Unsent::told);
            let first = first.or(self.notes.pop()).unwrap_or_default();
            return Err(ReplayError::Nothing(first));
        }
        let before = Recording {
            records: std::mem::take(&mut self.sent),
            ..trace.clone()
        };
        let again = memory.recording("replay")?;
        let mut comparison = compare(&before, &again);
        comparison.forget_lines(false, true);
        comparison.notes = self.unsent.into_iter().map(Unsent::told).collect();
        comparison.notes.append(&mut self.notes);
        if !comparison.notes.is_empty() && !comparison.differences.is_empty() {
            let note = "what follows a command that was not sent may differ for that reason alone";
            comparison.notes.push(note.to_owned());
        }
        Ok(comparison)
    }
}

const fn kind_of(kind: ResetKind) -> Reset {
    match kind {
        ResetKind::Warm => Reset::Warm,
        ResetKind::Cold => Reset::Cold,
    }
}

fn is_protected(command: &[u8]) -> bool {
    command
        .first()
        .is_some_and(|cla| cla & 0x0C == 0x0C && cla & 0x80 == 0)
}

/// Nothing that could cost a try, and nothing of which it cannot be told, is replayed to a card that can be harmed; the guard's
/// wall stands behind this.
fn not_for_physical_cards(command: &[u8]) -> Option<Why> {
    let code = match Command::parse(command) {
        Err(_) => {
            return Some(Why::Physical(
                "it is no command, and this is a physical card",
            ));
        }
        Ok(command) => matches!(
            command.header.ins,
            ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER
        ),
    };
    code.then_some(Why::Physical(
        "commands on codes are not replayed to a physical card",
    ))
}
