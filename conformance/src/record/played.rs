//! A trace as a target: it answers what was recorded, in the order in which it was, and refuses to guess. A command may differ
//! from the recorded one only where bytes were left out; an answer of which bytes were left out cannot be given.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use cie_emulator::phy::trace::file::{
    Case as Marker, Octets, Piece, Record, Recording, ResetKind, TraceFileError,
};

use crate::run::{DEFAULT_CHIP, DEFAULT_PERSONA, EmbeddedCards, Provider, Setup};
use crate::scenario::Case;
use crate::target::{Reset, Target, TargetError, TargetKind};

/// A trace that plays the card.
pub struct TraceCards {
    recording: Arc<Recording>,
    /// Knows what the cards were made of, not how they answer.
    makers: EmbeddedCards,
}

impl TraceCards {
    /// The cards of a trace file.
    ///
    /// # Errors
    /// [`TraceFileError`].
    pub fn open(path: &Path) -> Result<Self, TraceFileError> {
        Ok(Self::of(Recording::open(path)?))
    }

    /// The cards of a recording.
    #[must_use]
    pub fn of(recording: Recording) -> Self {
        let header = &recording.header;
        let chip = header.chip.as_deref().unwrap_or(DEFAULT_CHIP);
        let persona = header.persona.as_deref().unwrap_or(DEFAULT_PERSONA);
        Self {
            makers: EmbeddedCards::new(chip).of_persona(persona),
            recording: Arc::new(recording),
        }
    }

    /// The seed under which the recording was made: only the same one makes a terminal send the same again.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.recording.header.seed
    }

    /// The card of a case and its records; all of a trace without case markers.
    fn records(&self, name: &str) -> Option<(Marker, VecDeque<(usize, Record)>)> {
        let records = &self.recording.records;
        let marker = |record: &Record| match record {
            Record::Case(case) => Some(case.clone()),
            _ => None,
        };
        if !records.iter().any(|(_, record)| marker(record).is_some()) {
            return Some((Marker::default(), records.iter().cloned().collect()));
        }
        let mut rest = records
            .iter()
            .skip_while(|(_, record)| marker(record).is_none_or(|case| case.name != name));
        let found = rest.next().and_then(|(_, record)| marker(record))?;
        let mine = rest.take_while(|(_, record)| marker(record).is_none());
        Some((found, mine.cloned().collect()))
    }
}

impl Provider for TraceCards {
    fn kind(&self) -> TargetKind {
        TargetKind::Recording
    }

    fn describe(&self) -> String {
        let header = &self.recording.header;
        format!("trace {}: {}", self.recording.name, header.recorded)
    }

    fn capacity(&self) -> usize {
        usize::MAX
    }

    fn card(&self, case: &Case, seed: u64) -> Result<Setup, String> {
        let name = case.name();
        let (marker, records) = self.records(&name).ok_or_else(|| {
            format!(
                "the trace {} has no case {name}; record it with `cie-conf record '{name}' --keep-all --out FILE`",
                self.recording.name
            )
        })?;
        let setup = self.makers.made(
            marker.persona.as_deref(),
            marker.chip.as_deref(),
            marker.preset.as_deref(),
            marker.profile,
            seed,
        )?;
        Ok(Setup {
            target: Box::new(Played {
                name: self.recording.name.clone(),
                records,
            }),
            ..setup
        })
    }
}

/// One card of a trace.
struct Played {
    name: String,
    records: VecDeque<(usize, Record)>,
}

impl Played {
    fn next(&mut self, wanted: &str) -> Result<(usize, Record), TargetError> {
        self.records.pop_front().ok_or_else(|| {
            TargetError::Recording(format!(
                "{} ends here, but the terminal goes on with {wanted}; it was recorded with another scenario or release",
                self.name
            ))
        })
    }

    fn other(&self, line: usize, recorded: &str, wanted: &str) -> TargetError {
        TargetError::Recording(format!(
            "{}:{line} has {recorded} here, the terminal wants {wanted}; repeat the recording's seed, scenario and release",
            self.name
        ))
    }

    fn known(&self, line: usize, octets: &Octets) -> Result<Vec<u8>, TargetError> {
        match octets.bytes() {
            Some(bytes) => Ok(bytes.into_owned()),
            None => Err(TargetError::Recording(format!(
                "{}:{line}: the answer was left out ({}); record with --keep-all, on a synthetic card",
                self.name,
                left_out(octets)
            ))),
        }
    }

    fn restart(
        &mut self,
        wanted: &str,
        is: impl Fn(&Record) -> bool,
    ) -> Result<Vec<u8>, TargetError> {
        let (line, record) = self.next(wanted)?;
        match &record {
            Record::PowerOn(on) if is(&record) => self.known(line, &on.atr),
            Record::Reset(reset) if is(&record) => self.known(line, &reset.atr),
            other => Err(self.other(line, event(other), wanted)),
        }
    }

    fn step(&mut self, wanted: &str, is: impl Fn(&Record) -> bool) -> Result<(), TargetError> {
        let (line, record) = self.next(wanted)?;
        match is(&record) {
            true => Ok(()),
            false => Err(self.other(line, event(&record), wanted)),
        }
    }
}

impl Target for Played {
    fn kind(&self) -> TargetKind {
        TargetKind::Recording
    }

    fn describe(&self) -> String {
        format!("trace {}, {} records left", self.name, self.records.len())
    }

    fn power_on(&mut self) -> Result<Vec<u8>, TargetError> {
        self.restart("power on", |record| matches!(record, Record::PowerOn(_)))
    }

    fn power_off(&mut self) -> Result<(), TargetError> {
        self.step("power off", |record| matches!(record, Record::PowerOff(_)))
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        let (wanted, kind) = match reset {
            Reset::Warm => ("a warm reset", ResetKind::Warm),
            Reset::Cold => ("a cold reset", ResetKind::Cold),
        };
        self.restart(
            wanted,
            |record| matches!(record, Record::Reset(reset) if reset.kind == kind),
        )
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        response.clear();
        let words = cie_emulator::phy::trace::describe(command);
        let (line, record) = self.next(&words)?;
        let Record::Exchange(exchange) = &record else {
            return Err(self.other(line, event(&record), &words));
        };
        if !fits(&exchange.command, command) {
            return Err(self.other(line, &exchange.words, &format!("{words}, with other bytes")));
        }
        if exchange.response.is_empty() {
            return Err(TargetError::NoResponse);
        }
        *response = self.known(line, &exchange.response)?;
        Ok(())
    }

    fn remove(&mut self) -> Result<(), TargetError> {
        self.step("the card removed", |record| {
            matches!(record, Record::Remove(_))
        })
    }

    fn insert(&mut self) -> Result<(), TargetError> {
        self.step("the card inserted", |record| {
            matches!(record, Record::Insert(_))
        })
    }
}

/// Whether bytes could be those of a recording: equal wherever they are known.
fn fits(recorded: &Octets, bytes: &[u8]) -> bool {
    let mut rest = bytes;
    for piece in recorded.pieces() {
        let length = match piece {
            Piece::Bytes(known) => known.len(),
            Piece::Hidden(hidden) => hidden.length,
        };
        let Some((here, after)) = rest.split_at_checked(length) else {
            return false;
        };
        if matches!(piece, Piece::Bytes(known) if known.as_slice() != here) {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

/// Placeholders, one after the other.
pub(super) fn left_out(octets: &Octets) -> String {
    let hidden: Vec<String> = octets.hidden().map(ToString::to_string).collect();
    hidden.join(", ")
}

fn event(record: &Record) -> &str {
    match record {
        Record::Case(_) => "a case",
        Record::Insert(_) => "the card inserted",
        Record::Remove(_) => "the card removed",
        Record::PowerOn(_) => "power on",
        Record::PowerOff(_) => "power off",
        Record::Reset(_) => "a reset",
        Record::Exchange(exchange) => &exchange.words,
    }
}
