//! Expectations about answers with a structure: data objects, certificates, the security object, signatures, and the
//! state the emulator can show. Values are names and patterns; verifying is the business of `expect`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::shorthand::text_or_fields;
use super::value::{Application, Bytes, Data, Digest, KeyReference};
use crate::scenario::decode::At;
use crate::scenario::text::{Bound, FileId, HexBytes, text_type};

/// Expectations about data objects, by path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlvTree {
    /// No data objects besides those named (and those on the way to them).
    pub closed: bool,
    /// What is expected at each path.
    pub nodes: Vec<(TlvPath, At<TlvExpect>)>,
}

/// Tags from the outermost inwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TlvPath(pub Vec<HexBytes>);

impl fmt::Display for TlvPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tags: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&tags.join("/"))
    }
}

impl std::str::FromStr for TlvPath {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let tags = text.split('/').map(|tag| match tag.parse::<HexBytes>() {
            Ok(tag) if (1..=4).contains(&tag.0.len()) => Ok(tag),
            _ => Err(format!("\"{text}\" is no path of tags such as \"7F49/82\"")),
        });
        tags.collect::<Result<_, _>>().map(Self)
    }
}

text_type!(
    TlvPath,
    "a path of tags such as \"7F49/82\"",
    "^[0-9A-Fa-f]{2,8}(/[0-9A-Fa-f]{2,8})*$",
    "Tags from the outermost inwards: \"7F49/82\"."
);

impl<'de> Deserialize<'de> for TlvTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;
        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = TlvTree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping from paths such as \"7F49/82\" to what is there")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TlvTree, A::Error> {
                let mut tree = TlvTree::default();
                while let Some(key) = map.next_key::<TreeKey>()? {
                    match key {
                        TreeKey::Closed => tree.closed = map.next_value()?,
                        TreeKey::Path(path) => tree.nodes.push((path, map.next_value()?)),
                    }
                }
                Ok(tree)
            }
        }
        deserializer.deserialize_map(TreeVisitor)
    }
}

enum TreeKey {
    Closed,
    Path(TlvPath),
}

impl<'de> Deserialize<'de> for TreeKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "closed" {
            Ok(Self::Closed)
        } else {
            text.parse()
                .map(Self::Path)
                .map_err(serde::de::Error::custom)
        }
    }
}

impl schemars::JsonSchema for TlvTree {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TlvTree".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let node = generator.subschema_for::<TlvExpect>();
        schemars::json_schema!({
            "type": "object",
            "description": "Data objects by path (\"7F49/82\"); closed: true forbids all others.",
            "properties": { "closed": { "type": "boolean" } },
            "patternProperties": { "^[0-9A-Fa-f]{2,8}(/[0-9A-Fa-f]{2,8})*$": node },
            "additionalProperties": false
        })
    }
}

/// What is expected of one data object; just naming it expects it to be there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlvExpect {
    /// Its value.
    pub value: Option<Data>,
    /// The length of its value in bytes.
    pub length: Option<Bound>,
    /// It must not be there.
    pub absent: bool,
}

#[derive(Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct TlvFields {
    /// Its value.
    value: Option<Data>,
    /// The length of its value in bytes.
    length: Option<Bound>,
    /// It must not be there.
    absent: bool,
}

impl From<TlvFields> for TlvExpect {
    fn from(f: TlvFields) -> Self {
        Self {
            value: f.value,
            length: f.length,
            absent: f.absent,
        }
    }
}

text_or_fields!(
    TlvExpect,
    "TlvExpect",
    "present, absent, a pattern in hex, or {value, length, absent}",
    TlvFields,
    |text| match text {
        "present" => Ok(Self::default()),
        "absent" => Ok(Self {
            absent: true,
            ..Self::default()
        }),
        _ => Ok(Self {
            value: Some(Data::Pattern(text.parse()?)),
            ..Self::default()
        }),
    }
);

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
