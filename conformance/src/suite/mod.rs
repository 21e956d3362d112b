//! The suite: scenario files with all they may refer to, from the program itself or from a checkout, and the choice of cases
//! from it. This room finds and loads; it runs nothing and prints nothing.

mod error;
mod lint;
mod near;
mod pattern;
mod selection;
mod share;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::report::model::{CoverageInput, ItemInfo, Level, RequirementInfo, ScenarioInfo};
use crate::requirements::{self, Account, Item, Requirements};
use crate::scenario::embedded::{block_files, read_folder, scenario_files};
use crate::scenario::{Case, Catalogue, Problems, Source, load};

pub use error::SuiteError;
pub use lint::{Linted, lint};
pub use pattern::{CellFilter, Pattern};
pub use selection::{Selection, select};
pub use share::{Share, ShareError};

/// Folder of blocks in a folder of scenarios.
const BLOCKS: &str = "blocks";
/// Folder of requirements, seen from a folder of scenarios.
const REQUIREMENTS: &str = "../requirements";

/// Scenario files by id, and what they may name. Nothing is parsed before it is asked for, except the requirements.
#[derive(Debug)]
pub struct Suite {
    root: Option<PathBuf>,
    scenarios: Vec<(String, Arc<Source>)>,
    catalogue: Catalogue,
    requirements: Requirements,
}

impl Suite {
    /// The suite that comes with the program.
    ///
    /// # Errors
    /// What is wrong with the embedded requirements; the tests see to it that nothing is.
    pub fn embedded() -> Result<Self, Problems> {
        let requirements = Requirements::embedded()?;
        let catalogue = Catalogue::with(&requirements, block_files());
        let files = scenario_files();
        let scenarios = files.into_iter().map(|file| {
            let id = id_of(
                file.name()
                    .strip_prefix("scenarios/")
                    .unwrap_or(file.name()),
            );
            (id, file)
        });
        Ok(Self {
            root: None,
            scenarios: scenarios.collect(),
            catalogue,
            requirements,
        })
    }

    /// A folder of scenarios, such as `fixtures/scenarios` of a checkout. Its `blocks` and the `requirements` beside it are
    /// used where they are there, else those of the program.
    ///
    /// # Errors
    /// [`SuiteError`]: a folder or file that cannot be read, or everything wrong with the requirements.
    pub fn folder(root: &Path) -> Result<Self, SuiteError> {
        let mut suite = Self::around(root)?;
        let files = read_folder(root, false).map_err(|error| SuiteError::read(root, error))?;
        let scenarios = files.into_iter().map(|file| {
            let below = Path::new(file.name()).strip_prefix(root);
            let id = below.map_or_else(
                |_| file.name().to_owned(),
                |path| path.to_string_lossy().into_owned(),
            );
            (id_of(&id.replace('\\', "/")), file)
        });
        suite.scenarios = scenarios.collect();
        Ok(suite)
    }

    /// What scenarios in a folder may name, without its scenarios.
    fn around(root: &Path) -> Result<Self, SuiteError> {
        let blocks = root.join(BLOCKS);
        let blocks = if own_folder(&blocks)? {
            read_folder(&blocks, true).map_err(|error| SuiteError::read(&blocks, error))?
        } else {
            block_files()
        };
        let beside = root.join(REQUIREMENTS);
        let requirements = if own_folder(&beside)? {
            let files =
                read_folder(&beside, false).map_err(|error| SuiteError::read(&beside, error))?;
            Requirements::read(&files)?
        } else {
            Requirements::embedded()?
        };
        Ok(Self {
            root: Some(root.to_owned()),
            scenarios: Vec::new(),
            catalogue: Catalogue::with(&requirements, blocks),
            requirements,
        })
    }

    /// The folder it was read from; `None` for the program's own.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Ids and files of the scenarios, in the order of their paths.
    pub fn scenarios(&self) -> impl Iterator<Item = (&str, &Arc<Source>)> {
        self.scenarios.iter().map(|(id, file)| (id.as_str(), file))
    }

    /// What scenarios may name.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The requirements that scenarios cite.
    #[must_use]
    pub fn requirements(&self) -> &Requirements {
        &self.requirements
    }

    /// The cases of all its scenarios.
    ///
    /// # Errors
    /// Everything wrong with any file.
    pub fn cases(&self) -> Result<Vec<Case>, Problems> {
        let mut cases = Vec::new();
        let mut problems = Problems::default();
        for (_, file) in self.scenarios() {
            match load(file, &self.catalogue) {
                Ok(loaded) => cases.extend(loaded.cases),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            Ok(cases)
        } else {
            Err(problems)
        }
    }

    /// What coverage of these cases is measured against.
    #[must_use]
    pub fn coverage(&self, cases: &[Case]) -> CoverageInput {
        let requirements = self.requirements.iter().map(|requirement| RequirementInfo {
            id: requirement.id.clone(),
            level: match requirement.level {
                requirements::Level::Must => Level::Must,
                requirements::Level::Should => Level::Should,
            },
            text: requirement.text.clone(),
            source: requirement.source.join("; "),
        });
        let mut scenarios: Vec<ScenarioInfo> = Vec::new();
        for case in cases {
            if scenarios.last().is_none_or(|last| last.id != case.id) {
                scenarios.push(ScenarioInfo {
                    id: case.id.clone(),
                    requirements: case.requirements().map(str::to_owned).collect(),
                    polarity: case.polarity().into(),
                });
            }
        }
        CoverageInput {
            requirements: requirements.collect(),
            scenarios,
            items: self.requirements.items().map(item_info).collect(),
        }
    }
}

fn item_info(item: &Item) -> ItemInfo {
    let (reason, open) = match &item.account {
        Account::Citations => (None, None),
        Account::Reason(reason) => (Some(reason.clone()), None),
        Account::Open(open) => (None, Some(open.clone())),
    };
    ItemInfo {
        id: item.id.clone(),
        lines: item.lines.clone(),
        text: item.text.clone(),
        disposition: item.disposition.clone(),
        reason,
        open,
    }
}

/// The id of a scenario by the path of its file below the root.
/// Whether there is a folder of that name. A link could make a suite of strangers read other folders of this machine.
fn own_folder(path: &Path) -> Result<bool, SuiteError> {
    let linked = path
        .symlink_metadata()
        .is_ok_and(|found| found.is_symlink());
    if linked {
        let why =
            "it is a link, and the folders of a suite are its own; put the folder itself there";
        let why = io::Error::new(io::ErrorKind::InvalidInput, why);
        return Err(SuiteError::read(path, why));
    }
    Ok(path.is_dir())
}

fn id_of(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    path.strip_suffix(".yaml").unwrap_or(path).to_owned()
}
