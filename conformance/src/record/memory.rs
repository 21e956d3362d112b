//! A trace that is written to memory and read back: what a target answered, in the form in which recordings are compared.

use std::io::{self, Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use cie_emulator::phy::trace::file::{Header, Reader, Recording, TraceFileError, Writer};

/// Where a trace is kept.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    /// A writer into it.
    ///
    /// # Errors
    /// None that memory causes.
    pub fn writer(&self, header: &Header) -> Result<Writer, TraceFileError> {
        Writer::to(Path::new("memory"), Box::new(self.clone()), header)
    }

    /// What was written, under a name for people.
    ///
    /// # Errors
    /// [`TraceFileError`] when more was written than is read.
    pub fn recording(&self, name: &str) -> Result<Recording, TraceFileError> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Recording::read(Reader::new(name, Cursor::new(bytes))?)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
