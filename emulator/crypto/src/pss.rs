//! RSASSA-PSS (RFC 8017 §8.1) with MGF1 over the same hash. The salt is given by the caller: its length is part of the
//! profile, and its bytes come from the injected source.

use crate::ct;
use crate::hash::HashAlgorithm;
use crate::rsa::{PrivateKey, PublicKey, RsaError};

/// Why a signature could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PssError {
    /// Hash and salt do not fit into the modulus.
    #[error(
        "a key of {0} bytes is too short for this hash and salt; shorten the salt or take a longer key"
    )]
    KeyTooShort(usize),
    /// The raw operation refused.
    #[error(transparent)]
    Rsa(#[from] RsaError),
}

/// Signs `message` with the given salt.
///
/// # Errors
/// [`PssError::KeyTooShort`].
pub fn sign(
    key: &PrivateKey,
    algorithm: HashAlgorithm,
    message: &[u8],
    salt: &[u8],
) -> Result<Vec<u8>, PssError> {
    let bits = key.public().bits() - 1;
    let length = bits.div_ceil(8) as usize;
    let hash = encoded_hash(algorithm, message, salt);
    let data_length = (length.checked_sub(hash.len() + 1))
        .filter(|&room| room > salt.len())
        .ok_or(PssError::KeyTooShort(key.size()))?;
    let mut block = vec![0; data_length - salt.len() - 1];
    block.push(1);
    block.extend_from_slice(salt);
    mask(algorithm, &hash, &mut block);
    block[0] &= top_mask(bits);
    block.extend_from_slice(&hash);
    block.push(0xBC);
    Ok(key.apply(&block)?)
}

/// Whether `signature` is a signature of `message` with a salt of exactly `salt_len` bytes.
#[must_use]
pub fn verify(
    key: &PublicKey,
    algorithm: HashAlgorithm,
    salt_len: usize,
    message: &[u8],
    signature: &[u8],
) -> bool {
    if signature.len() != key.size() {
        return false;
    }
    key.apply(signature)
        .is_ok_and(|block| consistent(key, algorithm, salt_len, message, &block))
}

fn consistent(
    key: &PublicKey,
    algorithm: HashAlgorithm,
    salt_len: usize,
    message: &[u8],
    block: &[u8],
) -> bool {
    let bits = key.bits() - 1;
    let length = bits.div_ceil(8) as usize;
    let (unused, encoded) = block.split_at(block.len() - length);
    let Some((&0xBC, rest)) = encoded.split_last() else {
        return false;
    };
    let Some(data_length) = rest
        .len()
        .checked_sub(algorithm.digest_len())
        .filter(|&room| room > salt_len)
    else {
        return false;
    };
    let (masked, hash) = rest.split_at(data_length);
    if unused.iter().any(|&byte| byte != 0) || masked[0] & !top_mask(bits) != 0 {
        return false;
    }
    let mut data = masked.to_vec();
    mask(algorithm, hash, &mut data);
    data[0] &= top_mask(bits);
    let (filler, salt) = data.split_at(data_length - salt_len);
    let filler_ok =
        matches!(filler.split_last(), Some((1, zeros)) if zeros.iter().all(|&byte| byte == 0));
    filler_ok && ct::eq(hash, &encoded_hash(algorithm, message, salt))
}

fn encoded_hash(algorithm: HashAlgorithm, message: &[u8], salt: &[u8]) -> Vec<u8> {
    algorithm.digest(&[&[0; 8], &algorithm.digest(&[message]), salt])
}

/// Bits of the first byte that belong to an encoded message of `bits` bits.
fn top_mask(bits: u32) -> u8 {
    match bits % 8 {
        0 => 0xFF,
        used => (1 << used) - 1,
    }
}

/// XORs MGF1 (RFC 8017 appendix B.2.1) of `seed` onto `data`.
pub(crate) fn mask(algorithm: HashAlgorithm, seed: &[u8], data: &mut [u8]) {
    for (counter, chunk) in (0_u32..).zip(data.chunks_mut(algorithm.digest_len())) {
        let stream = algorithm.digest(&[seed, &counter.to_be_bytes()]);
        for (byte, mask) in chunk.iter_mut().zip(stream) {
            *byte ^= mask;
        }
    }
}
