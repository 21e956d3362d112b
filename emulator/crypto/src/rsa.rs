//! RSA as the bare operation: a block raised to an exponent modulo n (RFC 8017 §5.1 and §5.2), with any odd modulus and
//! exponents of any length, because the protocols of identity cards use full-length public exponents.
//! Formats of the block (type 1, PSS, ISO/IEC 9796-2) live in the rooms of their names. The pure backend does not blind.

mod crt;
mod encoding;
mod private;
mod public;

pub use private::PrivateKey;
pub use public::PublicKey;

/// Why a key or an operation with it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RsaError {
    /// The modulus has fewer than 512 or more than 4096 bits.
    #[error("a modulus of {0} bits; give one of 512 to 4096 bits")]
    ModulusSize(u32),
    /// The modulus is even.
    #[error(
        "the modulus is even, which no RSA modulus is; check where it was cut out of its encoding"
    )]
    ModulusEven,
    /// The exponent is even, below three, or longer than the modulus.
    #[error(
        "the exponent is even, below three, or longer than the modulus; give an odd one of at most the modulus' length"
    )]
    Exponent,
    /// The primes, the modulus and the exponents do not belong together.
    #[error(
        "the numbers of the key do not belong together (composite or equal primes, or an exponent without inverse)"
    )]
    Inconsistent,
    /// The block, read as a number, is not below the modulus.
    #[error(
        "the block is not below the modulus; it was made for another key, or has the wrong header byte"
    )]
    BlockTooLarge,
    /// The DER or PEM is not the expected structure.
    #[error(
        "not an RSA key in PKCS#1 or PKCS#8 encoding; convert it, without a password, to one of these"
    )]
    Encoding,
}
