//! The two keys of a session with their algorithms: two-key 3DES with retail MAC, or AES with CMAC (ICAO 9303-11 §9.8).
//! Nothing here knows commands or objects; it turns blocks into blocks.

use std::fmt;

use cie_crypto::aes_sm::{AesCbc, AesCmac};
use cie_crypto::kdf;
use cie_crypto::suite::Suite;
use cie_crypto::triple_des::{LengthError, RetailMac, TripleDes};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The keys of a session, with their algorithms. `Debug` shows the algorithms only.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionKeys {
    #[zeroize(skip)]
    suite: Suite,
    encryption: Vec<u8>,
    authentication: Vec<u8>,
}

impl SessionKeys {
    /// Two-key 3DES keys, 16 bytes each (K1 ‖ K2).
    #[must_use]
    pub fn new(encryption: [u8; 16], authentication: [u8; 16]) -> Self {
        Self {
            suite: Suite::TripleDes,
            encryption: encryption.to_vec(),
            authentication: authentication.to_vec(),
        }
    }

    /// From the shared secret of a key agreement, with SHA-256 and counters 1 and 2 (IAS-ECC 1.0.1, session keys).
    #[must_use]
    pub fn from_secret(secret: &[u8]) -> Self {
        Self::new(
            kdf::derive_key(secret, kdf::ENC),
            kdf::derive_key(secret, kdf::MAC),
        )
    }

    /// From the shared secret of one of the document's protocols, for these algorithms (ICAO 9303-11 §9.7.1).
    #[must_use]
    pub fn of_document(suite: Suite, secret: &[u8]) -> Self {
        Self {
            suite,
            encryption: suite.derive(secret, kdf::ENC).to_vec(),
            authentication: suite.derive(secret, kdf::MAC).to_vec(),
        }
    }

    /// The algorithms.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The key that enciphers, for the worked examples of the standards.
    #[must_use]
    pub fn encryption(&self) -> &[u8] {
        &self.encryption
    }

    /// The key that authenticates, for the worked examples of the standards.
    #[must_use]
    pub fn authentication(&self) -> &[u8] {
        &self.authentication
    }

    pub(super) fn cipher(&self) -> Cipher {
        Cipher::new(self.suite, &self.encryption)
    }

    pub(super) fn mac(&self) -> Authenticator {
        Authenticator::new(self.suite, &self.authentication)
    }
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKeys({:?})", self.suite)
    }
}

/// A key of the wrong length cannot be made above, so the constructors below do not ask for it again.
const SIZED: &str = "keys are cut to the length of their suite";

/// The enciphering half, keyed.
#[derive(Clone)]
pub(super) enum Cipher {
    TripleDes(Box<TripleDes>),
    Aes(Box<AesCbc>),
}

impl Cipher {
    /// `key` must be as long as the suite's keys are.
    pub(super) fn new(suite: Suite, key: &[u8]) -> Self {
        match (suite, <&[u8; 16]>::try_from(key)) {
            (Suite::TripleDes, key) => Self::TripleDes(Box::new(TripleDes::new(key.expect(SIZED)))),
            (_, _) => Self::Aes(Box::new(AesCbc::new(key).expect(SIZED))),
        }
    }

    pub(super) fn encrypt(&self, counter: u64, data: &mut [u8]) -> Result<(), LengthError> {
        match self {
            Self::TripleDes(cipher) => cipher.encrypt_cbc(&[0; 8], data),
            Self::Aes(cipher) => cipher.encrypt_cbc(&counter_block(cipher, counter), data),
        }
    }

    pub(super) fn decrypt(&self, counter: u64, data: &mut [u8]) -> Result<(), LengthError> {
        match self {
            Self::TripleDes(cipher) => cipher.decrypt_cbc(&[0; 8], data),
            Self::Aes(cipher) => cipher.decrypt_cbc(&counter_block(cipher, counter), data),
        }
    }
}

/// The IV of a message with this counter: the counter, enciphered (ICAO 9303-11 §9.8.7.2). With 3DES the IV is zero.
fn counter_block(cipher: &AesCbc, counter: u64) -> [u8; 16] {
    cipher.encrypt_block(&u128::from(counter).to_be_bytes())
}

/// The authenticating half, keyed.
#[derive(Clone)]
pub(super) enum Authenticator {
    TripleDes(Box<RetailMac>),
    Aes(Box<AesCmac>),
}

impl Authenticator {
    /// `key` must be as long as the suite's keys are.
    pub(super) fn new(suite: Suite, key: &[u8]) -> Self {
        match (suite, <&[u8; 16]>::try_from(key)) {
            (Suite::TripleDes, key) => Self::TripleDes(Box::new(RetailMac::new(key.expect(SIZED)))),
            (_, _) => Self::Aes(Box::new(AesCmac::new(key).expect(SIZED))),
        }
    }

    /// Over a message of a session: counter as long as a block, header padded to a block if there is one, objects, and the
    /// padding of the whole (ICAO 9303-11 §9.8.4).
    pub(super) fn seal(&self, counter: u64, header: Option<[u8; 4]>, objects: &[&[u8]]) -> [u8; 8] {
        let wide = u128::from(counter).to_be_bytes();
        let block = match self {
            Self::TripleDes(_) => 8,
            Self::Aes(_) => 16,
        };
        let counter = wide.get(16 - block..).unwrap_or(&wide);
        let mut padded = [0; 16];
        if let Some([cla, ins, p1, p2]) = header {
            (padded[0], padded[1], padded[2], padded[3]) = (cla, ins, p1, p2);
            padded[4] = 0x80;
        }
        let mut parts = vec![counter];
        if header.is_some() {
            parts.extend(padded.get(..block));
        }
        parts.extend(objects);
        match self {
            Self::TripleDes(mac) => mac.mac_padded(&parts),
            Self::Aes(mac) => mac.mac_padded(&parts),
        }
    }
}
