//! BER-TLV data objects (ISO/IEC 8825-1 as used by ISO/IEC 7816-4:2020 §6.3): a reader that borrows, and a writer
//! whose lengths are always minimal (DER).

use core::fmt;
use thiserror::Error;

/// A tag of one to three bytes, as the number its bytes spell: `0x91`, `0x7F49`, `0xBFA101`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub u32);

impl Tag {
    /// Whether the value is itself a sequence of data objects (bit 6 of the first byte).
    #[must_use]
    pub const fn is_constructed(self) -> bool {
        let [_, b1, b2, b3] = self.0.to_be_bytes();
        let first = if b1 != 0 {
            b1
        } else if b2 != 0 {
            b2
        } else {
            b3
        };
        first & 0x20 != 0
    }

    fn emit(self, out: &mut Vec<u8>) {
        let bytes = self.0.to_be_bytes();
        let skip = bytes.iter().take_while(|b| **b == 0).count().min(3);
        out.extend(bytes.iter().skip(skip));
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = match self.0 {
            0..=0xFF => 2,
            0x100..=0xFFFF => 4,
            _ => 6,
        };
        write!(f, "{:0width$X}", self.0)
    }
}

/// Why bytes are not a BER-TLV data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TlvError {
    /// The bytes end inside a tag or a length.
    #[error("the data object is cut short inside its tag or length")]
    Truncated,
    /// A tag longer than three bytes, or one whose second byte is a leading zero.
    #[error("a tag is one to three bytes long")]
    BadTag,
    /// Indefinite length (`80`) or a length field of more than three bytes.
    #[error("lengths are definite and take one to four bytes")]
    BadLength,
    /// The length goes beyond the end of the data.
    #[error("data object {tag} says {length} bytes, {available} are there")]
    ValueTooLong {
        /// The tag of that object.
        tag: Tag,
        /// The length it claims, in bytes.
        length: usize,
        /// The bytes that follow, in bytes.
        available: usize,
    },
    /// Bytes follow where one single object was expected.
    #[error("{0} bytes follow the data object")]
    TrailingData(usize),
    /// Another object was expected here.
    #[error("data object {expected} was expected, {found} is there")]
    UnexpectedTag {
        /// The tag wanted.
        expected: Tag,
        /// The tag read.
        found: Tag,
    },
}

/// One data object, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Its tag.
    pub tag: Tag,
    /// Its value field.
    pub value: &'a [u8],
    /// The whole object exactly as received: tag, length and value.
    pub raw: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// Reads the object at the beginning of `bytes`; returns it and what follows.
    ///
    /// # Errors
    /// [`TlvError`] naming what is wrong with tag, length or value.
    pub fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), TlvError> {
        let (tag, rest) = read_tag(bytes)?;
        let (length, rest) = read_length(rest)?;
        let too_long = TlvError::ValueTooLong {
            tag,
            length,
            available: rest.len(),
        };
        let (value, rest) = rest.split_at_checked(length).ok_or(too_long)?;
        let raw_len = bytes.len().saturating_sub(rest.len());
        let raw = bytes.get(..raw_len).ok_or(TlvError::Truncated)?;
        Ok((Self { tag, value, raw }, rest))
    }

    /// Reads one object that must fill `bytes` and carry `tag`.
    ///
    /// # Errors
    /// As [`Tlv::read`], and for another tag or trailing bytes.
    pub fn read_only(bytes: &'a [u8], tag: Tag) -> Result<Self, TlvError> {
        let (tlv, rest) = Self::read(bytes)?;
        if tlv.tag != tag {
            return Err(TlvError::UnexpectedTag {
                expected: tag,
                found: tlv.tag,
            });
        }
        if !rest.is_empty() {
            return Err(TlvError::TrailingData(rest.len()));
        }
        Ok(tlv)
    }

    /// The objects inside the value field, in order. The iterator ends after the first error.
    #[must_use]
    pub const fn children(&self) -> Objects<'a> {
        Objects { rest: self.value }
    }
}

/// The objects of a byte string, one after the other.
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    rest: &'a [u8],
}

impl<'a> Objects<'a> {
    /// Over these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Tlv<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Tlv::read(self.rest) {
            Ok((tlv, rest)) => {
                self.rest = rest;
                Some(Ok(tlv))
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
        }
    }
}

fn read_tag(bytes: &[u8]) -> Result<(Tag, &[u8]), TlvError> {
    let (&first, rest) = bytes.split_first().ok_or(TlvError::Truncated)?;
    if first & 0x1F != 0x1F {
        return Ok((Tag(u32::from(first)), rest));
    }
    let (&second, rest) = rest.split_first().ok_or(TlvError::Truncated)?;
    if second & 0x7F == 0 {
        return Err(TlvError::BadTag);
    }
    if second & 0x80 == 0 {
        return Ok((Tag(u32::from_be_bytes([0, 0, first, second])), rest));
    }
    let (&third, rest) = rest.split_first().ok_or(TlvError::Truncated)?;
    if third & 0x80 != 0 {
        return Err(TlvError::BadTag);
    }
    Ok((Tag(u32::from_be_bytes([0, first, second, third])), rest))
}

fn read_length(bytes: &[u8]) -> Result<(usize, &[u8]), TlvError> {
    let (&first, rest) = bytes.split_first().ok_or(TlvError::Truncated)?;
    let count = match first {
        0..=0x7F => return Ok((usize::from(first), rest)),
        0x81..=0x83 => usize::from(first & 0x7F),
        _ => return Err(TlvError::BadLength),
    };
    let (digits, rest) = rest.split_at_checked(count).ok_or(TlvError::Truncated)?;
    let length = digits
        .iter()
        .fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
    Ok((length, rest))
}

/// Appends a minimal DER length field to `out`.
pub fn write_length(out: &mut Vec<u8>, length: usize) {
    match u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes() {
        [0, 0, 0, l] if l < 0x80 => out.push(l),
        [0, 0, 0, l] => out.extend([0x81, l]),
        [0, 0, h, l] => out.extend([0x82, h, l]),
        [0, h, m, l] => out.extend([0x83, h, m, l]),
        [a, b, c, d] => out.extend([0x84, a, b, c, d]),
    }
}

/// Appends tag and length of an object whose value of `length` bytes the caller writes next.
pub fn write_header(out: &mut Vec<u8>, tag: Tag, length: usize) {
    tag.emit(out);
    write_length(out, length);
}

/// Appends one object.
pub fn write(out: &mut Vec<u8>, tag: Tag, value: &[u8]) {
    write_header(out, tag, value.len());
    out.extend_from_slice(value);
}

/// One object, in bytes of its own.
#[must_use]
pub fn object(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len().saturating_add(8));
    write(&mut out, Tag(tag), value);
    out
}

/// A constructed object around these encoded children.
#[must_use]
pub fn constructed(tag: u32, children: &[&[u8]]) -> Vec<u8> {
    object(tag, &children.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::one_byte_tag("5A02AABB", 0x5A, "AABB")]
    #[case::two_byte_tag("7F4901AA", 0x7F49, "AA")]
    #[case::three_byte_tag("BFA10102AABB", 0xBFA101, "AABB")]
    #[case::empty_value("9700", 0x97, "")]
    #[case::long_form_not_minimal_is_read("5A8102AABB", 0x5A, "AABB")]
    fn reads(#[case] hex: &str, #[case] tag: u32, #[case] value: &str) {
        let bytes = hex::decode(hex).unwrap();
        let (tlv, rest) = Tlv::read(&bytes).unwrap();
        assert_eq!((tlv.tag, tlv.raw, rest.len()), (Tag(tag), &bytes[..], 0));
        assert_eq!(tlv.value, hex::decode(value).unwrap());
    }

    #[rstest]
    #[case::nothing("", TlvError::Truncated)]
    #[case::no_length("5A", TlvError::Truncated)]
    #[case::length_cut("5A82AA", TlvError::Truncated)]
    #[case::indefinite("5A80", TlvError::BadLength)]
    #[case::four_byte_length("5A8400000001AA", TlvError::BadLength)]
    #[case::tag_of_four("BFFFFF0100", TlvError::BadTag)]
    #[case::leading_zero_in_tag("BF800100", TlvError::BadTag)]
    #[case::value_cut("5A03AABB", TlvError::ValueTooLong { tag: Tag(0x5A), length: 3, available: 2 })]
    fn refuses(#[case] hex: &str, #[case] error: TlvError) {
        assert_eq!(Tlv::read(&hex::decode(hex).unwrap()), Err(error));
    }

    #[rstest]
    #[case(0x7F, "7F")]
    #[case(0x80, "8180")]
    #[case(0xFF, "81FF")]
    #[case(0x100, "820100")]
    #[case(0x10000, "83010000")]
    fn lengths_are_minimal(#[case] length: usize, #[case] hex: &str) {
        let mut out = Vec::new();
        write_length(&mut out, length);
        assert_eq!(hex::encode_upper(out), hex);
    }

    #[rstest]
    #[case(0x91, false)]
    #[case(0x70, true)]
    #[case(0x7F49, true)]
    #[case(0x5F20, false)]
    #[case(0xBFA101, true)]
    fn constructed_bit(#[case] tag: u32, #[case] constructed: bool) {
        assert_eq!(Tag(tag).is_constructed(), constructed);
    }

    #[rstest]
    #[case(0x01, "01")]
    #[case(0xFF, "FF")]
    #[case(0x0100, "0100")]
    #[case(0x7F49, "7F49")]
    #[case(0xBFA101, "BFA101")]
    fn a_tag_is_told_by_its_bytes(#[case] tag: u32, #[case] told: &str) {
        assert_eq!(Tag(tag).to_string(), told);
        assert_eq!(format!("{:?}", Tag(tag)), told);
    }

    #[rstest]
    #[case::alone("5A02AABB", Ok(2))]
    #[case::another("5C02AABB", Err(TlvError::UnexpectedTag { expected: Tag(0x5A), found: Tag(0x5C) }))]
    #[case::followed("5A02AABB00", Err(TlvError::TrailingData(1)))]
    #[case::broken("5A03AABB", Err(TlvError::ValueTooLong { tag: Tag(0x5A), length: 3, available: 2 }))]
    fn one_object_and_no_other(#[case] hex: &str, #[case] expected: Result<usize, TlvError>) {
        let bytes = hex::decode(hex).unwrap();
        let read = Tlv::read_only(&bytes, Tag(0x5A)).map(|object| object.value.len());
        assert_eq!(read, expected);
    }

    #[test]
    fn children_come_in_order_and_end_at_the_first_error() {
        let bytes = hex::decode("7009800101810201025A09").unwrap();
        let object = Tlv::read_only(&bytes, Tag(0x70)).unwrap();
        let children: Vec<_> = object
            .children()
            .map(|child| child.map(|child| child.tag))
            .collect();
        let cut = TlvError::ValueTooLong {
            tag: Tag(0x5A),
            length: 9,
            available: 0,
        };
        assert_eq!(children, [Ok(Tag(0x80)), Ok(Tag(0x81)), Err(cut)]);
    }

    #[test]
    fn constructed_objects_hold_their_children_as_they_are() {
        let (first, second) = (object(0x80, &[0xAA]), object(0x5F20, &[]));
        let whole = constructed(0x7F49, &[&first, &second]);
        assert_eq!(hex::encode_upper(whole), "7F49068001AA5F2000");
    }

    fn any_tag() -> impl Strategy<Value = Tag> {
        prop_oneof![
            any::<u8>()
                .prop_filter("one byte", |b| b & 0x1F != 0x1F && *b != 0)
                .prop_map(|b| Tag(u32::from(b))),
            (any::<u8>(), 1_u8..0x80).prop_map(|(a, b)| Tag(u32::from_be_bytes([
                0,
                0,
                a | 0x1F,
                b
            ]))),
            (any::<u8>(), 0x81_u8..=0xFF, 0_u8..0x80)
                .prop_map(|(a, b, c)| Tag(u32::from_be_bytes([0, a | 0x1F, b, c]))),
        ]
    }

    proptest! {
        #[test]
        fn read_after_write_is_identity(
            tag in any_tag(),
            value in proptest::collection::vec(any::<u8>(), 0..700),
            rest in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let mut bytes = Vec::new();
            write(&mut bytes, tag, &value);
            bytes.extend_from_slice(&rest);
            let (tlv, after) = Tlv::read(&bytes).unwrap();
            prop_assert_eq!((tlv.tag, tlv.value, after), (tag, &value[..], &rest[..]));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let total: usize = Objects::new(&bytes).filter_map(Result::ok).map(|o| o.raw.len()).sum();
            prop_assert!(total <= bytes.len());
        }
    }
}
