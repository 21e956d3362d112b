//! Options by which every command chooses scenarios.

use std::path::PathBuf;

use cie_conformance::suite::{Selection, Suite, select};
use clap::Args;

use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Choice {
    /// Ids, folders or globs of scenarios, with a cell in brackets if wanted; files or folders on the disk. All scenarios
    /// without any
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) folder: SuiteDir,
}

#[derive(Args)]
pub(crate) struct SuiteDir {
    /// Takes scenarios from this folder instead of the program's own, e.g. `fixtures/scenarios` of a checkout, with its
    /// blocks and the requirements beside it
    #[arg(long, value_name = "DIR")]
    pub(crate) suite_dir: Option<PathBuf>,
}

impl SuiteDir {
    /// The suite in the folder, or the program's own.
    pub(crate) fn read(&self) -> Result<Suite, Failure> {
        Ok(match &self.suite_dir {
            Some(folder) => Suite::folder(folder)?,
            None => Suite::embedded()?,
        })
    }
}

impl Choice {
    /// The suite they are chosen from.
    pub(crate) fn suite(&self) -> Result<Suite, Failure> {
        self.folder.read()
    }

    /// The chosen cases; something, always.
    pub(crate) fn select(&self, suite: &Suite) -> Result<Selection, Failure> {
        Ok(select(suite, &self.names)?)
    }
}
