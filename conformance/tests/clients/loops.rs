//! The read loops of the families, each depending on one behaviour at the end of a file.

use crate::Stop;
use crate::reader::{Answer, Reader};

/// How a family reads a file to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadLoop {
    /// This Le; 9000: on, even without data, for ever; 6282: the last bytes; 6B00: the end; anything else: stop with an error.
    Exact(u8),
    /// This Le; as above, but 9000 without data ends it.
    ExactUnlessEmpty(u8),
    /// Le 00; 9000: on; 6282 drops what came with it; anything else ends it without complaint.
    AllDropping,
    /// Le 00; 9000: on; 6282: the last bytes; anything else ends it without complaint.
    AllKeeping,
}

/// A loop that has not ended after this many commands does not end.
const ENOUGH: usize = 200;

impl ReadLoop {
    const fn le(self) -> u8 {
        match self {
            Self::Exact(le) | Self::ExactUnlessEmpty(le) => le,
            Self::AllDropping | Self::AllKeeping => 0,
        }
    }

    /// Reads with `read`, which takes offset and Le.
    pub(crate) fn run(
        self,
        mut read: impl FnMut(u16, u8) -> Result<Answer, Stop>,
    ) -> Result<Vec<u8>, Stop> {
        let mut content = Vec::new();
        for _ in 0..ENOUGH {
            let Answer { data, sw } = read(content.len() as u16, self.le())?;
            match (self, sw) {
                (Self::ExactUnlessEmpty(_), 0x9000) if data.is_empty() => return Ok(content),
                (_, 0x9000) => content.extend(data),
                (Self::AllDropping, 0x6282) => return Ok(content),
                (_, 0x6282) => {
                    content.extend(data);
                    return Ok(content);
                }
                (_, 0x6B00) | (Self::AllDropping | Self::AllKeeping, _) => return Ok(content),
                (_, sw) => return Err(Stop::Status(sw)),
            }
        }
        Err(Stop::Endless)
    }
}

/// SELECT (P2 = 04, no Le) and the loop, in plain.
pub(crate) fn read_plain(reader: &mut Reader, file: &str, how: ReadLoop) -> Result<Vec<u8>, Stop> {
    reader.plain_hex(&format!("00A4020402{file}"))?;
    how.run(|offset, le| {
        let [high, low] = offset.to_be_bytes();
        reader.plain(&[0x00, 0xB0, high, low, le])
    })
}

/// The same through the channel.
pub(crate) fn read_protected(
    reader: &mut Reader,
    file: &str,
    how: ReadLoop,
) -> Result<Vec<u8>, Stop> {
    let id = hex::decode(file).map_err(|_| Stop::Crash("digits"))?;
    reader.protected_ok("00A40204", &id, None)?;
    how.run(|offset, le| reader.protected(&format!("00B0{offset:04X}"), &[], Some(le)))
}
