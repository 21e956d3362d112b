//! RSA encryption to a public key (RFC 8017 §7): RSAES-OAEP and RSAES-PKCS1-v1_5. Padding bytes come from the injected source.
//! Decryption is here for the side that receives in a test; it is no defence against those who watch its errors or its time.

use crate::ct;
use crate::hash::HashAlgorithm;
use crate::pss::mask;
use crate::random::RandomSource;
use crate::rsa::{PrivateKey, PublicKey, RsaError};

/// How the message is padded before it is raised to the exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptionScheme {
    /// RSAES-PKCS1-v1_5, RFC 8017 §7.2: block type 2.
    Pkcs1,
    /// RSAES-OAEP, RFC 8017 §7.1, with an empty label and MGF1 over the same hash.
    Oaep(HashAlgorithm),
}

/// Why something could not be encrypted or decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// The message is longer than the key takes.
    #[error(
        "a message of {length} bytes; this key takes at most {limit} with this padding: use a longer key"
    )]
    MessageLength {
        /// Length of the message in bytes.
        length: usize,
        /// The longest message for the key, in bytes.
        limit: usize,
    },
    /// The key has no room for the padding at all.
    #[error("a key of {0} bytes is too short for this padding; use a longer one")]
    KeyTooShort(usize),
    /// The block that came out has not the padding expected.
    #[error("no padded message came out; it was encrypted to another key or with another padding")]
    Block,
    /// The raw operation refused.
    #[error(transparent)]
    Rsa(#[from] RsaError),
}

/// Bytes of a type 2 block that the padding takes at least.
const OVERHEAD: usize = 11;

/// Encrypts `message` to `key`; the result has [`PublicKey::size`] bytes.
///
/// # Errors
/// [`EncryptionError::MessageLength`], [`EncryptionError::KeyTooShort`].
pub fn encrypt(
    key: &PublicKey,
    scheme: EncryptionScheme,
    message: &[u8],
    random: &mut dyn RandomSource,
) -> Result<Vec<u8>, EncryptionError> {
    let overhead = match scheme {
        EncryptionScheme::Pkcs1 => OVERHEAD,
        EncryptionScheme::Oaep(hash) => 2 * hash.digest_len() + 2,
    };
    let limit = (key.size().checked_sub(overhead))
        .ok_or_else(|| EncryptionError::KeyTooShort(key.size()))?;
    if message.len() > limit {
        let length = message.len();
        return Err(EncryptionError::MessageLength { length, limit });
    }
    let block = match scheme {
        EncryptionScheme::Pkcs1 => type2_block(key.size(), message, random),
        EncryptionScheme::Oaep(hash) => oaep_block(key.size(), hash, message, random),
    };
    Ok(key.apply(&block)?)
}

/// Decrypts what was encrypted to the public half of `key`.
///
/// # Errors
/// [`EncryptionError::Block`], or [`EncryptionError::Rsa`] when the ciphertext is not below the modulus.
pub fn decrypt(
    key: &PrivateKey,
    scheme: EncryptionScheme,
    ciphertext: &[u8],
) -> Result<Vec<u8>, EncryptionError> {
    if ciphertext.len() != key.size() {
        return Err(EncryptionError::Block);
    }
    let block = key.apply(ciphertext)?;
    match scheme {
        EncryptionScheme::Pkcs1 => open_type2(&block),
        EncryptionScheme::Oaep(hash) => open_oaep(hash, &block),
    }
    .ok_or(EncryptionError::Block)
}

fn type2_block(size: usize, message: &[u8], random: &mut dyn RandomSource) -> Vec<u8> {
    let filler = size - message.len() - 3;
    let mut block = vec![0, 2];
    while block.len() < filler + 2 {
        let mut byte = [0];
        random.fill(&mut byte);
        block.extend(byte.iter().filter(|&&byte| byte != 0));
    }
    block.push(0);
    block.extend_from_slice(message);
    block
}

fn open_type2(block: &[u8]) -> Option<Vec<u8>> {
    let rest = block.strip_prefix(&[0, 2])?;
    let filler = rest.iter().position(|&byte| byte == 0)?;
    (filler >= 8).then(|| rest.get(filler + 1..).map(<[u8]>::to_vec))?
}

/// `00 ‖ masked seed ‖ masked (hash of the empty label ‖ 00…00 01 ‖ message)`.
fn oaep_block(
    size: usize,
    hash: HashAlgorithm,
    message: &[u8],
    random: &mut dyn RandomSource,
) -> Vec<u8> {
    let mut seed = vec![0; hash.digest_len()];
    random.fill(&mut seed);
    let mut data = hash.digest(&[]);
    data.resize(size - hash.digest_len() - 2 - message.len(), 0);
    data.push(1);
    data.extend_from_slice(message);
    mask(hash, &seed, &mut data);
    mask(hash, &data, &mut seed);
    [&[0][..], &seed, &data].concat()
}

fn open_oaep(hash: HashAlgorithm, block: &[u8]) -> Option<Vec<u8>> {
    let length = hash.digest_len();
    let (&first, rest) = block.split_first()?;
    let (mut seed, mut data) = (rest.get(..length)?.to_vec(), rest.get(length..)?.to_vec());
    mask(hash, &data, &mut seed);
    mask(hash, &seed, &mut data);
    let label = ct::eq(data.get(..length)?, &hash.digest(&[]));
    let rest = data.get(length..)?;
    let filler = rest.iter().position(|&byte| byte != 0)?;
    let one = rest.get(filler) == Some(&1);
    (first == 0 && label && one).then(|| rest.get(filler + 1..).map(<[u8]>::to_vec))?
}
