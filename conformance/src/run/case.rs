//! One case from its card to its verdict: steps in order, every answer judged, `finally` whatever happened.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::invariants::Watch;
use super::provider::{Provider, Setup};
use super::requires::{inapplicable, not_for_this_kind, place_of};
use super::session::issuer::{self, AtIssuer};
use super::session::{Outcome, Session, Trouble};
use super::surroundings::Around;
use super::{Observer, Options, words};
use crate::expect::{self, Observation};
use crate::guard::{Admission, CaseRisk};
use crate::report::model::{
    CaseResult, Counters, Exchange as ShownExchange, Failure, FailureKind, Phase, StepResult,
    Verdict,
};
use crate::requirements::is_item_id;
use crate::scenario::Case;
use crate::scenario::model::{Action, Capture, CaptureFrom, ChannelForm, Step};
use crate::target::TargetError;
use crate::terminal::{Exchange, Protection, Reply};

/// Everything a case is run with.
pub(super) struct Runner<'a> {
    pub(super) provider: &'a dyn Provider,
    pub(super) options: &'a Options,
    /// Requirements that only should be met.
    pub(super) shoulds: &'a BTreeSet<String>,
    /// Raised by Ctrl-C.
    pub(super) interrupted: &'a AtomicBool,
    /// Is told how cases go.
    pub(super) observer: &'a dyn Observer,
}

impl Runner<'_> {
    /// Runs a case.
    pub(super) fn run(&self, case: &Case) -> CaseResult {
        let seed = self.options.seed_of(&case.name());
        let mut result = self.blank(case, seed);
        if let Some(reason) = not_for_this_kind(case, self.provider.kind()) {
            result.verdict = Verdict::NotApplicable;
            result.reason = Some(reason);
            return result;
        }
        if let Some(guard) = self.provider.guard() {
            let named = self.options.named.contains(&case.id);
            let admission = guard.lock().begin_case(CaseRisk::of(case, named));
            if let Admission::Skip { reason } | Admission::Refuse { reason } = admission {
                result.verdict = Verdict::Skipped;
                result.reason = Some(reason);
                return result;
            }
        }
        match self.provider.card(case, seed) {
            Ok(setup) => self.with_card(case, seed, setup, &mut result),
            Err(reason) => {
                result.verdict = Verdict::Error;
                result.reason = Some(reason);
            }
        }
        result
    }

    /// The entry of a case that is not run at all.
    pub(super) fn blank(&self, case: &Case, seed: u64) -> CaseResult {
        CaseResult {
            id: case.id.clone(),
            cell: case.cell.iter().cloned().collect(),
            title: case.title().to_owned(),
            requirements: case.requirements().map(str::to_owned).collect(),
            polarity: case.polarity().into(),
            hazard: case.hazard.name().to_owned(),
            file: case.source.name().to_owned(),
            seed: format!("{seed:016x}"),
            rerun_command: self.options.rerun(&case.name()),
            ..CaseResult::default()
        }
    }

    fn with_card(&self, case: &Case, seed: u64, setup: Setup, result: &mut CaseResult) {
        result.chip.clone_from(&setup.facts.chip);
        result.persona.clone_from(&setup.facts.persona);
        let profile = setup.profile.clone();
        if let Some(reason) = inapplicable(case, setup.target.kind(), &setup.facts) {
            result.verdict = Verdict::NotApplicable;
            result.reason = Some(reason);
            return;
        }
        let mut session = Session::new(setup, self.provider.guard(), seed);
        let begun = Instant::now();
        if let Err(error) = session.terminal.power_on() {
            result.verdict = Verdict::Inconclusive;
            result.reason = Some(error.to_string());
            return;
        }
        result.counters_before = counters(&mut session);
        if let Some(reason) =
            super::requires::unmet(case.requires(), profile.as_ref(), &mut session)
        {
            result.verdict = Verdict::NotApplicable;
            result.reason = Some(reason);
            return;
        }
        let mut watch = Watch::new(&mut session);
        self.steps(case, &mut session, &mut watch, result);
        self.finally(case, &mut session, &mut watch, result);
        if let Some(audit) = session.audit() {
            self.observer.issuer_closed(case, audit);
        }
        result.counters_after = counters(&mut session);
        result.duration_ns = self.options.time(begun.elapsed());
        let steps = result.steps.iter();
        let gravest = Verdict::gravest(steps.map(|step| step.verdict));
        result.verdict = session
            .unknown
            .map_or(gravest.max(Verdict::Passed), |verdict| {
                // What was not judged was not passed.
                if gravest > Verdict::Passed {
                    gravest
                } else {
                    verdict
                }
            });
        result.reason = reason_of(result);
    }

    fn steps(
        &self,
        case: &Case,
        session: &mut Session,
        watch: &mut Watch,
        result: &mut CaseResult,
    ) {
        let mut ended: Option<String> = None;
        result
            .steps
            .reserve_exact(case.steps.len() + case.finally.len());
        for (number, step) in case.steps.iter().enumerate() {
            if self.interrupted.load(Ordering::Relaxed) && ended.is_none() {
                ended = Some("the run was interrupted".to_owned());
            }
            let mut judged = words::blank_step(step, number, Phase::Steps);
            match &ended {
                Some(why) => {
                    judged.verdict = Verdict::Skipped;
                    judged.note = Some(format!("not reached: {why}"));
                }
                None => {
                    let goes_on = self.step(case, step, session, watch, &mut judged);
                    if !goes_on {
                        ended = Some(format!("step {} ended the case", judged.number()));
                    }
                }
            }
            result.steps.push(judged);
        }
        if self.interrupted.load(Ordering::Relaxed)
            && let Some(last) = result.steps.last_mut()
            && last.verdict == Verdict::Skipped
        {
            last.verdict = Verdict::Inconclusive;
        }
    }

    fn finally(
        &self,
        case: &Case,
        session: &mut Session,
        watch: &mut Watch,
        result: &mut CaseResult,
    ) {
        for (number, step) in case.finally.iter().enumerate() {
            let mut judged = words::blank_step(step, number, Phase::Finally);
            self.step(case, step, session, watch, &mut judged);
            result.steps.push(judged);
        }
    }

    /// Carries a step out and judges it. False when nothing sensible can follow.
    fn step(
        &self,
        case: &Case,
        step: &Step,
        session: &mut Session,
        watch: &mut Watch,
        judged: &mut StepResult,
    ) -> bool {
        if let Some(reason) = self.left_out(step, session) {
            judged.verdict = Verdict::NotApplicable;
            judged.note = Some(reason);
            return true;
        }
        let state_before = session.terminal.state();
        session.facts.take_missing();
        let begun = Instant::now();
        let outcome = session.perform(step);
        let elapsed = begun.elapsed();
        let exchanges = session.terminal.take_exchanges();
        let state = session.terminal.state();
        judged.exchanges = exchanges.iter().map(words::exchange).collect();
        if let (Some(last), Some(state)) = (judged.exchanges.last_mut(), &state) {
            words::show_state(last, state);
        }
        judged.exchanges.extend(self.ask_tries(step, session));
        if let (Action::Invariant(invariant), Ok(_)) = (&step.action, &outcome) {
            watch.begin(*invariant);
        }
        let goes_on = match outcome {
            Ok(mut outcome) => {
                if let Some(happened) = outcome.issuer.take() {
                    at_issuer(step, happened, judged);
                }
                let changed = match (&state_before, &state) {
                    (Some(before), Some(after)) => {
                        Some(before.persistent_digest != after.persistent_digest)
                    }
                    _ => None,
                };
                self.judge(
                    step,
                    session,
                    &outcome,
                    (elapsed, state.as_ref(), changed),
                    judged,
                );
                let captured = step.capture.as_ref();
                // What a step at the issuer gives is secret, and kept there.
                let of_card = !matches!(step.action, Action::Issuer(_));
                if let Some(capture) = captured.filter(|_| of_card) {
                    keep(session, capture, outcome.reply.as_ref(), exchanges.last());
                }
                if let Action::Capture(capture) = &step.action {
                    keep(session, capture, watch.last_reply(), watch.last_exchange());
                }
                watch.saw(outcome.reply, exchanges.last().cloned());
                !matches!(step.action, Action::Open(_)) || judged.failures.is_empty()
            }
            Err(trouble) => self.trouble(step, trouble, judged),
        };
        let missing = session.missing_for(judged);
        let broken = watch.check(session, &exchanges);
        judged.failures.extend(broken);
        judged.verdict = match missing {
            Some(verdict) if judged.failures.is_empty() => verdict,
            _ => self.verdict(case, judged),
        };
        goes_on && missing.is_none()
    }

    /// Asks a physical card for counters that the step expects and no answer has told yet.
    fn ask_tries(&self, step: &Step, session: &mut Session) -> Vec<ShownExchange> {
        if let Some(tries) = &step.expect.tries {
            session.ask_tries(&tries.value);
        }
        let exchanges = session.terminal.take_exchanges();
        exchanges.iter().map(words::exchange).collect()
    }

    fn left_out(&self, step: &Step, session: &Session) -> Option<String> {
        let only = step.only.as_ref()?;
        let chip = session.facts.chip.as_deref();
        if chip.is_some_and(|chip| !only.chips.contains(chip)) {
            return Some("left out on this chip".to_owned());
        }
        let place = place_of(session.kind);
        (!only.targets.is_empty() && !only.targets.contains(&place))
            .then(|| "left out on this target".to_owned())
    }

    fn judge(
        &self,
        step: &Step,
        session: &mut Session,
        outcome: &Outcome,
        (elapsed, state, changed): (
            std::time::Duration,
            Option<&crate::target::CardState>,
            Option<bool>,
        ),
        judged: &mut StepResult,
    ) {
        let Some(reply) = &outcome.reply else { return };
        let channel = match reply.channel {
            Protection::Plain => ChannelForm::Plain,
            Protection::Protected => ChannelForm::Protected,
        };
        let told = session.tries_told;
        let observation = Observation {
            sent: outcome.sent.as_deref(),
            data: &reply.data,
            sw: reply.sw,
            channel,
            signed: outcome.signed.as_deref(),
            elapsed: Some(elapsed),
            tries_from_state: state.and_then(|state| state.pin_tries.zip(state.puk_tries)),
            tries_from_status: told,
            state,
            persistent_changed: changed,
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
            let message =
                "the answer came back unprotected although secure messaging was on".to_owned();
            judged.failures.push(Failure {
                kind: FailureKind::SecureMessaging,
                message,
                ..Failure::default()
            });
        }
    }

    /// A step without an answer to judge. False when nothing sensible can follow.
    fn trouble(&self, step: &Step, trouble: Trouble, judged: &mut StepResult) -> bool {
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
        if matches!(kind, FailureKind::Transport | FailureKind::Guard) && !mute {
            judged.note = Some("lost".to_owned());
        }
        judged.failures.push(Failure {
            kind,
            message,
            ..Failure::default()
        });
        false
    }

    fn verdict(&self, case: &Case, judged: &StepResult) -> Verdict {
        if judged.failures.is_empty() {
            return Verdict::Passed;
        }
        if judged
            .failures
            .iter()
            .any(|failure| failure.kind == FailureKind::Harness)
        {
            return Verdict::Error;
        }
        if judged.note.as_deref() == Some("lost") {
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

/// What came of a step at the issuer, for the report and for the verdict.
fn at_issuer(step: &Step, happened: AtIssuer, judged: &mut StepResult) {
    judged.events = happened.events;
    for message in happened.missed {
        judged.failures.push(Failure {
            kind: FailureKind::Issuer,
            message,
            ..Failure::default()
        });
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

fn counters(session: &mut Session) -> Option<Counters> {
    let (pin, puk) = match session.terminal.state() {
        Some(state) => (state.pin_tries, state.puk_tries),
        None => session.tries_told,
    };
    (pin.is_some() || puk.is_some()).then_some(Counters { pin, puk })
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

/// Why a case is not simply passed, in one sentence.
fn reason_of(result: &CaseResult) -> Option<String> {
    let unjudged = matches!(result.verdict, Verdict::Skipped | Verdict::NotApplicable);
    let unknown = || {
        let mut steps = result.steps.iter();
        steps.position(|step| step.verdict == result.verdict && step.note.is_some())
    };
    let deciding = if unjudged {
        unknown()
    } else {
        result.deciding_step()
    };
    let step = result.steps.get(deciding?)?;
    let what = match step.failures.first() {
        Some(failure) => failure.message.clone(),
        None => step.note.clone().unwrap_or_default(),
    };
    Some(format!("step {}: {what}", step.number()))
}
