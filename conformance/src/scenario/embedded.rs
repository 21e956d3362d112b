//! The scenarios, blocks and requirements that come with the program, so that it works far from its checkout, and the
//! same files read from a folder instead.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cie_emulator::given_file;
use include_dir::{Dir, include_dir};

use super::catalogue::Catalogue;
use super::problem::Problems;
use super::source::Source;
use super::tree::MAX_BYTES;
use crate::requirements::Requirements;

static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/scenarios");
static REQUIREMENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/requirements");

/// Folder of blocks, below that of scenarios.
const BLOCKS: &str = "blocks";

/// Files and folders looked at in one folder of scenarios and below; our own suite has some hundred.
const MAX_ENTRIES: usize = 20_000;
/// Bytes of all its files; our own suite has less than one million.
const MAX_FOLDER_BYTES: usize = 64 << 20;

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

/// The text of a scenario file on the disk.
///
/// # Errors
/// As the file system says, and for what is no file, no text, or longer than [`MAX_BYTES`].
pub fn read_file(path: &Path) -> io::Result<String> {
    given_file::read_text(path, MAX_BYTES)
}

/// Reads the scenarios (`false`) or blocks (`true`) in a folder and the folders below it, in the order of their paths. Who
/// gives a folder to others gives what is in it: links that lead out of it are refused.
///
/// # Errors
/// A folder or file that cannot be read, or more of them than any suite has.
pub fn read_folder(root: &Path, blocks: bool) -> io::Result<Vec<Arc<Source>>> {
    let mut files = files_below(root)?;
    files.sort();
    let mut sources = Vec::new();
    let mut left = MAX_FOLDER_BYTES;
    for path in files {
        let text = read_file(&path).map_err(|error| at(&path, &error))?;
        left = left.checked_sub(text.len()).ok_or_else(|| {
            let message = format!("there are more than {MAX_FOLDER_BYTES} bytes of scenarios");
            io::Error::new(io::ErrorKind::FileTooLarge, message)
        })?;
        sources.push(Source::new(path.to_string_lossy().replace('\\', "/"), text));
    }
    sources.retain(|file| is_block(file.name()) == blocks);
    Ok(sources)
}

/// The YAML files in a folder and below.
fn files_below(root: &Path) -> io::Result<Vec<PathBuf>> {
    let place = root.canonicalize()?;
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    let mut seen = 0_usize;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            seen = seen.saturating_add(1);
            if seen > MAX_ENTRIES {
                let message = format!("there are more than {MAX_ENTRIES} files in it");
                return Err(io::Error::other(message));
            }
            let kind = entry.file_type()?;
            let is_yaml = path
                .extension()
                .is_some_and(|extension| extension == "yaml");
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() && (is_yaml || path.is_dir()) {
                inside(&path, &place).map_err(|error| at(&path, &error))?;
                files.push(path);
            } else if is_yaml {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// Whether a link leads to a file in the place it stands in.
fn inside(link: &Path, place: &Path) -> io::Result<()> {
    let target = link.canonicalize()?;
    let why = match (target.is_dir(), target.starts_with(place)) {
        (true, _) => "it is a link to a folder, and those are not followed; name that folder too",
        (false, false) => "it is a link out of the folder; put the file itself there",
        (false, true) => return Ok(()),
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// The same error, with the name of the file that it is about.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
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
