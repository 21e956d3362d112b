//! `cie-conf run`: chooses cases, runs them, tells what came of it.

pub(crate) mod interrupt;
mod options;
mod place;
mod plan;
mod prepare;
mod private;
mod progress;
mod reader;
mod serve;

use cie_conformance::report::model::{ExitCode, RunResult, TargetInfo};
use cie_conformance::report::{Destination, Masker, terminal, write_all};
use cie_conformance::requirements::Level;
use cie_conformance::run::{Finished, Provider, run};
use cie_conformance::suite::{Selection, Suite};

pub(crate) use options::{Run, check_reports};
use place::Place;
use progress::Progress;
use serve::Serve;

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
        if let (Some(Serve::Private(reader)), false) = (&self.reader.serve, self.dry_run) {
            return private::run(*reader);
        }
        let suite = self.choice.suite()?;
        let mut selection = self.choice.select(&suite)?;
        let coverage = selection.whole.then(|| suite.coverage(&selection.cases));
        if let Some(share) = self.partition {
            selection.cases.retain(|case| share.has(case));
        }
        if !selection.warnings.is_empty() {
            output::say(&output::problems(&selection.warnings));
        }
        let prepared = self.prepare(&selection)?;
        if self.dry_run {
            output::print(&prepared.plan)?;
            return Ok(ExitCode::Success);
        }
        if prepared.shows_plan {
            output::say(prepared.plan.trim_end());
        }
        let (provider, masker) = prepared.begin()?;
        let mut result = self.result(&selection, provider.as_ref());
        result.coverage = coverage.unwrap_or_default();
        let finished = self.carry_out(&suite, &selection, provider.as_ref(), recorder)?;
        result.cases = finished.cases;
        result.stopped = finished.stopped;
        self.name_files(&selection, &mut result);
        Ok(tell(result, &masker, &self.report))
    }

    /// What is known of the run before it begins.
    fn result(&self, selection: &Selection, provider: &dyn Provider) -> RunResult {
        let tool = concat!("cie-conf ", env!("CARGO_PKG_VERSION"));
        let target = TargetInfo {
            // Cards that are served are the emulator's, and are reached through a reader.
            kind: match self.target {
                Place::Reader(_) => "reader".to_owned(),
                Place::Emulator | Place::Trace(_) => provider.kind().to_string(),
            },
            description: provider.describe(),
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
        provider: &dyn Provider,
        recorder: Option<&Recorder>,
    ) -> Result<Finished, Failure> {
        let shoulds = suite.requirements().iter();
        let shoulds = shoulds.filter(|requirement| requirement.level == Level::Should);
        let shoulds = shoulds.map(|requirement| requirement.id.clone()).collect();
        let interrupted = interrupt::watch()?;
        let progress = Progress::new(&selection.cases, self.show);
        let options = self.as_options(self.named(selection));
        if let Some(recorder) = recorder {
            let finished = recorder.record(
                &selection.cases,
                provider,
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
            provider,
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
pub(crate) fn tell(mut result: RunResult, masker: &Masker, reports: &[Destination]) -> ExitCode {
    let written = write_all(&mut result, masker, reports);
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
