//! Expectations about answers with a meaning: certificates, the security object, signatures, and the state the emulator can
//! show. Values are names; verifying is the business of `expect`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::reference::{Application, Digest, KeyReference};
use super::value::Bytes;
use crate::scenario::decode::At;
use crate::scenario::text::{Bound, FileId};

/// Parts of a distinguished name; absent parts are not looked at.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DistinguishedName {
    /// CN.
    pub common_name: Option<String>,
    /// SN.
    pub surname: Option<String>,
    /// GN.
    pub given_name: Option<String>,
    /// serialNumber.
    pub serial_number: Option<String>,
    /// C.
    pub country: Option<String>,
    /// O.
    pub organization: Option<String>,
    /// OU.
    pub organizational_unit: Option<String>,
}

/// Bits of keyUsage (RFC 5280 §4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyUsage {
    /// digitalSignature.
    DigitalSignature,
    /// nonRepudiation, also called contentCommitment.
    NonRepudiation,
    /// keyEncipherment.
    KeyEncipherment,
    /// keyAgreement.
    KeyAgreement,
    /// keyCertSign.
    KeyCertSign,
    /// cRLSign.
    CrlSign,
}

/// Signature algorithms of certificates and the security object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// sha1WithRSAEncryption.
    RsaSha1,
    /// sha256WithRSAEncryption.
    RsaSha256,
    /// sha512WithRSAEncryption.
    RsaSha512,
    /// RSASSA-PSS with SHA-256.
    PssSha256,
    /// RSASSA-PSS with SHA-512.
    PssSha512,
}

/// Where a public key comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicKeySource {
    /// The key in a file of the card: a bare RSA key (1004, 1005) or a certificate (1003).
    File(FileId),
    /// What an earlier step captured: a bare RSA key or a certificate.
    Captured(String),
    /// The public half of a key as it was personalised.
    Key(KeyReference),
    /// A certificate of the trust store.
    Trust(String),
}

impl PublicKeySource {
    /// The name of the capture it is, if it is one.
    pub fn capture(&self) -> Option<&str> {
        match self {
            Self::Captured(name) => Some(name),
            Self::File(_) | Self::Key(_) | Self::Trust(_) => None,
        }
    }
}

/// Expectations about an X.509 certificate.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CertificateExpect {
    /// Version as people count: 3.
    pub version: Option<At<u32>>,
    /// Subject.
    pub subject: Option<At<DistinguishedName>>,
    /// Issuer.
    pub issuer: Option<At<DistinguishedName>>,
    /// Valid on this day (YYYY-MM-DD), or `run` for the day of the run.
    pub valid_at: Option<At<String>>,
    /// Exactly these usages.
    pub key_usage: Option<At<Vec<KeyUsage>>>,
    /// Signature algorithm.
    pub algorithm: Option<At<Algorithm>>,
    /// Size of the RSA modulus in bits.
    pub key_bits: Option<At<Bound>>,
    /// The certified key is this one.
    pub key: Option<At<PublicKeySource>>,
    /// The signature verifies with this key.
    pub issued_by: Option<At<PublicKeySource>>,
}

impl CertificateExpect {
    /// The names of captures it refers to.
    pub fn captures(&self) -> Vec<&str> {
        let keys = [&self.key, &self.issued_by].into_iter().flatten();
        keys.filter_map(|key| key.value.capture()).collect()
    }
}

/// Expectations about the document security object (ICAO 9303-10 §4.6.2).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityObjectExpect {
    /// Version of the LDS security object: 0 or 1.
    pub lds_version: Option<At<u32>>,
    /// Digest of the file hashes.
    pub digest: Option<At<Digest>>,
    /// Signature algorithm.
    pub algorithm: Option<At<Algorithm>>,
    /// The signature verifies with the certificate inside.
    pub signature: Option<At<bool>>,
    /// The certificate inside verifies with this key.
    pub signer_issued_by: Option<At<PublicKeySource>>,
    /// The certificate inside.
    pub signer: Option<At<CertificateExpect>>,
    /// Hashes by number ("A1"): the data each must be the hash of, cut to the length that is hashed.
    pub hashes: BTreeMap<String, At<Bytes>>,
    /// No hashes besides those named.
    pub closed: bool,
}

impl SecurityObjectExpect {
    /// The names of captures it refers to.
    pub fn captures(&self) -> Vec<&str> {
        let signer = self
            .signer
            .iter()
            .flat_map(|signer| signer.value.captures());
        let issuer = self
            .signer_issued_by
            .iter()
            .filter_map(|key| key.value.capture());
        let hashes = self.hashes.values().flat_map(|data| data.value.captures());
        signer.chain(issuer).chain(hashes).collect()
    }
}

/// Signature schemes of the card's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// The data in an encryption block of type 1, without a DigestInfo added (RFC 8017 §8.2 without §9.2 step 2).
    Pkcs1Type1,
    /// RSASSA-PKCS1-v1_5 over the message, with a DigestInfo (RFC 8017 §8.2).
    Pkcs1,
    /// ISO/IEC 9796-2 scheme 1 with SHA-256, as in device authentication.
    Iso9796_2,
}

/// Expectations about a signature in the answer.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureExpect {
    /// The key it verifies with.
    pub verifies_with: PublicKeySource,
    /// The message; what the step sent when absent.
    pub over: Option<Bytes>,
    /// The scheme; `pkcs1_type1` when absent.
    pub scheme: Option<Scheme>,
    /// Hash of the scheme `pkcs1`.
    pub digest: Option<Digest>,
    /// False: it must not verify.
    #[serde(default = "yes")]
    pub valid: bool,
}

impl SignatureExpect {
    /// The names of captures it refers to.
    pub fn captures(&self) -> Vec<&str> {
        let over = self.over.iter().flat_map(Bytes::captures);
        self.verifies_with
            .capture()
            .into_iter()
            .chain(over)
            .collect()
    }
}

fn yes() -> bool {
    true
}

/// Expectations about the state of the emulated card.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StateExpect {
    /// The current application or directory.
    pub application: Option<At<Application>>,
    /// The current elementary file.
    pub file: Option<At<FileId>>,
    /// The secure channel.
    pub channel: Option<At<ChannelState>>,
    /// What is authenticated.
    pub security: Option<At<SecurityStatus>>,
    /// True: the persistent state changed in this step; false: it did not.
    pub changed: Option<At<bool>>,
}

/// A channel as the card sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    /// None.
    None,
    /// Diffie-Hellman of the CIE directory.
    KeyAgreement,
    /// The same after both proofs.
    DeviceAuthentication,
    /// Basic access control.
    Bac,
    /// PACE.
    Pace,
    /// Chip authentication.
    ChipAuthentication,
}

/// What is authenticated in the session; absent parts are not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityStatus {
    /// The terminal has proved itself.
    pub device: Option<bool>,
    /// The PIN is verified.
    pub pin: Option<bool>,
    /// The PUK is verified.
    pub puk: Option<bool>,
}
