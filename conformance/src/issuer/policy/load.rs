//! Files become policies, or a list of everything that is wrong with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::check::check;
use super::{Gate, Policy, Revision};
use crate::issuer::account::Accounts;
use crate::scenario::{
    Code, Entry, Kind, Node, Problem, Problems, Source, Span, decode_all, read_document,
};

/// Policies by their names, and the accounts they act upon.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    by_id: BTreeMap<String, Arc<Policy>>,
    accounts: Arc<Accounts>,
}

impl Policies {
    /// Reads policy files; each policy has the name of its file.
    ///
    /// # Errors
    /// Everything wrong with any of them: what is no YAML, unknown gates, fields, accounts and dates, gates in an order that
    /// gives secrets away, a name given twice.
    pub fn read(files: &[Arc<Source>], accounts: Accounts) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut all = Self {
            by_id: BTreeMap::new(),
            accounts: Arc::new(accounts),
        };
        for source in files {
            all.read_file(source, &mut problems);
        }
        let problems = problems.sorted();
        match problems.has_errors() {
            true => Err(problems),
            false => Ok(all),
        }
    }

    fn read_file(&mut self, source: &Arc<Source>, problems: &mut Problems) {
        let root = match read_document(source, "cie-policy") {
            Ok(root) => root,
            Err(found) => return problems.extend(found),
        };
        let root = whole_parts(root, problems);
        let policy = match decode_all::<Policy>(&root) {
            Ok(policy) => policy,
            Err(found) => return found.into_iter().for_each(|problem| problems.push(problem)),
        };
        if problems.has_errors() && problems.iter().any(|it| it.span.source() == source) {
            // What is left of a broken list would be told off for what is missing from it.
            return;
        }
        let mut found = check(&policy, source, &self.accounts);
        if self.by_id.contains_key(&policy.id.value) {
            let span = policy
                .id
                .span
                .clone()
                .unwrap_or_else(|| Span::whole(source));
            let message = format!("the policy `{}` is there already", policy.id.value);
            found.push(Problem::new(Code::Id, message, span));
        }
        if !found.has_errors() {
            self.by_id.insert(policy.id.value.clone(), Arc::new(policy));
        }
        problems.extend(found);
    }

    /// The policy of a name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Policy>> {
        self.by_id.get(id)
    }

    /// All policies, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.by_id.values()
    }

    /// What accounts there are.
    #[must_use]
    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }
}

/// The file with those gates and revisions that can be read; of every other one it is said what is wrong, so that an error in
/// one does not hide those of the rest.
fn whole_parts(root: Node, problems: &mut Problems) -> Node {
    let Kind::Map(entries) = root.kind else {
        return root;
    };
    let entries = entries.into_iter().map(|entry| {
        let value = match entry.key.text.as_str() {
            "gates" => readable::<Gate>(entry.value, problems),
            "revisions" => readable::<Revision>(entry.value, problems),
            _ => entry.value,
        };
        Entry {
            key: entry.key,
            value,
        }
    });
    Node {
        kind: Kind::Map(entries.collect()),
        span: root.span,
    }
}

/// The items of a list that can be read as `T`; anything else than a list as it is.
fn readable<T: DeserializeOwned>(node: Node, problems: &mut Problems) -> Node {
    let Kind::List(items) = node.kind else {
        return node;
    };
    let fine = items
        .into_iter()
        .filter(|item| match decode_all::<T>(item) {
            Ok(_) => true,
            Err(found) => {
                found.into_iter().for_each(|problem| problems.push(problem));
                false
            }
        });
    Node {
        kind: Kind::List(fine.collect()),
        span: node.span,
    }
}
