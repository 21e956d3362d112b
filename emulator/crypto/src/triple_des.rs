//! Two-key triple DES for secure messaging: CBC encryption in place and the retail MAC (ISO/IEC 9797-1 algorithm 3).
//! Keys are scheduled once; nothing here allocates.

use core::fmt;

use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, array::Array, consts::U8};
use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};

type Block = Array<u8, U8>;

/// Length of a DES block in bytes.
pub const BLOCK: usize = 8;

/// The data is not a whole number of cipher blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{length} bytes are not a multiple of the {block}-byte cipher block; pad the data first, or check the cryptogram's length"
)]
pub struct LengthError {
    /// Length of the data in bytes.
    pub length: usize,
    /// Length of a cipher block in bytes.
    pub block: usize,
}

fn blocks(data: &mut [u8]) -> Result<&mut [Block], LengthError> {
    let length = data.len();
    match Block::slice_as_chunks_mut(data) {
        (blocks, []) => Ok(blocks),
        _ => Err(LengthError {
            length,
            block: BLOCK,
        }),
    }
}

/// Triple DES, EDE with two keys (ISO/IEC 18033-3, keying option 2). Parity bits of the key are ignored.
#[derive(Clone)]
pub struct TripleDes {
    cipher: TdesEde2,
}

impl TripleDes {
    /// Schedules a 16-byte key (K1 ‖ K2).
    #[must_use]
    pub fn new(key: &[u8; 16]) -> Self {
        Self {
            cipher: TdesEde2::new(&Array(*key)),
        }
    }

    /// Encrypts `data` in place in CBC mode.
    ///
    /// # Errors
    /// [`LengthError`] when `data` is not a multiple of 8 bytes; it is then left as it was.
    pub fn encrypt_cbc(&self, iv: &[u8; 8], data: &mut [u8]) -> Result<(), LengthError> {
        let blocks = blocks(data)?;
        cbc::Encryptor::inner_iv_init(&self.cipher, &Array(*iv)).encrypt_blocks(blocks);
        Ok(())
    }

    /// Decrypts `data` in place in CBC mode.
    ///
    /// # Errors
    /// [`LengthError`] when `data` is not a multiple of 8 bytes; it is then left as it was.
    pub fn decrypt_cbc(&self, iv: &[u8; 8], data: &mut [u8]) -> Result<(), LengthError> {
        let blocks = blocks(data)?;
        cbc::Decryptor::inner_iv_init(&self.cipher, &Array(*iv)).decrypt_blocks(blocks);
        Ok(())
    }
}

impl fmt::Debug for TripleDes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TripleDes")
    }
}

/// The retail MAC: ISO/IEC 9797-1 algorithm 3 with DES, IV zero, 8 bytes of output.
#[derive(Clone)]
pub struct RetailMac {
    first: Des,
    second: Des,
}

impl RetailMac {
    /// Schedules a 16-byte key (K ‖ K').
    #[must_use]
    pub fn new(key: &[u8; 16]) -> Self {
        let [a, b, c, d, e, f, g, h, rest @ ..] = *key;
        Self {
            first: Des::new(&Array([a, b, c, d, e, f, g, h])),
            second: Des::new(&Array(rest)),
        }
    }

    /// MAC over the concatenation of `parts` with padding method 2 added; the padding is added always, so whole blocks get
    /// one more.
    #[must_use]
    pub fn mac_padded(&self, parts: &[&[u8]]) -> [u8; 8] {
        let mut state = Block::default();
        let mut filled = 0;
        for part in parts {
            for byte in *part {
                state[filled] ^= byte;
                filled += 1;
                if filled == BLOCK {
                    self.first.encrypt_block(&mut state);
                    filled = 0;
                }
            }
        }
        state[filled] ^= 0x80;
        self.first.encrypt_block(&mut state);
        self.second.decrypt_block(&mut state);
        self.first.encrypt_block(&mut state);
        state.into()
    }
}

impl fmt::Debug for RetailMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RetailMac")
    }
}
