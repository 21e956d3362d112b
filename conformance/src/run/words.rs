//! What was done, as the report tells it.

use cie_emulator::wire::tlv::{Objects, Tag};

use crate::report::model::{Counters, Exchange as Told, Phase, StepResult};
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
    let mut say = |name: &str, value: String| {
        told.state.insert(name.to_owned(), value);
    };
    let proven = [
        (state.security.device_authenticated, "device"),
        (state.security.pin_verified, "PIN"),
        (state.security.puk_verified, "PUK"),
    ];
    let proven: Vec<&str> = proven
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, name)| name)
        .collect();
    if !proven.is_empty() {
        say("authenticated", proven.join(", "));
    }
    if let Some(application) = &state.selected_application {
        say("application", hex::encode_upper(application));
    }
    if let Some(file) = state.selected_file {
        say("file", format!("{file:04X}"));
    }
    if let StateChannel::Protected {
        counter: Some(counter),
    } = state.channel
    {
        say("ssc", format!("{counter:016X}"));
    }
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
