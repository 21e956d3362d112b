//! A session: keys and send sequence counter.

use super::objects::{CommandObjects, SmError};
use crate::card::{Defect, Flaw};
use crate::wire::tlv::{self, Tag};
use crate::wire::{Command, Header, Le, StatusWord};
use cie_crypto::ct;
use cie_crypto::triple_des::{RetailMac, TripleDes};
use core::fmt;

/// The bits of CLA that say "secure messaging, header authenticated".
const SM_BITS: u8 = 0x0C;
/// ISO/IEC 9797-1 padding method 2 up to a block of eight, behind a four-byte header.
const HEADER_PADDING: [u8; 4] = [0x80, 0, 0, 0];

/// One secure messaging session of the card's side.
#[derive(Clone)]
pub struct SecureSession {
    encryption: TripleDes,
    checksum: RetailMac,
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
        Self {
            encryption: TripleDes::new(encryption),
            checksum: RetailMac::new(checksum),
            send_sequence_counter,
        }
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
        let objects = CommandObjects::parse(command.data, odd_ins)?;
        let counter = if flaw.is(Defect::CounterStandsStill) {
            self.send_sequence_counter.wrapping_add(1).to_be_bytes()
        } else {
            self.next_counter()
        };
        let expected = self.checksum.mac_padded(&[
            &counter,
            &command.header.to_bytes(),
            &HEADER_PADDING,
            objects.covered,
        ]);
        if !ct::eq(&expected, objects.checksum) && !flaw.is(Defect::ChecksumUnchecked) {
            return Err(SmError::WrongChecksum);
        }
        if !objects.cryptogram.is_empty() {
            match self.decrypt(objects.cryptogram, data) {
                Err(SmError::WrongPadding) if flaw.is(Defect::PaddingUnchecked) => {}
                result => result?,
            }
        }
        let mut header = command.header;
        header.cla &= !SM_BITS;
        let le = objects.le;
        Ok((self, Unprotected { header, le }))
    }

    fn decrypt(&self, cryptogram: &[u8], data: &mut Vec<u8>) -> Result<(), SmError> {
        data.extend_from_slice(cryptogram);
        self.encryption
            .decrypt_cbc(&[0; 8], data)
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
            self.encrypt(data, odd_ins, out);
        }
        tlv::write(out, Tag(0x99), &sw.to_bytes());
        let covered = out.get(start..).unwrap_or_default();
        let checksum = self.checksum.mac_padded(&[&counter, covered]);
        tlv::write(out, Tag(0x8E), &checksum);
        out.extend_from_slice(&sw.to_bytes());
    }

    fn encrypt(&self, data: &[u8], odd_ins: bool, out: &mut Vec<u8>) {
        let padding = 8_usize.saturating_sub(data.len() % 8);
        let padded = data.len().saturating_add(padding);
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
        let _always_whole_blocks = self.encryption.encrypt_cbc(&[0; 8], body);
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

    const fn next_counter(&mut self) -> [u8; 8] {
        self.send_sequence_counter = self.send_sequence_counter.wrapping_add(1);
        self.send_sequence_counter.to_be_bytes()
    }
}

impl fmt::Debug for SecureSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SecureSession(3DES, SSC {:016X})",
            self.send_sequence_counter
        )
    }
}
