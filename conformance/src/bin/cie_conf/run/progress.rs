//! Words while a run goes on: a line for each case in the order of the plan, whichever is through first, and on a terminal a
//! bar below them.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};

use cie_conformance::report::model::CaseResult;
use cie_conformance::report::terminal::verdict_line;
use cie_conformance::report::text::Paint;
use cie_conformance::run::Observer;
use cie_conformance::scenario::Case;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::options::Show;
use crate::output;

/// Tells how a run goes.
pub(super) struct Progress {
    show: Show,
    paint: Paint,
    bar: Option<ProgressBar>,
    lines: Mutex<Lines>,
}

/// Lines that wait for those before them.
struct Lines {
    places: BTreeMap<(String, BTreeMap<String, String>), usize>,
    next: usize,
    waiting: BTreeMap<usize, Option<String>>,
}

impl Progress {
    pub(super) fn new(cases: &[Case], show: Show) -> Self {
        let places = cases.iter().enumerate().map(|(place, case)| {
            let cell = case.cell.iter().cloned().collect();
            ((case.id.clone(), cell), place)
        });
        let bar = std::io::stderr().is_terminal().then(|| {
            let count = u64::try_from(cases.len()).unwrap_or(u64::MAX);
            let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} cases, {elapsed}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self {
            show,
            paint: output::paint(),
            bar,
            lines: Mutex::new(Lines {
                places: places.collect(),
                next: 0,
                waiting: BTreeMap::new(),
            }),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, case: &CaseResult) -> Option<String> {
        let shown = match self.show {
            Show::All => true,
            Show::Failed => case.verdict.needs_attention(),
            Show::None => false,
        };
        shown.then(|| verdict_line(case, self.paint))
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::say(line)),
            None => output::say(line),
        }
    }
}

impl Observer for Progress {
    fn case_finished(&self, case: &CaseResult) {
        let line = self.line(case);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let place = lines
            .places
            .get(&(case.id.clone(), case.cell.clone()))
            .copied();
        if let Some(place) = place {
            lines.waiting.insert(place, line);
        }
        loop {
            let next = lines.next;
            let Some(line) = lines.waiting.remove(&next) else {
                break;
            };
            lines.next += 1;
            if let Some(line) = line {
                self.say(&line);
            }
        }
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}
