//! The two ways in which clients read data objects: by position without looking at tags, and as strict DER. Neither shares a line
//! with the encoder of the card.

use crate::Stop;

/// A data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    pub(crate) tag: u32,
    pub(crate) value: &'a [u8],
    /// With tag and length.
    pub(crate) raw: &'a [u8],
}

impl<'a> Node<'a> {
    /// The n-th object inside, counted from 0; its tag is the caller's business.
    pub(crate) fn child(self, n: usize) -> Result<Self, Stop> {
        objects(self.value)?
            .get(n)
            .copied()
            .ok_or(Stop::Parse("a child is missing"))
    }

    /// The same, with the tag it must have.
    pub(crate) fn child_tagged(self, n: usize, tag: u32) -> Result<Self, Stop> {
        let child = self.child(n)?;
        match child.tag == tag {
            true => Ok(child),
            false => Err(Stop::Parse("a child has another tag")),
        }
    }

    /// The first object inside with this tag.
    pub(crate) fn tagged(self, tag: u32) -> Result<Self, Stop> {
        let found = objects(self.value)?
            .into_iter()
            .find(|child| child.tag == tag);
        found.ok_or(Stop::Parse("no child has the tag"))
    }
}

/// All objects of a level. Two zero bytes end it silently; an object longer than what is left does not.
pub(crate) fn objects(bytes: &[u8]) -> Result<Vec<Node<'_>>, Stop> {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() && !rest.starts_with(&[0, 0]) {
        let (node, behind) = read(rest)?;
        found.push(node);
        rest = behind;
    }
    Ok(found)
}

/// The first object; whatever follows is not looked at.
pub(crate) fn first(bytes: &[u8]) -> Result<Node<'_>, Stop> {
    read(bytes).map(|(node, _)| node)
}

/// As much of the file as its first object takes: how clients trim padded files.
pub(crate) fn trimmed(file: &[u8]) -> Result<&[u8], Stop> {
    first(file).map(|node| node.raw)
}

/// The only object of an answer, read as DER: trailing zeros of the whole answer are taken off first, lengths must then be minimal
/// on every level, and nothing may follow.
pub(crate) fn strict(answer: &[u8]) -> Result<Node<'_>, Stop> {
    let end = answer
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    let (node, behind) = read(&answer[..end])?;
    if !behind.is_empty() {
        return Err(Stop::Parse("data behind the object"));
    }
    minimal(node)?;
    Ok(node)
}

fn minimal(node: Node<'_>) -> Result<(), Stop> {
    let header = node.raw.len() - node.value.len() - tag_length(node.raw);
    let expected = match node.value.len() {
        ..0x80 => 1,
        0x80..0x100 => 2,
        _ => 3,
    };
    if header != expected {
        return Err(Stop::Parse("a length is not minimal"));
    }
    match node.raw[0] & 0x20 {
        0 => Ok(()),
        _ => objects(node.value)?.into_iter().try_for_each(minimal),
    }
}

fn tag_length(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(byte) if byte & 0x1F == 0x1F => {
            2 + bytes[1..]
                .iter()
                .take_while(|byte| **byte & 0x80 != 0)
                .count()
        }
        _ => 1,
    }
}

fn read(bytes: &[u8]) -> Result<(Node<'_>, &[u8]), Stop> {
    let short = Stop::Parse("an object is cut short");
    let tag_end = tag_length(bytes);
    let tag = bytes.get(..tag_end).ok_or(short.clone())?;
    let tag = tag.iter().fold(0, |tag, byte| tag << 8 | u32::from(*byte));
    let (length, start) = match *bytes.get(tag_end).ok_or(short.clone())? {
        length @ ..0x80 => (usize::from(length), tag_end + 1),
        form => {
            let start = tag_end + 1 + usize::from(form & 0x7F);
            let length = bytes.get(tag_end + 1..start).ok_or(short.clone())?;
            (
                length
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                start,
            )
        }
    };
    let end = start + length;
    let value = bytes.get(start..end).ok_or(short)?;
    Ok((
        Node {
            tag,
            value,
            raw: &bytes[..end],
        },
        &bytes[end..],
    ))
}
