//! What is wrong with one of the issuer's files, whichever kind it is: a policy, people, or what accounts are.

use std::sync::Arc;

use super::account::Accounts;
use super::policy::{Policies, account_files};
use super::registry::Registry;
use crate::scenario::{Node, Problems, Source};

/// Kinds of the issuer's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A way of getting a secret back.
    Policy,
    /// Invented people.
    People,
    /// What accounts there are.
    Accounts,
}

impl Kind {
    /// What a file says that it is; nothing when it is none of the issuer's.
    #[must_use]
    pub fn of(source: &Arc<Source>) -> Option<Self> {
        let root = Node::parse(source).ok()?;
        let says = |key: &str| root.get(key).is_some();
        let kinds = [
            ("cie-policy", Self::Policy),
            ("cie-people", Self::People),
            ("cie-accounts", Self::Accounts),
        ];
        let mut kinds = kinds.into_iter();
        kinds.find_map(|(key, kind)| says(key).then_some(kind))
    }
}

/// Everything wrong with a file of this kind, which may name the program's accounts and those of `accounts`.
#[must_use]
pub fn lint(kind: Kind, source: &Arc<Source>, accounts: &[Arc<Source>]) -> Problems {
    let known = || Accounts::read(&[&account_files(), accounts].concat());
    let found = match kind {
        Kind::Accounts => Accounts::read(&[Arc::clone(source)]).map(drop),
        // What is wrong with the accounts is told of their own files.
        Kind::Policy => {
            let accounts = known().unwrap_or_default();
            Policies::read(&[Arc::clone(source)], accounts).map(drop)
        }
        Kind::People => {
            let accounts = known().unwrap_or_default();
            Registry::read(&[Arc::clone(source)], &accounts).map(drop)
        }
    };
    found.err().unwrap_or_default()
}
