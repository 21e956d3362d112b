//! Keys: the security environment, challenges, proofs, certificates, signatures.

use serde::Deserialize;

use super::channel::Password;
use super::reference::{Digest, KeyReference, Le};
use super::value::Bytes;
use crate::scenario::text::{HexByte, HexBytes};
use crate::terminal::emrtd::ExchangeFault;

/// GET CHALLENGE (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GetChallenge {
    /// Bytes to ask for; 8 when absent.
    pub length: Option<u32>,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Expected length field instead of the one that fits.
    pub le: Option<Le>,
}

/// The templates of MANAGE SECURITY ENVIRONMENT SET as the card's clients use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecurityTemplate {
    /// 41 A4: a key for INTERNAL AUTHENTICATE.
    InternalAuthentication,
    /// 81 A4: a key for EXTERNAL AUTHENTICATE.
    ExternalAuthentication,
    /// 41 A6: domain parameters and the terminal's public value.
    KeyAgreement,
    /// 81 B6: the key that verifies a certificate.
    Verification,
    /// C1 A4: a PACE protocol and its password.
    Pace,
    /// 41 A4 with the object identifier of chip authentication.
    ChipAuthentication,
}

/// MANAGE SECURITY ENVIRONMENT (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManageSecurityEnvironment {
    /// The template.
    pub set: SecurityTemplate,
    /// Algorithm (data object 80); the one that fits when absent.
    pub algorithm: Option<HexBytes>,
    /// Key (data object 84, or 83 for public keys and domain parameters); the one that fits when absent.
    pub key: Option<KeyReference>,
    /// Public value of the terminal (data object 91); a fresh one when absent.
    pub public_value: Option<Bytes>,
    /// Holder reference of the terminal's certificate (data object 83); the one that fits when absent.
    pub holder_reference: Option<HexBytes>,
    /// Password of PACE; the CAN when absent.
    pub password: Option<Password>,
    /// Use a wrong password.
    #[serde(default)]
    pub wrong_password: bool,
    /// Object identifier of the PACE protocol, in dots; the card's first offer when absent.
    pub protocol: Option<String>,
    /// Id of the domain parameters of PACE; those of the offer when absent.
    pub domain_parameters: Option<u32>,
    /// Name the domain parameters in the command (data object 84).
    #[serde(default)]
    pub name_parameters: bool,
    /// Send the data objects in reverse order.
    #[serde(default)]
    pub reverse: bool,
    /// Command data instead of those that fit.
    pub data: Option<Bytes>,
    /// First parameter instead of the one that fits.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the one that fits.
    pub p2: Option<HexByte>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}

/// INTERNAL AUTHENTICATE (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InternalAuthenticate {
    /// The challenge, or what is to be signed.
    pub data: Bytes,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}

/// EXTERNAL AUTHENTICATE (ISO/IEC 7816-4:2020 §11): the terminal's proof over the last challenge.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExternalAuthenticate {
    /// What is wrong with the proof; nothing when absent.
    pub fault: Option<ProofFault>,
    /// The cryptogram of basic access control instead of a proof of device authentication; a right one opens the channel.
    pub basic_access: Option<BasicAccessProof>,
    /// Command data instead of a proof.
    pub data: Option<Bytes>,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}

/// A cryptogram of basic access control (ICAO 9303-11 §4.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BasicAccessProof {
    /// Right, over the last challenge; over zeros when there was none.
    Right,
    /// A bit of the checksum is another.
    Checksum,
    /// A bit of the card's challenge in the cryptogram is another, the checksum covers what is sent.
    Cryptogram,
    /// Another challenge than the card's, properly enciphered.
    Challenge,
    /// The last byte is missing.
    Short,
    /// One byte more.
    Long,
}

/// What can be wrong with a terminal's proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofFault {
    /// The hash is off by one bit.
    Hash,
    /// The recovered block does not end in BC.
    Trailer,
    /// Made with another key than the certificate's.
    Key,
    /// Made over an earlier challenge.
    Challenge,
    /// Made over another serial number than the one sent.
    SerialNumber,
    /// Made over another public value of the key agreement.
    PublicValue,
}

/// The steps of GENERAL AUTHENTICATE in PACE (ICAO 9303-11 §4.4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GeneralAuthenticateStep {
    /// Ask for the encrypted nonce.
    EncryptedNonce,
    /// Exchange mapping data.
    Map,
    /// Exchange ephemeral public keys.
    KeyAgreement,
    /// Exchange authentication tokens.
    MutualAuthentication,
}

/// GENERAL AUTHENTICATE (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GeneralAuthenticate {
    /// The step of PACE this is; the runner fills in what belongs there.
    pub step: Option<GeneralAuthenticateStep>,
    /// What is wrong with what the runner fills in; nothing when absent.
    pub fault: Option<ExchangeFault>,
    /// Command data (the whole of 7C) instead of those that fit.
    pub data: Option<Bytes>,
    /// Set or clear the chaining bit of the class instead of what fits the step.
    pub chained: Option<bool>,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Expected length; max when absent.
    pub le: Option<Le>,
}

/// Active authentication: INTERNAL AUTHENTICATE, and the answer is verified with the key of EF.DG15 (ICAO 9303-11 §6.1).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ActiveAuthenticate {
    /// The challenge; 8 fresh bytes when absent.
    pub challenge: Option<Bytes>,
    /// EF.DG15; as personalised when absent.
    pub dg15: Option<Bytes>,
    /// EF.DG14, which names the algorithm of a key of a curve; as personalised when absent.
    pub dg14: Option<Bytes>,
    /// Expected length; max when absent.
    pub le: Option<Le>,
}

/// PERFORM SECURITY OPERATION: VERIFY CERTIFICATE (ISO/IEC 7816-8:2021): the terminal's card-verifiable certificate.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyCertificate {
    /// What is wrong with the certificate; nothing when absent.
    pub fault: Option<CertificateFault>,
    /// Command data instead of a certificate.
    pub data: Option<Bytes>,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "AE" when absent.
    pub p2: Option<HexByte>,
}

/// What can be wrong with a terminal's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateFault {
    /// A bit of the signature is flipped.
    Signature,
    /// A bit of the remainder outside the signature is flipped.
    Remainder,
    /// The hash in the recovered block is off by one bit.
    Hash,
    /// The authority reference (42) is another one.
    AuthorityReference,
    /// The profile identifier is not the one the card knows.
    ProfileIdentifier,
    /// The object is cut short.
    Truncated,
}

/// Signs with a key of the card: MANAGE SECURITY ENVIRONMENT, then INTERNAL AUTHENTICATE.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// The key.
    pub key: KeyReference,
    /// The message.
    pub data: Bytes,
    /// Hash the message and send a DigestInfo (RFC 8017 §9.2); without it the message is sent as it is.
    pub digest: Option<Digest>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}
