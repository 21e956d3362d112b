//! Runs cases: one fresh card for each, several at once, every failure collected. The order of the results is the order of the
//! plan and everything random derives from one seed, so that a run can be repeated to the byte, whatever the number of jobs.

mod case;
mod commands;
mod facts;
mod invariants;
mod provider;
mod requires;
mod session;
mod spoil;
mod step;
mod surroundings;
mod values;
mod words;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cie_crypto::hash::sha256;

pub use facts::{Facts, Reading};
pub use provider::{
    CardError, DEFAULT_CHIP, DEFAULT_PERSONA, EmbeddedCards, PhysicalCard, Provider, ServedCards,
    ServedSlot, Setup, family,
};
pub use requires::inapplicable;

use crate::issuer::audit::Audit;
use crate::report::model::{CaseResult, Stop, StopKind, Verdict};
use crate::scenario::Case;
use case::Runner;

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything random derives from this.
    pub seed: u64,
    /// Cases at once, at most; the provider may allow fewer.
    pub jobs: usize,
    /// Ends the run after the first failure.
    pub fail_fast: bool,
    /// Writes durations into the results; without them equal runs give equal reports.
    pub durations: bool,
    /// The day of the run, `YYYY-MM-DD`, against which validity is judged.
    pub today: String,
    /// Ids of scenarios that were typed in full; a folder or a glob types none.
    pub named: BTreeSet<String>,
    /// Options to repeat in the command that reruns a case, e.g. `--target reader`.
    pub rerun_options: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            fail_fast: false,
            durations: false,
            today: "2026-01-01".to_owned(),
            named: BTreeSet::new(),
            rerun_options: String::new(),
        }
    }
}

impl Options {
    /// The seed of one case: it depends on the run's seed and the case's name, on nothing else.
    #[must_use]
    pub fn seed_of(&self, name: &str) -> u64 {
        let digest = sha256(&[&self.seed.to_be_bytes(), name.as_bytes()]);
        let (first, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        u64::from_be_bytes(*first)
    }

    fn rerun(&self, name: &str) -> String {
        let options = &self.rerun_options;
        let space = if options.is_empty() { "" } else { " " };
        format!("cie-conf run '{name}' --seed {}{space}{options}", self.seed)
    }

    fn time(&self, elapsed: Duration) -> Option<u64> {
        self.durations
            .then(|| u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// Is told how a run goes.
pub trait Observer: Sync {
    /// A case is through; called from any thread, in any order.
    fn case_finished(&self, case: &CaseResult);

    /// A case that had an issuer is through, with this audit at the issuer's; called before [`Self::case_finished`].
    fn issuer_closed(&self, case: &Case, audit: &Audit) {
        let _ = (case, audit);
    }
}

/// Wants to know nothing.
pub struct Silent;

impl Observer for Silent {
    fn case_finished(&self, _: &CaseResult) {}
}

/// What a run brought.
#[derive(Debug)]
pub struct Finished {
    /// The results in the order of the cases.
    pub cases: Vec<CaseResult>,
    /// Why the run ended before its plan did.
    pub stopped: Option<Stop>,
}

/// Runs all cases. `shoulds` are the requirements that only should be met; `interrupted` ends the run in good order: cases
/// under way run their `finally`, the others are skipped and say so.
pub fn run(
    cases: &[Case],
    provider: &dyn Provider,
    options: &Options,
    shoulds: &BTreeSet<String>,
    observer: &dyn Observer,
    interrupted: &AtomicBool,
) -> Finished {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let results: Mutex<Vec<Option<CaseResult>>> = Mutex::new(vec![None; cases.len()]);
    let runner = Runner {
        provider,
        options,
        shoulds,
        interrupted,
        observer,
    };
    let work = || {
        while let Some((number, case)) = take(&next, cases) {
            let skip = if interrupted.load(Ordering::Relaxed) {
                Some("the run was interrupted before this case began")
            } else if options.fail_fast && failed.load(Ordering::Relaxed) {
                Some("the run ended at the first failure (--fail-fast)")
            } else {
                None
            };
            let result = match skip {
                None => runner.run(case),
                Some(why) => skipped(runner.blank(case, options.seed_of(&case.name())), why),
            };
            if matches!(result.verdict, Verdict::Failed | Verdict::Error) {
                failed.store(true, Ordering::Relaxed);
            }
            observer.case_finished(&result);
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = results.get_mut(number) {
                *slot = Some(result);
            }
        }
    };
    let jobs = options
        .jobs
        .clamp(1, provider.capacity().max(1))
        .min(cases.len().max(1));
    // This thread is one of the jobs.
    std::thread::scope(|scope| {
        for _ in 1..jobs {
            scope.spawn(work);
        }
        work();
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    Finished {
        cases: results.into_iter().flatten().collect(),
        stopped: shut(provider).or_else(|| stop(options, &failed, interrupted)),
    }
}

fn take<'a>(next: &AtomicUsize, cases: &'a [Case]) -> Option<(usize, &'a Case)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    cases.get(number).map(|case| (number, case))
}

fn skipped(mut result: CaseResult, why: &str) -> CaseResult {
    result.verdict = Verdict::Skipped;
    result.reason = Some(why.to_owned());
    result
}

/// The guard of a physical card has shut the run.
fn shut(provider: &dyn Provider) -> Option<Stop> {
    let guard = provider.guard()?;
    let latch = guard.lock().latch().map(ToString::to_string)?;
    Some(Stop {
        kind: StopKind::Refused,
        message: latch,
    })
}

fn stop(options: &Options, failed: &AtomicBool, interrupted: &AtomicBool) -> Option<Stop> {
    if interrupted.load(Ordering::Relaxed) {
        return Some(Stop {
            kind: StopKind::Interrupted,
            message: "interrupted; cases under way ran their finally, the others were skipped"
                .to_owned(),
        });
    }
    (options.fail_fast && failed.load(Ordering::Relaxed)).then(|| Stop {
        kind: StopKind::FailFast,
        message: "ended at the first failure, as --fail-fast asks".to_owned(),
    })
}
