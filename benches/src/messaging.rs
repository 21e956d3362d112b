//! The cipher and checksum calls that an exchange under secure messaging cannot do without, and nothing else: no objects, no
//! copies, no checks. Their lengths come from a recorded exchange.

use std::hint::black_box;

use cie_crypto::aes_sm::{AesCbc, AesCmac};
use cie_crypto::triple_des::{RetailMac, TripleDes};
use cie_emulator::wire::Command;

use crate::SetupError;
use crate::tape::{Tape, Turn};

/// Keys ready to use; which keys does not matter to the time.
pub enum Ciphers {
    /// Two-key 3DES, retail MAC.
    TripleDes(Box<(TripleDes, RetailMac)>),
    /// AES-128, CMAC.
    Aes(Box<(AesCbc, AesCmac)>),
}

/// How long everything in one exchange is, in bytes.
struct Lengths {
    command_covered: usize,
    command_cryptogram: usize,
    response_covered: usize,
    response_cryptogram: usize,
}

/// The raw work of a tape of protected exchanges.
pub struct RawMessaging {
    ciphers: Ciphers,
    exchanges: Vec<Lengths>,
    room: Vec<u8>,
}

impl Ciphers {
    /// 3DES.
    #[must_use]
    pub fn triple_des() -> Self {
        Self::TripleDes(Box::new((
            TripleDes::new(&[0x11; 16]),
            RetailMac::new(&[0x22; 16]),
        )))
    }

    /// AES-128.
    ///
    /// # Errors
    /// Never; the keys have the right length.
    pub fn aes128() -> Result<Self, SetupError> {
        Ok(Self::Aes(Box::new((
            AesCbc::new(&[0x11; 16])?,
            AesCmac::new(&[0x22; 16])?,
        ))))
    }

    const fn block(&self) -> usize {
        match self {
            Self::TripleDes(_) => 8,
            Self::Aes(_) => 16,
        }
    }

    /// Padded length of data; nothing is no cryptogram.
    const fn padded(&self, data: usize) -> usize {
        match data {
            0 => 0,
            data => (data + 1).next_multiple_of(self.block()),
        }
    }

    fn checksum(&self, header: bool, covered: &[u8]) -> [u8; 8] {
        let (counter, padded) = ([0; 16], [0; 16]);
        let counter = counter.get(..self.block()).unwrap_or_default();
        let header = match header {
            true => padded.get(..self.block()).unwrap_or_default(),
            false => &[],
        };
        match self {
            Self::TripleDes(des) => des.1.mac_padded(&[counter, header, covered]),
            Self::Aes(aes) => aes.1.mac_padded(&[counter, header, covered]),
        }
    }

    fn encrypt(&self, data: &mut [u8]) {
        // Lengths are whole blocks by construction.
        let _ = match self {
            Self::TripleDes(des) => des.0.encrypt_cbc(&[0; 8], data),
            Self::Aes(aes) => aes.0.encrypt_cbc(&aes.0.encrypt_block(&[0; 16]), data),
        };
    }

    fn decrypt(&self, data: &mut [u8]) {
        let _ = match self {
            Self::TripleDes(des) => des.0.decrypt_cbc(&[0; 8], data),
            Self::Aes(aes) => aes.0.decrypt_cbc(&aes.0.encrypt_block(&[0; 16]), data),
        };
    }
}

impl RawMessaging {
    /// What this tape needs.
    ///
    /// # Errors
    /// When something in it was not protected.
    pub fn of(tape: &Tape, ciphers: Ciphers) -> Result<Self, SetupError> {
        let lengths = tape.turns().iter().map(|turn| Lengths::of(turn, &ciphers));
        Ok(Self {
            exchanges: lengths.collect::<Result<_, _>>()?,
            ciphers,
            room: vec![0x5A; 70_000],
        })
    }

    /// Does it; gives something that depends on it.
    pub fn run(&mut self) -> u64 {
        let mut sum = 0;
        for lengths in &self.exchanges {
            let room = |length: usize| 0..length;
            if let Some(covered) = self.room.get(room(lengths.command_covered)) {
                sum ^= u64::from_be_bytes(self.ciphers.checksum(true, covered));
            }
            if let Some(data) = self.room.get_mut(room(lengths.command_cryptogram))
                && !data.is_empty()
            {
                self.ciphers.decrypt(data);
            }
            if let Some(data) = self.room.get_mut(room(lengths.response_cryptogram))
                && !data.is_empty()
            {
                self.ciphers.encrypt(data);
            }
            if let Some(covered) = self.room.get(room(lengths.response_covered)) {
                sum ^= u64::from_be_bytes(self.ciphers.checksum(false, covered));
            }
        }
        black_box(sum)
    }
}

impl Lengths {
    fn of(turn: &Turn, ciphers: &Ciphers) -> Result<Self, SetupError> {
        // `8E 08` and the checksum end both; two more bytes of status word end the response.
        const CHECKSUM: usize = 10;
        let unprotected = || SetupError::from("an exchange was not protected");
        let wire = Command::parse(&turn.command).map_err(|_| unprotected())?;
        let plain = Command::parse(&turn.plain_command).map_err(|_| unprotected())?;
        let covered = |length: usize, end: usize| length.checked_sub(end);
        let data = turn.plain_answer.len().checked_sub(2);
        if wire.header.cla & 0x0C != 0x0C {
            return Err(unprotected());
        }
        Ok(Self {
            command_covered: covered(wire.data.len(), CHECKSUM).ok_or_else(unprotected)?,
            command_cryptogram: ciphers.padded(plain.data.len()),
            response_covered: covered(turn.answer.len(), CHECKSUM + 2).ok_or_else(unprotected)?,
            response_cryptogram: ciphers.padded(data.ok_or_else(unprotected)?),
        })
    }
}
