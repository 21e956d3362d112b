//! The published pool of test keys and the synthetic terminal CA, embedded from `fixtures/keys/`. Nothing is generated here:
//! making a card must cost milliseconds and give the same keys everywhere. Every key is public and therefore worthless.

use std::sync::OnceLock;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::apps::ias::TerminalCa;
use crate::crypto::rsa::{PrivateKey, PublicKey, RsaError};

use super::error::PersonaError;

static KEYS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/keys");

/// The roles of a card's own keys; each has a pool of its own, so that no two keys of a card are ever the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Key 81: the holder's signature and TLS authentication.
    Signature,
    /// Key 82: the card's device authentication.
    Device,
    /// Key 83: services authentication.
    Services,
}

impl Role {
    /// File name prefix and size of the pool. The sizes share no divisor: neighbouring seeds differ in every key, and two
    /// seeds share all three only when they differ by a multiple of 1716.
    fn pool(self) -> (&'static str, u64) {
        match self {
            Self::Signature => ("signature", 13),
            Self::Device => ("device", 12),
            Self::Services => ("services", 11),
        }
    }
}

/// The key of a role for a seed.
pub(super) fn card_key(role: Role, seed: u64) -> Result<PrivateKey, PersonaError> {
    let (prefix, size) = role.pool();
    let name = format!("{prefix}-{:02}.pem", seed.checked_rem(size).unwrap_or(0));
    PrivateKey::from_pem(text(&name)?).map_err(|error| unusable(&name, &error.to_string()))
}

/// A file of the folder, as text.
pub(super) fn text(name: &str) -> Result<&'static str, PersonaError> {
    KEYS.get_file(name)
        .and_then(|file| file.contents_utf8())
        .ok_or_else(|| unusable(name, "it is missing"))
}

pub(super) fn unusable(name: &str, reason: &str) -> PersonaError {
    PersonaError::Fixture {
        file: format!("keys/{name}"),
        reason: reason.to_owned(),
    }
}

/// The pair of `fixtures/keys/terminal-ca.json`, read once per process: checking a full-length exponent costs more than the
/// rest of a personalisation. Client programs sign their terminal certificate with a published 2048-bit exponent under
/// whatever modulus the card serves, so the card's exponent is the inverse of that one and as long as the modulus.
pub(super) fn terminal_ca() -> Result<&'static TerminalCa, PersonaError> {
    match EMBEDDED.get() {
        Some(ca) => Ok(ca),
        None => {
            let ca = read_terminal_ca()?;
            Ok(EMBEDDED.get_or_init(|| ca))
        }
    }
}

fn read_terminal_ca() -> Result<TerminalCa, PersonaError> {
    let text = KEYS
        .get_file(TERMINAL_CA)
        .ok_or_else(|| unusable(TERMINAL_CA, "it is missing"))?;
    let file: TerminalCaFile = serde_json::from_slice(text.contents())
        .map_err(|error| unusable(TERMINAL_CA, &error.to_string()))?;
    file.open()
}

const TERMINAL_CA: &str = "terminal-ca.json";
static EMBEDDED: OnceLock<TerminalCa> = OnceLock::new();

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TerminalCaFile {
    #[serde(rename = "note")]
    _note: String,
    chr: String,
    cha: String,
    p: String,
    q: String,
    n: String,
    e: String,
}

impl TerminalCaFile {
    fn open(&self) -> Result<TerminalCa, PersonaError> {
        let bytes = |text: &str| {
            hex::decode(text).map_err(|error| unusable(TERMINAL_CA, &error.to_string()))
        };
        let length = || unusable(TERMINAL_CA, "a field has the wrong length");
        let exponent = bytes(&self.e)?;
        let unusable_key = |error: RsaError| unusable(TERMINAL_CA, &error.to_string());
        Ok(TerminalCa {
            public: PublicKey::new(&bytes(&self.n)?, &exponent).map_err(unusable_key)?,
            verify: PrivateKey::with_exponent(&bytes(&self.p)?, &bytes(&self.q)?, &exponent)
                .map_err(unusable_key)?,
            holder_reference: bytes(&self.chr)?.try_into().map_err(|_| length())?,
            holder_authorisation: bytes(&self.cha)?.try_into().map_err(|_| length())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_of_the_pool_is_used_once_and_is_of_2048_bits() {
        let mut moduli = BTreeSet::new();
        for role in [Role::Signature, Role::Device, Role::Services] {
            for seed in 0..role.pool().1 {
                let key = card_key(role, seed).unwrap();
                assert_eq!(
                    (key.public().bits(), key.public().exponent()),
                    (2048, &[1, 0, 1][..])
                );
                moduli.insert(key.public().modulus().to_vec());
            }
        }
        let files = KEYS
            .files()
            .filter(|file| file.path().extension().is_some_and(|it| it == "pem"));
        // Three more are of Active Authentication, for documents that are no CIE; one is a client's.
        assert_eq!((moduli.len(), files.count()), (36, 36 + 3 + 1));
    }

    #[test]
    fn the_terminal_ca_is_consistent() {
        let ca = terminal_ca().unwrap();
        assert_eq!(ca.verify.public().modulus(), ca.public.modulus());
        let block = [&[0x6A][..], &[0x55; 254], &[0xBC]].concat();
        let sealed = ca.verify.public().apply(&block).unwrap();
        assert_eq!(ca.public.apply(&sealed).unwrap(), block);
    }
}
