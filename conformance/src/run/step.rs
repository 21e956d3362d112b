//! One step of a case: left out or carried out, what was exchanged shown, the answer judged, what is asked for kept.

use std::time::{Duration, Instant};

use super::case::Runner;
use super::invariants::Watch;
use super::requires::place_of;
use super::session::issuer::{self, AtIssuer};
use super::session::{Outcome, Session, Trouble};
use super::surroundings::Around;
use super::words;
use crate::expect::{self, Observation};
use crate::report::model::{Exchange as ShownExchange, Failure, FailureKind, StepResult, Verdict};
use crate::requirements::is_item_id;
use crate::scenario::Case;
use crate::scenario::model::{Action, Capture, CaptureFrom, ChannelForm, Step};
use crate::target::{CardState, TargetError};
use crate::terminal::{Exchange, Protection, Reply};

/// What was seen of the card while a step was carried out.
struct Seen {
    elapsed: Duration,
    exchanges: Vec<Exchange>,
    /// The card after the step, where the target can tell.
    state: Option<CardState>,
    /// Whether something that outlives the power changed, where the target can tell.
    persistent_changed: Option<bool>,
}

impl Runner<'_> {
    /// Carries a step out and judges it. False when nothing sensible can follow.
    pub(super) fn step(
        &self,
        case: &Case,
        step: &Step,
        session: &mut Session,
        watch: &mut Watch,
        judged: &mut StepResult,
    ) -> bool {
        if let Some(reason) = left_out(step, session) {
            judged.verdict = Verdict::NotApplicable;
            judged.note = Some(reason);
            return true;
        }
        let (outcome, seen) = perform(step, session);
        show(step, session, &seen, judged);
        let lost = outcome.as_ref().is_err_and(Trouble::is_lost);
        let goes_on = match outcome {
            Ok(outcome) => self.answered(step, session, watch, outcome, &seen, judged),
            Err(trouble) => unanswered(step, trouble, judged),
        };
        let missing = session.missing_for(judged);
        judged
            .failures
            .extend(watch.check(session, &seen.exchanges));
        judged.verdict = match missing {
            Some(verdict) if judged.failures.is_empty() => verdict,
            _ => self.verdict(case, &judged.failures, lost),
        };
        goes_on && missing.is_none()
    }

    /// A step that was carried out. False when nothing sensible can follow.
    fn answered(
        &self,
        step: &Step,
        session: &mut Session,
        watch: &mut Watch,
        mut outcome: Outcome,
        seen: &Seen,
        judged: &mut StepResult,
    ) -> bool {
        if let Action::Invariant(invariant) = &step.action {
            watch.begin(*invariant);
        }
        if let Some(happened) = outcome.issuer.take() {
            at_issuer(step, happened, judged);
        }
        self.judge(step, session, &outcome, seen, judged);
        let last = seen.exchanges.last();
        // What a step at the issuer gives is secret, and kept there.
        let of_card = !matches!(step.action, Action::Issuer(_));
        if let Some(capture) = step.capture.as_ref().filter(|_| of_card) {
            keep(session, capture, outcome.reply.as_ref(), last);
        }
        if let Action::Capture(capture) = &step.action {
            keep(session, capture, watch.last_reply(), watch.last_exchange());
        }
        watch.saw(outcome.reply, last.cloned());
        !matches!(step.action, Action::Open(_)) || judged.failures.is_empty()
    }

    fn judge(
        &self,
        step: &Step,
        session: &mut Session,
        outcome: &Outcome,
        seen: &Seen,
        judged: &mut StepResult,
    ) {
        let Some(reply) = &outcome.reply else { return };
        let channel = match reply.channel {
            Protection::Plain => ChannelForm::Plain,
            Protection::Protected => ChannelForm::Protected,
        };
        let state = seen.state.as_ref();
        let observation = Observation {
            sent: outcome.sent.as_deref(),
            data: &reply.data,
            sw: reply.sw,
            channel,
            signed: outcome.signed.as_deref(),
            elapsed: Some(seen.elapsed),
            tries_from_state: state.and_then(|state| state.pin_tries.zip(state.puk_tries)),
            tries_from_status: session.tries_told,
            state,
            persistent_changed: seen.persistent_changed,
        };
        let mut around = Around {
            session,
            today: &self.options.today,
        };
        for miss in expect::check(&step.expect, &observation, &mut around) {
            if let Some(span) = &miss.span {
                words::point_at(judged, span);
            }
            judged.failures.push(miss.failure);
        }
        if outcome.in_session && channel == ChannelForm::Plain && step.expect.channel.is_none() {
            let message = "the answer came back unprotected although secure messaging was on";
            fail(judged, FailureKind::SecureMessaging, message.to_owned());
        }
    }

    /// What a step with these failures is; `lost`: nothing can be said about the card.
    fn verdict(&self, case: &Case, failures: &[Failure], lost: bool) -> Verdict {
        if failures.is_empty() {
            return Verdict::Passed;
        }
        let mut kinds = failures.iter().map(|failure| failure.kind);
        if kinds.any(|kind| kind == FailureKind::Harness) {
            return Verdict::Error;
        }
        if lost {
            return Verdict::Inconclusive;
        }
        // An item of an article demands nothing by itself; with nothing else cited, a failure is one.
        let mut requirements = case.requirements().filter(|id| !is_item_id(id)).peekable();
        let only_should =
            requirements.peek().is_some() && requirements.all(|id| self.shoulds.contains(id));
        if only_should {
            Verdict::Warning
        } else {
            Verdict::Failed
        }
    }
}

/// Why a step is not for this card or this target.
fn left_out(step: &Step, session: &Session) -> Option<String> {
    let only = step.only.as_ref()?;
    let chip = session.facts.chip.as_deref();
    if chip.is_some_and(|chip| !only.chips.contains(chip)) {
        return Some("left out on this chip".to_owned());
    }
    let place = place_of(session.kind);
    (!only.targets.is_empty() && !only.targets.contains(&place))
        .then(|| "left out on this target".to_owned())
}

/// Carries a step out, with an eye on the card before and after.
fn perform(step: &Step, session: &mut Session) -> (Result<Outcome, Trouble>, Seen) {
    let before = session.terminal.state();
    session.facts.take_missing();
    let begun = Instant::now();
    let outcome = session.perform(step);
    let elapsed = begun.elapsed();
    let exchanges = session.terminal.take_exchanges();
    let state = session.terminal.state();
    let both = before.as_ref().zip(state.as_ref());
    let persistent_changed =
        both.map(|(before, after)| before.persistent_digest != after.persistent_digest);
    let seen = Seen {
        elapsed,
        exchanges,
        state,
        persistent_changed,
    };
    (outcome, seen)
}

/// Writes what was exchanged into the report, with the counters behind it. A physical card is asked for those that the step
/// expects and no answer has told yet.
fn show(step: &Step, session: &mut Session, seen: &Seen, judged: &mut StepResult) {
    let shown = |exchanges: &[Exchange]| -> Vec<ShownExchange> {
        exchanges.iter().map(words::exchange).collect()
    };
    judged.exchanges = shown(&seen.exchanges);
    if let (Some(last), Some(state)) = (judged.exchanges.last_mut(), &seen.state) {
        words::show_state(last, state);
    }
    if let Some(tries) = &step.expect.tries {
        session.ask_tries(&tries.value);
    }
    let asked = session.terminal.take_exchanges();
    judged.exchanges.extend(shown(&asked));
}

fn fail(judged: &mut StepResult, kind: FailureKind, message: String) {
    judged.failures.push(Failure {
        kind,
        message,
        ..Failure::default()
    });
}

/// A step without an answer to judge. False when nothing sensible can follow.
fn unanswered(step: &Step, trouble: Trouble, judged: &mut StepResult) -> bool {
    let mute = matches!(trouble, Trouble::Lost(TargetError::NoResponse));
    if mute && step.expect.expects_mute() {
        return true;
    }
    let (kind, message) = match trouble {
        Trouble::Lost(TargetError::NoResponse) => {
            (FailureKind::Transport, "the card did not answer".to_owned())
        }
        Trouble::Lost(TargetError::Refused(why)) => (FailureKind::Guard, why),
        Trouble::Lost(error) => (FailureKind::Transport, error.to_string()),
        Trouble::Rule(message) => (FailureKind::SecureMessaging, message),
        Trouble::Harness(message) => (FailureKind::Harness, message),
    };
    fail(judged, kind, message);
    false
}

/// What came of a step at the issuer, for the report and for the verdict.
fn at_issuer(step: &Step, happened: AtIssuer, judged: &mut StepResult) {
    judged.events = happened.events;
    for message in happened.missed {
        fail(judged, FailureKind::Issuer, message);
    }
    let Some(replied) = happened.replied else {
        return;
    };
    for (span, failure) in issuer::judge::check(step.expect.reply.as_ref(), &replied) {
        if let Some(span) = &span {
            words::point_at(judged, span);
        }
        judged.failures.push(failure);
    }
}

/// Keeps a part of an answer under a name.
fn keep(
    session: &mut Session,
    capture: &Capture,
    reply: Option<&Reply>,
    exchange: Option<&Exchange>,
) {
    let whole: Vec<u8> = match capture.from {
        CaptureFrom::Data => reply.map(|reply| reply.data.clone()),
        CaptureFrom::Status => reply.map(|reply| reply.sw.to_bytes().to_vec()),
        CaptureFrom::Answer => exchange.and_then(|exchange| exchange.wire_response.clone()),
        CaptureFrom::Command => exchange.map(|exchange| exchange.wire_command.clone()),
    }
    .unwrap_or_default();
    let part = match &capture.tlv {
        Some(path) => words::value_at(&whole, path).unwrap_or_default(),
        None => whole,
    };
    let start = usize::try_from(capture.offset)
        .unwrap_or(usize::MAX)
        .min(part.len());
    let length = capture.length.map_or(usize::MAX, |length| {
        usize::try_from(length).unwrap_or(usize::MAX)
    });
    let end = start.saturating_add(length).min(part.len());
    let part = part.get(start..end).unwrap_or_default().to_vec();
    session.captures.insert(capture.name.clone(), part);
}
