//! The four cipher suites of ICAO 9303-11 as values: which key derivation, cipher and MAC belong together in PACE, Chip
//! Authentication and secure messaging. The protocols that use them are not known here.

use zeroize::Zeroizing;

use crate::aes_sm::{AesCbc, AesCmac};
use crate::kdf;
use crate::triple_des::{LengthError, RetailMac, TripleDes};

/// A cipher with its key length, its MAC and the key derivation that goes with it (ICAO 9303-11 §9.7 and §9.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// Two-key 3DES in CBC mode, retail MAC, SHA-1.
    TripleDes,
    /// AES-128 in CBC mode, CMAC, SHA-1.
    Aes128,
    /// AES-192 in CBC mode, CMAC, SHA-256.
    Aes192,
    /// AES-256 in CBC mode, CMAC, SHA-256.
    Aes256,
}

impl Suite {
    /// All of them, in the order of their object identifiers' last number (1 to 4).
    pub const ALL: [Self; 4] = [Self::TripleDes, Self::Aes128, Self::Aes192, Self::Aes256];

    /// The last number of the protocols' object identifiers: 1 to 4.
    #[must_use]
    pub const fn oid_suffix(self) -> u8 {
        match self {
            Self::TripleDes => 1,
            Self::Aes128 => 2,
            Self::Aes192 => 3,
            Self::Aes256 => 4,
        }
    }

    /// The suite with this last number in its object identifiers.
    #[must_use]
    pub fn from_oid_suffix(suffix: u8) -> Option<Self> {
        (Self::ALL.into_iter()).find(|suite| suite.oid_suffix() == suffix)
    }

    /// Length of a key in bytes: 16, 16, 24, 32.
    #[must_use]
    pub const fn key_size(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Length of a cipher block in bytes: 8 or 16.
    #[must_use]
    pub const fn block(self) -> usize {
        match self {
            Self::TripleDes => 8,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
        }
    }

    /// The key for `counter` ([`kdf::ENC`], [`kdf::MAC`], [`kdf::PASSWORD`]): [`key_size`](Self::key_size) bytes.
    #[must_use]
    pub fn derive(self, secret: &[u8], counter: u32) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::TripleDes | Self::Aes128 => kdf::derive_key_sha1(secret, counter).to_vec(),
            Self::Aes192 => kdf::derive_key_sha256(secret, counter)[..24].to_vec(),
            Self::Aes256 => kdf::derive_key_sha256(secret, counter).to_vec(),
        })
    }

    /// Encrypts whole blocks in place, CBC with IV zero: the nonce of PACE.
    ///
    /// # Errors
    /// [`LengthError`] when `data` is not a multiple of [`block`](Self::block) bytes, or the key is not of this suite's
    /// length.
    pub fn encrypt(self, key: &[u8], data: &mut [u8]) -> Result<(), LengthError> {
        match self {
            Self::TripleDes => TripleDes::new(&two_keys(key)?).encrypt_cbc(&[0; 8], data),
            _ => self.aes(key)?.encrypt_cbc(&[0; 16], data),
        }
    }

    /// Decrypts whole blocks in place, CBC with IV zero.
    ///
    /// # Errors
    /// As [`encrypt`](Self::encrypt).
    pub fn decrypt(self, key: &[u8], data: &mut [u8]) -> Result<(), LengthError> {
        match self {
            Self::TripleDes => TripleDes::new(&two_keys(key)?).decrypt_cbc(&[0; 8], data),
            _ => self.aes(key)?.decrypt_cbc(&[0; 16], data),
        }
    }

    /// The authentication token's MAC over `data`, 8 bytes: retail MAC with padding, CMAC without (ICAO 9303-11 §4.4.3.4).
    ///
    /// # Errors
    /// [`LengthError`] when the key is not of this suite's length.
    pub fn token(self, key: &[u8], data: &[u8]) -> Result<[u8; 8], LengthError> {
        match self {
            Self::TripleDes => Ok(RetailMac::new(&two_keys(key)?).mac_padded(&[data])),
            _ => {
                let cmac = AesCmac::new(key).map_err(|_| self.wrong_key(key))?;
                Ok(cmac.mac(&[data]))
            }
        }
    }

    fn aes(self, key: &[u8]) -> Result<AesCbc, LengthError> {
        match key.len() == self.key_size() {
            true => AesCbc::new(key).map_err(|_| self.wrong_key(key)),
            false => Err(self.wrong_key(key)),
        }
    }

    const fn wrong_key(self, key: &[u8]) -> LengthError {
        LengthError {
            length: key.len(),
            block: self.key_size(),
        }
    }
}

fn two_keys(key: &[u8]) -> Result<[u8; 16], LengthError> {
    key.try_into().map_err(|_| LengthError {
        length: key.len(),
        block: 16,
    })
}
