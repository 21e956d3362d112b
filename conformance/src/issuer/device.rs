//! The client's device in a recovery of a PUK: it gives its public key when the procedure begins, and opens the two halves that
//! come back. Its key is published with the other test keys; nothing real is ever encrypted to it.

use cie_crypto::encryption::{EncryptionScheme, decrypt};
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::rsa::{PrivateKey, PublicKey, RsaError};
use cie_emulator::credentials::{Code, CodeHalf};
use zeroize::Zeroizing;

use super::policy::Padding;
use super::wire::Halves;

const KEY: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../fixtures/keys/client-00.pem"
));

/// Why the halves are not a PUK.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// A half does not open with this device's key.
    #[error(
        "the {0} half was not encrypted to this device, or with another padding than the policy names"
    )]
    Sealed(&'static str),
    /// A half is not four digits.
    #[error("the {0} half is not four decimal digits")]
    Digits(&'static str),
}

/// A device with its key.
#[derive(Clone, Debug)]
pub struct Device(PrivateKey);

impl Device {
    /// The device of the test keys.
    ///
    /// # Errors
    /// [`RsaError`], when the embedded key cannot be read.
    pub fn synthetic() -> Result<Self, RsaError> {
        PrivateKey::from_pem(KEY).map(Self)
    }

    /// A device with a key of one's own.
    #[must_use]
    pub const fn with_key(key: PrivateKey) -> Self {
        Self(key)
    }

    /// What the issuer encrypts to.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.0.public()
    }

    /// The PUK: first half, then second half, each opened by itself.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn open(&self, halves: &Halves, padding: Padding) -> Result<Code, DeviceError> {
        let open = |name, sealed: &[u8]| {
            let digits = decrypt(&self.0, scheme(padding), sealed);
            let digits = Zeroizing::new(digits.map_err(|_| DeviceError::Sealed(name))?);
            CodeHalf::from_digits(&digits).map_err(|_| DeviceError::Digits(name))
        };
        let (first, second) = (
            open("first", &halves.first)?,
            open("second", &halves.second)?,
        );
        Ok(Code::from_halves(&first, &second))
    }
}

const fn scheme(padding: Padding) -> EncryptionScheme {
    match padding {
        Padding::Pkcs1 => EncryptionScheme::Pkcs1,
        Padding::OaepSha1 => EncryptionScheme::Oaep(HashAlgorithm::Sha1),
        Padding::OaepSha256 => EncryptionScheme::Oaep(HashAlgorithm::Sha256),
    }
}
