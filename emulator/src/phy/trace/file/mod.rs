//! The trace file: JSON Lines, a header and one record per event, written while it happens and read back whatever it holds.
//! Nothing personal gets into it unless it is asked for: [`redact`] shows what is known to be harmless and replaces the rest by
//! placeholders of kind and length. `fixtures/traces/README.md` describes the format for people, [`schema`] for programs.
//!
//! ```
//! use cie_emulator::phy::trace::file::{Header, Octets, Reader, Recording, Writer};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("session.jsonl");
//! let mut writer = Writer::create(&path, &Header::new("an example"))?;
//! writer.powered_on(&[0x3B, 0x00])?;
//! drop(writer);
//! let trace = Recording::open(&path)?;
//! assert_eq!((trace.header.version, trace.records.len()), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod data;
mod error;
mod octets;
mod place;
mod reader;
mod record;
pub mod redact;
mod schema;
mod writer;

pub use error::TraceFileError;
pub use octets::{Kind, MAX_OCTETS, Octets, OctetsError, Piece, Placeholder};
pub use reader::{MAX_BYTES, MAX_LINE, MAX_RECORDS, Reader, Recording};
pub use record::{
    Case, Exchange, FORMAT_VERSION, Header, Inner, Moment, PowerOn, Record, Redaction, ResetKind,
    Restart, Tries,
};
pub use redact::Passed;
pub use schema::schema;
pub use writer::Writer;
