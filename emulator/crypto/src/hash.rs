//! SHA-1 and SHA-2 (FIPS 180-4) over inputs given in parts, and the hash algorithms as values with their `DigestInfo` prefixes.

use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

fn over<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut state = D::new();
    for part in parts {
        state.update(part);
    }
    state.finalize()
}

/// SHA-1 of the concatenation of `parts`.
#[must_use]
pub fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    over::<Sha1>(parts).into()
}

/// SHA-224 of the concatenation of `parts`.
#[must_use]
pub fn sha224(parts: &[&[u8]]) -> [u8; 28] {
    over::<Sha224>(parts).into()
}

/// SHA-256 of the concatenation of `parts`.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    over::<Sha256>(parts).into()
}

/// SHA-384 of the concatenation of `parts`.
#[must_use]
pub fn sha384(parts: &[&[u8]]) -> [u8; 48] {
    over::<Sha384>(parts).into()
}

/// SHA-512 of the concatenation of `parts`.
#[must_use]
pub fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    over::<Sha512>(parts).into()
}

/// A hash algorithm chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-224, 28 bytes.
    Sha224,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl HashAlgorithm {
    /// The digest of the concatenation of `parts`: [`digest_len`](Self::digest_len) bytes.
    #[must_use]
    pub fn digest(&self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Sha1 => sha1(parts).to_vec(),
            Self::Sha224 => sha224(parts).to_vec(),
            Self::Sha256 => sha256(parts).to_vec(),
            Self::Sha384 => sha384(parts).to_vec(),
            Self::Sha512 => sha512(parts).to_vec(),
        }
    }

    /// Length of the digest in bytes.
    #[must_use]
    pub fn digest_len(&self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The DER bytes that precede the digest in a PKCS#1 `DigestInfo` with NULL parameters (RFC 8017 §9.2 note 1).
    #[must_use]
    pub fn digest_info_prefix(&self) -> &'static [u8] {
        match self {
            Self::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            Self::Sha224 => {
                b"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c"
            }
            Self::Sha256 => {
                b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
            }
            Self::Sha384 => {
                b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
            }
            Self::Sha512 => {
                b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HashAlgorithm;
    use rstest::rstest;

    // FIPS 180-4 example: the digest of "abc", given in two parts.
    #[rstest]
    #[case::sha1(HashAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d")]
    #[case::sha224(
        HashAlgorithm::Sha224,
        "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"
    )]
    #[case::sha256(
        HashAlgorithm::Sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )]
    #[case::sha384(
        HashAlgorithm::Sha384,
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
    )]
    #[case::sha512(
        HashAlgorithm::Sha512,
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    )]
    fn abc(#[case] algorithm: HashAlgorithm, #[case] expected: &str) {
        let digest = algorithm.digest(&[b"a", b"bc"]);
        assert_eq!(hex::encode(&digest), expected);
        assert_eq!(digest.len(), algorithm.digest_len());
        let prefix = algorithm.digest_info_prefix();
        assert_eq!(prefix[1] as usize + 2, prefix.len() + digest.len());
        assert_eq!(*prefix.last().unwrap() as usize, digest.len());
    }
}
