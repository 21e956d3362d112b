//! A session: keys and send sequence counter.

use super::keys::{LONGEST_BLOCK, SessionKeys};
use super::objects::{CommandObjects, SmError};
use crate::card::{Defect, Flaw};
use crate::wire::tlv::{self, Tag};
use crate::wire::{Command, Header, Le, LengthForm, StatusWord};
use cie_crypto::ct;
use cie_crypto::suite::Suite;
use cie_crypto::triple_des::{RetailMac, TripleDes};
use core::fmt;
use std::sync::Arc;

/// The bits of CLA that say "secure messaging, header authenticated".
const SM_BITS: u8 = 0x0C;
/// Bytes of a protected response besides the cryptogram: `99` and `8E` with their values.
const STATUS_AND_CHECKSUM: usize = 4 + 10;

/// One secure messaging session of the card's side.
#[derive(Clone)]
pub struct SecureSession {
    /// Scheduled keys are hundreds of bytes and never change: every command hands the session on, and forks share them.
    keys: Arc<SessionKeys>,
    send_sequence_counter: u64,
}

/// What stood inside a protected command; its data are in the buffer given to [`SecureSession::unprotect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unprotected {
    /// The header with the secure messaging bits taken out of CLA.
    pub header: Header,
    /// The protected Le field.
    pub le: Option<Le>,
}

impl SecureSession {
    /// A session with these 16-byte keys (two-key 3DES for data, ISO/IEC 9797-1 algorithm 3 for checksums) and this
    /// send sequence counter, which is incremented before every use.
    #[must_use]
    pub fn new(encryption: &[u8; 16], checksum: &[u8; 16], send_sequence_counter: u64) -> Self {
        let keys = SessionKeys::TripleDes {
            encryption: TripleDes::new(encryption),
            checksum: RetailMac::new(checksum),
        };
        Self {
            keys: Arc::new(keys),
            send_sequence_counter,
        }
    }

    /// A session of any cipher suite; `None` unless both keys have the suite's length.
    #[must_use]
    pub fn with_suite(
        suite: Suite,
        encryption: &[u8],
        checksum: &[u8],
        send_sequence_counter: u64,
    ) -> Option<Self> {
        Some(Self {
            keys: Arc::new(SessionKeys::new(suite, encryption, checksum)?),
            send_sequence_counter,
        })
    }

    /// How many bytes of data fit a protected response: the whole field has at most 256 bytes for a short command, 65536 for
    /// an extended one. 231 and 223 with a short command.
    #[must_use]
    pub fn room(&self, form: LengthForm) -> usize {
        let block = self.keys.suite().block();
        // Tag, length field and padding indicator of `87`.
        let (field, header): (usize, usize) = match form {
            LengthForm::Short => (256, 4),
            LengthForm::Extended => (65536, 6),
        };
        let cryptogram = field.saturating_sub(STATUS_AND_CHECKSUM.saturating_add(header));
        let blocks = cryptogram.checked_div(block).unwrap_or_default();
        blocks.saturating_mul(block).saturating_sub(1)
    }

    /// Checks a protected command and decrypts its data into `data` (cleared first).
    ///
    /// The checksum is verified over the objects exactly as received, before anything is decrypted. The session is
    /// consumed: it comes back only when the command was right.
    ///
    /// # Errors
    /// [`SmError`]; the session is gone.
    pub fn unprotect(
        mut self,
        command: &Command<'_>,
        data: &mut Vec<u8>,
        flaw: Flaw,
    ) -> Result<(Self, Unprotected), SmError> {
        data.clear();
        let odd_ins = command.header.ins & 1 == 1;
        let objects = CommandObjects::parse(command.data, odd_ins, self.keys.suite().block())?;
        let counter = if flaw.is(Defect::CounterStandsStill) {
            self.send_sequence_counter.wrapping_add(1)
        } else {
            self.next_counter()
        };
        let header = Self::padded_header(command.header);
        let block = header.get(..self.keys.suite().block());
        let block = block.unwrap_or_default();
        let expected = self.keys.checksum(counter, block, objects.covered);
        if !ct::eq(&expected, objects.checksum) && !flaw.is(Defect::ChecksumUnchecked) {
            return Err(SmError::WrongChecksum);
        }
        if !objects.cryptogram.is_empty() {
            match self.decrypt(counter, objects.cryptogram, data) {
                Err(SmError::WrongPadding) if flaw.is(Defect::PaddingUnchecked) => {}
                result => result?,
            }
        }
        let mut header = command.header;
        header.cla &= !SM_BITS;
        let le = objects.le;
        Ok((self, Unprotected { header, le }))
    }

    /// The header with padding method 2, up to the longest block.
    const fn padded_header(header: Header) -> [u8; LONGEST_BLOCK] {
        let [cla, ins, p1, p2] = header.to_bytes();
        [cla, ins, p1, p2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    }

    fn decrypt(&self, counter: u64, cryptogram: &[u8], data: &mut Vec<u8>) -> Result<(), SmError> {
        data.extend_from_slice(cryptogram);
        self.keys
            .decrypt(counter, data)
            .map_err(|_| SmError::Incorrect)?;
        let length = cie_crypto::padding::unpad(data)
            .map_err(|_| SmError::WrongPadding)?
            .len();
        data.truncate(length);
        Ok(())
    }

    /// Appends the protected form of a response to `out`: `[87 | 85] 99 8E`, then the status word once more in clear.
    ///
    /// Every response is protected, errors too. `odd_ins` says that the command's instruction was odd (`85`, no padding
    /// indicator).
    pub fn protect(&mut self, data: &[u8], sw: StatusWord, odd_ins: bool, out: &mut Vec<u8>) {
        let counter = self.next_counter();
        let start = out.len();
        if !data.is_empty() {
            self.encrypt(counter, data, odd_ins, out);
        }
        tlv::write(out, Tag(0x99), &sw.to_bytes());
        let covered = out.get(start..).unwrap_or_default();
        let checksum = self.keys.checksum(counter, &[], covered);
        tlv::write(out, Tag(0x8E), &checksum);
        out.extend_from_slice(&sw.to_bytes());
    }

    fn encrypt(&self, counter: u64, data: &[u8], odd_ins: bool, out: &mut Vec<u8>) {
        let block = self.keys.suite().block();
        let padded = data.len().saturating_add(1).next_multiple_of(block);
        if odd_ins {
            tlv::write_header(out, Tag(0x85), padded);
        } else {
            tlv::write_header(out, Tag(0x87), padded.saturating_add(1));
            out.push(0x01);
        }
        let begin = out.len();
        out.extend_from_slice(data);
        out.push(0x80);
        out.resize(begin.saturating_add(padded), 0);
        let body = out.get_mut(begin..).unwrap_or_default();
        // The body is a whole number of blocks by construction.
        let _always_whole_blocks = self.keys.encrypt(counter, body);
    }

    /// The device authentication ends with a new counter; the keys stay.
    pub const fn set_send_sequence_counter(&mut self, value: u64) {
        self.send_sequence_counter = value;
    }

    /// The counter as it is now.
    #[must_use]
    pub const fn send_sequence_counter(&self) -> u64 {
        self.send_sequence_counter
    }

    const fn next_counter(&mut self) -> u64 {
        self.send_sequence_counter = self.send_sequence_counter.wrapping_add(1);
        self.send_sequence_counter
    }
}

impl fmt::Debug for SecureSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SecureSession({:?}, SSC {:016X})",
            self.keys.suite(),
            self.send_sequence_counter
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Of 256 (65536) bytes of a response field, `99` takes 4, `8E` 10, the head of `87` 4 (6); whole blocks, one byte of padding.
    #[rstest]
    #[case::short_3des(Suite::TripleDes, LengthForm::Short, 231)]
    #[case::short_aes(Suite::Aes128, LengthForm::Short, 223)]
    #[case::extended_3des(Suite::TripleDes, LengthForm::Extended, 65511)]
    #[case::extended_aes(Suite::Aes128, LengthForm::Extended, 65503)]
    fn as_much_data_as_a_protected_response_holds(
        #[case] suite: Suite,
        #[case] form: LengthForm,
        #[case] bytes: usize,
    ) {
        let session = SecureSession::with_suite(suite, &[1; 16], &[2; 16], 0).unwrap();
        assert_eq!(session.room(form), bytes);
        let mut out = Vec::new();
        session
            .clone()
            .protect(&vec![0; bytes], StatusWord::NO_ERROR, false, &mut out);
        let field = out.len() - 2;
        let limit = if form == LengthForm::Short {
            256
        } else {
            65536
        };
        assert!(field <= limit, "{field}");
    }

    #[test]
    fn a_session_tells_its_suite_and_counter_and_no_key() {
        let session = SecureSession::new(&[0xC3; 16], &[0xC3; 16], 0xBA);
        assert_eq!(
            format!("{session:?}"),
            "SecureSession(TripleDes, SSC 00000000000000BA)"
        );
    }
}
