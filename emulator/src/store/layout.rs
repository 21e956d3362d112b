//! The bytes of a card file, format 1: what lies where, and how damage shows. Pure: bytes in, meaning out.
//!
//! ```text
//! page 0   12 bytes  "CIE-CARD", CR, LF, 1A, LF: a transfer as text shows at once
//!           4        format, big-endian
//!           8        length of the contents in bytes
//!           8        zero
//!          32        SHA-256 of the contents
//!          32        SHA-256 of the 64 bytes before: at this place in every format
//! page 1   memory, record with an even sequence number
//! page 2   memory, record with an odd one:
//!           4 bytes  "MEMO"
//!           8        sequence number
//!           2        length of the data
//!           n        JSON
//!          32        SHA-256 of all of that
//! page 3   the contents: JSON
//! ```
//!
//! What was burnt in is written once. A change of memory writes the page that holds the *older* record and nothing else, so
//! the newer one is never at risk: power lost in the middle leaves a record that does not match its digest, and the card
//! stands where it stood before.

use super::content::MemoryRecord;
use super::error::Fault;
use cie_crypto::hash::sha256;
use zeroize::Zeroizing;

/// The format this program writes, and the newest it reads.
pub const FORMAT: u32 = 1;

const MAGIC: [u8; 12] = *b"CIE-CARD\r\n\x1a\n";
const PAGE: usize = 4096;
/// Where the contents begin.
const CONTENTS: usize = 3 * PAGE;
/// Most bytes of contents: a hundred times what a card has.
pub(super) const MOST_CONTENTS: usize = 16 << 20;
/// Most bytes of a whole file.
pub(super) const MOST: usize = CONTENTS + MOST_CONTENTS;

const RECORD: [u8; 4] = *b"MEMO";
const RECORD_HEAD: usize = 14;
const DIGEST: usize = 32;
/// Most bytes of data in a record.
const MOST_DATA: usize = PAGE - RECORD_HEAD - DIGEST;

/// A card file taken apart.
pub(super) struct Parsed<'a> {
    pub(super) contents: &'a [u8],
    pub(super) slots: [Slot; 2],
}

/// One of the two places for memory.
pub(super) enum Slot {
    /// A record that matches its digest.
    Valid { sequence: u64, memory: MemoryRecord },
    /// A write that was not finished, or damage: nobody can tell the two apart.
    Unreadable,
}

impl Parsed<'_> {
    pub(super) fn both_readable(&self) -> bool {
        self.slots
            .iter()
            .all(|slot| matches!(slot, Slot::Valid { .. }))
    }

    /// The record that counts: the newest.
    pub(super) fn newest(&self) -> Result<(u64, &MemoryRecord), Fault> {
        self.slots
            .iter()
            .filter_map(|slot| match slot {
                Slot::Valid { sequence, memory } => Some((*sequence, memory)),
                Slot::Unreadable => None,
            })
            .max_by_key(|(sequence, _)| *sequence)
            .ok_or_else(|| {
                damaged("both records of its memory (bytes 4096 and 8192) are unreadable")
            })
    }
}

/// The whole file of a new card. Both records are there from the start.
pub(super) fn encode(contents: &[u8], memory: &MemoryRecord) -> Result<Zeroizing<Vec<u8>>, Fault> {
    if contents.len() > MOST_CONTENTS {
        return Err(Fault::Damaged(format!(
            "the card has {} bytes of contents, {MOST_CONTENTS} at most",
            contents.len()
        )));
    }
    let mut file = Zeroizing::new(Vec::with_capacity(CONTENTS.saturating_add(contents.len())));
    file.extend_from_slice(&MAGIC);
    file.extend_from_slice(&FORMAT.to_be_bytes());
    file.extend_from_slice(&(contents.len() as u64).to_be_bytes());
    file.extend_from_slice(&[0; 8]);
    file.extend_from_slice(&sha256(&[contents]));
    let digest = sha256(&[&file]);
    file.extend_from_slice(&digest);
    for (sequence, end) in [(0, 2 * PAGE), (1, CONTENTS)] {
        file.resize(place(sequence), 0);
        file.extend_from_slice(&record(sequence, memory)?);
        file.resize(end, 0);
    }
    file.extend_from_slice(contents);
    Ok(file)
}

/// Where the record with this sequence number lies.
pub(super) const fn place(sequence: u64) -> usize {
    match sequence & 1 {
        0 => PAGE,
        _ => 2 * PAGE,
    }
}

/// A record as it is written, a page at most.
pub(super) fn record(sequence: u64, memory: &MemoryRecord) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let data = serde_json::to_vec(memory).map_err(|error| damaged(&error.to_string()))?;
    framed(sequence, &Zeroizing::new(data))
}

fn framed(sequence: u64, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let length = u16::try_from(data.len())
        .ok()
        .filter(|length| usize::from(*length) <= MOST_DATA)
        .ok_or_else(|| damaged("the memory does not fit its page"))?;
    let mut record = Zeroizing::new(Vec::with_capacity(PAGE));
    record.extend_from_slice(&RECORD);
    record.extend_from_slice(&sequence.to_be_bytes());
    record.extend_from_slice(&length.to_be_bytes());
    record.extend_from_slice(data);
    let digest = sha256(&[&record]);
    record.extend_from_slice(&digest);
    Ok(record)
}

/// Takes a file apart. Any bytes in; what comes out matches its digests.
pub(super) fn parse(file: &[u8]) -> Result<Parsed<'_>, Fault> {
    if !file.starts_with(&MAGIC) {
        return Err(Fault::NotACard);
    }
    let header = file
        .get(..64 + DIGEST)
        .ok_or_else(|| damaged("it ends inside its header"))?;
    let (header, digest) = header.split_at(64);
    if sha256(&[header]) != digest {
        return Err(damaged(
            "its header (bytes 0 to 95) does not match its digest",
        ));
    }
    let format = number(header, 12, 4);
    if format != u64::from(FORMAT) {
        return Err(Fault::Newer {
            found: u32::try_from(format).unwrap_or(u32::MAX),
        });
    }
    let length = number(header, 16, 8);
    let contents = file.get(CONTENTS..).unwrap_or_default();
    if contents.len() as u64 != length {
        return Err(damaged(&format!(
            "it has {} bytes and should have {}",
            file.len(),
            length.saturating_add(CONTENTS as u64)
        )));
    }
    if Some(&sha256(&[contents])[..]) != header.get(32..64) {
        return Err(damaged(
            "its contents (from byte 12288) do not match their digest",
        ));
    }
    Ok(Parsed {
        contents,
        slots: [slot(file, 0), slot(file, 1)],
    })
}

fn slot(file: &[u8], parity: u64) -> Slot {
    let start = place(parity);
    let page = file.get(start..).and_then(|rest| rest.get(..PAGE));
    let page = page.unwrap_or_default();
    match read_record(page) {
        Some((sequence, memory)) if sequence & 1 == parity => Slot::Valid { sequence, memory },
        Some(_) | None => Slot::Unreadable,
    }
}

fn read_record(page: &[u8]) -> Option<(u64, MemoryRecord)> {
    let (head, rest) = page.split_at_checked(RECORD_HEAD)?;
    if !head.starts_with(&RECORD) {
        return None;
    }
    let length = usize::try_from(number(head, 12, 2)).ok()?;
    let (data, rest) = rest.split_at_checked(length)?;
    let digest = rest.get(..DIGEST)?;
    if sha256(&[head, data]) != digest {
        return None;
    }
    let memory = serde_json::from_slice(data).ok()?;
    Some((number(head, 4, 8), memory))
}

/// A big-endian number inside bytes whose length was checked.
fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    bytes
        .iter()
        .skip(at)
        .take(length)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn damaged(what: &str) -> Fault {
    Fault::Damaged(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::preset;
    use crate::credentials::Credentials;

    fn fresh() -> MemoryRecord {
        let code = |digits: &str| digits.parse().unwrap();
        let policy = preset("default").unwrap().credential_policy();
        let fresh = Credentials::new(code("13572468"), code("86427531"), &policy);
        MemoryRecord::new(&fresh, 0, None)
    }

    #[test]
    fn as_much_as_fits_and_no_more() {
        let contents = vec![0x20; MOST_CONTENTS + 1];
        let largest = encode(&contents[1..], &fresh()).unwrap();
        assert_eq!(largest.len(), MOST);
        assert_eq!(parse(&largest).unwrap().contents.len(), MOST_CONTENTS);
        let refused = encode(&contents, &fresh()).err().unwrap().to_string();
        assert!(
            refused.contains("has 16777217 bytes of contents, 16777216 at most"),
            "{refused}"
        );
        assert_eq!(framed(0, &[0; MOST_DATA]).unwrap().len(), PAGE);
        assert!(framed(0, &[0; MOST_DATA + 1]).is_err());
    }

    /// Each record has its place: one that stands in the other's is none.
    #[test]
    fn a_record_in_the_wrong_place_does_not_count() {
        for (from, to, counts) in [(PAGE, 2 * PAGE, 0), (2 * PAGE, PAGE, 1)] {
            let mut file = encode(b"{}", &fresh()).unwrap();
            assert!(parse(&file).unwrap().both_readable());
            file.copy_within(from..from + PAGE, to);
            let parsed = parse(&file).unwrap();
            assert!(!parsed.both_readable());
            assert_eq!(parsed.newest().unwrap().0, counts);
        }
    }
}
