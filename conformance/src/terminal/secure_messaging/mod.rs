//! Secure messaging as the terminal does it: commands are enciphered and sealed, answers are checked in every respect before a
//! byte of them is believed (ISO/IEC 7816-4:2020 §10; the 3DES form of IAS-ECC 1.0.1, both forms of ICAO 9303-11 §9.8).
//!
//! Written from the standards' side without a look at the card's: only `wire` and the primitives are shared.

mod answer;
mod error;
mod keys;
mod tamper;

use std::fmt;

use cie_crypto::suite::Suite;
use cie_crypto::{ct, padding};
use cie_emulator::wire::tlv::{self, Tag, Tlv};
use cie_emulator::wire::{Command, CommandBuf, Le, LengthForm, Response, StatusWord};

use answer::Answer;
pub use error::ChannelError;
pub use keys::SessionKeys;
use keys::{Authenticator, Cipher};
use tamper::Draft;
pub use tamper::Tamper;

const CRYPTOGRAM: u32 = 0x87;
const CRYPTOGRAM_ODD: u32 = 0x85;
const LE: u32 = 0x97;
const STATUS: u32 = 0x99;
const CHECKSUM: u32 = 0x8E;

/// When data object `97` (the protected Le) is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeObject {
    /// Exactly when the plain command has an Le.
    #[default]
    AsPlain,
    /// Also, as `97 01 00`, for a command that has neither data nor Le: what the desktop clients send.
    ForEmptyCommands,
    /// Never.
    Absent,
    /// Always with this one-byte value.
    Forced(u8),
}

/// A checked answer, without its protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprotected {
    /// The deciphered data, empty when there were none.
    pub data: Vec<u8>,
    /// The status word, the same inside and outside.
    pub sw: StatusWord,
}

/// One session: keys and send sequence counter. `Debug` shows the counter only.
#[derive(Clone)]
pub struct SecureMessaging {
    suite: Suite,
    cipher: Cipher,
    mac: Authenticator,
    counter: u64,
    last: Vec<u8>,
}

impl fmt::Debug for SecureMessaging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecureMessaging(counter {:016X})", self.counter)
    }
}

impl SecureMessaging {
    /// A session whose first command is protected with `counter + 1`.
    #[must_use]
    pub fn new(keys: &SessionKeys, counter: u64) -> Self {
        Self {
            suite: keys.suite(),
            cipher: keys.cipher(),
            mac: keys.mac(),
            counter,
            last: Vec::new(),
        }
    }

    /// The send sequence counter of the last message, either way.
    #[must_use]
    pub const fn counter(&self) -> u64 {
        self.counter
    }

    /// Moves the counter: the jump at the end of a device authentication, or a deliberate fault.
    pub const fn set_counter(&mut self, counter: u64) {
        self.counter = counter;
    }

    /// Protects one command of up to about 65000 bytes of data (chaining happens above this). The counter advances.
    ///
    /// # Errors
    /// [`ChannelError::NothingToSpoil`], [`ChannelError::CommandTooLong`].
    pub fn protect(
        &mut self,
        command: Command<'_>,
        le_object: LeObject,
        tamper: Option<&Tamper>,
    ) -> Result<Vec<u8>, ChannelError> {
        if let Some(bytes) = self.unprotected_on_purpose(command, tamper)? {
            return Ok(bytes);
        }
        self.advance(tamper);
        let mut draft = self.draft(command, le_object, tamper)?;
        if let Some(tamper) = tamper {
            draft.before_mac(tamper)?;
        }
        draft.mac = vec![tlv::object(CHECKSUM, &self.seal(&draft))];
        if let Some(tamper) = tamper {
            draft.after_mac(tamper)?;
        }
        let [cla, ins, p1, p2] = draft.header;
        let mut sealed = CommandBuf::new(cla, ins, p1, p2).data(draft.body(tamper));
        if draft.outer_le {
            sealed = sealed.le(Le::Maximum);
        }
        if draft.extended {
            sealed = sealed.extended();
        }
        self.last = bytes_of(&sealed)?;
        Ok(self.last.clone())
    }

    fn unprotected_on_purpose(
        &mut self,
        command: Command<'_>,
        tamper: Option<&Tamper>,
    ) -> Result<Option<Vec<u8>>, ChannelError> {
        let mut plain = CommandBuf::from(command);
        match tamper {
            Some(Tamper::SendPlain) => bytes_of(&plain).map(Some),
            Some(Tamper::PlainUnderProtectedClass) => {
                plain.header.cla |= 0x0C;
                bytes_of(&plain).map(Some)
            }
            Some(Tamper::ReplayLast) if self.last.is_empty() => Err(ChannelError::NothingToSpoil(
                "no protected command was sent before",
            )),
            Some(Tamper::ReplayLast) => {
                self.counter = self.counter.wrapping_add(1);
                Ok(Some(self.last.clone()))
            }
            _ => Ok(None),
        }
    }

    fn advance(&mut self, tamper: Option<&Tamper>) {
        let step = match tamper {
            Some(Tamper::SkipCounter(extra)) => extra.wrapping_add(1),
            Some(Tamper::RepeatCounter) => 0,
            _ => 1,
        };
        self.counter = self.counter.wrapping_add(step);
    }

    fn draft(
        &self,
        command: Command<'_>,
        le_object: LeObject,
        tamper: Option<&Tamper>,
    ) -> Result<Draft, ChannelError> {
        let mut header = command.header.to_bytes();
        header[0] |= 0x0C;
        let mut objects = Vec::new();
        objects.extend(self.cryptogram(command, tamper)?);
        let mut extended = false;
        if let Some(le) = le_value(command, le_object) {
            extended = le.len() > 1;
            objects.push((Tag(LE), tlv::object(LE, &le)));
        }
        Ok(Draft {
            header,
            objects,
            mac: Vec::new(),
            outer_le: true,
            extended,
        })
    }

    /// Data object `87` (with its padding indicator) or, for odd instructions, `85`.
    fn cryptogram(
        &self,
        command: Command<'_>,
        tamper: Option<&Tamper>,
    ) -> Result<Option<(Tag, Vec<u8>)>, ChannelError> {
        let spoil = matches!(
            tamper,
            Some(
                Tamper::WrongPadding
                    | Tamper::WrongPaddingIndicator(_)
                    | Tamper::UnalignedCryptogram
            )
        );
        if command.data.is_empty() && tamper != Some(&Tamper::EmptyCryptogram) {
            return match spoil {
                true => Err(ChannelError::NothingToSpoil("the command has no data")),
                false => Ok(None),
            };
        }
        let mut content = command.data.to_vec();
        match tamper {
            Some(Tamper::WrongPadding) => {
                let padded = (content.len() + 1).next_multiple_of(self.suite.block());
                content.resize(padded, 0xFF);
            }
            _ => padding::pad(&mut content, self.suite.block()),
        }
        // Padding has made the length a multiple of the block, so this cannot be refused.
        self.cipher
            .encrypt(self.counter, &mut content)
            .map_err(|error| ChannelError::CryptogramLength(error.length))?;
        match tamper {
            Some(Tamper::EmptyCryptogram) => content.clear(),
            Some(Tamper::UnalignedCryptogram) => content.truncate(content.len() - 1),
            _ => {}
        }
        let indicator = match tamper {
            Some(Tamper::WrongPaddingIndicator(indicator)) => *indicator,
            _ => 1,
        };
        Ok(Some(match command.header.ins & 1 {
            0 => {
                let value = [&[indicator][..], &content].concat();
                (Tag(CRYPTOGRAM), tlv::object(CRYPTOGRAM, &value))
            }
            _ => (Tag(CRYPTOGRAM_ODD), tlv::object(CRYPTOGRAM_ODD, &content)),
        }))
    }

    /// Counter, padded header, objects; the padding at the end is the MAC's own.
    fn seal(&self, draft: &Draft) -> [u8; 8] {
        let objects = draft.objects.iter().map(|(_, bytes)| bytes.as_slice());
        let objects: Vec<&[u8]> = objects.collect();
        self.mac.seal(self.counter, Some(draft.header), &objects)
    }

    /// Checks and opens the answer to a command with instruction `ins`. The counter advances, whatever comes out, except for an
    /// answer without any object: then the card has not counted either.
    ///
    /// Order of the checks: structure, presence and order of the objects, checksum, cryptogram and padding, equality of the two
    /// status words.
    ///
    /// # Errors
    /// [`ChannelError`], one variant per reason.
    pub fn unprotect(&mut self, ins: u8, response: &[u8]) -> Result<Unprotected, ChannelError> {
        let response =
            Response::parse(response).map_err(|_| ChannelError::TooShort(response.len()))?;
        if response.data.is_empty() {
            return Err(ChannelError::PlainResponse { sw: response.sw });
        }
        self.counter = self.counter.wrapping_add(1);
        let objects = Answer::read(ins, response.data)?;
        self.verify(&objects)?;
        let data = match objects.cryptogram {
            Some(cryptogram) => self.decipher(cryptogram)?,
            None => Vec::new(),
        };
        if objects.status != response.sw {
            return Err(ChannelError::StatusMismatch {
                inner: objects.status,
                outer: response.sw,
            });
        }
        Ok(Unprotected {
            data,
            sw: response.sw,
        })
    }

    fn verify(&self, answer: &Answer<'_>) -> Result<(), ChannelError> {
        let expected = self.mac.seal(self.counter, None, &[answer.sealed]);
        match ct::eq(&expected, answer.checksum) {
            true => Ok(()),
            false => Err(ChannelError::WrongChecksum {
                counter: self.counter,
            }),
        }
    }

    fn decipher(&self, cryptogram: Tlv<'_>) -> Result<Vec<u8>, ChannelError> {
        let bytes = match (cryptogram.tag, cryptogram.value) {
            (Tag(CRYPTOGRAM), [1, bytes @ ..]) => bytes,
            (Tag(CRYPTOGRAM), [other, ..]) => {
                return Err(ChannelError::WrongPaddingIndicator(*other));
            }
            (_, bytes) => bytes,
        };
        if bytes.is_empty() {
            return Err(ChannelError::CryptogramLength(0));
        }
        let mut content = bytes.to_vec();
        self.cipher
            .decrypt(self.counter, &mut content)
            .map_err(|error| ChannelError::CryptogramLength(error.length))?;
        let length = match padding::unpad(&content) {
            // One block at most is padding: ISO/IEC 9797-1 adds as little as possible.
            Ok(data) if content.len() - data.len() <= self.suite.block() => data.len(),
            _ => return Err(ChannelError::WrongPadding),
        };
        content.truncate(length);
        Ok(content)
    }
}

fn bytes_of(command: &CommandBuf) -> Result<Vec<u8>, ChannelError> {
    command
        .to_bytes()
        .map_err(|error| ChannelError::CommandTooLong(error.to_string()))
}

/// The value of data object `97`: one byte, two for a plain Le above 255 and for an all-zero one of a command that is extended
/// by itself.
fn le_value(command: Command<'_>, rule: LeObject) -> Option<Vec<u8>> {
    match (rule, command.le) {
        (LeObject::Forced(value), _) => Some(vec![value]),
        (LeObject::Absent, _) => None,
        (LeObject::ForEmptyCommands, None) if command.data.is_empty() => Some(vec![0]),
        (LeObject::AsPlain | LeObject::ForEmptyCommands, Some(Le::Maximum))
            if command.form == LengthForm::Extended =>
        {
            Some(vec![0, 0])
        }
        (LeObject::AsPlain | LeObject::ForEmptyCommands, le) => {
            le.map(|le| match le.encoded().to_be_bytes() {
                [0, low] => vec![low],
                both => both.to_vec(),
            })
        }
    }
}
