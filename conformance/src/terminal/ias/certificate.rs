//! The terminal's card-verifiable certificate (IAS-ECC 1.0.1, ISO/IEC 7816-8; signature ISO/IEC 9796-2 scheme 1 with partial
//! recovery), built anew for each card because it must name the authority that the card serves.

use cie_crypto::hash;
use cie_crypto::rsa::PublicKey;
use cie_emulator::wire::tlv;

use super::parameters::CaKey;
use super::published::{CA_EXPONENT, TERMINAL_HOLDER_REFERENCE, TERMINAL_MODULUS};
use super::rules::{IasError, Rule, require};

/// Certificate profile identifier of this layout.
pub const PROFILE: u8 = 0x8A;
/// Device authentication with RSA and SHA-256, 9 bytes.
pub const DEVICE_AUTHENTICATION_OID: [u8; 9] =
    [0x2A, 0x81, 0x22, 0xF4, 0x2A, 0x02, 0x04, 0x01, 0x04];

/// Header, hash and trailer of the signed block that are not part of the message.
const OVERHEAD: usize = 34;

/// What the certificate says; 297 bytes when encoded. Every field may be spoiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateContent {
    /// Certificate profile identifier.
    pub profile: u8,
    /// Certification authority reference, 8 bytes.
    pub authority: Vec<u8>,
    /// Certificate holder reference, 12 bytes.
    pub holder: Vec<u8>,
    /// Certificate holder authorization, 7 bytes.
    pub authorization: Vec<u8>,
    /// Object identifier of the key's use, 9 bytes.
    pub oid: Vec<u8>,
    /// Modulus of the certified key, 256 bytes.
    pub modulus: Vec<u8>,
    /// Public exponent, 4 bytes.
    pub exponent: Vec<u8>,
}

impl CertificateContent {
    /// What a correct terminal presents to a card with this authority.
    #[must_use]
    pub fn for_authority(ca: &CaKey) -> Self {
        let [prefix @ .., _] = ca.holder_authorization;
        Self {
            profile: PROFILE,
            authority: ca.authority_reference().to_vec(),
            holder: TERMINAL_HOLDER_REFERENCE.to_vec(),
            authorization: [&prefix[..], &[0x01]].concat(),
            oid: DEVICE_AUTHENTICATION_OID.to_vec(),
            modulus: TERMINAL_MODULUS.to_vec(),
            exponent: vec![0x00, 0x01, 0x00, 0x01],
        }
    }

    /// The fields one after the other.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [
            &[self.profile][..],
            &self.authority,
            &self.holder,
            &self.authorization,
            &self.oid,
            &self.modulus,
            &self.exponent,
        ]
        .concat()
    }
}

/// Shape of the signed block; the default is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockShape {
    /// First byte.
    pub header: u8,
    /// Last byte.
    pub trailer: u8,
    /// XORed onto the last byte of the hash.
    pub hash_mask: u8,
}

impl Default for BlockShape {
    fn default() -> Self {
        Self {
            header: 0x6A,
            trailer: 0xBC,
            hash_mask: 0,
        }
    }
}

/// A signed certificate in its three parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalCertificate {
    /// The signature, as long as the authority's modulus.
    pub signature: Vec<u8>,
    /// What of the content does not fit into the signature.
    pub remainder: Vec<u8>,
    /// The authority reference in clear, 8 bytes.
    pub authority: Vec<u8>,
}

impl TerminalCertificate {
    /// Signs the content with the authority's published exponent under the modulus that the card serves.
    ///
    /// # Errors
    /// [`IasError::Broken`] when the served modulus cannot hold the block.
    pub fn sign(
        content: &CertificateContent,
        ca: &CaKey,
        shape: BlockShape,
    ) -> Result<Self, IasError> {
        let encoded = content.encode();
        let room = ca.modulus.len().saturating_sub(OVERHEAD).min(encoded.len());
        let (recoverable, remainder) = encoded.split_at(room);
        let mut digest = hash::sha256(&[&encoded]);
        digest[31] ^= shape.hash_mask;
        let block = [&[shape.header][..], recoverable, &digest, &[shape.trailer]].concat();
        let unusable =
            |error: cie_crypto::rsa::RsaError| IasError::broken(Rule::CaModulus, error.to_string());
        let signer = PublicKey::new(&ca.modulus, &CA_EXPONENT).map_err(unusable)?;
        Ok(Self {
            signature: signer.apply(&block).map_err(unusable)?,
            remainder: remainder.to_vec(),
            authority: content.authority.clone(),
        })
    }

    /// What the desktop clients check of their own certificate: that it opens with the exponent the card serves.
    ///
    /// # Errors
    /// [`IasError::Broken`] with [`Rule::CaKeyPair`].
    pub fn opens_with(&self, ca: &CaKey) -> Result<(), IasError> {
        let block = ca.public_key()?.apply(&self.signature);
        let opens = block.is_ok_and(|block| matches!(block[..], [0x6A, .., 0xBC]));
        require(Rule::CaKeyPair, opens, || {
            "the served exponent is not the inverse of the published one".into()
        })
    }

    /// The data object `7F21` that goes to the card, 354 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        tlv::constructed(
            0x7F21,
            &[
                &tlv::object(0x5F37, &self.signature),
                &tlv::object(0x5F38, &self.remainder),
                &tlv::object(0x42, &self.authority),
            ],
        )
    }
}
