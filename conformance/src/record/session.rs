//! Records a run: the cases go one after the other, and each is written to the trace when it is through, so that what the
//! terminal knows of the inside of secure messaging stands beside what passed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use cie_emulator::phy::trace::file::{Passed, TraceFileError, Writer};

use super::inner::Told;
use super::tap::{Ear, Happening, Heard, TappedCards};
use crate::report::model::{CaseResult, Verdict};
use crate::run::{Finished, Observer, Options, Provider, run};
use crate::scenario::Case;
use crate::target::Reset;

/// What a recording brought.
#[derive(Debug)]
pub struct Recorded {
    /// The run, with its verdicts.
    pub finished: Finished,
    /// Cases that stand in the trace.
    pub cases: usize,
    /// Exchanges that stand in the trace.
    pub exchanges: usize,
}

/// Runs all cases on the provider's cards, as [`run`] does but one after the other, and writes what passes. A trace that cannot
/// be written ends the run in good order.
///
/// # Errors
/// [`TraceFileError`] of the first line that could not be written.
pub fn record(
    cases: &[Case],
    provider: &dyn Provider,
    options: &Options,
    shoulds: &BTreeSet<String>,
    writer: Writer,
    observer: &dyn Observer,
    interrupted: &AtomicBool,
) -> Result<Recorded, TraceFileError> {
    let ear = Ear::default();
    let tapped = TappedCards::new(provider, ear.clone());
    let scribe = Scribe {
        ear,
        observer,
        interrupted,
        book: Mutex::new(Book {
            writer,
            cases: 0,
            exchanges: 0,
            error: None,
        }),
    };
    let options = Options {
        jobs: 1,
        ..options.clone()
    };
    let finished = run(cases, &tapped, &options, shoulds, &scribe, interrupted);
    let book = scribe.book.into_inner();
    let book = book.unwrap_or_else(PoisonError::into_inner);
    match book.error {
        Some(error) => Err(error),
        None => Ok(Recorded {
            finished,
            cases: book.cases,
            exchanges: book.exchanges,
        }),
    }
}

struct Scribe<'a> {
    ear: Ear,
    observer: &'a dyn Observer,
    interrupted: &'a AtomicBool,
    book: Mutex<Book>,
}

struct Book {
    writer: Writer,
    cases: usize,
    exchanges: usize,
    error: Option<TraceFileError>,
}

impl Observer for Scribe<'_> {
    fn case_finished(&self, case: &CaseResult) {
        let heard = self.ear.take();
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        // A card of another chip than the case is for was looked at, never spoken to.
        let heard = heard
            .filter(|heard| case.verdict != Verdict::NotApplicable || !heard.happenings.is_empty());
        if let Some(heard) = heard.filter(|_| book.error.is_none())
            && let Err(error) = book.write(heard, case)
        {
            book.error = Some(error);
            self.interrupted.store(true, Ordering::Relaxed);
        }
        self.observer.case_finished(case);
    }
}

impl Book {
    fn write(&mut self, heard: Heard, case: &CaseResult) -> Result<(), TraceFileError> {
        let mut told = Told::of(case);
        self.cases = self.cases.saturating_add(1);
        self.writer.case_of(heard.case)?;
        for (moment, happening) in &heard.happenings {
            self.writer.at(*moment);
            if matches!(happening, Happening::Exchange { .. }) {
                self.exchanges = self.exchanges.saturating_add(1);
            }
            put(&mut self.writer, happening, Some(&mut told))?;
        }
        Ok(())
    }
}

/// Writes what happened, with the inside of secure messaging where the terminal's side is known.
pub(super) fn put(
    writer: &mut Writer,
    happening: &Happening,
    told: Option<&mut Told<'_>>,
) -> Result<(), TraceFileError> {
    match happening {
        Happening::Insert => writer.inserted(),
        Happening::Remove => writer.removed(),
        Happening::PowerOn(atr) => writer.powered_on(atr),
        Happening::PowerOff => writer.powered_off(),
        Happening::Reset(kind, atr) => {
            let kind = match kind {
                Reset::Warm => cie_emulator::card::Reset::Warm,
                Reset::Cold => cie_emulator::card::Reset::Cold,
            };
            writer.reset(kind, atr)
        }
        Happening::Exchange {
            command,
            response,
            tries,
        } => {
            let inside = told.and_then(|told| told.inside(command, response));
            let inner = inside
                .as_ref()
                .map(|(plain, reply)| (plain.as_slice(), reply.as_deref()));
            let passed = Passed {
                command,
                response,
                inner,
                codes_taken_out: false,
            };
            writer.exchanged(passed, *tries)
        }
    }
}
