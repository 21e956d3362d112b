//! RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) in two forms: the bare block type 1 around any bytes, as a card's signature key applies
//! it, and the full scheme with a `DigestInfo`.

use crate::ct;
use crate::hash::HashAlgorithm;
use crate::rsa::{PrivateKey, PublicKey, RsaError};

/// Why a block could not be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Pkcs1Error {
    /// The message is empty, or leaves fewer than eight bytes for the padding.
    #[error("a message of {length} bytes; this key takes 1 to {limit}")]
    MessageLength {
        /// Length of the message in bytes.
        length: usize,
        /// The longest message for the key, in bytes.
        limit: usize,
    },
    /// The recovered block is not `00 01 FF…FF 00` with at least eight `FF`.
    #[error("no type 1 block came out; the signature was made with another key or another padding")]
    Block,
    /// The recovered bytes are not the expected `DigestInfo`.
    #[error("the signature is of another message or another hash algorithm")]
    Mismatch,
    /// The raw operation refused.
    #[error(transparent)]
    Rsa(#[from] RsaError),
}

/// Bytes of a block that the padding takes at least.
const OVERHEAD: usize = 11;

/// `00 01 FF…FF 00 ‖ message` raised to the private exponent. Nothing is hashed and no `DigestInfo` is added; the result is the
/// same for the same message. The message has 1 to `size − 11` bytes.
///
/// # Errors
/// [`Pkcs1Error::MessageLength`].
pub fn sign_type1(key: &PrivateKey, message: &[u8]) -> Result<Vec<u8>, Pkcs1Error> {
    Ok(key.apply(&type1_block(key.size(), message)?)?)
}

fn type1_block(size: usize, message: &[u8]) -> Result<Vec<u8>, Pkcs1Error> {
    let limit = size.saturating_sub(OVERHEAD);
    if message.is_empty() || message.len() > limit {
        return Err(Pkcs1Error::MessageLength {
            length: message.len(),
            limit,
        });
    }
    let mut block = vec![0xFF; size - message.len()];
    block[0] = 0;
    block[1] = 1;
    if let Some(separator) = block.last_mut() {
        *separator = 0;
    }
    block.extend_from_slice(message);
    Ok(block)
}

/// The message inside a type 1 block.
///
/// # Errors
/// [`Pkcs1Error::Block`], or [`Pkcs1Error::Rsa`] when the signature is not below the modulus.
pub fn recover_type1(key: &PublicKey, signature: &[u8]) -> Result<Vec<u8>, Pkcs1Error> {
    let block = key.apply(signature)?;
    let rest = block.strip_prefix(&[0, 1]).ok_or(Pkcs1Error::Block)?;
    let filler = rest
        .iter()
        .position(|&byte| byte != 0xFF)
        .ok_or(Pkcs1Error::Block)?;
    match rest.split_at(filler) {
        (filler, [0, message @ ..]) if filler.len() >= 8 => Ok(message.to_vec()),
        _ => Err(Pkcs1Error::Block),
    }
}

/// RSASSA-PKCS1-v1_5 over the hash of `message`.
///
/// # Errors
/// [`Pkcs1Error::MessageLength`] when the key is too short for the hash algorithm.
pub fn sign_digest(
    key: &PrivateKey,
    algorithm: HashAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, Pkcs1Error> {
    sign_type1(key, &digest_info(algorithm, message))
}

/// Checks an RSASSA-PKCS1-v1_5 signature by building the expected block and comparing the whole of it.
///
/// # Errors
/// [`Pkcs1Error::Mismatch`] when it is not the signature of `message`, [`Pkcs1Error::Rsa`] when it is not below the modulus.
pub fn verify_digest(
    key: &PublicKey,
    algorithm: HashAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Pkcs1Error> {
    let expected = type1_block(key.size(), &digest_info(algorithm, message))?;
    match ct::eq(&key.apply(signature)?, &expected) {
        true => Ok(()),
        false => Err(Pkcs1Error::Mismatch),
    }
}

fn digest_info(algorithm: HashAlgorithm, message: &[u8]) -> Vec<u8> {
    let mut info = algorithm.digest_info_prefix().to_vec();
    info.extend_from_slice(&algorithm.digest(&[message]));
    info
}
