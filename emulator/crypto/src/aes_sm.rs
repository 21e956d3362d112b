//! AES for secure messaging (ICAO 9303-11 §9.8): CBC in place with 16, 24 or 32-byte keys, single blocks for the IV that is
//! made from the send sequence counter, and CMAC (NIST SP 800-38B) truncated to 8 bytes.

use core::fmt;

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{
    BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, array::Array, consts::U16,
};
use cmac::{Cmac, KeyInit, Mac};

use crate::triple_des::LengthError;

type Block = Array<u8, U16>;

/// Length of an AES block in bytes.
pub const BLOCK: usize = 16;

/// No AES key has this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an AES key of {0} bytes; derive one of 16, 24 or 32 bytes")]
pub struct KeyLengthError(pub usize);

#[derive(Clone)]
enum Cipher {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
}

macro_rules! with_cipher {
    ($self:expr, $cipher:ident => $body:expr) => {
        match $self {
            Cipher::Aes128($cipher) => $body,
            Cipher::Aes192($cipher) => $body,
            Cipher::Aes256($cipher) => $body,
        }
    };
}

/// AES in CBC mode, keyed once.
#[derive(Clone)]
pub struct AesCbc {
    cipher: Cipher,
}

impl AesCbc {
    /// Schedules a key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// [`KeyLengthError`] for any other length.
    pub fn new(key: &[u8]) -> Result<Self, KeyLengthError> {
        let wrong = |_| KeyLengthError(key.len());
        let cipher = match key.len() {
            16 => Cipher::Aes128(Aes128::new_from_slice(key).map_err(wrong)?),
            24 => Cipher::Aes192(Aes192::new_from_slice(key).map_err(wrong)?),
            _ => Cipher::Aes256(Aes256::new_from_slice(key).map_err(wrong)?),
        };
        Ok(Self { cipher })
    }

    /// Encrypts one block, for example a send sequence counter into an IV.
    #[must_use]
    pub fn encrypt_block(&self, block: &[u8; 16]) -> [u8; 16] {
        let mut block = Array(*block);
        with_cipher!(&self.cipher, cipher => cipher.encrypt_block(&mut block));
        block.into()
    }

    /// Encrypts `data` in place.
    ///
    /// # Errors
    /// [`LengthError`] when `data` is not a multiple of 16 bytes; it is then left as it was.
    pub fn encrypt_cbc(&self, iv: &[u8; 16], data: &mut [u8]) -> Result<(), LengthError> {
        let blocks = blocks(data)?;
        with_cipher!(&self.cipher, cipher => cbc::Encryptor::inner_iv_init(cipher, &Array(*iv)).encrypt_blocks(blocks));
        Ok(())
    }

    /// Decrypts `data` in place.
    ///
    /// # Errors
    /// [`LengthError`] when `data` is not a multiple of 16 bytes; it is then left as it was.
    pub fn decrypt_cbc(&self, iv: &[u8; 16], data: &mut [u8]) -> Result<(), LengthError> {
        let blocks = blocks(data)?;
        with_cipher!(&self.cipher, cipher => cbc::Decryptor::inner_iv_init(cipher, &Array(*iv)).decrypt_blocks(blocks));
        Ok(())
    }
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

impl fmt::Debug for AesCbc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesCbc")
    }
}

#[derive(Clone)]
enum CmacState {
    Aes128(Cmac<Aes128>),
    Aes192(Cmac<Aes192>),
    Aes256(Cmac<Aes256>),
}

/// AES-CMAC truncated to its first 8 bytes, keyed once.
#[derive(Clone)]
pub struct AesCmac {
    state: CmacState,
}

impl AesCmac {
    /// Schedules a key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// [`KeyLengthError`] for any other length.
    pub fn new(key: &[u8]) -> Result<Self, KeyLengthError> {
        let wrong = |_| KeyLengthError(key.len());
        let state = match key.len() {
            16 => CmacState::Aes128(KeyInit::new_from_slice(key).map_err(wrong)?),
            24 => CmacState::Aes192(KeyInit::new_from_slice(key).map_err(wrong)?),
            _ => CmacState::Aes256(KeyInit::new_from_slice(key).map_err(wrong)?),
        };
        Ok(Self { state })
    }

    /// MAC over the concatenation of `parts` as they stand (authentication tokens; CMAC pads by itself).
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 8] {
        match &self.state {
            CmacState::Aes128(cmac) => finish(cmac.clone(), parts, &[]),
            CmacState::Aes192(cmac) => finish(cmac.clone(), parts, &[]),
            CmacState::Aes256(cmac) => finish(cmac.clone(), parts, &[]),
        }
    }

    /// MAC over the concatenation of `parts` with padding method 2 to 16-byte blocks added first (secure messaging).
    #[must_use]
    pub fn mac_padded(&self, parts: &[&[u8]]) -> [u8; 8] {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut padding = [0; BLOCK];
        padding[0] = 0x80;
        let padding = &padding[..BLOCK - length % BLOCK];
        match &self.state {
            CmacState::Aes128(cmac) => finish(cmac.clone(), parts, padding),
            CmacState::Aes192(cmac) => finish(cmac.clone(), parts, padding),
            CmacState::Aes256(cmac) => finish(cmac.clone(), parts, padding),
        }
    }
}

fn finish<M: Mac>(mut mac: M, parts: &[&[u8]], padding: &[u8]) -> [u8; 8] {
    for part in parts {
        mac.update(part);
    }
    mac.update(padding);
    let full = mac.finalize().into_bytes();
    let mut out = [0; 8];
    for (to, from) in out.iter_mut().zip(full) {
        *to = from;
    }
    out
}

impl fmt::Debug for AesCmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesCmac")
    }
}
