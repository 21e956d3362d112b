//! Diffie-Hellman key agreement of the IAS application, and the encoding rules two client families impose on it.

use super::keys::Keys;
use crate::secure_messaging::SecureSession;
use crate::wire::StatusWord;
use cie_crypto::kdf::derive_key;
use cie_crypto::random::RandomSource;
use zeroize::Zeroizing;

/// The send sequence counter every session begins with.
const FIRST_COUNTER: u64 = 1;

/// One agreement: both public values as they crossed the wire, and the secret they share.
#[derive(Clone)]
pub(super) struct KeyAgreement {
    /// The terminal's public value exactly as received; it is hashed in this form.
    pub(super) terminal_public: Vec<u8>,
    /// The card's public value exactly as served: the length of the modulus.
    pub(super) card_public: Vec<u8>,
    /// Whether the card's public value was asked for, which opened secure messaging.
    pub(super) served: bool,
    secret: Zeroizing<Vec<u8>>,
}

impl KeyAgreement {
    /// Draws the card's exponent and computes both values.
    ///
    /// Another exponent is drawn when the shared secret begins with two zero bytes (one client family would hash 254
    /// bytes, the other 256) and when the public value ends in a zero byte (one client strips those before parsing).
    pub(super) fn agree(
        keys: &Keys,
        terminal_public: &[u8],
        random: &mut dyn RandomSource,
    ) -> Result<Self, StatusWord> {
        loop {
            let exponent = keys.dh.random_exponent(random);
            let secret = keys
                .dh
                .shared_secret(&exponent, terminal_public)
                .map_err(|_| StatusWord::INCORRECT_DATA)?;
            let card_public = keys.dh.public_value(&exponent);
            if secret.starts_with(&[0, 0]) || card_public.ends_with(&[0]) {
                continue;
            }
            return Ok(Self {
                terminal_public: terminal_public.to_vec(),
                card_public,
                served: false,
                secret,
            });
        }
    }

    /// The secure messaging session these keys open.
    pub(super) fn session(&self) -> SecureSession {
        let encryption = Zeroizing::new(derive_key(&self.secret, 1));
        let checksum = Zeroizing::new(derive_key(&self.secret, 2));
        SecureSession::new(&encryption, &checksum, FIRST_COUNTER)
    }
}
