//! What is wrong with files chosen by names: scenarios as for a run, the blocks of every folder of scenarios among them, and
//! the issuer's policies and people.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Suite;
use super::error::SuiteError;
use super::selection::{Chosen, Wish, all_or, any_files, choose, place_of};
use crate::issuer::lint as issuer;
use crate::scenario::embedded::read_folder;
use crate::scenario::{Problems, lint as lint_file};

/// What is wrong with files.
#[derive(Debug)]
pub struct Linted {
    /// How many were read.
    pub files: usize,
    /// Errors and warnings of all of them.
    pub problems: Problems,
}

/// Reads the files that names mean, blocks among them, and collects everything wrong with them.
///
/// # Errors
/// [`SuiteError`] with every name that means nothing, or what cannot be read.
pub fn lint(suite: &Suite, names: &[String]) -> Result<Linted, SuiteError> {
    let mut wishes: Vec<Wish> = all_or(names);
    let mut chosen = choose(suite, &mut wishes)?;
    for wish in &mut wishes {
        let folder = Path::new(&wish.pattern.name);
        if folder.is_dir() {
            let blocks =
                read_folder(folder, true).map_err(|error| SuiteError::read(folder, error))?;
            wish.files += blocks.len();
            let blocks = blocks.into_iter().map(Chosen::named);
            chosen.extend(blocks);
        }
    }
    any_files(suite, names, &wishes)?;
    let mut problems = Problems::default();
    if names.is_empty() {
        for block in suite.catalogue().blocks.values() {
            chosen.extend([Chosen::named(Arc::clone(block))]);
        }
    }
    let mut places = BTreeMap::new();
    let kinds: Vec<_> = chosen
        .values()
        .map(|it| issuer::Kind::of(&it.source))
        .collect();
    let accounts = chosen.values().zip(&kinds);
    let accounts = accounts.filter(|(_, kind)| **kind == Some(issuer::Kind::Accounts));
    let accounts: Vec<_> = accounts.map(|(it, _)| Arc::clone(&it.source)).collect();
    for (file, kind) in chosen.values().zip(kinds) {
        if let Some(kind) = kind {
            problems.extend(issuer::lint(kind, &file.source, &accounts));
            continue;
        }
        let place = place_of(file, suite, &mut places)?;
        problems.extend(lint_file(&file.source, place.catalogue()));
    }
    Ok(Linted {
        files: chosen.len(),
        problems,
    })
}
