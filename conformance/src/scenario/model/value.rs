//! Values of steps and expectations: bytes and where they come from, codes, references to files, keys and applications.
//! What a value really is (the right PIN, a captured challenge) is known only when the step runs; here it has a name.

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::scenario::model::shorthand::text_or_choice;
use crate::scenario::problem::nearest;
use crate::scenario::text::{BytePattern, FileId, HexByte, HexBytes, text_type};

/// Bytes to send or to expect. Written as hex, or as one function: `{text: "AB"}`, `{captured: challenge}`, …
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BytesFunction")]
enum BytesFunction {
    /// The bytes in hex.
    Hex(HexBytes),
    /// The bytes of a text, UTF-8.
    Text(String),
    /// The value of a code now in force: as personalised, or as the scenario last set it. On a reader: the lab's secret.
    Right(CodeName),
    /// A value that differs from the right one in one digit; derived, never guessed.
    Wrong(CodeName),
    /// The value of a code as it was personalised.
    Original(CodeName),
    /// The first four digits of the code now in force.
    FirstHalf(CodeName),
    /// The last four digits of the code now in force.
    SecondHalf(CodeName),
    /// What an earlier step captured under this name.
    Captured(String),
    /// A datum of the persona on the card.
    Persona(PersonaField),
    /// The content of a file as it was personalised.
    File(FileId),
    /// So many bytes from the run's seed.
    Random(u32),
    /// One byte, repeated.
    Fill(Fill),
    /// Several values, one after the other.
    Concat(Vec<Bytes>),
}

/// Bytes to send or to expect: hex, or a function of what is known when the step runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Bytes {
    /// Given bytes (from hex or text).
    Given(Vec<u8>),
    /// The code now in force.
    Right(CodeName),
    /// The code now in force with one digit changed.
    Wrong(CodeName),
    /// The code as personalised.
    Original(CodeName),
    /// First four digits of the code now in force.
    FirstHalf(CodeName),
    /// Last four digits of the code now in force.
    SecondHalf(CodeName),
    /// A capture by name.
    Captured(String),
    /// A datum of the persona.
    Persona(PersonaField),
    /// A file's content as personalised.
    File(FileId),
    /// So many bytes drawn from the run's seed.
    Random(u32),
    /// One byte repeated.
    Fill(Fill),
    /// Values one after the other.
    Concat(Vec<Self>),
}

impl From<BytesFunction> for Bytes {
    fn from(function: BytesFunction) -> Self {
        match function {
            BytesFunction::Hex(bytes) => Self::Given(bytes.0),
            BytesFunction::Text(text) => Self::Given(text.into_bytes()),
            BytesFunction::Right(code) => Self::Right(code),
            BytesFunction::Wrong(code) => Self::Wrong(code),
            BytesFunction::Original(code) => Self::Original(code),
            BytesFunction::FirstHalf(code) => Self::FirstHalf(code),
            BytesFunction::SecondHalf(code) => Self::SecondHalf(code),
            BytesFunction::Captured(name) => Self::Captured(name),
            BytesFunction::Persona(field) => Self::Persona(field),
            BytesFunction::File(file) => Self::File(file),
            BytesFunction::Random(length) => Self::Random(length),
            BytesFunction::Fill(fill) => Self::Fill(fill),
            BytesFunction::Concat(parts) => Self::Concat(parts),
        }
    }
}

text_or_choice!(
    Bytes,
    "Bytes",
    "bytes in hex, or a function such as {text: \"AB\"}, {captured: name}, {random: 8}",
    BytesFunction,
    |text| { text.parse::<HexBytes>().map(|bytes| Self::Given(bytes.0)) }
);

impl Bytes {
    /// The names of captures the value needs.
    pub fn captures(&self) -> Vec<&str> {
        match self {
            Self::Captured(name) => vec![name],
            Self::Concat(parts) => parts.iter().flat_map(Self::captures).collect(),
            Self::Given(_)
            | Self::Right(_)
            | Self::Wrong(_)
            | Self::Original(_)
            | Self::FirstHalf(_)
            | Self::SecondHalf(_) => Vec::new(),
            Self::Persona(_) | Self::File(_) | Self::Random(_) | Self::Fill(_) => Vec::new(),
        }
    }
}

/// One byte, repeated.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// The byte.
    pub byte: HexByte,
    /// How often.
    pub length: u32,
}

/// Bytes to expect: a pattern in hex, or a function as for bytes to send.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Hex with `?` for a digit and `..` for any bytes.
    Pattern(BytePattern),
    /// Exactly these bytes.
    Exactly(Bytes),
}

impl From<BytesFunction> for Data {
    fn from(function: BytesFunction) -> Self {
        Self::Exactly(function.into())
    }
}

impl Data {
    /// The names of captures the value needs.
    pub fn captures(&self) -> Vec<&str> {
        match self {
            Self::Pattern(_) => Vec::new(),
            Self::Exactly(bytes) => bytes.captures(),
        }
    }
}

text_or_choice!(
    Data,
    "Data",
    "a pattern in hex (`?` a digit, `..` any bytes), or a function such as {persona: nis}",
    BytesFunction,
    |text| { text.parse().map(Self::Pattern) }
);

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

/// The data of a code command.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeValue {
    /// The value now in force: as personalised, or as the scenario last set it.
    Right,
    /// The value now in force with one digit changed.
    Wrong,
    /// The value as personalised.
    Original,
    /// No data at all.
    None,
    /// Literal digits.
    Digits(String),
    /// Any other bytes.
    Bytes(Bytes),
}

impl From<BytesFunction> for CodeValue {
    fn from(function: BytesFunction) -> Self {
        Self::Bytes(function.into())
    }
}

text_or_choice!(
    CodeValue,
    "CodeValue",
    "right, wrong, original, none, digits in quotes, or a function such as {text: \"1234\"}",
    BytesFunction,
    |text| {
        match text {
            "right" => Ok(Self::Right),
            "wrong" => Ok(Self::Wrong),
            "original" => Ok(Self::Original),
            "none" => Ok(Self::None),
            _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self::Digits(text.to_owned()))
            }
            _ => Err(
                match nearest(text, ["right", "wrong", "original", "none"]) {
                    Some(meant) => format!(
                        "\"{text}\" is neither a code nor a name of one: did you mean {meant}?"
                    ),
                    None => format!(
                        "\"{text}\" is neither right, wrong, original, none nor digits; other characters go into {{text: \"{text}\"}}"
                    ),
                },
            ),
        }
    }
);

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
