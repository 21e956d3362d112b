//! Bytes in hex, and the two lengths that have a meaning of their own: one byte, and the two of a file identifier.

use std::fmt;
use std::str::FromStr;

use super::text_type;

/// Bytes written as hex digits; single spaces between groups are allowed.
#[derive(Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct HexBytes(pub Vec<u8>);

text_type!(
    HexBytes,
    "bytes in hex such as \"A0000000\"",
    "^([0-9A-Fa-f]{2} ?)*$",
    "Bytes in hex, quoted: \"00A4 0000\"."
);

impl FromStr for HexBytes {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        if let Some(odd) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(format!("\"{text}\" is not hex: '{odd}' is no hex digit"));
        }
        if !digits.len().is_multiple_of(2) {
            return Err(format!(
                "\"{text}\" has {} hex digits: bytes need an even number",
                digits.len()
            ));
        }
        ::hex::decode(&digits)
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&::hex::encode_upper(&self.0))
    }
}

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// One byte as two hex digits: a class, an instruction, a parameter, a reference, a tag of a secure messaging object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HexByte(pub u8);

text_type!(
    HexByte,
    "one byte in hex such as \"0C\"",
    "^[0-9A-Fa-f]{2}$",
    "One byte: two hex digits, quoted."
);

impl FromStr for HexByte {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text
            .parse::<HexBytes>()
            .as_ref()
            .map(|bytes| bytes.0.as_slice())
        {
            Ok([byte]) => Ok(Self(*byte)),
            _ => Err(format!(
                "\"{text}\" is not one byte: two hex digits are wanted"
            )),
        }
    }
}

impl fmt::Display for HexByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

impl fmt::Debug for HexByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A file identifier, two bytes (ISO/IEC 7816-4:2020 §7.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u16);

text_type!(
    FileId,
    "a file identifier such as \"1001\"",
    "^[0-9A-Fa-f]{4}$",
    "A file identifier: four hex digits, quoted."
);

impl FromStr for FileId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text
            .parse::<HexBytes>()
            .as_ref()
            .map(|bytes| bytes.0.as_slice())
        {
            Ok([high, low]) => Ok(Self(u16::from_be_bytes([*high, *low]))),
            _ => Err(format!(
                "\"{text}\" is not a file identifier: four hex digits are wanted"
            )),
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
