//! Expectations about data objects by path (ISO/IEC 7816-4:2020 §6.3). Where a path leads to several objects, one that is as
//! expected enough. A data object that is named, and below which nothing is named, may hold whatever its own expectation
//! allows; `closed` looks into it no further.

use cie_emulator::wire::tlv::{Objects, Tag, Tlv, TlvError};

use super::answer::bytes_in;
use super::{Judge, in_words, side_by_side, words};
use crate::report::model::{Failure, FailureKind};
use crate::scenario::At;
use crate::scenario::model::{TlvExpect, TlvPath, TlvTree};
use crate::scenario::text::HexBytes;

impl Judge<'_, '_> {
    pub(super) fn tlv(&mut self, tree: &At<TlvTree>) {
        let data = self.observation.data;
        let mut missing = tree.value.closed;
        for (path, node) in &tree.value.nodes {
            let found = at_path(data, &path.0);
            missing |= found.is_empty() && !node.value.absent;
            if let Some(failure) = self.node(path, &node.value, &found) {
                self.miss(node.span.as_ref(), failure);
            }
        }
        if tree.value.closed {
            let mut others = Vec::new();
            strangers(data, &mut Vec::new(), &tree.value, &mut others);
            for other in others {
                let failure = Failure {
                    got: Some(words::hex(other.1)),
                    ..in_words(
                        FailureKind::Tlv,
                        format!(
                            "data object {} ({}) is there and not named, expected no others",
                            other.0,
                            words::count(other.1.len())
                        ),
                    )
                };
                self.miss(tree.span.as_ref(), failure);
            }
        }
        // What follows the objects only matters where something is missed, or nothing else is allowed.
        if let Some(error) = first_error(data).filter(|_| missing) {
            let failure = in_words(
                FailureKind::Tlv,
                format!("the data are not data objects from end to end: {error}"),
            );
            self.miss(tree.span.as_ref(), failure);
        }
    }

    fn node(&mut self, path: &TlvPath, expected: &TlvExpect, found: &[&[u8]]) -> Option<Failure> {
        let Some(first) = found.first() else {
            let message = format!("data object {path} is not there{}", self.seen(path));
            return (!expected.absent).then(|| in_words(FailureKind::Tlv, message));
        };
        if expected.absent {
            return Some(Failure {
                got: Some(words::hex(first)),
                ..in_words(
                    FailureKind::Tlv,
                    format!(
                        "data object {path} is there ({}), it must not be",
                        words::count(first.len())
                    ),
                )
            });
        }
        let mut failures = Vec::new();
        for value in found {
            failures.push(self.value(path, expected, value)?);
        }
        let mut failure = failures.into_iter().next()?;
        if found.len() > 1 {
            failure.message = format!(
                "{} (the first of {} such objects; none is as expected)",
                failure.message,
                found.len()
            );
        }
        Some(failure)
    }

    fn value(&mut self, path: &TlvPath, expected: &TlvExpect, value: &[u8]) -> Option<Failure> {
        if let Some(bound) = expected
            .length
            .filter(|bound| !bound.contains(value.len() as u64))
        {
            let (wanted, got) = (bytes_in(bound), words::count(value.len()));
            let message = format!("data object {path} has {got}, expected {wanted}");
            return Some(side_by_side(FailureKind::Tlv, message, wanted, got));
        }
        let what = format!("the bytes of data object {path}");
        let data = expected.value.as_ref()?;
        self.bytes_miss(FailureKind::Tlv, &what, data, value)
    }

    /// What is there instead, at the deepest place the path reaches.
    fn seen(&self, path: &TlvPath) -> String {
        let mut level = vec![self.observation.data];
        let mut depth = 0;
        for tag in &path.0 {
            let next: Vec<&[u8]> = level
                .iter()
                .flat_map(|bytes| children(bytes, tag))
                .collect();
            if next.is_empty() {
                break;
            }
            level = next;
            depth += 1;
        }
        let tags: Vec<String> = level
            .iter()
            .flat_map(|bytes| Objects::new(bytes).flatten())
            .map(|object| object.tag.to_string())
            .collect();
        let place = match path.0.get(..depth) {
            Some(reached) if depth > 0 => format!("in {} ", TlvPath(reached.to_vec())),
            _ => String::new(),
        };
        match tags.len() {
            0 => format!("; {place}there is none"),
            1 => format!("; {place}there is {}", tags.join("")),
            2..=12 => format!("; {place}there are {}", tags.join(", ")),
            many => format!("; {place}there are {many} others"),
        }
    }
}

/// The number a tag of the language stands for; tags of four bytes are none a card may use.
fn number(tag: &HexBytes) -> Option<u32> {
    let mut number = 0_u32;
    for byte in &tag.0 {
        if number > 0xFFFF {
            return None;
        }
        number = number << 8 | u32::from(*byte);
    }
    Some(number)
}

/// The values of the objects with a tag, up to where the bytes are no data objects any more.
fn children<'a>(bytes: &'a [u8], tag: &HexBytes) -> Vec<&'a [u8]> {
    let Some(tag) = number(tag) else {
        return Vec::new();
    };
    Objects::new(bytes)
        .flatten()
        .filter(|object| object.tag == Tag(tag))
        .map(|object| object.value)
        .collect()
}

fn at_path<'a>(data: &'a [u8], path: &[HexBytes]) -> Vec<&'a [u8]> {
    path.iter().fold(vec![data], |level, tag| {
        level
            .into_iter()
            .flat_map(|bytes| children(bytes, tag))
            .collect()
    })
}

/// Collects the objects that the tree neither names nor has on the way to a named one.
fn strangers<'a>(
    bytes: &'a [u8],
    path: &mut Vec<u32>,
    tree: &TlvTree,
    out: &mut Vec<(String, &'a [u8])>,
) {
    for Tlv { tag, value, .. } in Objects::new(bytes).flatten() {
        path.push(tag.0);
        let (mut named, mut deeper) = (false, false);
        for (known, _) in &tree.nodes {
            let known: Option<Vec<u32>> = known.0.iter().map(number).collect();
            if let Some(rest) = known
                .as_ref()
                .and_then(|known| known.strip_prefix(&path[..]))
            {
                named |= rest.is_empty();
                deeper |= !rest.is_empty();
            }
        }
        if deeper {
            strangers(value, path, tree, out);
        } else if !named {
            let tags: Vec<String> = path.iter().map(|tag| Tag(*tag).to_string()).collect();
            out.push((tags.join("/"), value));
        }
        path.pop();
    }
}

fn first_error(data: &[u8]) -> Option<TlvError> {
    Objects::new(data).find_map(Result::err)
}
