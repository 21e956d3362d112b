//! The scenarios, blocks and requirements that come with the program, so that it works far from its checkout, and the
//! same files read from a folder instead.

use std::path::Path;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::catalogue::Catalogue;
use super::problem::Problems;
use super::source::Source;
use crate::requirements::Requirements;

static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/scenarios");
static REQUIREMENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/requirements");

/// Folder of blocks, below that of scenarios.
const BLOCKS: &str = "blocks";

/// The scenario files that come with the program, in the order of their paths. Their names begin with `scenarios/`.
pub fn scenario_files() -> Vec<Arc<Source>> {
    let mut files = Vec::new();
    collect(&SCENARIOS, "scenarios/", &mut files);
    files.retain(|file| !is_block(file.name()));
    files
}

/// The block files that come with the program.
pub fn block_files() -> Vec<Arc<Source>> {
    let mut files = Vec::new();
    collect(&SCENARIOS, "scenarios/", &mut files);
    files.retain(|file| is_block(file.name()));
    files
}

/// The files of the requirements catalogue that come with the program.
pub fn requirement_files() -> Vec<Arc<Source>> {
    let mut files = Vec::new();
    collect(&REQUIREMENTS, "requirements/", &mut files);
    files
}

impl Catalogue {
    /// Everything a scenario may name, as it comes with the program.
    ///
    /// # Errors
    /// What is wrong with the embedded requirements; the tests see to it that nothing is.
    pub fn embedded() -> Result<Self, Problems> {
        Ok(Self::with(&Requirements::embedded()?, block_files()))
    }

    /// The emulator's chips, personas and parameters of behaviour, with these requirements and blocks.
    #[must_use]
    pub fn with(requirements: &Requirements, blocks: Vec<Arc<Source>>) -> Self {
        // The emulator's own tables are tested where they live; what cannot be read there has no names here.
        let chips = cie_emulator::chip::chips().unwrap_or_default();
        let parameters = cie_emulator::chip::parameters().map(|all| all.keys().cloned().collect());
        Self {
            chips: chips.iter().map(|chip| chip.id.clone()).collect(),
            personas: cie_emulator::persona::Persona::builtin_ids()
                .map(str::to_owned)
                .collect(),
            presets: cie_emulator::chip::presets(),
            parameters: parameters.unwrap_or_default(),
            requirements: requirements
                .iter()
                .map(|requirement| requirement.id.clone())
                .chain(requirements.items().map(|item| item.id.clone()))
                .collect(),
            ..Self::default()
        }
        .with_blocks(blocks)
    }

    /// Adds block files, each under the name of its file.
    #[must_use]
    pub fn with_blocks(self, files: Vec<Arc<Source>>) -> Self {
        files.into_iter().fold(self, |catalogue, file| {
            let name = file
                .name()
                .rsplit('/')
                .next()
                .and_then(|name| name.strip_suffix(".yaml"))
                .unwrap_or_default();
            catalogue.with_block(name.to_owned(), file)
        })
    }
}

/// Reads the scenarios (`false`) or blocks (`true`) in a folder and the folders below it, in the order of their paths.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn read_folder(root: &Path, blocks: bool) -> std::io::Result<Vec<Arc<Source>>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    let sources = files.iter().map(|path| {
        let name = path.to_string_lossy().replace('\\', "/");
        std::fs::read_to_string(path).map(|text| Source::new(name, text))
    });
    let mut sources = sources.collect::<std::io::Result<Vec<_>>>()?;
    sources.retain(|file| is_block(file.name()) == blocks);
    Ok(sources)
}

fn is_block(name: &str) -> bool {
    name.rsplit('/').nth(1) == Some(BLOCKS)
}

pub(crate) fn collect(folder: &Dir<'_>, prefix: &str, files: &mut Vec<Arc<Source>>) {
    for file in folder.files() {
        let path = file.path().to_string_lossy().replace('\\', "/");
        if path.ends_with(".yaml")
            && let Some(text) = file.contents_utf8()
        {
            files.push(Source::new(format!("{prefix}{path}"), text));
        }
    }
    for folder in folder.dirs() {
        collect(folder, prefix, files);
    }
    files.sort_by(|a, b| a.name().cmp(b.name()));
}
