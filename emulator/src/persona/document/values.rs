//! What a persona chooses for its travel document, as types that cannot hold anything else: the card access number, addresses,
//! protocols, the generation of the security object. Only values; nothing here builds a file.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::transliteration::transliterate;
use crate::persona::error::ValueError;

/// The card access number printed on the front of the card: six digits (ICAO 9303-11 §9.7.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Can([u8; 6]);

impl Can {
    /// The digits, ASCII.
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Can {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match <[u8; 6]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => Ok(Self(digits)),
            _ => Err(ValueError::Can(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Can {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl fmt::Display for Can {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Can {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Can(..)")
    }
}

/// Abbreviation of a province, two letters, e.g. `RM`; `EE` stands for places abroad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Province([u8; 2]);

impl Province {
    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Province {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match <[u8; 2]>::try_from(text.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => Err(ValueError::Province(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Province {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl fmt::Display for Province {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A line of an address, or the name of an office: 1 to 60 characters in upper case: Latin letters, digits, single spaces,
/// and `' - . , / `. Never `<`, which separates the lines in a data group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct AddressLine(String);

impl AddressLine {
    /// The text, in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AddressLine {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let line = text.to_uppercase();
        let allowed =
            |it: char| it.is_ascii_digit() || " '-.,/".contains(it) || transliterate(it).is_some();
        let spaced = line.starts_with(' ') || line.ends_with(' ') || line.contains("  ");
        if (1..=60).contains(&line.chars().count()) && line.chars().all(allowed) && !spaced {
            Ok(Self(line))
        } else {
            Err(ValueError::AddressLine(text.to_owned()))
        }
    }
}

impl TryFrom<String> for AddressLine {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl fmt::Display for AddressLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the holder lives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residence {
    /// Street and number.
    pub street: AddressLine,
    /// Municipality.
    pub city: AddressLine,
    /// Its province.
    pub province: Province,
}

/// Which protocols the document speaks. BAC and Terminal Authentication belong to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocols {
    /// As read from identity cards: PACE with DH generic mapping and 3DES in the 2048-bit group of RFC 5114 §2.3, Chip
    /// Authentication with DH and 3DES in the same group.
    Cie,
    /// PACE with ECDH generic mapping and AES-128 on brainpoolP256r1, Chip Authentication with ECDH and AES-128 there.
    Modern,
    /// Not a CIE: as `modern`, with an RSA key for Active Authentication (EF.DG15).
    ActiveRsa,
    /// Not a CIE: as `modern`, with a P-256 key for Active Authentication (EF.DG15).
    ActiveEcdsa,
}

/// How the document's security object is hashed and signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentSod {
    /// First generation: SHA-1, RSASSA-PKCS1-v1_5.
    Sha1,
    /// SHA-256, RSASSA-PKCS1-v1_5.
    Sha256,
    /// SHA-256, RSASSA-PSS with a salt of 32 bytes.
    Pss,
}

/// What EF.DG3 holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fingerprints {
    /// Two drawn fingers.
    Two,
    /// The file is there and says that it holds no finger.
    Zero,
    /// There is no EF.DG3.
    Absent,
}

/// Whose signature the security object carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signer {
    /// A document signer in good standing.
    Current,
    /// The one on the country's revocation list.
    Revoked,
}

/// The travel document of a persona.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentOptions {
    /// Number on the front that opens PACE.
    pub can: Can,
    /// Which protocols the document speaks.
    pub protocols: Protocols,
    /// How its security object is made.
    pub sod: DocumentSod,
    /// Who signed it.
    pub signer: Signer,
    /// Whether EF.COM lists EF.DG3, which only authenticated terminals can read. One official reader insists on it; others
    /// try to read whatever is listed.
    pub com_lists_dg3: bool,
    /// What EF.DG3 holds.
    pub fingerprints: Fingerprints,
    /// Issuing office, as in EF.DG12.
    pub authority: AddressLine,
    /// A data group of the document whose digest in the security object is deliberately wrong.
    pub wrong_hash_of: Option<u8>,
}

impl DocumentOptions {
    /// Numbers of the data groups that the document has, in ascending order.
    pub fn data_groups(&self) -> Vec<u8> {
        let fingerprints = match self.fingerprints {
            Fingerprints::Two | Fingerprints::Zero => &[3][..],
            Fingerprints::Absent => &[],
        };
        let active = match self.protocols {
            Protocols::Cie | Protocols::Modern => &[][..],
            Protocols::ActiveRsa | Protocols::ActiveEcdsa => &[15],
        };
        [&[1, 2][..], fingerprints, &[11, 12, 14], active].concat()
    }
}
