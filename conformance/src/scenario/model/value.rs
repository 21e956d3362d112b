//! Values of steps and expectations: bytes and where they come from, codes, references to files, keys and applications.
//! What a value really is (the right PIN, a captured challenge) is known only when the step runs; here it has a name.

use serde::Deserialize;

use super::reference::{CodeName, DocumentFile, PersonaField};
use crate::scenario::model::shorthand::text_or_choice;
use crate::scenario::problem::nearest;
use crate::scenario::text::{BytePattern, FileId, HexByte, HexBytes};

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
    /// The value that the issuer gave back in this case.
    Recovered(CodeName),
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
    /// The content of a file of the travel document as it was personalised.
    DocumentFile(DocumentFile),
    /// So many bytes from the run's seed.
    Random(u32),
    /// One byte, repeated.
    Fill(Fill),
    /// Several values, one after the other.
    Concat(Vec<Bytes>),
    /// The hex digits of a value as text, in capitals.
    HexText(Box<Bytes>),
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
    /// The code as the issuer gave it back.
    Recovered(CodeName),
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
    /// A file of the travel document as personalised.
    DocumentFile(DocumentFile),
    /// So many bytes drawn from the run's seed.
    Random(u32),
    /// One byte repeated.
    Fill(Fill),
    /// Values one after the other.
    Concat(Vec<Self>),
    /// The hex digits of a value as text, in capitals.
    HexText(Box<Self>),
}

impl From<BytesFunction> for Bytes {
    fn from(function: BytesFunction) -> Self {
        match function {
            BytesFunction::Hex(bytes) => Self::Given(bytes.0),
            BytesFunction::Text(text) => Self::Given(text.into_bytes()),
            BytesFunction::Right(code) => Self::Right(code),
            BytesFunction::Wrong(code) => Self::Wrong(code),
            BytesFunction::Original(code) => Self::Original(code),
            BytesFunction::Recovered(code) => Self::Recovered(code),
            BytesFunction::FirstHalf(code) => Self::FirstHalf(code),
            BytesFunction::SecondHalf(code) => Self::SecondHalf(code),
            BytesFunction::Captured(name) => Self::Captured(name),
            BytesFunction::Persona(field) => Self::Persona(field),
            BytesFunction::File(file) => Self::File(file),
            BytesFunction::DocumentFile(file) => Self::DocumentFile(file),
            BytesFunction::Random(length) => Self::Random(length),
            BytesFunction::Fill(fill) => Self::Fill(fill),
            BytesFunction::Concat(parts) => Self::Concat(parts),
            BytesFunction::HexText(bytes) => Self::HexText(bytes),
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
            Self::HexText(bytes) => bytes.captures(),
            Self::Given(_)
            | Self::Right(_)
            | Self::Wrong(_)
            | Self::Original(_)
            | Self::Recovered(_)
            | Self::FirstHalf(_)
            | Self::SecondHalf(_) => Vec::new(),
            Self::Persona(_) | Self::File(_) | Self::DocumentFile(_) => Vec::new(),
            Self::Random(_) | Self::Fill(_) => Vec::new(),
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
