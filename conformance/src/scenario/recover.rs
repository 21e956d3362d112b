//! Decoding that goes on after an error: what does not fit is reported, taken out, and the rest is tried again. So one
//! reading of a step names its misspelt field and its bad status word together.

use serde::de::DeserializeOwned;

use super::decode::decode;
use super::problem::{Code, Problem};
use super::source::Span;
use super::tree::{Kind, Node};

/// Errors reported for one value before the rest is left for the next reading.
const MOST: usize = 16;

/// Decodes a value, or says everything that keeps it from being decoded.
///
/// # Errors
/// At least one problem.
pub(crate) fn decode_all<T: DeserializeOwned>(node: &Node) -> Result<T, Vec<Problem>> {
    let first = match decode(node) {
        Ok(value) => return Ok(value),
        Err(problem) => *problem,
    };
    let mut rest = node.clone();
    let mut gone = Vec::new();
    let mut problems = vec![first];
    while problems.len() < MOST
        && let Some(last) = problems.last()
        && let Some(key) = prune(&mut rest, &last.span)
    {
        gone.push(key);
        if matches!(&rest.kind, Kind::Map(left) if left.is_empty()) {
            break;
        }
        match decode::<T>(&rest) {
            Ok(_) => break,
            Err(problem) if is_of_our_making(&problem, &gone, &problems) => break,
            Err(problem) => problems.push(*problem),
        }
    }
    Err(problems)
}

/// True for a field that is missing because it was taken out, or because the one taken out is its misspelling.
fn is_of_our_making(problem: &Problem, gone: &[String], before: &[Problem]) -> bool {
    let Some(field) = problem
        .message
        .split('`')
        .nth(1)
        .filter(|_| problem.code == Code::MissingField)
    else {
        return false;
    };
    let meant = format!("did you mean `{field}`?");
    gone.iter().any(|key| key == field)
        || before
            .iter()
            .any(|problem| problem.help.as_ref() == Some(&meant))
}

/// Takes out the innermost entry that covers a place, and the mappings that are empty then. Gives its key.
fn prune(node: &mut Node, place: &Span) -> Option<String> {
    match &mut node.kind {
        Kind::Scalar(_) => None,
        Kind::List(items) => items
            .iter_mut()
            .filter(|item| covers(&item.span, place))
            .find_map(|item| prune(item, place)),
        Kind::Map(entries) => {
            let at = entries
                .iter()
                .position(|entry| entry.key.span == *place || covers(&entry.value.span, place))?;
            let entry = entries.get_mut(at)?;
            let inner = if entry.key.span == *place {
                None
            } else {
                prune(&mut entry.value, place)
            };
            let emptied = matches!(&entry.value.kind, Kind::Map(left) if left.is_empty());
            match inner {
                Some(key) if !emptied => Some(key),
                _ => Some(entries.remove(at).key.text),
            }
        }
    }
}

fn covers(outer: &Span, inner: &Span) -> bool {
    let (o, i) = (outer.range(), inner.range());
    outer.file() == inner.file() && o.start <= i.start && i.end <= o.end
}
