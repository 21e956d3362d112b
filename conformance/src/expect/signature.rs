//! Expectations about signatures: the answer itself, under the three schemes of the card's keys, and signatures inside
//! certificates and security objects under the algorithms they name. Every check runs the real arithmetic and says how far
//! a signature got before it failed.

use cie_crypto::hash::{HashAlgorithm, sha256};
use cie_crypto::iso9796::{self, Iso9796Error};
use cie_crypto::pkcs1::{self, Pkcs1Error};
use cie_crypto::rsa::{PublicKey, RsaError};

use super::{Judge, in_words, side_by_side, words};
use crate::report::model::{Failure, FailureKind};
use crate::scenario::At;
use crate::scenario::model::{Digest, Scheme, SignatureExpect};

impl Judge<'_, '_> {
    pub(super) fn signature(&mut self, expected: &At<SignatureExpect>) {
        let (wanted, span) = (&expected.value, expected.span.as_ref());
        let message = match (&wanted.over, self.observation.signed) {
            (Some(value), _) => self.surroundings.bytes(value),
            (None, Some(signed)) => Ok(signed.to_vec()),
            (None, None) => {
                Err("what was signed is not known: this step asks for no signature; name the message with `over`".to_owned())
            }
        };
        let key = self.surroundings.public_key(&wanted.verifies_with);
        let (message, key) = match (message, key) {
            (Ok(message), Ok(key)) => (message, key),
            (message, key) => {
                for reason in [message.err(), key.err()].into_iter().flatten() {
                    self.unknown(span, reason);
                }
                return;
            }
        };
        let name = words::key(&wanted.verifies_with);
        let failure = match (
            verdict(wanted, &key, &name, &message, self.observation.data),
            wanted.valid,
        ) {
            (Ok(()), true) | (Err(_), false) => return,
            (Err(failure), true) => *failure,
            (Ok(()), false) => in_words(
                FailureKind::Signature,
                format!("the signature verifies with {name}, it must not"),
            ),
        };
        self.miss(span, failure);
    }
}

/// Whether the signature holds; the failure is complete.
fn verdict(
    wanted: &SignatureExpect,
    key: &PublicKey,
    name: &str,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Box<Failure>> {
    if signature.len() != key.size() {
        let (expected, got) = (words::count(key.size()), words::count(signature.len()));
        let message = format!("the signature has {got}; one of {name} has {expected}");
        return Err(Box::new(side_by_side(
            FailureKind::Signature,
            message,
            expected,
            got,
        )));
    }
    let say = |reason: String| {
        let message = format!("the signature does not verify with {name}: {reason}");
        Box::new(in_words(FailureKind::Signature, message))
    };
    match wanted.scheme.unwrap_or(Scheme::Pkcs1Type1) {
        Scheme::Pkcs1Type1 => {
            let recovered =
                pkcs1::recover_type1(key, signature).map_err(|error| say(pkcs1_reason(error)))?;
            if recovered == message {
                return Ok(());
            }
            let reason = format!("the signature verifies with {name} and is of other data");
            Err(Box::new(super::bytes::compare(
                FailureKind::Signature,
                &reason,
                message,
                &recovered,
            )))
        }
        Scheme::Pkcs1 => {
            let digest = algorithm(wanted.digest.unwrap_or(Digest::Sha256));
            pkcs1::verify_digest(key, digest, message, signature)
                .map_err(|error| say(why_pkcs1(key, digest, signature, error)))
        }
        Scheme::Iso9796_2 => {
            let recovered = iso9796::recover_block(key, signature)
                .map_err(|error| say(iso9796_reason(error)))?;
            // The message may be given whole, or without the part that the signature itself carries.
            let whole = message.starts_with(&recovered.m1) && sha256(&[message]) == recovered.hash;
            if whole || sha256(&[&recovered.m1, message]) == recovered.hash {
                return Ok(());
            }
            Err(say(
                "header and trailer are right, and the SHA-256 inside is of another message"
                    .to_owned(),
            ))
        }
    }
}

/// The algorithm a digest of the language names.
pub(super) fn algorithm(digest: Digest) -> HashAlgorithm {
    match digest {
        Digest::Sha1 => HashAlgorithm::Sha1,
        Digest::Sha256 => HashAlgorithm::Sha256,
        Digest::Sha384 => HashAlgorithm::Sha384,
        Digest::Sha512 => HashAlgorithm::Sha512,
    }
}

/// A hash algorithm as people write it.
pub(super) fn hash_name(algorithm: HashAlgorithm) -> &'static str {
    match algorithm {
        HashAlgorithm::Sha1 => "SHA-1",
        HashAlgorithm::Sha224 => "SHA-224",
        HashAlgorithm::Sha256 => "SHA-256",
        HashAlgorithm::Sha384 => "SHA-384",
        HashAlgorithm::Sha512 => "SHA-512",
    }
}

/// Why a signature with a DigestInfo does not verify: the signature is opened once more to see what it holds.
pub(super) fn why_pkcs1(
    key: &PublicKey,
    expected: HashAlgorithm,
    signature: &[u8],
    error: Pkcs1Error,
) -> String {
    match pkcs1::recover_type1(key, signature) {
        Ok(info) => other_digest(expected, &info),
        Err(_) => pkcs1_reason(error),
    }
}

/// Why a type 1 block that came out is not the expected one.
fn other_digest(expected: HashAlgorithm, info: &[u8]) -> String {
    let name = hash_name(expected);
    if info.starts_with(expected.digest_info_prefix()) {
        return format!("it is a signature with {name}, of another message");
    }
    let all = [
        HashAlgorithm::Sha1,
        HashAlgorithm::Sha224,
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ];
    match all
        .into_iter()
        .find(|other| info.starts_with(other.digest_info_prefix()))
    {
        Some(other) => format!(
            "it is a signature with {}, expected {name}",
            hash_name(other)
        ),
        None => format!(
            "its block holds {} without a DigestInfo",
            words::count(info.len())
        ),
    }
}

fn pkcs1_reason(error: Pkcs1Error) -> String {
    match error {
        Pkcs1Error::Block | Pkcs1Error::Mismatch => {
            "no block of type 1 comes out, so another key or padding made it".to_owned()
        }
        Pkcs1Error::Rsa(error) => rsa_reason(error),
        Pkcs1Error::MessageLength { .. } => error.to_string(),
    }
}

fn iso9796_reason(error: Iso9796Error) -> String {
    match error {
        Iso9796Error::Block => {
            "no block with header 6A and trailer BC comes out, so another key or padding made it"
                .to_owned()
        }
        Iso9796Error::Rsa(error) => rsa_reason(error),
        Iso9796Error::RecoverableLength { .. } => error.to_string(),
    }
}

fn rsa_reason(error: RsaError) -> String {
    match error {
        RsaError::BlockTooLarge => {
            "as a number it is not below the modulus, so another key made it".to_owned()
        }
        RsaError::ModulusSize(_)
        | RsaError::ModulusEven
        | RsaError::Exponent
        | RsaError::Inconsistent
        | RsaError::Encoding => error.to_string(),
    }
}
