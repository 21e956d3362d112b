//! The data objects of a protected command, found and checked for shape; no key is needed here.

use crate::wire::Le;
use crate::wire::tlv::{Objects, Tlv};
use thiserror::Error;

/// Why a protected command is refused. Each ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SmError {
    /// A data object that must be there is not (`8E`).
    #[error("a secure messaging data object is missing")]
    Missing,
    /// A data object is malformed, there twice, unknown, or out of order.
    #[error("a secure messaging data object is incorrect")]
    Incorrect,
    /// The cryptographic checksum is wrong: key, counter or bytes differ.
    #[error("the cryptographic checksum does not match")]
    WrongChecksum,
    /// The cryptogram has no valid padding inside.
    #[error("the padding inside the cryptogram is wrong")]
    WrongPadding,
}

/// The objects of a protected command, borrowed from its data field.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommandObjects<'a> {
    /// Everything before `8E`, exactly as received: what the checksum covers.
    pub(super) covered: &'a [u8],
    /// The cryptogram, without the padding indicator of `87`; empty when there is no data.
    pub(super) cryptogram: &'a [u8],
    /// The protected Le field.
    pub(super) le: Option<Le>,
    /// The cryptographic checksum.
    pub(super) checksum: &'a [u8],
}

impl<'a> CommandObjects<'a> {
    /// Reads `[87 | 85] [97] 8E` in this order (ISO/IEC 7816-4:2020 §10.2). An odd instruction takes `85`, an even one `87`.
    pub(super) fn parse(data: &'a [u8], odd_ins: bool, block: usize) -> Result<Self, SmError> {
        let mut objects = Objects::new(data);
        let mut next = objects.next().transpose().map_err(|_| SmError::Incorrect)?;
        let mut step = |next: &mut Option<Tlv<'a>>| {
            *next = objects.next().transpose().map_err(|_| SmError::Incorrect)?;
            Ok::<(), SmError>(())
        };
        let mut cryptogram: &[u8] = &[];
        if let Some(object) = next.filter(|o| matches!(o.tag.0, 0x85 | 0x87)) {
            cryptogram = cryptogram_of(object, odd_ins, block)?;
            step(&mut next)?;
        }
        let mut le = None;
        if let Some(object) = next.filter(|o| o.tag.0 == 0x97) {
            le = Some(le_of(object)?);
            step(&mut next)?;
        }
        let Some(checksum) = next else {
            return Err(SmError::Missing);
        };
        if checksum.tag.0 != 0x8E || checksum.value.len() != 8 {
            return Err(SmError::Incorrect);
        }
        let end = data.len().saturating_sub(checksum.raw.len());
        let covered = data.get(..end).unwrap_or_default();
        step(&mut next)?;
        match next {
            Some(_) => Err(SmError::Incorrect),
            None => Ok(Self {
                covered,
                cryptogram,
                le,
                checksum: checksum.value,
            }),
        }
    }
}

fn cryptogram_of(object: Tlv<'_>, odd_ins: bool, block: usize) -> Result<&[u8], SmError> {
    let cryptogram = match (object.tag.0, odd_ins, object.value) {
        (0x85, true, value) => value,
        (0x87, false, [0x01, value @ ..]) => value,
        _ => return Err(SmError::Incorrect),
    };
    if cryptogram.is_empty() || !cryptogram.len().is_multiple_of(block) {
        return Err(SmError::Incorrect);
    }
    Ok(cryptogram)
}

const fn le_of(object: Tlv<'_>) -> Result<Le, SmError> {
    match *object.value {
        [le] => Ok(Le::from_short(le)),
        [hi, lo] => Ok(Le::from_extended(u16::from_be_bytes([hi, lo]))),
        _ => Err(SmError::Incorrect),
    }
}
