//! Two answers to the same command, compared by what they mean: status word, length, data objects, bytes.

use cie_emulator::phy::trace::file::{Octets, Piece};
use cie_emulator::phy::trace::{TlvNode, tree};
use cie_emulator::wire::StatusWord;

use super::difference::{Aspect, Difference};
use crate::report::words::status_words;

/// The differences between two responses, none when they mean the same.
pub(super) fn responses(a: &Octets, b: &Octets) -> Vec<Difference> {
    let split = (a.split_status(), b.split_status());
    let (Some((data_a, status_a)), Some((data_b, status_b))) = split else {
        return match a == b {
            true => Vec::new(),
            false => vec![Difference::of(Aspect::Response, mute(a), mute(b))],
        };
    };
    let mut out = Vec::new();
    if status_a != status_b {
        out.push(Difference::of(
            Aspect::Status,
            status(status_a),
            status(status_b),
        ));
    }
    out.extend(data(&data_a, &data_b));
    out
}

/// The differences between two answers to reset.
pub(super) fn restarts(a: &Octets, b: &Octets) -> Vec<Difference> {
    match a == b {
        true => Vec::new(),
        false => vec![Difference::of(Aspect::Atr, or_mute(a), or_mute(b))],
    }
}

fn or_mute(octets: &Octets) -> String {
    match octets.is_empty() {
        true => "no answer".to_owned(),
        false => octets.to_string(),
    }
}

fn mute(octets: &Octets) -> String {
    match octets.is_empty() {
        true => "no answer".to_owned(),
        false => format!("{} bytes", octets.len()),
    }
}

fn status(bytes: [u8; 2]) -> String {
    let word = StatusWord::from_bytes(bytes);
    format!("{:04X} ({})", word.0, status_words(word))
}

fn data(a: &Octets, b: &Octets) -> Vec<Difference> {
    let mut out = Vec::new();
    if a.len() != b.len() {
        out.push(Difference::of(
            Aspect::Length,
            bytes(a.len()),
            bytes(b.len()),
        ));
    }
    if let (Some(a), Some(b)) = (a.bytes(), b.bytes())
        && a != b
        && let (Some(a), Some(b)) = (tree(&a), tree(&b))
    {
        nodes("", &a, &b, &mut out);
        return out;
    }
    if out.is_empty()
        && let Some(difference) = first_byte(a, b)
    {
        out.push(difference);
    }
    out
}

fn bytes(count: usize) -> String {
    match count {
        0 => "no data".to_owned(),
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

/// The first place where both are known and differ. What one of them left out is not compared.
fn first_byte(a: &Octets, b: &Octets) -> Option<Difference> {
    let (a, b) = (spread(a), spread(b));
    let differs = |(a, b): (&Option<u8>, &Option<u8>)| a.zip(*b).is_some_and(|(a, b)| a != b);
    let count = a.iter().zip(&b).filter(|pair| differs(*pair)).count();
    let at = a.iter().zip(&b).position(differs)?;
    let from = |bytes: &[Option<u8>]| {
        let shown = bytes.iter().skip(at).take(8);
        let digits: String = shown
            .map(|byte| byte.map_or_else(|| "..".to_owned(), |byte| format!("{byte:02X}")))
            .collect();
        format!("{digits} from byte {at}")
    };
    let mut difference = Difference::of(Aspect::Data, from(&a), from(&b));
    difference.path = Some(format!("{} differ", bytes(count)));
    Some(difference)
}

fn spread(octets: &Octets) -> Vec<Option<u8>> {
    let mut out = Vec::with_capacity(octets.len());
    for piece in octets.pieces() {
        match piece {
            Piece::Bytes(bytes) => out.extend(bytes.iter().copied().map(Some)),
            Piece::Hidden(hidden) => out.extend(std::iter::repeat_n(None, hidden.length)),
        }
    }
    out
}

/// Two levels of data objects: objects of the same tag are compared in their order.
fn nodes(path: &str, a: &[TlvNode], b: &[TlvNode], out: &mut Vec<Difference>) {
    let mut tags: Vec<&str> = Vec::new();
    for node in a.iter().chain(b) {
        if !tags.contains(&node.tag.as_str()) {
            tags.push(&node.tag);
        }
    }
    for tag in tags {
        let of = |nodes: &'_ [TlvNode]| -> Vec<TlvNode> {
            let same = nodes.iter().filter(|node| node.tag == tag);
            same.cloned().collect()
        };
        let (left, right) = (of(a), of(b));
        let count = left.len().max(right.len());
        for turn in 0..count {
            let here = match (path, count) {
                ("", 1) => tag.to_owned(),
                ("", _) => format!("{tag}[{turn}]"),
                (path, 1) => format!("{path}/{tag}"),
                (path, _) => format!("{path}/{tag}[{turn}]"),
            };
            one(&here, left.get(turn), right.get(turn), out);
        }
    }
}

fn one(path: &str, a: Option<&TlvNode>, b: Option<&TlvNode>, out: &mut Vec<Difference>) {
    if let (Some(a), Some(b)) = (a, b)
        && !a.children.is_empty()
        && !b.children.is_empty()
    {
        return nodes(path, &a.children, &b.children, out);
    }
    if a == b {
        return;
    }
    let name = a.or(b).and_then(|node| node.name);
    let mut difference = Difference::of(Aspect::Object, value(a), value(b));
    difference.path = Some(match name {
        Some(name) => format!("{path} {name}"),
        None => path.to_owned(),
    });
    out.push(difference);
}

fn value(node: Option<&TlvNode>) -> String {
    match node {
        None => "absent".to_owned(),
        Some(node) => match &node.value {
            Some(digits) if digits.is_empty() => "empty".to_owned(),
            Some(digits) if digits.len() <= 32 => digits.clone(),
            Some(digits) => format!(
                "{}... ({} bytes)",
                digits.get(..16).unwrap_or_default(),
                node.length
            ),
            None => format!("{} objects, {} bytes", node.children.len(), node.length),
        },
    }
}
