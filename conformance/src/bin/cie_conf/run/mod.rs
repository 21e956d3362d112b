//! `cie-conf run`: chooses cases, runs them, tells what came of it.

pub(crate) mod interrupt;
mod options;
mod plan;
mod progress;

use cie_conformance::report::model::{ExitCode, RunResult, TargetInfo};
use cie_conformance::report::{Destination, Masker, terminal, write_all};
use cie_conformance::requirements::Level;
use cie_conformance::run::{Finished, Provider, run};
use cie_conformance::suite::{Selection, Suite};

pub(crate) use options::{Run, check_reports};
use progress::Progress;

use crate::failure::Failure;
use crate::output;
use crate::record::Recorder;

impl Run {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        self.run_with(None)
    }

    /// Runs, and records what passes where that is wanted.
    pub(crate) fn run_with(self, recorder: Option<&Recorder>) -> Result<ExitCode, Failure> {
        self.check()?;
        let suite = self.choice.suite()?;
        let mut selection = self.choice.select(&suite)?;
        let coverage = selection.whole.then(|| suite.coverage(&selection.cases));
        if let Some(share) = self.partition {
            selection.cases.retain(|case| share.has(case));
        }
        if !selection.warnings.is_empty() {
            output::say(&output::problems(&selection.warnings));
        }
        let cards = self.provider()?;
        let cards = cards.as_ref();
        if self.dry_run {
            output::print(&plan::of(&selection.cases, &cards.describe(), &self.report))?;
            return Ok(ExitCode::Success);
        }
        let mut result = self.result(&selection, cards);
        result.coverage = coverage.unwrap_or_default();
        let finished = self.carry_out(&suite, &selection, cards, recorder)?;
        result.cases = finished.cases;
        result.stopped = finished.stopped;
        self.name_files(&selection, &mut result);
        Ok(tell(result, &self.report))
    }

    /// What is known of the run before it begins.
    fn result(&self, selection: &Selection, cards: &dyn Provider) -> RunResult {
        let tool = concat!("cie-conf ", env!("CARGO_PKG_VERSION"));
        let target = TargetInfo {
            kind: cards.kind().to_string(),
            description: cards.describe(),
        };
        let mut result = RunResult::new(tool, &self.seed.to_string(), &selection.digest, target);
        result.strict = self.strict;
        result.partition = self.partition.map(Into::into);
        result.options = self.that_matter();
        result
    }

    fn carry_out(
        &self,
        suite: &Suite,
        selection: &Selection,
        cards: &dyn Provider,
        recorder: Option<&Recorder>,
    ) -> Result<Finished, Failure> {
        let shoulds = suite.requirements().iter();
        let shoulds = shoulds.filter(|requirement| requirement.level == Level::Should);
        let shoulds = shoulds.map(|requirement| requirement.id.clone()).collect();
        let interrupted = interrupt::watch()?;
        let progress = Progress::new(&selection.cases, self.show);
        let options = self.as_options();
        if let Some(recorder) = recorder {
            let finished = recorder.record(
                &selection.cases,
                cards,
                &options,
                &shoulds,
                &progress,
                &interrupted,
            );
            progress.finish();
            return finished;
        }
        let finished = run(
            &selection.cases,
            cards,
            &options,
            &shoulds,
            &progress,
            &interrupted,
        );
        progress.finish();
        Ok(finished)
    }

    /// Cases of files that were named are asked for again by the file, as their ids mean nothing to the suite.
    fn name_files(&self, selection: &Selection, result: &mut RunResult) {
        for case in &mut result.cases {
            if let Some(file) = selection.files.get(&case.name()) {
                let name = format!("'{}'", case.name());
                case.rerun_command = case.rerun_command.replacen(&name, &format!("'{file}'"), 1);
            }
        }
    }
}

/// Writes the reports, then tells people. Reports first, as a program may be waiting for them.
pub(crate) fn tell(mut result: RunResult, reports: &[Destination]) -> ExitCode {
    let written = write_all(&mut result, &Masker::new(), reports);
    let closing = terminal::closing(&result, &written.paths, output::paint());
    output::say(closing.trim_end());
    for error in &written.errors {
        output::say(&format!("error: {error}"));
    }
    let code = result.exit_code();
    if written.errors.is_empty() {
        code
    } else {
        code.or(ExitCode::Harness)
    }
}
