//! One step out of a tree: finds the verb, decodes it and the common keys, each on its own so that all their errors are
//! reported, and checks what only the whole step can tell. Flow is not its business.

use serde::de::DeserializeOwned;

use super::decode::suggestion;
use super::model::issuer::Issuer;
use super::model::{Action, COMMON_KEYS, Expect, Step, VERBS};
use super::problem::{Code, Problem};
use super::recover::decode_all;
use super::source::Span;
use super::tree::{Entry, Kind, Node};

/// The verbs that are gone after expansion.
pub(crate) const FLOW_VERBS: [&str; 4] = ["use", "for_each", "repeat", "group"];

/// Decodes a step whose variables are filled in.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn decode_step(node: &Node) -> Result<Step, Vec<Problem>> {
    let mut problems = Vec::new();
    let Some((verb, verb_span)) = verb_of(node, &mut problems) else {
        return Err(problems);
    };
    let action = keep(decode_all::<Action>(&verb), &mut problems);
    let expect_span = node.get("expect").map(|expect| expect.span.clone());
    let expect = common::<Expect>(node, "expect", &mut problems).unwrap_or_default();
    let channel = common(node, "channel", &mut problems);
    let tamper = common(node, "tamper", &mut problems).unwrap_or_default();
    let is = |name: &str| verb.entries().iter().any(|entry| entry.key.text == name);
    let capture = if is("capture") {
        None
    } else {
        common(node, "capture", &mut problems)
    };
    let note = if is("note") {
        None
    } else {
        common(node, "note", &mut problems)
    };
    let name = common(node, "name", &mut problems);
    let only = common(node, "only", &mut problems);
    let Some(action) = action else {
        return Err(problems);
    };
    let span = verb_span.until(&node.span);
    let span = node
        .entries()
        .first()
        .map_or(span, |first| first.key.span.until(&node.span));
    let step = Step {
        action,
        expect,
        channel,
        tamper,
        capture,
        note,
        name,
        only,
        span,
        verb_span,
        expect_span,
        path: Vec::new(),
        used_at: None,
    };
    check(&step, node, &mut problems);
    if problems.is_empty() {
        Ok(step)
    } else {
        Err(problems)
    }
}

/// The verb and its parameters as a mapping of one entry, with its place.
fn verb_of(node: &Node, problems: &mut Vec<Problem>) -> Option<(Node, Span)> {
    match &node.kind {
        Kind::Map(entries) => {
            let entry = only_verb(node, entries, problems)?;
            let span = entry.key.span.until(&entry.value.span);
            let kind = Kind::Map(vec![entry.clone()]);
            Some((
                Node {
                    kind,
                    span: span.clone(),
                },
                span,
            ))
        }
        // `- close` reads as well as `- close:`.
        Kind::Scalar(scalar) if VERBS.contains(&scalar.text.as_str()) => {
            Some((node.clone(), node.span.clone()))
        }
        Kind::Scalar(_) | Kind::List(_) => {
            let message = format!(
                "a step is a mapping with one verb, found {}",
                node.describe()
            );
            let problem = Problem::new(Code::Verb, message, node.span.clone());
            problems.push(problem.help("write `- select: ias`, for example"));
            None
        }
    }
}

/// The one entry that is a verb; stray keys are reported on the way.
fn only_verb<'n>(
    node: &Node,
    entries: &'n [Entry],
    problems: &mut Vec<Problem>,
) -> Option<&'n Entry> {
    let is_common = |entry: &&Entry| COMMON_KEYS.contains(&entry.key.text.as_str());
    let is_verb = |entry: &&Entry| VERBS.contains(&entry.key.text.as_str());
    let strays = entries
        .iter()
        .filter(|entry| !is_common(entry) && !is_verb(entry));
    problems.extend(strays.map(stray));
    let mut verbs = entries
        .iter()
        .filter(|entry| is_verb(entry) && !is_common(entry));
    match (verbs.next(), verbs.next()) {
        (Some(first), Some(second)) => {
            let message = format!(
                "the step has two verbs, `{}` and `{}`",
                first.key.text, second.key.text
            );
            let problem = Problem::new(Code::Verb, message, second.key.span.clone());
            let problem = problem.related(first.key.span.clone(), "the first one");
            problems.push(problem.help("make two steps of it: put `-` in front of the second"));
            None
        }
        (Some(verb), None) => Some(verb),
        (None, _) if !problems.is_empty() => None,
        (None, _) => {
            // `capture` and `note` are verbs when nothing else is.
            let named = |verb: &str| entries.iter().find(|entry| entry.key.text == verb);
            let verb = named("capture").or_else(|| named("note"));
            if verb.is_none() {
                let problem = Problem::new(Code::Verb, "the step has no verb", node.span.clone());
                problems.push(problem.help(format!(
                    "every step has exactly one of: {}",
                    VERBS.join(", ")
                )));
            }
            verb
        }
    }
}

/// A key that is neither a verb nor common to all steps.
fn stray(entry: &Entry) -> Problem {
    let all = VERBS.iter().chain(&FLOW_VERBS).chain(&COMMON_KEYS);
    let known: Vec<&str> = all.copied().chain(["do", "with"]).collect();
    let key = &entry.key;
    match key.text.as_str() {
        "do" => Problem::new(
            Code::UnknownField,
            "`do` belongs to for_each, repeat or group",
            key.span.clone(),
        ),
        "with" => Problem::new(
            Code::UnknownField,
            "`with` belongs to use",
            key.span.clone(),
        ),
        text => {
            let problem = Problem::new(
                Code::UnknownField,
                format!("`{text}` is neither a verb nor a key of a step"),
                key.span.clone(),
            );
            let help = suggestion(text, &known);
            if help.starts_with("did") {
                problem.help(help)
            } else {
                problem.help(format!(
                    "verbs: {}; keys: {}",
                    VERBS.join(", "),
                    COMMON_KEYS.join(", ")
                ))
            }
        }
    }
}

fn common<T: DeserializeOwned>(node: &Node, key: &str, problems: &mut Vec<Problem>) -> Option<T> {
    keep(decode_all(node.get(key)?), problems)
}

fn keep<T>(outcome: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

/// What only verb and common keys together can tell.
fn check(step: &Step, node: &Node, problems: &mut Vec<Problem>) {
    let verb = step.action.verb();
    if let Err(message) = step.action.check() {
        problems.push(Problem::new(
            Code::BadValue,
            message,
            step.verb_span.clone(),
        ));
    }
    let place = |key: &str| {
        node.entries()
            .iter()
            .find(|entry| entry.key.text == key)
            .map(|entry| entry.key.span.clone())
    };
    if !step.tamper.is_empty()
        && !step.action.is_one_command()
        && let Some(span) = place("tamper")
    {
        let problem = Problem::new(
            Code::BadValue,
            format!("`{verb}` is not one command that could be tampered with"),
            span,
        );
        problems.push(
            problem.help("send its commands one by one, and tamper with the one that is meant"),
        );
    }
    if let Action::Issuer(issuer) = &step.action {
        issuer_keys(step, issuer, place, problems);
        return;
    }
    if step.expect.reply.is_some()
        && let Some(span) = place("expect")
    {
        let message = format!("`{verb}` is answered by the card, `reply` is about the issuer");
        problems.push(Problem::new(Code::BadValue, message, span));
    }
    if !step.action.has_answer() {
        for key in ["expect", "channel", "capture"]
            .iter()
            .filter(|key| **key != verb)
        {
            if let Some(span) = place(key) {
                problems.push(Problem::new(
                    Code::BadValue,
                    format!("`{verb}` gets no answer, so `{key}` has no meaning here"),
                    span,
                ));
            }
        }
    }
}

/// The keys of a step at the issuer: it is told nothing of channels, and answers with a `reply` or not at all.
fn issuer_keys(
    step: &Step,
    issuer: &Issuer,
    place: impl Fn(&str) -> Option<Span>,
    problems: &mut Vec<Problem>,
) {
    let mut refuse = |key: &str, message: String| {
        let span = place(key).unwrap_or_else(|| step.verb_span.clone());
        problems.push(Problem::new(Code::BadValue, message, span));
    };
    if step.channel.is_some() {
        let message = "`channel` is about commands to the card; the issuer gets none";
        refuse("channel", message.to_owned());
    }
    if let Err(message) = issuer.check(step.capture.is_some()) {
        refuse("issuer", message);
    }
    if step.expect_span.is_none() {
        return;
    }
    let only_reply = Expect {
        reply: step.expect.reply.clone(),
        note: step.expect.note.clone(),
        ..Expect::default()
    };
    if step.expect != only_reply {
        let message = "of the issuer only a `reply` can be expected".to_owned();
        refuse("expect", message);
    } else if !issuer.has_reply() {
        let message = format!("issuer: {} gets no answer", issuer.name());
        refuse("expect", message);
    }
}
