//! References: to codes, keys, applications, data objects, and what is known of the persona. Each has the name people use
//! and, where it makes sense, the raw byte.

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::scenario::text::{HexByte, text_type};

/// The two codes of the card.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CodeName {
    /// The user's PIN: reference 81, eight digits, three tries.
    Pin,
    /// The PUK: reference 82, eight digits, ten tries.
    Puk,
}

impl CodeName {
    /// The reference in P2 of VERIFY.
    pub fn reference(self) -> u8 {
        match self {
            Self::Pin => 0x81,
            Self::Puk => 0x82,
        }
    }
}

/// A datum of the persona that scenarios may name. None of them is a secret.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PersonaField {
    /// The service number of EF.1001, twelve digits.
    Nis,
    /// The document number of EF.1002, nine characters.
    DocumentNumber,
    /// The serial number of the chip in EF.D003.
    ChipSerial,
    /// The card access number printed on the front.
    Can,
    /// The machine-readable zone.
    Mrz,
    /// Surname.
    Surname,
    /// Given names.
    GivenName,
    /// Tax code.
    FiscalCode,
    /// Date of birth as YYMMDD.
    DateOfBirth,
    /// Date of expiry as YYMMDD.
    DateOfExpiry,
}

/// The card's applications.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Application {
    /// The master file, 3F00.
    Mf,
    /// IAS ECC, AID A0000000308000000009816001.
    Ias,
    /// The CIE directory, AID A00000000039.
    Cie,
    /// The travel document, AID A0000002471001.
    Emrtd,
}

impl Application {
    /// Its application identifier; the master file has none.
    pub fn aid(self) -> Option<&'static [u8]> {
        match self {
            Self::Mf => None,
            Self::Ias => Some(&[0xA0, 0, 0, 0, 0x30, 0x80, 0, 0, 0, 0x09, 0x81, 0x60, 0x01]),
            Self::Cie => Some(&[0xA0, 0, 0, 0, 0, 0x39]),
            Self::Emrtd => Some(&[0xA0, 0, 0, 0x02, 0x47, 0x10, 0x01]),
        }
    }
}

/// A file of the travel document by its name: EF.CardAccess of the master file, the others of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentFile {
    /// EF.CardAccess: what PACE the document offers.
    CardAccess,
    /// EF.COM: version and list of the data groups.
    Com,
    /// EF.SOD: the document's security object.
    Sod,
    /// EF.CVCA: who certifies terminals.
    Cvca,
    /// EF.DG1 to EF.DG16.
    DataGroup(u8),
}

impl std::str::FromStr for DocumentFile {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let group = || {
            text.strip_prefix("dg")
                .and_then(|number| number.parse().ok())
        };
        match text {
            "card_access" => Ok(Self::CardAccess),
            "com" => Ok(Self::Com),
            "sod" => Ok(Self::Sod),
            "cvca" => Ok(Self::Cvca),
            _ => group()
                .filter(|number| (1..=16).contains(number))
                .map(Self::DataGroup)
                .ok_or_else(|| {
                    format!(
                        "\"{text}\" is neither card_access, com, sod, cvca nor one of dg1 to dg16"
                    )
                }),
        }
    }
}

impl std::fmt::Display for DocumentFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CardAccess => f.write_str("EF.CardAccess"),
            Self::Com => f.write_str("EF.COM"),
            Self::Sod => f.write_str("EF.SOD"),
            Self::Cvca => f.write_str("EF.CVCA"),
            Self::DataGroup(number) => write!(f, "EF.DG{number}"),
        }
    }
}

text_type!(
    DocumentFile,
    "card_access, com, sod, cvca or one of dg1 to dg16",
    "^(card_access|com|sod|cvca|dg([1-9]|1[0-6]))$",
    "A file of the travel document: card_access, com, sod, cvca, dg1 to dg16."
);

/// A reference to a code: by name, or the byte itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// One of the card's codes.
    Code(CodeName),
    /// Any reference byte.
    Raw(u8),
}

impl Reference {
    /// The byte in P2.
    pub fn byte(self) -> u8 {
        match self {
            Self::Code(code) => code.reference(),
            Self::Raw(byte) => byte,
        }
    }

    /// The code behind the reference, also when it was written as a byte.
    pub fn code(self) -> Option<CodeName> {
        match self.byte() {
            0x81 => Some(CodeName::Pin),
            0x82 => Some(CodeName::Puk),
            _ => None,
        }
    }
}

impl std::str::FromStr for Reference {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "pin" => Ok(Self::Code(CodeName::Pin)),
            "puk" => Ok(Self::Code(CodeName::Puk)),
            _ => text
                .parse::<HexByte>()
                .map(|byte| Self::Raw(byte.0))
                .map_err(|_| format!("\"{text}\" is neither pin, puk nor a byte in hex")),
        }
    }
}

text_type!(
    Reference,
    "pin, puk or a reference byte in hex",
    "^(pin|puk|[0-9A-Fa-f]{2})$",
    "pin, puk, or the reference byte in hex, quoted."
);

/// A reference to a key of the CIE directory: by role, or the byte itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyReference {
    /// 81, the holder's authentication and signature key; needs the PIN.
    Sign,
    /// 82, the key of device authentication.
    Device,
    /// 83, the services key; free.
    Services,
    /// 84, the public key of the terminals' certification authority.
    CertificationAuthority,
    /// 81 in the key agreement template: the domain parameters.
    DomainParameters,
    /// Any reference byte.
    Raw(u8),
}

impl KeyReference {
    /// The byte in data objects 83 and 84.
    pub fn byte(self) -> u8 {
        match self {
            Self::Sign | Self::DomainParameters => 0x81,
            Self::Device => 0x82,
            Self::Services => 0x83,
            Self::CertificationAuthority => 0x84,
            Self::Raw(byte) => byte,
        }
    }
}

impl std::str::FromStr for KeyReference {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sign" => Ok(Self::Sign),
            "device" => Ok(Self::Device),
            "services" => Ok(Self::Services),
            "ca" => Ok(Self::CertificationAuthority),
            "domain_parameters" => Ok(Self::DomainParameters),
            _ => text.parse::<HexByte>().map(|byte| Self::Raw(byte.0)).map_err(|_| {
                format!("\"{text}\" is neither sign, device, services, ca, domain_parameters nor a byte in hex")
            }),
        }
    }
}

text_type!(
    KeyReference,
    "sign, device, services, ca, domain_parameters or a reference byte in hex",
    "^(sign|device|services|ca|domain_parameters|[0-9A-Fa-f]{2})$",
    "sign (81), device (82), services (83), ca (84), domain_parameters (81), or the reference byte in hex, quoted."
);

/// The public data objects of the CIE directory, read with GET DATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataObject {
    /// Generator, prime and order of the key agreement in one answer.
    DhParameters,
    /// The generator (97).
    DhGenerator,
    /// The prime (98).
    DhPrime,
    /// The order (99).
    DhOrder,
    /// The public key of the terminals' certification authority, with its CHR and CHA.
    CaPublicKey,
    /// The card's public value of the running key agreement.
    IccPublicKey,
}

/// The expected length in a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Le {
    /// No length field at all.
    None,
    /// The all-zero field: as much as there is (256, extended 65 536).
    Max,
    /// So many bytes; above 256 the command becomes an extended one.
    Exactly(u32),
}

impl<'de> Deserialize<'de> for Le {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LeVisitor;
        impl Visitor<'_> for LeVisitor {
            type Value = Le;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("none, max, or a number of bytes from 1 to 65536")
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Le, E> {
                match u32::try_from(number) {
                    Ok(number @ 1..=65_536) => Ok(Le::Exactly(number)),
                    _ => Err(E::custom(format!(
                        "{number} bytes cannot be asked for: 1 to 65536, none or max"
                    ))),
                }
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Le, E> {
                match text {
                    "none" => Ok(Le::None),
                    "max" => Ok(Le::Max),
                    _ => match text.parse() {
                        Ok(number) => self.visit_u64(number),
                        Err(_) => Err(E::custom(format!(
                            "\"{text}\" is neither none, max nor a number of bytes"
                        ))),
                    },
                }
            }
        }
        deserializer.deserialize_any(LeVisitor)
    }
}

impl schemars::JsonSchema for Le {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Le".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Expected length: none (no field), max (the all-zero field), or a number of bytes.",
            "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 65536 }, { "enum": ["none", "max"] }]
        })
    }
}

/// A hash algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The data objects of secure messaging (ISO/IEC 7816-4:2020 §10.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecureMessagingObject {
    /// 85: cryptogram without padding indicator, for odd instructions.
    Cryptogram85,
    /// 87: cryptogram with padding indicator.
    Cryptogram87,
    /// 97: expected length.
    ExpectedLength,
    /// 8E: the MAC.
    Mac,
}

impl SecureMessagingObject {
    /// Its tag.
    pub fn tag(self) -> u8 {
        match self {
            Self::Cryptogram85 => 0x85,
            Self::Cryptogram87 => 0x87,
            Self::ExpectedLength => 0x97,
            Self::Mac => 0x8E,
        }
    }
}

impl std::str::FromStr for SecureMessagingObject {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "85" => Ok(Self::Cryptogram85),
            "87" => Ok(Self::Cryptogram87),
            "97" => Ok(Self::ExpectedLength),
            "8E" | "8e" => Ok(Self::Mac),
            _ => Err(format!(
                "\"{text}\" is no data object of a protected command: \"85\", \"87\", \"97\" or \"8E\""
            )),
        }
    }
}

text_type!(
    SecureMessagingObject,
    "a data object of a protected command: \"85\", \"87\", \"97\" or \"8E\"",
    "^(85|87|97|8E)$",
    "Tag of a data object of a protected command."
);
