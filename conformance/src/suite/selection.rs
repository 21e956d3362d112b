//! The choice of cases by names. Everything wrong is collected first: all names that select nothing, or all problems of all
//! files, so that one run of the program tells the whole of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::error::SuiteError;
use super::near::{NEAR, near};
use super::pattern::Pattern;
use super::{BLOCKS, REQUIREMENTS, Suite};
use crate::scenario::embedded::{read_file, read_folder};
use crate::scenario::{Case, Catalogue, Code, Loaded, Problem, Problems, Source, Span, load};

/// Chosen cases, in the order of their ids and cells.
#[derive(Debug)]
pub struct Selection {
    /// The cases.
    pub cases: Vec<Case>,
    /// How to ask again for cases of files that were named: the name of the case, and the name that selects it.
    pub files: BTreeMap<String, String>,
    /// What is worth saying about the files although they can be run.
    pub warnings: Problems,
    /// Whether it is the whole suite.
    pub whole: bool,
    /// Digest of the cases' names and of the texts that decide what they do: equal digests mean the same work.
    pub digest: String,
}

/// Cases by ids, folders, globs, files and folders on the disk; all of the suite without names.
///
/// # Errors
/// [`SuiteError`] with every name that selects nothing, or with everything wrong with the files chosen.
pub fn select(suite: &Suite, names: &[String]) -> Result<Selection, SuiteError> {
    let mut wishes = all_or(names);
    let chosen = choose(suite, &mut wishes)?;
    any_files(suite, names, &wishes)?;
    let mut selection = Selection {
        cases: Vec::new(),
        files: BTreeMap::new(),
        warnings: Problems::default(),
        whole: names.is_empty(),
        digest: String::new(),
    };
    let mut problems = Problems::default();
    let mut digest = Sha256::new();
    let mut places: BTreeMap<PathBuf, Suite> = BTreeMap::new();
    for file in chosen.values() {
        let place = place_of(file, suite, &mut places)?;
        blocks_into(&mut digest, place.catalogue());
        digest.update(file.source.text());
        match load(&file.source, place.catalogue()) {
            Ok(loaded) => selection.add(file, loaded, &mut wishes),
            Err(found) => problems.extend(found),
        }
    }
    selection.order(&mut problems);
    if problems.has_errors() {
        return Err(problems.into());
    }
    unmet(&wishes, |wish| wish.cases > 0)?;
    for case in &selection.cases {
        digest.update(case.name());
    }
    selection.digest = hex::encode(digest.finalize());
    Ok(selection)
}

/// The names, or one that means everything when there are none.
pub(super) fn all_or(names: &[String]) -> Vec<Wish> {
    if names.is_empty() {
        return vec![Wish::of("**")];
    }
    names.iter().map(|name| Wish::of(name)).collect()
}

/// A name as it was typed, and what it has met so far.
pub(super) struct Wish {
    typed: String,
    pub(super) pattern: Pattern,
    pub(super) files: usize,
    cases: usize,
    /// What could have been meant.
    near: Vec<String>,
}

impl Wish {
    fn of(typed: &str) -> Self {
        Self {
            typed: typed.to_owned(),
            pattern: Pattern::of(typed),
            files: 0,
            cases: 0,
            near: Vec::new(),
        }
    }
}

/// An error when a name means no file, or when there is none at all.
pub(super) fn any_files(
    suite: &Suite,
    names: &[String],
    wishes: &[Wish],
) -> Result<(), SuiteError> {
    if names.is_empty() && wishes.iter().all(|wish| wish.files == 0) {
        let place = suite.root().map(Path::to_owned);
        return Err(SuiteError::Empty { place });
    }
    unmet(wishes, |wish| wish.files > 0)
}

/// An error when a name has met nothing.
fn unmet(wishes: &[Wish], met: impl Fn(&Wish) -> bool) -> Result<(), SuiteError> {
    let unmet = wishes.iter().filter(|wish| !met(wish));
    let names: Vec<_> = unmet
        .map(|wish| (wish.typed.clone(), wish.near.clone()))
        .collect();
    if names.is_empty() {
        Ok(())
    } else {
        Err(SuiteError::Unknown { names })
    }
}

/// A file and the names that chose it.
pub(super) struct Chosen {
    pub(super) source: Arc<Source>,
    /// Whether it was found on the disk by the name of the file, and not in the suite.
    named: bool,
    /// Positions in the list of wishes.
    by: Vec<usize>,
}

impl Chosen {
    /// A file that needs no choice, under its name.
    pub(super) fn named(source: Arc<Source>) -> (String, Self) {
        let name = source.name().to_owned();
        let file = Self {
            source,
            named: true,
            by: Vec::new(),
        };
        (name, file)
    }
}

/// The files that names mean, by file name.
pub(super) fn choose(
    suite: &Suite,
    wishes: &mut [Wish],
) -> Result<BTreeMap<String, Chosen>, SuiteError> {
    let mut chosen: BTreeMap<String, Chosen> = BTreeMap::new();
    for (number, wish) in wishes.iter_mut().enumerate() {
        let (sources, named) = meant(suite, &wish.pattern)?;
        wish.files = sources.len();
        if sources.is_empty() {
            wish.near = near(&wish.pattern.name, suite.scenarios().map(|(id, _)| id));
        }
        for source in sources {
            let file = chosen.entry(source.name().to_owned());
            let file = file.or_insert_with(|| Chosen {
                source,
                named,
                by: Vec::new(),
            });
            file.by.push(number);
        }
    }
    Ok(chosen)
}

/// The files a name means, and whether they were found on the disk: a file there first, then the suite, then a folder there.
fn meant(suite: &Suite, pattern: &Pattern) -> Result<(Vec<Arc<Source>>, bool), SuiteError> {
    let path = Path::new(&pattern.name);
    if path.is_file() {
        let text = read_file(path).map_err(|error| SuiteError::read(path, error))?;
        return Ok((vec![Source::new(pattern.name.clone(), text)], true));
    }
    let known = suite.scenarios().filter(|(id, _)| pattern.has_id(id));
    let known: Vec<_> = known.map(|(_, source)| Arc::clone(source)).collect();
    if known.is_empty() && path.is_dir() {
        let files = read_folder(path, false).map_err(|error| SuiteError::read(path, error))?;
        return Ok((files, true));
    }
    Ok((known, false))
}

/// What a file may name: the suite's, or that of the folder of scenarios around a file on the disk.
pub(super) fn place_of<'a>(
    file: &Chosen,
    suite: &'a Suite,
    places: &'a mut BTreeMap<PathBuf, Suite>,
) -> Result<&'a Suite, SuiteError> {
    let root = root_of(Path::new(file.source.name())).filter(|_| file.named);
    let Some(root) = root else {
        return Ok(suite);
    };
    if !places.contains_key(root) {
        places.insert(root.to_owned(), Suite::around(root)?);
    }
    Ok(places.get(root).unwrap_or(suite))
}

/// The folder of scenarios around a file: the nearest that has a folder of blocks in it or one of requirements beside it.
fn root_of(file: &Path) -> Option<&Path> {
    let is_root =
        |folder: &&Path| folder.join(BLOCKS).is_dir() || folder.join(REQUIREMENTS).is_dir();
    file.ancestors().skip(1).find(is_root)
}

fn blocks_into(digest: &mut Sha256, catalogue: &Catalogue) {
    for (name, block) in &catalogue.blocks {
        digest.update(name);
        digest.update(block.text());
    }
}

impl Selection {
    /// Adds the cases of a file that are wanted.
    fn add(&mut self, file: &Chosen, loaded: Loaded, wishes: &mut [Wish]) {
        self.warnings.extend(loaded.warnings);
        for case in loaded.cases {
            let mut wanted = false;
            for &number in &file.by {
                let Some(wish) = wishes.get_mut(number) else {
                    continue;
                };
                if wish.pattern.cells.has(&case) {
                    wish.cases += 1;
                    wanted = true;
                } else if wish.near.len() < NEAR {
                    wish.near.push(case.name());
                }
            }
            if !wanted {
                continue;
            }
            if file.named {
                let name = case.name();
                let cell = name.strip_prefix(case.id.as_str()).unwrap_or_default();
                let again = format!("{}{cell}", file.source.name());
                self.files.insert(name, again);
            }
            self.cases.push(case);
        }
    }

    /// The order in which joined reports have them, so that a divided run and an undivided one tell the same.
    fn order(&mut self, problems: &mut Problems) {
        let cell = |case: &Case| case.cell.iter().cloned().collect::<BTreeMap<_, _>>();
        self.cases
            .sort_by_cached_key(|case| (case.id.clone(), cell(case)));
        for pair in self.cases.windows(2) {
            let [first, second] = pair else { continue };
            if first.name() == second.name() {
                problems.push(same_id(first, second));
            }
        }
    }
}

fn same_id(first: &Case, second: &Case) -> Problem {
    let place = |case: &Case| {
        let span = case.scenario.id.span.clone();
        span.unwrap_or_else(|| Span::whole(&case.source))
    };
    let message = format!("two of the chosen files have the id `{}`", second.id);
    Problem::new(Code::Id, message, place(second))
        .related(place(first), "the other one")
        .help("choose one of them")
}
