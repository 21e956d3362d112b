//! Key derivation from a shared secret and a counter: the SHA-256 form of IAS-ECC and the SHA-1 and SHA-256 forms of
//! ICAO 9303-11 §9.7.1. Which form a cipher takes is known to [`Suite`](crate::suite::Suite).

use crate::hash;

/// Counter of the encryption key in both derivations.
pub const ENC: u32 = 1;
/// Counter of the MAC key in both derivations.
pub const MAC: u32 = 2;
/// Counter of the key derived from a password, which encrypts the nonce of PACE (ICAO 9303-11 §9.7.3).
pub const PASSWORD: u32 = 3;

/// First 16 bytes of `SHA-256(secret ‖ counter)`, counter as four bytes big-endian (IAS-ECC 1.0.1, session keys).
#[must_use]
pub fn derive_key(secret: &[u8], counter: u32) -> [u8; 16] {
    let [key @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        hash::sha256(&[secret, &counter.to_be_bytes()]);
    key
}

/// First 16 bytes of `SHA-1(secret ‖ counter)` (ICAO 9303-11 §9.7.1.1 and §9.7.1.2): a two-key 3DES or an AES-128 key.
/// Parity bits are left as they come; DES ignores them, [`with_odd_parity`] sets them for display.
#[must_use]
pub fn derive_key_sha1(secret: &[u8], counter: u32) -> [u8; 16] {
    let [key @ .., _, _, _, _] = hash::sha1(&[secret, &counter.to_be_bytes()]);
    key
}

/// `SHA-256(secret ‖ counter)` (ICAO 9303-11 §9.7.1.3 and §9.7.1.4): an AES-256 key, and in its first 24 bytes an AES-192
/// key.
#[must_use]
pub fn derive_key_sha256(secret: &[u8], counter: u32) -> [u8; 32] {
    hash::sha256(&[secret, &counter.to_be_bytes()])
}

/// The same key with the lowest bit of every byte set to odd parity, as DES keys are printed in the standards.
#[must_use]
pub fn with_odd_parity(key: [u8; 16]) -> [u8; 16] {
    key.map(|byte| (byte & 0xFE) | u8::from((byte >> 1).count_ones() % 2 == 0))
}

#[cfg(test)]
mod tests {
    use super::{ENC, MAC, derive_key_sha1, with_odd_parity};
    use rstest::rstest;

    // ICAO 9303-11 Appendix D.1: document basic access keys.
    #[rstest]
    #[case::enc(
        ENC,
        "ab94fcedf2664edfb9b291f85d7f77f2",
        "ab94fdecf2674fdfb9b391f85d7f76f2"
    )]
    #[case::mac(
        MAC,
        "7862d9ece03c1bcd4d77089dcf131442",
        "7962d9ece03d1acd4c76089dce131543"
    )]
    fn basic_access_keys(#[case] counter: u32, #[case] raw: &str, #[case] adjusted: &str) {
        let seed = hex::decode("239AB9CB282DAF66231DC5A4DF6BFBAE").unwrap();
        let key = derive_key_sha1(&seed, counter);
        assert_eq!(hex::encode(key), raw);
        assert_eq!(hex::encode(with_odd_parity(key)), adjusted);
    }
}
