//! `cie-conf fmt`: scenario files in the canonical layout.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cie_conformance::report::model::ExitCode;
use cie_conformance::report::write::atomically;
use cie_conformance::scenario::embedded::{read_file, read_folder};
use cie_conformance::scenario::{MAX_BYTES, Problems, Source, layout};
use cie_emulator::given_file;
use clap::Args;

use crate::failure::Failure;
use crate::output::{self, plural};

/// Puts scenario and block files in order: indentation, quotes, empty lines
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf fmt my-scenario.yaml            rewrites a file in place, if it changes
  cie-conf fmt fixtures/scenarios          all files of a folder
  cie-conf fmt --check fixtures/scenarios  changes nothing, names the files that would change
  cie-conf fmt - < a.yaml > b.yaml         from standard input to standard output

What a file says is never changed. Exit codes: 0 done, 1 files would change (--check), 2 a file that
cannot be read.")]
pub(crate) struct Fmt {
    /// Files and folders; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Changes nothing; names the files that would change
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut sources = Vec::new();
        for path in &self.files {
            sources.extend(read(path)?);
        }
        let mut problems = Problems::default();
        let mut changed = 0_usize;
        for source in &sources {
            match layout(source) {
                Ok(text) => changed += usize::from(self.put(source, &text)?),
                Err(found) => problems.extend(found),
            }
        }
        if problems.has_errors() {
            return Err(Failure::Problems(problems));
        }
        let files = plural(sources.len(), "file");
        if self.check && changed > 0 {
            output::say(&format!(
                "{changed} of {files} would change; `cie-conf fmt` without --check rewrites them"
            ));
            return Ok(ExitCode::Failures);
        }
        output::say(&format!("{files}, {changed} changed"));
        Ok(ExitCode::Success)
    }

    /// Writes a file anew, or names it. True when it differs.
    fn put(&self, source: &Source, text: &str) -> Result<bool, Failure> {
        let differs = text != source.text();
        match (source.name(), self.check) {
            (name, true) if differs => output::print(&format!("{name}\n"))?,
            (STANDARD_INPUT, false) => output::print(text)?,
            (name, false) if differs => atomically(Path::new(name), text)?,
            _ => {}
        }
        Ok(differs)
    }
}

/// The name of what comes from standard input.
const STANDARD_INPUT: &str = "<standard input>";

fn read(path: &Path) -> Result<Vec<Arc<Source>>, Failure> {
    let refused = |error: std::io::Error| {
        Failure::Usage(format!("{} cannot be read: {error}", path.display()))
    };
    if path == Path::new("-") {
        let input = std::io::stdin().lock();
        let text = given_file::text_from(input, MAX_BYTES).map_err(refused)?;
        return Ok(vec![Source::new(STANDARD_INPUT, text)]);
    }
    if path.is_dir() {
        let mut files = read_folder(path, false).map_err(refused)?;
        files.extend(read_folder(path, true).map_err(refused)?);
        return Ok(files);
    }
    let text = read_file(path).map_err(refused)?;
    Ok(vec![Source::new(path.to_string_lossy(), text)])
}
