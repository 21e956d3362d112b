//! Ways to spoil a protected command, as data. Each says whether the checksum still covers what is sent: where it does, a card
//! that refuses does so because of the rule broken, not because of the MAC.

use cie_emulator::wire::tlv::{self, Tag};

use super::ChannelError;

/// One way to spoil a protected command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tamper {
    /// Flips a bit of the checksum, 0 to 63 (0 is the lowest bit of the last byte).
    FlipMacBit(u8),
    /// Flips a bit of the cryptogram after the checksum was made; 0 is the lowest bit of the last byte.
    FlipCryptogramBit(usize),
    /// Flips a bit of the header after the checksum was made: byte 0 to 3, bit 0 to 7.
    FlipHeaderBit {
        /// 0 CLA, 1 INS, 2 P1, 3 P2.
        byte: u8,
        /// 0 is the lowest bit.
        bit: u8,
    },
    /// Keeps this many bytes of the checksum, 0 to 7.
    TruncateMac(usize),
    /// Takes an object out after the checksum was made (`87`, `85`, `97`, `8E`).
    DropObject(u32),
    /// Sends an object twice; the checksum covers both. `8E` twice is the same checksum again.
    DuplicateObject(u32),
    /// Sends the objects in the opposite order, the checksum covers them so; with one object the checksum goes in front of it.
    ReorderObjects,
    /// One unknown or unexpected object more, in front; the checksum covers it.
    ExtraObject {
        /// Its tag.
        tag: u32,
        /// Its value.
        value: Vec<u8>,
    },
    /// Pads with `FF` in place of `80 00…`; the checksum is right.
    WrongPadding,
    /// Another padding-content indicator than `01`; the checksum is right.
    WrongPaddingIndicator(u8),
    /// A cryptogram object without a cryptogram; the checksum is right.
    EmptyCryptogram,
    /// A cryptogram that lacks its last byte; the checksum is right.
    UnalignedCryptogram,
    /// The length of an object in one byte more than needed; the checksum is right.
    NonMinimalLength(u32),
    /// The last protected command again, byte for byte.
    ReplayLast,
    /// The counter runs ahead by this much.
    SkipCounter(u64),
    /// The counter of the last message again.
    RepeatCounter,
    /// The command without any protection while the channel is open.
    SendPlain,
    /// The data in plain, but secure messaging in the class byte.
    PlainUnderProtectedClass,
    /// No Le field behind the objects. Not an offence, but a card may stumble over it.
    OmitOuterLe,
}

/// A protected command while it is being made.
pub(super) struct Draft {
    pub(super) header: [u8; 4],
    /// Encoded objects without the checksum.
    pub(super) objects: Vec<(Tag, Vec<u8>)>,
    pub(super) mac: Vec<Vec<u8>>,
    pub(super) outer_le: bool,
    /// The length fields are written long although short ones would do.
    pub(super) extended: bool,
}

impl Draft {
    fn position(&self, tag: u32) -> Result<usize, ChannelError> {
        let found = self.objects.iter().position(|(t, _)| *t == Tag(tag));
        found.ok_or(ChannelError::NothingToSpoil(
            "the command has no such object",
        ))
    }

    /// What is spoiled under the checksum.
    pub(super) fn before_mac(&mut self, tamper: &Tamper) -> Result<(), ChannelError> {
        match tamper {
            Tamper::DuplicateObject(tag) if *tag != 0x8E => {
                let at = self.position(*tag)?;
                let copy = self.objects.get(at).cloned();
                self.objects.extend(copy);
                self.objects.sort_by_key(|(tag, _)| tag.0);
            }
            // A command that goes out right would be held against the card that answers it.
            Tamper::ReorderObjects if self.objects.is_empty() => {
                return Err(ChannelError::NothingToSpoil(
                    "the checksum is the only object",
                ));
            }
            Tamper::ReorderObjects => self.objects.reverse(),
            Tamper::ExtraObject { tag, value } => {
                let object = (Tag(*tag), tlv::object(*tag, value));
                self.objects.insert(0, object);
            }
            Tamper::NonMinimalLength(tag) => {
                let at = self.position(*tag)?;
                if let Some((_, object)) = self.objects.get_mut(at) {
                    *object = with_longer_length(object)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What is spoiled behind the checksum's back.
    pub(super) fn after_mac(&mut self, tamper: &Tamper) -> Result<(), ChannelError> {
        match tamper {
            Tamper::FlipMacBit(bit) => {
                if let Some(mac) = self.mac.first_mut() {
                    flip_from_end(mac, usize::from(bit % 64))?;
                }
            }
            Tamper::TruncateMac(length) => {
                if let Some(mac) = self.mac.first_mut() {
                    let value = mac.split_off(2);
                    *mac = tlv::object(0x8E, value.get(..*length).unwrap_or(&value));
                }
            }
            Tamper::FlipCryptogramBit(bit) => {
                let at = self.position(0x87).or_else(|_| self.position(0x85))?;
                if let Some((_, object)) = self.objects.get_mut(at) {
                    flip_from_end(object, *bit)?;
                }
            }
            Tamper::FlipHeaderBit { byte, bit } => {
                if let Some(byte) = self.header.get_mut(usize::from(*byte)) {
                    *byte ^= 1 << (bit & 7);
                }
            }
            Tamper::DropObject(0x8E) => self.mac.clear(),
            Tamper::DropObject(tag) => {
                let at = self.position(*tag)?;
                self.objects.remove(at);
            }
            Tamper::DuplicateObject(0x8E) => self.mac.extend(self.mac.first().cloned()),
            Tamper::OmitOuterLe => self.outer_le = false,
            _ => {}
        }
        Ok(())
    }

    /// The command data field.
    pub(super) fn body(&self, tamper: Option<&Tamper>) -> Vec<u8> {
        let mac_first = tamper == Some(&Tamper::ReorderObjects) && self.objects.len() < 2;
        let objects = self.objects.iter().map(|(_, bytes)| bytes);
        if mac_first {
            self.mac.iter().chain(objects).flatten().copied().collect()
        } else {
            objects.chain(&self.mac).flatten().copied().collect()
        }
    }
}

fn flip_from_end(bytes: &mut [u8], bit: usize) -> Result<(), ChannelError> {
    let byte = bytes.iter_mut().rev().nth(bit / 8);
    // A command that goes out right would be held against the card that answers it.
    let byte = byte.ok_or(ChannelError::NothingToSpoil("the object has fewer bits"))?;
    *byte ^= 1 << (bit % 8);
    Ok(())
}

fn with_longer_length(object: &[u8]) -> Result<Vec<u8>, ChannelError> {
    let (tlv, _) = tlv::Tlv::read(object)?;
    let value = tlv.value;
    let tag = object.first().copied().unwrap_or_default();
    let length = value.len();
    let mut out = match u16::try_from(length).map(u16::to_be_bytes) {
        Ok([0, low]) if low < 0x80 => vec![tag, 0x81, low],
        Ok([0, low]) => vec![tag, 0x82, 0, low],
        Ok([high, low]) => vec![tag, 0x83, 0, high, low],
        Err(_) => return Err(ChannelError::NothingToSpoil("the object is too long")),
    };
    out.extend_from_slice(value);
    Ok(out)
}
