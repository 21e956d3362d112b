//! The small languages inside strings: hex, file ids, status words and their masks, byte patterns, numbers with a
//! comparison, durations. Each is parsed once, at load, into a type that cannot be wrong, and prints as it was written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

use super::decode::TEXT_OR_MORE;

/// Makes a type with [`FromStr`] readable from a text in a scenario, with a pattern for editors.
macro_rules! text_type {
    ($type:ident, $wanted:literal, $pattern:literal, $doc:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextVisitor;
                impl Visitor<'_> for TextVisitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($wanted)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(TextVisitor)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $doc })
            }
        }
    };
}
pub(crate) use text_type;

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
        hex::decode(&digits)
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.0))
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

/// A status word, or all those that agree in the digits that are not `?`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusMask {
    /// The digits given; zero where there is a `?`.
    pub value: u16,
    /// F where a digit is given, zero where there is a `?`.
    pub mask: u16,
}

impl StatusMask {
    /// True when the status word agrees in every given digit.
    pub fn matches(self, status: u16) -> bool {
        status & self.mask == self.value
    }
}

impl FromStr for StatusMask {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "\"{text}\" is not a status word: four hex digits, `?` for any digit (\"9000\", \"63C?\")"
            )
        };
        if text.len() != 4 {
            return Err(bad());
        }
        let mut status = Self { value: 0, mask: 0 };
        for digit in text.chars() {
            let (value, mask) = match digit {
                '?' => (0, 0),
                _ => (digit.to_digit(16).ok_or_else(bad)?, 0xF),
            };
            status.value = status.value << 4 | u16::try_from(value).map_err(|_| bad())?;
            status.mask = status.mask << 4 | mask;
        }
        Ok(status)
    }
}

impl fmt::Display for StatusMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |shift: u32| {
            let given = self.mask >> shift & 0xF == 0xF;
            let digit = char::from_digit(u32::from(self.value >> shift & 0xF), 16).unwrap_or('?');
            if given {
                digit.to_ascii_uppercase()
            } else {
                '?'
            }
        };
        [12, 8, 4, 0]
            .iter()
            .try_for_each(|shift| write!(f, "{}", digit(*shift)))
    }
}

impl fmt::Debug for StatusMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// One part of a [`BytePattern`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PatternPart {
    /// One byte: its value in the given digits, and F in the mask where a digit is given.
    Byte {
        /// The digits given; zero where there is a `?`.
        value: u8,
        /// F where a digit is given.
        mask: u8,
    },
    /// `..`: any number of bytes, also none.
    Any,
}

/// Bytes in hex where `?` stands for any digit and `..` for any bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BytePattern(pub Vec<PatternPart>);

text_type!(
    BytePattern,
    "bytes in hex, with `?` for a digit and `..` for any bytes",
    "^(([0-9A-Fa-f?]{2}|\\.\\.) ?)*$",
    "Bytes in hex, quoted; `?` is any digit, `..` any number of bytes."
);

impl BytePattern {
    /// True when the bytes fit from the first to the last.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        // Greedy matching with one point to come back to: the last `..` seen and how much it has taken.
        let (mut part, mut at) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(part), bytes.get(at)) {
                (Some(PatternPart::Any), _) => {
                    retry = Some((part + 1, at));
                    part += 1;
                    continue;
                }
                (Some(PatternPart::Byte { value, mask }), Some(byte)) if byte & mask == *value => {
                    part += 1;
                    at += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            match retry {
                Some((after, taken)) if taken < bytes.len() => {
                    retry = Some((after, taken + 1));
                    part = after;
                    at = taken + 1;
                }
                _ => return false,
            }
        }
    }
}

impl FromStr for BytePattern {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let symbols: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
        let bad = |pair: &[char]| {
            let pair: String = pair.iter().collect();
            format!(
                "\"{text}\" is not a byte pattern: \"{pair}\" is neither two digits (`?` for any) nor `..`"
            )
        };
        symbols
            .chunks(2)
            .map(|pair| match pair {
                ['.', '.'] => Ok(PatternPart::Any),
                [high, low] => {
                    let digit = |c: &char| {
                        if *c == '?' {
                            Some((0, 0))
                        } else {
                            c.to_digit(16).map(|digit| (digit, 0xF))
                        }
                    };
                    let ((high, high_mask), (low, low_mask)) =
                        digit(high).zip(digit(low)).ok_or_else(|| bad(pair))?;
                    let byte =
                        |high: u32, low: u32| u8::try_from(high << 4 | low).unwrap_or_default();
                    Ok(PatternPart::Byte {
                        value: byte(high, low),
                        mask: byte(high_mask, low_mask),
                    })
                }
                _ => Err(bad(pair)),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for BytePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |value: u8, mask: u8| match mask {
            0xF => char::from_digit(u32::from(value), 16)
                .unwrap_or('?')
                .to_ascii_uppercase(),
            _ => '?',
        };
        self.0.iter().try_for_each(|part| match part {
            PatternPart::Any => f.write_str(".."),
            PatternPart::Byte { value, mask } => write!(
                f,
                "{}{}",
                digit(value >> 4, mask >> 4),
                digit(value & 0xF, mask & 0xF)
            ),
        })
    }
}

impl fmt::Debug for BytePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A number, or a comparison with one: `3`, `">=2"`, `"<256"`, `"2..5"` (both ends count).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
    /// Smallest value allowed.
    pub min: u64,
    /// Largest value allowed.
    pub max: u64,
}

impl Bound {
    /// True when the number lies between the ends, both included.
    pub fn contains(self, number: u64) -> bool {
        (self.min..=self.max).contains(&number)
    }
}

impl FromStr for Bound {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "\"{text}\" is not a number or a comparison such as \">=2\", \"<256\", \"2..5\""
            )
        };
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| bad());
        let bound = if let Some(rest) = text.strip_prefix(">=") {
            Self {
                min: number(rest)?,
                max: u64::MAX,
            }
        } else if let Some(rest) = text.strip_prefix("<=") {
            Self {
                min: 0,
                max: number(rest)?,
            }
        } else if let Some(rest) = text.strip_prefix('>') {
            Self {
                min: number(rest)?.checked_add(1).ok_or_else(bad)?,
                max: u64::MAX,
            }
        } else if let Some(rest) = text.strip_prefix('<') {
            Self {
                min: 0,
                max: number(rest)?.checked_sub(1).ok_or_else(bad)?,
            }
        } else if let Some((low, high)) = text.split_once("..") {
            Self {
                min: number(low)?,
                max: number(high)?,
            }
        } else {
            let exact = number(text)?;
            Self {
                min: exact,
                max: exact,
            }
        };
        if bound.min > bound.max {
            Err(format!("\"{text}\" allows no number at all"))
        } else {
            Ok(bound)
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, max) if min == max => write!(f, "{min}"),
            (min, u64::MAX) => write!(f, "at least {min}"),
            (0, max) => write!(f, "at most {max}"),
            (min, max) => write!(f, "{min} to {max}"),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BoundVisitor;
        impl Visitor<'_> for BoundVisitor {
            type Value = Bound;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a comparison such as \">=2\"")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Bound, E> {
                Ok(Bound {
                    min: number,
                    max: number,
                })
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bound, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(BoundVisitor)
    }
}

impl schemars::JsonSchema for Bound {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bound".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number, or a comparison: \">=2\", \"<256\", \"2..5\".",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^(>=|<=|>|<)? ?[0-9]+$|^[0-9]+\\.\\.[0-9]+$" }]
        })
    }
}

/// A duration with its unit: `"200ms"`, `"2s"`, `"1min"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(pub Duration);

text_type!(
    Time,
    "a duration such as \"200ms\"",
    "^[0-9]+ ?(us|ms|s|min|h)$",
    "A duration with its unit: \"200ms\", \"2s\", \"1min\"."
);

impl FromStr for Time {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "\"{text}\" is not a duration: a whole number and one of us, ms, s, min, h (\"200ms\")"
            )
        };
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (number, unit) = text.split_at(digits);
        let number: u32 = number.parse().map_err(|_| bad())?;
        let unit = match unit.trim() {
            "us" => Duration::from_micros(1),
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "min" => Duration::from_secs(60),
            "h" => Duration::from_secs(3600),
            _ => return Err(bad()),
        };
        Ok(Self(unit * number))
    }
}

/// Reads a list, or a single value as a list of one.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(
    deserializer: D,
    wanted: &'static str,
) -> Result<Vec<T>, D::Error> {
    struct ManyVisitor<T>(&'static str, std::marker::PhantomData<T>);
    impl<'de, T: FromStr<Err = String>> Visitor<'de> for ManyVisitor<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            text.parse().map(|value| vec![value]).map_err(E::custom)
        }
        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Vec<T>, D::Error> {
            deserializer.deserialize_any(self)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) =
                items.next_element_seed(Item(self.0, std::marker::PhantomData))?
            {
                list.push(item);
            }
            if list.is_empty() {
                Err(A::Error::custom("an empty list can never be met"))
            } else {
                Ok(list)
            }
        }
    }
    struct Item<T>(&'static str, std::marker::PhantomData<T>);
    impl<'de, T: FromStr<Err = String>> serde::de::DeserializeSeed<'de> for Item<T> {
        type Value = T;
        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
            deserializer.deserialize_str(self)
        }
    }
    impl<T: FromStr<Err = String>> Visitor<'_> for Item<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer
        .deserialize_newtype_struct(TEXT_OR_MORE, ManyVisitor(wanted, std::marker::PhantomData))
}
