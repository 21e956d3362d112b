//! Secrets as the issuer holds them: texts that print nothing and are wiped, salted hashes of those that need only be
//! recognised, and the rules that a new one must meet. A generated secret meets its rules by construction.

use std::fmt;

use cie_crypto::random::{RandomSource, Seeded};
use cie_crypto::{ct, hash};
use zeroize::Zeroizing;

/// A secret text: a code, a password, half a PUK. `Debug` prints nothing of it, comparison takes constant time.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, in clear. The only way out of the type.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text's UTF-8 bytes.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        hash::sha256(&[self.0.as_bytes()])
    }

    /// Both texts, one after the other.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() + other.0.len()));
        text.push_str(&self.0);
        text.push_str(&other.0);
        Self(text)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        ct::eq(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// What is kept of a secret that need only be recognised: SHA-256 over a salt and the text. Enough for invented people; a
/// service of real ones takes a function that is slow on purpose.
#[derive(Clone, PartialEq, Eq)]
pub struct Hashed {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl Hashed {
    /// Hashes a secret with a salt from `random`.
    pub fn new(secret: &Secret, random: &mut dyn RandomSource) -> Self {
        let mut salt = [0; 16];
        random.fill(&mut salt);
        let hash = hash::sha256(&[&salt, secret.reveal().as_bytes()]);
        Self { salt, hash }
    }

    /// Whether it is the hash of this text, in constant time.
    #[must_use]
    pub fn matches(&self, presented: &Secret) -> bool {
        let hash = hash::sha256(&[&self.salt, presented.reveal().as_bytes()]);
        ct::eq(&self.hash, &hash)
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed")
    }
}

/// A stream of draws for one purpose. Each purpose has a label of its own, so that what happens to one person never changes
/// what another one is sent.
pub(super) struct Draw(Seeded);

impl Draw {
    pub(super) fn new(seed: u64, label: &str) -> Self {
        Self(Seeded::derived(seed, &format!("issuer/{label}")))
    }

    pub(super) fn source(&mut self) -> &mut dyn RandomSource {
        &mut self.0
    }

    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
    }

    /// A place in a list of `length` (1 to 65536), every one as likely as the others.
    pub(super) fn below(&mut self, length: usize) -> usize {
        let bound = u32::try_from(length).unwrap_or(u32::MAX).max(1);
        let fair = u32::MAX - u32::MAX % bound;
        loop {
            let mut bytes = [0; 4];
            self.0.fill(&mut bytes);
            let number = u32::from_be_bytes(bytes);
            if number < fair {
                return (number % bound) as usize;
            }
        }
    }

    /// `length` characters, each one of `alphabet`.
    pub(super) fn text(&mut self, alphabet: &[u8], length: usize) -> Secret {
        let mut text = Zeroizing::new(String::with_capacity(length));
        for _ in 0..length {
            let place = self.below(alphabet.len());
            text.extend(alphabet.get(place).map(|byte| char::from(*byte)));
        }
        Secret(text)
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
