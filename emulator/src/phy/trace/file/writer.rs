//! Writes a trace while it happens: each line is redacted, complete and flushed before the next thing happens, so that whatever
//! ends the program leaves a trace that can be read.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::redact::{Passed, Redactor};
use super::{
    Case, Exchange, Header, Inner, Moment, Octets, PowerOn, Record, ResetKind, Restart,
    TraceFileError, Tries,
};
use crate::card::Reset;
use crate::phy::trace::Event;

/// An open trace.
pub struct Writer {
    path: PathBuf,
    output: Box<dyn Write + Send>,
    redactor: Redactor,
    /// The exchanges written.
    number: u64,
    /// When the trace began, if records are to say when they happened.
    began: Option<Instant>,
    /// When the next record happened, if it is written later.
    moment: Option<Instant>,
}

impl Writer {
    /// Makes the file, replacing one that is there, and writes the header. What is left out of the records is what
    /// `header.redaction` says.
    ///
    /// # Errors
    /// [`TraceFileError::Create`] and [`TraceFileError::Write`], naming the path.
    pub fn create(path: &Path, header: &Header) -> Result<Self, TraceFileError> {
        let file = File::create(path).map_err(|reason| TraceFileError::Create {
            path: path.to_owned(),
            reason,
        })?;
        Self::to(path, Box::new(file), header)
    }

    /// Writes to anything; `name` stands for it in messages.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn to(
        name: &Path,
        output: Box<dyn Write + Send>,
        header: &Header,
    ) -> Result<Self, TraceFileError> {
        let mut writer = Self {
            path: name.to_owned(),
            output,
            redactor: Redactor::new(header.redaction),
            number: 0,
            began: header.timing.then(Instant::now),
            moment: None,
        };
        writer.line(header)?;
        Ok(writer)
    }

    /// Writes what happened.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn record(&mut self, event: &Event) -> Result<(), TraceFileError> {
        match event {
            Event::PowerOn(atr) => self.powered_on(atr),
            Event::PowerOff => self.powered_off(),
            Event::Reset(kind, atr) => self.reset(*kind, atr),
            Event::Exchange(exchange) => {
                let passed = Passed {
                    command: exchange.command.shown(),
                    response: &exchange.response,
                    inner: None,
                    codes_taken_out: exchange.command.is_masked(),
                };
                let tries = exchange.after.as_ref().map(|state| Tries {
                    pin: state.pin_left,
                    puk: state.puk_left,
                });
                self.exchanged(passed, tries)
            }
        }
    }

    /// A case begins.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn case(&mut self, name: &str) -> Result<(), TraceFileError> {
        self.case_of(Case {
            name: name.to_owned(),
            ..Case::default()
        })
    }

    /// A case begins, on a card that is told; the time is added here.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn case_of(&mut self, case: Case) -> Result<(), TraceFileError> {
        self.redactor.reset();
        let at_us = self.now();
        self.line(&Record::Case(Case { at_us, ..case }))
    }

    /// The card was put into the reader.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn inserted(&mut self) -> Result<(), TraceFileError> {
        self.redactor.reset();
        let at_us = self.now();
        self.line(&Record::Insert(Moment { at_us }))
    }

    /// The card was taken out.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn removed(&mut self) -> Result<(), TraceFileError> {
        self.redactor.reset();
        let at_us = self.now();
        self.line(&Record::Remove(Moment { at_us }))
    }

    /// Power was given.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn powered_on(&mut self, atr: &[u8]) -> Result<(), TraceFileError> {
        self.redactor.reset();
        let (atr, at_us) = (Octets::known(atr), self.now());
        self.line(&Record::PowerOn(PowerOn { atr, at_us }))
    }

    /// Power was taken away.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn powered_off(&mut self) -> Result<(), TraceFileError> {
        self.redactor.reset();
        let at_us = self.now();
        self.line(&Record::PowerOff(Moment { at_us }))
    }

    /// The card was reset.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn reset(&mut self, kind: Reset, atr: &[u8]) -> Result<(), TraceFileError> {
        self.redactor.reset();
        let kind = match kind {
            Reset::Warm => ResetKind::Warm,
            Reset::Cold => ResetKind::Cold,
        };
        let (atr, at_us) = (Octets::known(atr), self.now());
        self.line(&Record::Reset(Restart { kind, atr, at_us }))
    }

    /// A command and its response.
    ///
    /// # Errors
    /// [`TraceFileError::Write`].
    pub fn exchanged(
        &mut self,
        passed: Passed<'_>,
        tries: Option<Tries>,
    ) -> Result<(), TraceFileError> {
        let shown = self.redactor.exchange(passed);
        self.number = self.number.saturating_add(1);
        let record = Record::Exchange(Exchange {
            number: self.number,
            words: shown.words,
            command: shown.command,
            response: shown.response,
            inner: shown
                .inner
                .map(|(command, response)| Inner { command, response }),
            tries,
            at_us: self.now(),
        });
        self.line(&record)
    }

    /// The next record happened at this moment: for those who write later than they listen.
    pub fn at(&mut self, moment: Instant) -> &mut Self {
        self.moment = Some(moment);
        self
    }

    fn now(&mut self) -> Option<u64> {
        let moment = self.moment.take().unwrap_or_else(Instant::now);
        let since = moment.saturating_duration_since(self.began?);
        u64::try_from(since.as_micros()).ok()
    }

    fn line(&mut self, value: &impl serde::Serialize) -> Result<(), TraceFileError> {
        let written = serde_json::to_vec(value)
            .map_err(std::io::Error::from)
            .and_then(|mut text| {
                text.push(b'\n');
                // One write for the whole line: an interruption leaves whole lines.
                self.output.write_all(&text)?;
                self.output.flush()
            });
        written.map_err(|reason| TraceFileError::Write {
            path: self.path.clone(),
            reason,
        })
    }
}
