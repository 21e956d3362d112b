//! Bytes of which some are known only by kind and length. As text: hexadecimal digits, and `<kind:length>` where bytes were
//! left out, so that a trace can be read, compared and sent to others although nothing personal stands in it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The longest name inside a placeholder, in characters.
const MAX_NAME: usize = 64;
/// The most bytes one string of a trace stands for: an extended APDU and its length fields, doubled.
pub const MAX_OCTETS: usize = 1 << 17;

/// What bytes were that are not in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Digits of the PIN; old and new one in CHANGE REFERENCE DATA.
    Pin,
    /// Digits of the PUK.
    Puk,
    /// Data of a command on reference data that are neither certainly PIN nor certainly PUK.
    Secret,
    /// A random number of the card.
    Challenge,
    /// Data enciphered by secure messaging.
    Cryptogram,
    /// A cryptographic checksum of secure messaging.
    Checksum,
    /// A public value of a key agreement: random, and new in each session.
    PublicValue,
    /// A signature, or a proof made with a private key.
    Signature,
    /// What was to be signed.
    Input,
    /// A certificate of a terminal, or the name of its holder.
    Terminal,
    /// Content of a file that tells about the holder or about this one card.
    Personal,
    /// Anything else that is not known to be harmless.
    Data,
}

impl Kind {
    /// All kinds with the words that stand for them in a trace.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Pin, "pin"),
        (Self::Puk, "puk"),
        (Self::Secret, "secret"),
        (Self::Challenge, "challenge"),
        (Self::Cryptogram, "cryptogram"),
        (Self::Checksum, "checksum"),
        (Self::PublicValue, "public_value"),
        (Self::Signature, "signature"),
        (Self::Input, "input"),
        (Self::Terminal, "terminal"),
        (Self::Personal, "personal"),
        (Self::Data, "data"),
    ];

    /// The word in a trace.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Puk => "puk",
            Self::Secret => "secret",
            Self::Challenge => "challenge",
            Self::Cryptogram => "cryptogram",
            Self::Checksum => "checksum",
            Self::PublicValue => "public_value",
            Self::Signature => "signature",
            Self::Input => "input",
            Self::Terminal => "terminal",
            Self::Personal => "personal",
            Self::Data => "data",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == word);
        known.map(|(kind, _)| *kind)
    }
}

/// A stretch of bytes that were left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Placeholder {
    /// What they were.
    pub kind: Kind,
    /// Where they came from, when that is known: the name of a file.
    pub name: Option<String>,
    /// How many they were, in bytes.
    pub length: usize,
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.kind.word();
        match &self.name {
            Some(name) => write!(f, "<{word}:{name}:{}>", self.length),
            None => write!(f, "<{word}:{}>", self.length),
        }
    }
}

/// A stretch of bytes, known or left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Known bytes, never none.
    Bytes(Vec<u8>),
    /// Bytes that were left out.
    Hidden(Placeholder),
}

/// Bytes, in pieces. Two neighbouring pieces are never both known, so that equal contents are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Octets {
    pieces: Vec<Piece>,
}

/// Why text is not [`Octets`]. The text itself is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OctetsError {
    /// Neither a digit nor the beginning of a placeholder.
    #[error(
        "character {column}: {found:?} is neither a hexadecimal digit nor `<`; bytes are pairs of 0-9 and A-F, what was left out is written <pin:8>"
    )]
    NotHex {
        /// Counted from 1.
        column: usize,
        /// What stands there.
        found: char,
    },
    /// A byte with one digit.
    #[error("character {column}: a byte has two digits, here is one")]
    HalfByte {
        /// Counted from 1.
        column: usize,
    },
    /// A placeholder without end, length or known kind.
    #[error(
        "character {column}: a placeholder is <kind:length> or <personal:name:length>, with one of the kinds {kinds}",
        kinds = Kind::ALL.map(|(_, word)| word).join(", ")
    )]
    Placeholder {
        /// Counted from 1.
        column: usize,
    },
    /// More than [`MAX_OCTETS`].
    #[error("it stands for more than {MAX_OCTETS} bytes, which no APDU has")]
    TooLong,
}

impl Octets {
    /// Known bytes.
    #[must_use]
    pub fn known(bytes: &[u8]) -> Self {
        let mut octets = Self::default();
        octets.push(bytes);
        octets
    }

    /// Appends known bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Bytes(last)) => last.extend_from_slice(bytes),
            Some(Piece::Hidden(_)) | None => self.pieces.push(Piece::Bytes(bytes.to_vec())),
        }
    }

    /// Appends bytes that are left out; nothing for a length of 0.
    pub fn hide(&mut self, kind: Kind, name: Option<&str>, length: usize) {
        if length > 0 {
            self.pieces.push(Piece::Hidden(Placeholder {
                kind,
                name: name.map(clean),
                length,
            }));
        }
    }

    /// Appends other octets.
    pub fn append(&mut self, other: &Self) {
        for piece in &other.pieces {
            match piece {
                Piece::Bytes(bytes) => self.push(bytes),
                Piece::Hidden(_) => self.pieces.push(piece.clone()),
            }
        }
    }

    /// The pieces, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Length in bytes, with those left out.
    #[must_use]
    pub fn len(&self) -> usize {
        let lengths = self.pieces.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Hidden(hidden) => hidden.length,
        });
        lengths.fold(0, usize::saturating_add)
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// All bytes; `None` when some were left out.
    #[must_use]
    pub fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        match self.pieces.as_slice() {
            [] => Some(Cow::Borrowed(&[])),
            [Piece::Bytes(bytes)] => Some(Cow::Borrowed(bytes)),
            _ => None,
        }
    }

    /// The bytes before the first that was left out.
    #[must_use]
    pub fn beginning(&self) -> &[u8] {
        match self.pieces.first() {
            Some(Piece::Bytes(bytes)) => bytes,
            Some(Piece::Hidden(_)) | None => &[],
        }
    }

    /// All bytes, `filler` standing for each that was left out.
    #[must_use]
    pub fn filled(&self, filler: u8) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len().min(MAX_OCTETS));
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => out.extend_from_slice(bytes),
                Piece::Hidden(hidden) => out.extend(std::iter::repeat_n(filler, hidden.length)),
            }
        }
        out
    }

    /// What was left out, in order.
    pub fn hidden(&self) -> impl Iterator<Item = &Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hidden(hidden) => Some(hidden),
            Piece::Bytes(_) => None,
        })
    }

    /// The last two bytes as they stand in a response, and what is before them; `None` when they are not there or not known.
    #[must_use]
    pub fn split_status(&self) -> Option<(Self, [u8; 2])> {
        let (last, before) = self.pieces.split_last()?;
        let Piece::Bytes(bytes) = last else {
            return None;
        };
        let (data, status) = bytes.split_last_chunk::<2>()?;
        let mut front = Self {
            pieces: before.to_vec(),
        };
        front.push(data);
        Some((front, *status))
    }
}

/// A name that can stand in a placeholder.
fn clean(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ' | '/');
    let characters = name.chars().map(|c| if allowed(c) { c } else { '_' });
    characters.take(MAX_NAME).collect()
}

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => f.write_str(&hex::encode_upper(bytes))?,
                Piece::Hidden(hidden) => hidden.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl FromStr for Octets {
    type Err = OctetsError;

    fn from_str(text: &str) -> Result<Self, OctetsError> {
        let mut octets = Self::default();
        let mut rest = text;
        let mut length = 0_usize;
        while !rest.is_empty() {
            let column = text.len().saturating_sub(rest.len()).saturating_add(1);
            if let Some(inside) = rest.strip_prefix('<') {
                let bad = OctetsError::Placeholder { column };
                let (inside, after) = inside.split_once('>').ok_or_else(|| bad.clone())?;
                let hidden = placeholder(inside).ok_or(bad)?;
                length = length.saturating_add(hidden.length);
                octets.pieces.push(Piece::Hidden(hidden));
                rest = after;
            } else {
                let end = rest.find('<').unwrap_or(rest.len());
                let (digits, after) = rest.split_at(end);
                let bytes = known(digits, column)?;
                length = length.saturating_add(bytes.len());
                octets.push(&bytes);
                rest = after;
            }
            if length > MAX_OCTETS {
                return Err(OctetsError::TooLong);
            }
        }
        Ok(octets)
    }
}

fn known(digits: &str, column: usize) -> Result<Vec<u8>, OctetsError> {
    if let Some((at, found)) = digits
        .chars()
        .enumerate()
        .find(|(_, c)| !c.is_ascii_hexdigit())
    {
        let column = column.saturating_add(at);
        return Err(OctetsError::NotHex { column, found });
    }
    hex::decode(digits).map_err(|_| OctetsError::HalfByte {
        column: column.saturating_add(digits.len().saturating_sub(1)),
    })
}

fn placeholder(inside: &str) -> Option<Placeholder> {
    let (front, length) = inside.rsplit_once(':')?;
    if !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length = length.parse().ok().filter(|length| *length > 0)?;
    let (word, name) = match front.split_once(':') {
        Some((word, name)) => (word, Some(name)),
        None => (front, None),
    };
    let kind = Kind::of_word(word)?;
    if name.is_some_and(|name| name.is_empty() || clean(name) != name) {
        return None;
    }
    Some(Placeholder {
        kind,
        name: name.map(str::to_owned),
        length,
    })
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Octets {
    fn schema_name() -> Cow<'static, str> {
        "Octets".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds = Kind::ALL.map(|(_, word)| word).join("|");
        json_schema!({
            "type": "string",
            "description": "Bytes in hexadecimal; <kind:length> or <kind:name:length> stands for bytes that were left out.",
            "pattern": format!("^([0-9A-Fa-f]{{2}}|<({kinds})(:[A-Za-z0-9._/ -]{{1,{MAX_NAME}}})?:[0-9]+>)*$"),
        })
    }
}

#[cfg(test)]
mod tests;
