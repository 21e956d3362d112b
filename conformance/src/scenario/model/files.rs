//! Commands as such, selection, and reading. Every verb has a way to say the bytes themselves (`p1`, `p2`, `le`, `data`),
//! because a judge must also be able to send what no client would.

use serde::Deserialize;

use super::reference::{Application, DataObject, Le};
use super::shorthand::text_or_fields;
use super::value::Bytes;
use crate::scenario::text::{FileId, HexByte, HexBytes};

/// A command as it goes over the line: hex, or its fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Apdu {
    /// The bytes.
    Raw(Vec<u8>),
    /// The fields.
    Fields(ApduFields),
}

text_or_fields!(
    Apdu,
    "Apdu",
    "a command in hex, or its fields {cla, ins, p1, p2, data, le}",
    ApduFields,
    |text| {
        let bytes: HexBytes = text.parse()?;
        if bytes.0.len() < 4 {
            Err(
                "a command has at least four bytes; what is no command goes under `bytes`"
                    .to_owned(),
            )
        } else {
            Ok(Self::Raw(bytes.0))
        }
    }
);

impl From<ApduFields> for Apdu {
    fn from(fields: ApduFields) -> Self {
        Self::Fields(fields)
    }
}

/// The fields of a command (ISO/IEC 7816-4:2020 §5.2).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApduFields {
    /// Class; "00" when absent.
    pub cla: Option<HexByte>,
    /// Instruction.
    pub ins: HexByte,
    /// First parameter; "00" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "00" when absent.
    pub p2: Option<HexByte>,
    /// Command data.
    pub data: Option<Bytes>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
    /// Use the extended form even when the short one would do.
    #[serde(default)]
    pub extended: bool,
    /// Split into a chain with links of at most so many data bytes.
    pub chain: Option<u32>,
}

/// SELECT (ISO/IEC 7816-4:2020 §11).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Select {
    /// The application, in the dialect of the chip when it has one.
    pub application: Option<Application>,
    /// An elementary file of the current directory.
    pub file: Option<FileId>,
    /// An application identifier, also a partial or an unknown one.
    pub aid: Option<HexBytes>,
    /// First parameter instead of the one that fits.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the one that fits.
    pub p2: Option<HexByte>,
    /// Expected length instead of none.
    pub le: Option<Le>,
    /// Command data instead of those that fit.
    pub data: Option<Bytes>,
}

/// The long form of `select`.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SelectFields {
    /// The application: mf, ias, cie or emrtd.
    application: Option<Application>,
    /// An elementary file of the current directory.
    file: Option<FileId>,
    /// An application identifier, also a partial or an unknown one.
    aid: Option<HexBytes>,
    /// First parameter instead of the one that fits.
    p1: Option<HexByte>,
    /// Second parameter instead of the one that fits.
    p2: Option<HexByte>,
    /// Expected length instead of none.
    le: Option<Le>,
    /// Command data instead of those that fit.
    data: Option<Bytes>,
}

impl From<SelectFields> for Select {
    fn from(f: SelectFields) -> Self {
        Self {
            application: f.application,
            file: f.file,
            aid: f.aid,
            p1: f.p1,
            p2: f.p2,
            le: f.le,
            data: f.data,
        }
    }
}

text_or_fields!(
    Select,
    "Select",
    "mf, ias, cie, emrtd, a file identifier, or fields such as {aid: \"A000\"}",
    SelectFields,
    |text| {
        let application = match text {
            "mf" => Some(Application::Mf),
            "ias" => Some(Application::Ias),
            "cie" => Some(Application::Cie),
            "emrtd" => Some(Application::Emrtd),
            _ => None,
        };
        let file = if application.is_none() {
            Some(text.parse().map_err(|_| {
                format!("\"{text}\" is neither mf, ias, cie, emrtd nor a file identifier")
            })?)
        } else {
            None
        };
        Ok(Self {
            application,
            file,
            ..Self::default()
        })
    }
);

/// READ BINARY (ISO/IEC 7816-4:2020 §11). Without `file` and `sfi` it reads the current file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadBinary {
    /// Select this file first.
    pub file: Option<FileId>,
    /// Short file identifier in P1 (even instruction) or P2 (odd instruction).
    pub sfi: Option<HexByte>,
    /// Offset of the first byte.
    pub offset: u32,
    /// How many bytes to ask for; all there is when absent.
    pub length: Option<u32>,
    /// Use instruction B1 with the offset in data object 54.
    pub odd: bool,
    /// First parameter instead of the one that fits.
    pub p1: Option<HexByte>,
    /// Second parameter instead of the one that fits.
    pub p2: Option<HexByte>,
    /// Expected length field instead of the one that fits.
    pub le: Option<Le>,
    /// Command data instead of those that fit.
    pub data: Option<Bytes>,
}

/// Selects a file and reads it from the first byte to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadFile {
    /// The file.
    pub file: FileId,
    /// Read by this short identifier instead of selecting.
    pub sfi: Option<HexByte>,
    /// Select this application first.
    pub application: Option<Application>,
    /// Bytes to ask for in each command; 128 when absent.
    pub chunk: Option<u32>,
}

/// The long form of `read_file`.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadFileFields {
    /// The file.
    file: FileId,
    /// Read by this short identifier instead of selecting.
    sfi: Option<HexByte>,
    /// Select this application first.
    application: Option<Application>,
    /// Bytes to ask for in each command; 128 when absent.
    chunk: Option<u32>,
}

impl From<ReadFileFields> for ReadFile {
    fn from(f: ReadFileFields) -> Self {
        Self {
            file: f.file,
            sfi: f.sfi,
            application: f.application,
            chunk: f.chunk,
        }
    }
}

text_or_fields!(
    ReadFile,
    "ReadFile",
    "a file identifier, or fields such as {file: \"1001\", chunk: 128}",
    ReadFileFields,
    |text| {
        Ok(Self {
            file: text.parse()?,
            sfi: None,
            application: None,
            chunk: None,
        })
    }
);

/// GET DATA (ISO/IEC 7816-4:2020 §11): a public object by name, or the request itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GetData {
    /// A public object of the CIE directory.
    pub object: Option<DataObject>,
    /// The request (an extended header list) instead of the one that fits.
    pub request: Option<Bytes>,
    /// Instruction; "CB" when absent.
    pub ins: Option<HexByte>,
    /// First parameter; "3F" when absent.
    pub p1: Option<HexByte>,
    /// Second parameter; "FF" when absent.
    pub p2: Option<HexByte>,
    /// Expected length; no field when absent.
    pub le: Option<Le>,
}
