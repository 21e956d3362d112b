//! Bytes against a pattern or a value, whole or as the value of a data object. The comparison shows both lines aligned and
//! points at the first digit that differs; values that are secrets are compared and never shown.

use cie_crypto::ct;

use super::{Judge, in_words, pattern, side_by_side, words};
use crate::report::model::{Failure, FailureKind};
use crate::scenario::Span;
use crate::scenario::model::{Bytes, Data};
use crate::scenario::text::BytePattern;

impl Judge<'_, '_> {
    /// Judges the data of the answer.
    pub(super) fn bytes_fit(&mut self, expected: &Data, span: Option<&Span>) {
        let data = self.observation.data;
        if let Some(failure) = self.bytes_miss(FailureKind::Data, "the data", expected, data) {
            self.miss(span, failure);
        }
    }

    /// What is wrong with `got`, called `what` in the message; `None` when it is as expected.
    pub(super) fn bytes_miss(
        &mut self,
        kind: FailureKind,
        what: &str,
        expected: &Data,
        got: &[u8],
    ) -> Option<Failure> {
        match expected {
            Data::Pattern(wanted) => pattern_miss(kind, what, wanted, got),
            Data::Exactly(value) => match self.surroundings.bytes(value) {
                Err(reason) => Some(in_words(FailureKind::Harness, reason)),
                Ok(bytes) => exact_miss(kind, what, value, &bytes, got),
            },
        }
    }
}

fn exact_miss(
    kind: FailureKind,
    what: &str,
    value: &Bytes,
    expected: &[u8],
    got: &[u8],
) -> Option<Failure> {
    if ct::eq(expected, got) {
        return None;
    }
    let Some(secret) = words::secret(value) else {
        let message = format!(
            "{what} differ from what is expected{}",
            words::origin(value)
        );
        return Some(compare(kind, &message, expected, got));
    };
    // The card's bytes may be a part of the secret, so not even they are shown.
    let message = format!("{what} are not {secret}");
    Some(side_by_side(
        kind,
        message,
        format!("{secret}, {}", words::count(expected.len())),
        format!("{}, not shown", words::count(got.len())),
    ))
}

/// A failure between two byte strings; the lengths are told where they differ.
pub(super) fn compare(kind: FailureKind, message: &str, expected: &[u8], got: &[u8]) -> Failure {
    let place = expected
        .iter()
        .zip(got)
        .position(|(expected, got)| expected != got)
        .unwrap_or_else(|| expected.len().min(got.len()));
    let message = if expected.len() == got.len() {
        format!("{message}, from byte {place} of {}", got.len())
    } else if got.is_empty() {
        format!(
            "{message}: nothing is there, expected {}",
            words::count(expected.len())
        )
    } else {
        format!(
            "{message}, from byte {place} on: {}, expected {}",
            words::count(got.len()),
            expected.len()
        )
    };
    Failure::compare(kind, &message, &words::hex(expected), &words::hex(got))
}

fn pattern_miss(
    kind: FailureKind,
    what: &str,
    wanted: &BytePattern,
    got: &[u8],
) -> Option<Failure> {
    let aligned = pattern::align(wanted, got)?;
    let mut shown = wanted.to_string();
    if shown.chars().count() > 48 {
        shown = shown.chars().take(48).chain(['…']).collect();
    }
    let message = if got.is_empty() {
        format!("{what} do not fit {shown}: nothing is there")
    } else {
        let place = aligned.pointer / 2;
        let wants = match aligned.length {
            Ok(exact) if exact != got.len() => format!(", expected {exact}"),
            Err(least) if least > got.len() => format!(", expected at least {least}"),
            Ok(_) | Err(_) => String::new(),
        };
        format!(
            "{what} do not fit {shown} from byte {place} on: {}{wants}",
            words::count(got.len())
        )
    };
    Some(Failure {
        pointer: Some(aligned.pointer),
        ..side_by_side(kind, message, aligned.expected, words::hex(got))
    })
}
