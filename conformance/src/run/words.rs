//! What was done, as the report tells it.

use std::borrow::Cow;

use cie_emulator::wire::tlv::{Objects, Tag};

use crate::report::model::{Counters, Exchange as Told, Phase, State, StepResult};
use crate::scenario::Span;
use crate::scenario::model::{Step, TlvPath};
use crate::target::{CardState, StateChannel};
use crate::terminal::{Exchange, Protection};

/// A step before it was carried out.
pub(super) fn blank_step(step: &Step, number: usize, phase: Phase) -> StepResult {
    let number = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    StepResult {
        path: vec![number],
        phase,
        title: step.title(),
        file: step.span.file().to_owned(),
        line: u32::try_from(step.span.line()).unwrap_or(0),
        column: u32::try_from(step.span.column()).unwrap_or(0),
        note: step.note.clone(),
        ..StepResult::default()
    }
}

/// A failure's own place is nearer to the point than that of the whole step.
pub(super) fn point_at(step: &mut StepResult, span: &Span) {
    if step.failures.is_empty() && span.file() == step.file {
        step.line = u32::try_from(span.line()).unwrap_or(step.line);
        step.column = u32::try_from(span.column()).unwrap_or(step.column);
    }
}

/// An exchange in both views.
pub(super) fn exchange(exchange: &Exchange) -> Told {
    let command = exchange
        .plain_command
        .as_deref()
        .unwrap_or(&exchange.wire_command);
    let response = exchange.plain_response.as_deref();
    let mut told = if exchange.sent == Protection::Protected {
        let plain = response.filter(|_| exchange.channel == Protection::Protected);
        let wire = (
            exchange.wire_command.as_slice(),
            exchange.wire_response.as_deref(),
        );
        Told::protected(command, plain, wire)
    } else {
        Told::plain(command, response.or(exchange.wire_response.as_deref()))
    };
    if let Some(tamper) = &exchange.tamper {
        told.command = format!("{} (spoiled: {tamper:?})", told.command);
    }
    if let Some(error) = &exchange.error {
        told.command = format!("{} (failed: {error})", told.command);
    }
    told
}

/// Counters and state after an exchange.
pub(super) fn show_state(told: &mut Told, state: &CardState) {
    told.tries = Some(Counters {
        pin: state.pin_tries,
        puk: state.puk_tries,
    });
    let application = state.selected_application.as_ref();
    let channel = match state.channel {
        StateChannel::Protected { counter } => counter,
        _ => None,
    };
    let words = [
        ("application", application.map(hex::encode_upper)),
        ("authenticated", proven(state)),
        (
            "file",
            state.selected_file.map(|file| format!("{file:04X}")),
        ),
        ("ssc", channel.map(|counter| format!("{counter:016X}"))),
    ];
    let known = |(name, words): (&'static str, Option<String>)| Some((Cow::Borrowed(name), words?));
    told.state = State(words.into_iter().filter_map(known).collect());
}

/// Who or what has been proven to the card.
fn proven(state: &CardState) -> Option<String> {
    let security = &state.security;
    let all = [
        (security.device_authenticated, "device"),
        (security.pin_verified, "PIN"),
        (security.puk_verified, "PUK"),
    ];
    let proven = all.into_iter().filter_map(|(is, name)| is.then_some(name));
    let proven: Vec<&str> = proven.collect();
    (!proven.is_empty()).then(|| proven.join(", "))
}

/// The value of the data object at a path.
pub(super) fn value_at(data: &[u8], path: &TlvPath) -> Option<Vec<u8>> {
    let mut value = data;
    for tag in &path.0 {
        let number = tag
            .0
            .iter()
            .fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let object = Objects::new(value)
            .filter_map(Result::ok)
            .find(|object| object.tag == Tag(number))?;
        value = object.value;
    }
    Some(value.to_vec())
}
