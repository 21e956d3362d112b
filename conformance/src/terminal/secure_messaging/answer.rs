//! The objects of a protected answer: which may be there, once, in which order, with lengths as short as they can be. Nothing is
//! verified or deciphered here.

use cie_emulator::wire::StatusWord;
use cie_emulator::wire::tlv::{self, Objects, Tag, Tlv};

use super::{CHECKSUM, CRYPTOGRAM, CRYPTOGRAM_ODD, ChannelError, STATUS};

/// The objects of an answer, structure and order checked, nothing believed yet.
pub(super) struct Answer<'a> {
    pub(super) cryptogram: Option<Tlv<'a>>,
    pub(super) status: StatusWord,
    pub(super) checksum: &'a [u8],
    /// What the checksum covers: everything in front of it.
    pub(super) sealed: &'a [u8],
}

impl<'a> Answer<'a> {
    pub(super) fn read(ins: u8, body: &'a [u8]) -> Result<Self, ChannelError> {
        let mut objects = Vec::new();
        for object in Objects::new(body) {
            let object = object?;
            known(ins, object, &objects)?;
            objects.push(object);
        }
        let find = |tag: u32| {
            objects
                .iter()
                .find(|object| object.tag == Tag(tag))
                .copied()
        };
        let checksum = find(CHECKSUM).ok_or(ChannelError::MissingChecksum)?;
        let status = find(STATUS).ok_or(ChannelError::MissingStatus)?;
        in_order(&objects)?;
        if checksum.value.len() != 8 {
            return Err(ChannelError::ChecksumLength(checksum.value.len()));
        }
        let sw = <[u8; 2]>::try_from(status.value)
            .map_err(|_| ChannelError::StatusLength(status.value.len()))?;
        let covered = body.len() - checksum.raw.len();
        Ok(Self {
            cryptogram: find(CRYPTOGRAM).or_else(|| find(CRYPTOGRAM_ODD)),
            status: StatusWord::from_bytes(sw),
            checksum: checksum.value,
            sealed: body.get(..covered).unwrap_or_default(),
        })
    }
}

fn known(ins: u8, object: Tlv<'_>, before: &[Tlv<'_>]) -> Result<(), ChannelError> {
    let tag = object.tag;
    let expected = match ins & 1 {
        0 => Tag(CRYPTOGRAM),
        _ => Tag(CRYPTOGRAM_ODD),
    };
    match tag.0 {
        CRYPTOGRAM | CRYPTOGRAM_ODD if tag != expected => {
            return Err(ChannelError::WrongCryptogramObject {
                expected,
                found: tag,
                ins,
            });
        }
        CRYPTOGRAM | CRYPTOGRAM_ODD | STATUS | CHECKSUM => {}
        _ => return Err(ChannelError::UnknownObject(tag)),
    }
    if before.iter().any(|other| other.tag == tag) {
        return Err(ChannelError::DuplicateObject(tag));
    }
    match tlv::object(tag.0, object.value) == object.raw {
        true => Ok(()),
        false => Err(ChannelError::NonMinimalLength(tag)),
    }
}

/// Cryptogram, status, checksum.
fn in_order(objects: &[Tlv<'_>]) -> Result<(), ChannelError> {
    let rank = |object: &Tlv<'_>| match object.tag.0 {
        CRYPTOGRAM | CRYPTOGRAM_ODD => 0,
        STATUS => 1,
        _ => 2,
    };
    let misplaced = objects
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if rank(a) > rank(b)));
    match misplaced {
        Some([_, late]) => Err(ChannelError::WrongOrder(late.tag)),
        _ => Ok(()),
    }
}
