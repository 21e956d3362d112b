//! The trace files, one for each reader, written while it happens.

use super::cards::Cards;
use crate::failure::Failure;
use cie_emulator::control::{Passed, What};
use cie_emulator::phy::trace::file::{Header, TraceFileError, Writer};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// What stands for the reader's number in a name.
const PLACE: &str = "{reader}";

/// An open trace for every reader; `None` for one that could not be written on.
pub(super) struct Traces(Vec<Mutex<Option<Writer>>>);

/// The file of every reader; none, when no trace is wanted.
pub(super) fn places(name: Option<&str>, readers: usize) -> Result<Vec<PathBuf>, Failure> {
    match name {
        None => Ok(Vec::new()),
        Some(name) if readers > 1 && !name.contains(PLACE) => Err(Failure::Input(format!(
            "--trace {name}: each of the {readers} readers has a trace of its own; put {PLACE} into the name, e.g. run-{PLACE}.jsonl"
        ))),
        Some(name) => Ok((1..=readers)
            .map(|reader| name.replace(PLACE, &reader.to_string()).into())
            .collect()),
    }
}

impl Traces {
    pub(super) fn create(places: &[PathBuf], cards: &Cards) -> Result<Option<Self>, Failure> {
        let writers = places
            .iter()
            .enumerate()
            .map(|(index, path)| {
                let mut header = Header::new("cards served by cie-card");
                header.chip = cards.chip(index + 1).map(str::to_owned);
                Writer::create(path, &header).map(|writer| Mutex::new(Some(writer)))
            })
            .collect::<Result<Vec<_>, TraceFileError>>()
            .map_err(|error| Failure::Other(error.to_string()))?;
        Ok((!writers.is_empty()).then_some(Self(writers)))
    }

    /// Writes what passed; after an error, nothing more for that reader.
    pub(super) fn write(&self, passed: &Passed) -> Result<(), String> {
        let place = passed
            .reader
            .checked_sub(1)
            .and_then(|index| self.0.get(index));
        let Some(place) = place else {
            return Ok(());
        };
        // A panic elsewhere leaves whole lines.
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = place.as_mut() else {
            return Ok(());
        };
        let written = match &passed.what {
            What::Inserted => writer.inserted(),
            What::Removed => writer.removed(),
            What::Event(event) => writer.record(event),
        };
        written.map_err(|error| {
            *place = None;
            error.to_string()
        })
    }
}
