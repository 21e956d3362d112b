//! Reads a trace, line by line, whatever it holds: lines and their number are bounded, every error names its line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use serde::Deserialize;

use super::{FORMAT_VERSION, Header, Record, TraceFileError};
use crate::given_file;

/// The longest line, in bytes: two extended APDUs in both views, in hexadecimal, with room to spare.
pub const MAX_LINE: usize = 1 << 20;
/// The longest file, in bytes: eight times the recording of our whole suite.
pub const MAX_BYTES: u64 = 128 << 20;
/// The most lines after the header.
pub const MAX_RECORDS: usize = 1_000_000;

/// An open trace: an iterator over its records, each with its line. After an error it ends.
pub struct Reader<R> {
    name: String,
    input: R,
    header: Header,
    /// The line last read.
    line: usize,
    ended: bool,
}

/// A whole trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Its name, for people.
    pub name: String,
    /// Its first line.
    pub header: Header,
    /// Its records with their lines, counted from 1.
    pub records: Vec<(usize, Record)>,
}

impl Recording {
    /// Reads a whole file.
    ///
    /// # Errors
    /// [`TraceFileError`].
    pub fn open(path: &Path) -> Result<Self, TraceFileError> {
        Self::read(Reader::open(path)?)
    }

    /// Reads whatever is left of an open trace.
    ///
    /// # Errors
    /// [`TraceFileError`].
    pub fn read<R: BufRead>(mut reader: Reader<R>) -> Result<Self, TraceFileError> {
        let records = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            name: reader.name,
            header: reader.header,
            records,
        })
    }
}

impl Reader<BufReader<File>> {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`TraceFileError`].
    pub fn open(path: &Path) -> Result<Self, TraceFileError> {
        let name = path.display().to_string();
        let opened = given_file::open(path).and_then(|file| {
            let length = file.metadata()?.len();
            Ok((file, length))
        });
        let (file, length) = opened.map_err(|reason| TraceFileError::Read {
            name: name.clone(),
            reason,
        })?;
        if length > MAX_BYTES {
            return Err(TraceFileError::TooLong { name, length });
        }
        Reader::new(&name, BufReader::new(file))
    }
}

/// The version is looked at before anything else: the rest of a newer header may be anything.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "cie-trace")]
    version: u64,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header; `name` is for messages.
    ///
    /// # Errors
    /// [`TraceFileError`].
    pub fn new(name: &str, mut input: R) -> Result<Self, TraceFileError> {
        let name = name.to_owned();
        let Some(text) = line(&mut input, &name, 1)? else {
            return Err(TraceFileError::Empty { name });
        };
        let no_trace = |error: serde_json::Error| TraceFileError::NoTrace {
            name: name.clone(),
            reason: without_place(&error),
        };
        let Version { version } = serde_json::from_str(&text).map_err(no_trace)?;
        if version > u64::from(FORMAT_VERSION) {
            return Err(TraceFileError::Newer {
                name,
                found: version,
                known: FORMAT_VERSION,
            });
        }
        if version == 0 {
            return Err(TraceFileError::NoTrace {
                name,
                reason: "there is no format 0".to_owned(),
            });
        }
        let header = serde_json::from_str(&text).map_err(no_trace)?;
        Ok(Self {
            name,
            input,
            header,
            line: 1,
            ended: false,
        })
    }

    /// The first line.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    fn record(&mut self) -> Result<Option<(usize, Record)>, TraceFileError> {
        loop {
            self.line = self.line.saturating_add(1);
            let Some(text) = line(&mut self.input, &self.name, self.line)? else {
                return Ok(None);
            };
            if self.line > MAX_RECORDS {
                return Err(TraceFileError::TooMany {
                    name: self.name.clone(),
                });
            }
            if text.trim().is_empty() {
                continue;
            }
            let record = serde_json::from_str(&text).map_err(|error| TraceFileError::Record {
                name: self.name.clone(),
                line: self.line,
                reason: without_place(&error),
            })?;
            return Ok(Some((self.line, record)));
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<(usize, Record), TraceFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let record = self.record().transpose();
        self.ended = !matches!(record, Some(Ok(_)));
        record
    }
}

/// The next line without its end; `None` behind the last.
fn line(
    input: &mut impl BufRead,
    name: &str,
    number: usize,
) -> Result<Option<String>, TraceFileError> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a line that is too long from one that just fits, the next its end.
    let limit = u64::try_from(MAX_LINE)
        .unwrap_or(u64::MAX)
        .saturating_add(2);
    let read = input.by_ref().take(limit).read_until(b'\n', &mut bytes);
    read.map_err(|reason| TraceFileError::Read {
        name: name.to_owned(),
        reason,
    })?;
    let ended = bytes.last() == Some(&b'\n');
    if ended {
        bytes.pop();
    }
    if bytes.is_empty() && !ended {
        return Ok(None);
    }
    let (name, line) = (name.to_owned(), number);
    if bytes.len() > MAX_LINE {
        return Err(TraceFileError::LineTooLong { name, line });
    }
    let text = String::from_utf8(bytes).map_err(|_| TraceFileError::Record {
        name: name.clone(),
        line,
        reason: "this is not text in UTF-8".to_owned(),
    })?;
    let whole = ended || serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
    if !whole && line > 1 {
        return Err(TraceFileError::CutShort { name, line });
    }
    Ok(Some(text))
}

/// What serde says, with the column only: lines are counted here.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) if error.column() > 0 => format!("{what} (column {})", error.column()),
        Some((what, _)) => what.to_owned(),
        None => text,
    }
}
