//! One case from its card to its verdict: steps in order, `finally` whatever happened. A single step is carried out and
//! judged by `step`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::invariants::Watch;
use super::provider::{Provider, Setup};
use super::requires::{inapplicable, not_for_this_kind, unmet};
use super::session::Session;
use super::{Observer, Options, words};
use crate::guard::{Admission, CaseRisk};
use crate::report::model::{CaseResult, Counters, Phase, Verdict};
use crate::scenario::Case;

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
        if let Some(reason) = unmet(case.requires(), profile.as_ref(), &mut session) {
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
}

fn counters(session: &mut Session) -> Option<Counters> {
    let (pin, puk) = match session.terminal.state() {
        Some(state) => (state.pin_tries, state.puk_tries),
        None => session.tries_told,
    };
    (pin.is_some() || puk.is_some()).then_some(Counters { pin, puk })
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
