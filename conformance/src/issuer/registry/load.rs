//! People from YAML files: personas of the emulator with contacts and accounts. A file that does not say `synthetic: true` is
//! refused whole, before anything else in it is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cie_crypto::random::Seeded;
use cie_emulator::persona::{Persona, personalise};
use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::{Category, Contacts, DocumentState, Person, Registry};
use crate::issuer::account::{Account, AccountState, Accounts};
use crate::issuer::secret::{Hashed, Secret};
use crate::scenario::decode::suggestion;
use crate::scenario::embedded::collect;
use crate::scenario::{At, Code, Node, Problem, Problems, Source, Span, decode_all, read_document};

static PEOPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/people");

/// The files of people that come with the program. Their names begin with `people/`.
#[must_use]
pub fn people_files() -> Vec<Arc<Source>> {
    let mut files = Vec::new();
    collect(&PEOPLE, "people/", &mut files);
    files
}

/// The secret that a person of the program's own files has at an account when the issuer opens. Those files are published, so
/// it opens nothing; the registry itself keeps hashes.
#[must_use]
pub fn published_secret(persona: &str, account: &str) -> Option<Secret> {
    let files = people_files().into_iter();
    let mut entries = files
        .filter_map(|source| decode_all::<File>(&read_document(&source, "cie-people").ok()?).ok())
        .flat_map(|file| file.people);
    let entry = entries.find(|entry| entry.persona.value == persona)?;
    entry.accounts.get(account)?.secret.clone()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "cie-people")]
    _version: u32,
    #[serde(rename = "synthetic")]
    _synthetic: bool,
    people: Vec<At<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    persona: At<String>,
    #[serde(default)]
    contacts: Contacts,
    document: Option<DocumentState>,
    #[serde(default)]
    categories: BTreeSet<Category>,
    health_card: Option<String>,
    #[serde(default)]
    accounts: BTreeMap<String, At<AccountEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountEntry {
    state: AccountState,
    secret: Option<Secret>,
}

impl Registry {
    /// The people that come with the program.
    ///
    /// # Errors
    /// What is wrong with them; the tests see to it that nothing is.
    pub fn embedded(accounts: &Accounts) -> Result<Self, Problems> {
        Self::read(&people_files(), accounts)
    }

    /// Reads files of people.
    ///
    /// # Errors
    /// Everything wrong with any of them: a file that does not say that its people are invented, unknown personas, accounts
    /// and fields, addresses that may belong to somebody, two people of one card.
    pub fn read(files: &[Arc<Source>], accounts: &Accounts) -> Result<Self, Problems> {
        let mut all = Self::default();
        let mut problems = Problems::default();
        for source in files {
            all.read_file(source, accounts, &mut problems);
        }
        match problems.has_errors() {
            true => Err(problems.sorted()),
            false => Ok(all),
        }
    }

    fn read_file(&mut self, source: &Arc<Source>, accounts: &Accounts, problems: &mut Problems) {
        let root = match read_document(source, "cie-people") {
            Ok(root) => root,
            Err(found) => return problems.extend(found),
        };
        if let Some(problem) = not_synthetic(&root) {
            return problems.push(problem);
        }
        let file = match decode_all::<File>(&root) {
            Ok(file) => file,
            Err(found) => return found.into_iter().for_each(|problem| problems.push(problem)),
        };
        for entry in file.people {
            let span = entry
                .persona
                .span
                .clone()
                .unwrap_or_else(|| Span::whole(source));
            let added = person(entry.value, accounts, &span).and_then(|person| {
                let added = self.add(person);
                added.map_err(|error| Problem::new(Code::BadValue, error.to_string(), span))
            });
            if let Err(problem) = added {
                problems.push(problem);
            }
        }
    }
}

/// The problem of a file that does not say that its people are invented.
fn not_synthetic(root: &Node) -> Option<Problem> {
    let given = root.get("synthetic");
    if given.is_some_and(|node| node.text() == Some("true")) {
        return None;
    }
    let span = given.map_or_else(|| Span::whole(root.span.source()), |node| node.span.clone());
    let message = "the file does not say that its people are invented";
    let help = "only invented people are read: write `synthetic: true` when they are";
    Some(Problem::new(Code::MissingField, message, span).help(help))
}

fn person(entry: Entry, accounts: &Accounts, span: &Span) -> Result<Person, Problem> {
    let unusable = |reason: String| Problem::new(Code::UnknownPersona, reason, span.clone());
    let persona = Persona::builtin(&entry.persona).map_err(|error| unusable(error.to_string()))?;
    let card = personalise(&persona).map_err(|error| unusable(error.to_string()))?;
    let mut person = Person::of_card(&card).map_err(|error| unusable(error.to_string()))?;
    person.contacts = entry.contacts;
    person.document = entry.document.unwrap_or(DocumentState::Valid);
    person.categories = entry.categories;
    person.health_card = entry.health_card;
    for (name, account) in entry.accounts {
        if accounts.get(&name).is_none() {
            let place = account.span.clone().unwrap_or_else(|| span.clone());
            let names: Vec<&str> = accounts.names().collect();
            let message = format!("there is no account `{name}`");
            return Err(
                Problem::new(Code::BadValue, message, place).help(suggestion(&name, &names))
            );
        }
        let kept = kept(&account.value, &name, &person.nun, accounts);
        person.accounts.insert(name, kept);
    }
    Ok(person)
}

fn kept(entry: &AccountEntry, name: &str, nun: &str, accounts: &Accounts) -> Account {
    let mut salts = Seeded::derived(0, &format!("issuer/registry {nun} {name}"));
    let secret = entry
        .secret
        .as_ref()
        .map(|secret| accounts.canonical(name, secret));
    let hashed = secret.map(|secret| Hashed::new(&secret, &mut salts));
    Account::new(entry.state, hashed)
}
