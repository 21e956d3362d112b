//! The keys of a session with their cipher: two-key 3DES with retail MAC, or AES with CMAC and an IV made from the send
//! sequence counter (ICAO 9303-11 §9.8). Data are whole blocks; padding and objects are the session's business.

use cie_crypto::aes_sm::{AesCbc, AesCmac};
use cie_crypto::suite::Suite;
use cie_crypto::triple_des::{LengthError, RetailMac, TripleDes};

/// Longest cipher block, in bytes.
pub(super) const LONGEST_BLOCK: usize = 16;

/// Encryption and checksum keys, scheduled.
#[allow(
    clippy::large_enum_variant,
    reason = "they lie on the heap anyway, one allocation for a session and all its forks"
)]
pub(super) enum SessionKeys {
    TripleDes {
        encryption: TripleDes,
        checksum: RetailMac,
    },
    Aes(Aes),
}

/// AES with a key of any of its three lengths.
pub(super) struct Aes {
    suite: Suite,
    encryption: AesCbc,
    checksum: AesCmac,
}

impl SessionKeys {
    pub(super) fn new(suite: Suite, encryption: &[u8], checksum: &[u8]) -> Option<Self> {
        if encryption.len() != suite.key_size() || checksum.len() != suite.key_size() {
            return None;
        }
        Some(match suite {
            Suite::TripleDes => Self::TripleDes {
                encryption: TripleDes::new(encryption.try_into().ok()?),
                checksum: RetailMac::new(checksum.try_into().ok()?),
            },
            Suite::Aes128 | Suite::Aes192 | Suite::Aes256 => Self::Aes(Aes {
                suite,
                encryption: AesCbc::new(encryption).ok()?,
                checksum: AesCmac::new(checksum).ok()?,
            }),
        })
    }

    pub(super) fn suite(&self) -> Suite {
        match self {
            Self::TripleDes { .. } => Suite::TripleDes,
            Self::Aes(aes) => aes.suite,
        }
    }

    /// The checksum over the counter (one block) and `parts`, padded.
    pub(super) fn checksum(&self, counter: u64, header: &[u8], parts: &[u8]) -> [u8; 8] {
        match self {
            Self::TripleDes { checksum, .. } => {
                checksum.mac_padded(&[&counter.to_be_bytes(), header, parts])
            }
            Self::Aes(aes) => aes.checksum.mac_padded(&[&wide(counter), header, parts]),
        }
    }

    pub(super) fn encrypt(&self, counter: u64, data: &mut [u8]) -> Result<(), LengthError> {
        match self {
            Self::TripleDes { encryption, .. } => encryption.encrypt_cbc(&[0; 8], data),
            Self::Aes(aes) => aes.encryption.encrypt_cbc(&aes.iv(counter), data),
        }
    }

    pub(super) fn decrypt(&self, counter: u64, data: &mut [u8]) -> Result<(), LengthError> {
        match self {
            Self::TripleDes { encryption, .. } => encryption.decrypt_cbc(&[0; 8], data),
            Self::Aes(aes) => aes.encryption.decrypt_cbc(&aes.iv(counter), data),
        }
    }
}

impl Aes {
    fn iv(&self, counter: u64) -> [u8; 16] {
        self.encryption.encrypt_block(&wide(counter))
    }
}

/// The counter of an AES session has 16 bytes; it starts at zero and cannot reach the upper half.
const fn wide(counter: u64) -> [u8; 16] {
    (counter as u128).to_be_bytes()
}
