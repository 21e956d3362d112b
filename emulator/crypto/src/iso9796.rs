//! ISO/IEC 9796-2 digital signature scheme 1 with partial recovery, as card and terminal use it to authenticate each other:
//! the block `6A ‖ M1 ‖ H ‖ trailer` raised to the private exponent. What H covers is the protocol's business, not known here.
//!
//! Only the form without the choice between s and n−s is made and accepted. The block starts with `6A`, so the modulus must
//! start with a byte above that.

use crate::rsa::{PrivateKey, PublicKey, RsaError};

/// Why a block could not be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Iso9796Error {
    /// The recoverable part does not fill the block.
    #[error("a recoverable part of {length} bytes; this key and hash take exactly {expected}")]
    RecoverableLength {
        /// Length of the given part in bytes.
        length: usize,
        /// Length that fills the block, in bytes.
        expected: usize,
    },
    /// The recovered block has not the header `6A` and the expected trailer.
    #[error(
        "no block with header 6A and the expected trailer came out; the signature was made with another key"
    )]
    Block,
    /// The raw operation refused.
    #[error(transparent)]
    Rsa(#[from] RsaError),
}

/// What came out of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The recoverable part of the message, `size − 34` bytes.
    pub m1: Vec<u8>,
    /// The hash of the whole message; the caller computes and compares it.
    pub hash: [u8; 32],
}

/// The end of the block (ISO/IEC 9796-2:2010 §8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailer {
    /// One byte `BC`: the hash function is known to both sides.
    Implicit,
    /// Two bytes, the hash function's identifier (ISO/IEC 10118) and `CC`; SHA-256 is `34`.
    Explicit(u8),
}

impl Trailer {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Implicit => vec![0xBC],
            Self::Explicit(identifier) => vec![identifier, 0xCC],
        }
    }
}

const HEADER: u8 = 0x6A;

/// Signs `6A ‖ m1 ‖ hash ‖ BC`; `m1` has exactly `size − 34` bytes.
///
/// # Errors
/// [`Iso9796Error::RecoverableLength`], or [`Iso9796Error::Rsa`] when the modulus starts with a byte below `6A`.
pub fn sign_block(key: &PrivateKey, m1: &[u8], hash: &[u8; 32]) -> Result<Vec<u8>, Iso9796Error> {
    sign_with_trailer(key, m1, hash, Trailer::Implicit)
}

/// Signs `6A ‖ m1 ‖ hash ‖ trailer` with a hash of any length; `m1` fills what is left of the block.
///
/// # Errors
/// As [`sign_block`].
pub fn sign_with_trailer(
    key: &PrivateKey,
    m1: &[u8],
    hash: &[u8],
    trailer: Trailer,
) -> Result<Vec<u8>, Iso9796Error> {
    let trailer = trailer.bytes();
    let expected = key.size().saturating_sub(1 + hash.len() + trailer.len());
    if m1.len() != expected {
        return Err(Iso9796Error::RecoverableLength {
            length: m1.len(),
            expected,
        });
    }
    Ok(key.apply(&[&[HEADER], m1, hash, &trailer].concat())?)
}

/// Opens a signature of [`sign_block`]. A signature shorter than the modulus counts as padded with zeros on the left.
///
/// # Errors
/// [`Iso9796Error::Block`], or [`Iso9796Error::Rsa`] when the signature is not below the modulus.
pub fn recover_block(key: &PublicKey, signature: &[u8]) -> Result<Recovered, Iso9796Error> {
    open(&key.apply(signature)?)
}

/// The same with a key whose primes are known and whose exponent is the public one ([`PrivateKey::with_exponent`]): with a
/// full-length public exponent this takes a quarter of the time.
///
/// # Errors
/// As [`recover_block`].
pub fn recover_block_crt(key: &PrivateKey, signature: &[u8]) -> Result<Recovered, Iso9796Error> {
    open(&key.apply(signature)?)
}

fn open(block: &[u8]) -> Result<Recovered, Iso9796Error> {
    let (m1, hash) = split(block, 32, Trailer::Implicit)?;
    let hash = hash.try_into().map_err(|_| Iso9796Error::Block)?;
    Ok(Recovered {
        m1: m1.to_vec(),
        hash,
    })
}

/// Opens a signature of [`sign_with_trailer`]: the recoverable part and the hash of `hash_len` bytes.
///
/// # Errors
/// As [`recover_block`].
pub fn recover_with_trailer(
    key: &PublicKey,
    signature: &[u8],
    hash_len: usize,
    trailer: Trailer,
) -> Result<(Vec<u8>, Vec<u8>), Iso9796Error> {
    let block = key.apply(signature)?;
    let (m1, hash) = split(&block, hash_len, trailer)?;
    Ok((m1.to_vec(), hash.to_vec()))
}

fn split(block: &[u8], hash_len: usize, trailer: Trailer) -> Result<(&[u8], &[u8]), Iso9796Error> {
    let content =
        (block.strip_prefix(&[HEADER])).and_then(|rest| rest.strip_suffix(&trailer.bytes()[..]));
    let content = content.ok_or(Iso9796Error::Block)?;
    let m1_len = content
        .len()
        .checked_sub(hash_len)
        .ok_or(Iso9796Error::Block)?;
    Ok(content.split_at(m1_len))
}
