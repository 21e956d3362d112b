//! Accounts: user name and secret at a service, what state they are in, and how a login is judged. What accounts there are
//! and by which names people log in is data. Secrets are kept as salted hashes and never printed.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::clock::Period;
use super::policy::{Field, Identify, Medium};
use super::rules::Charset;
use super::secret::{Hashed, Secret};
use crate::scenario::{At, Code, Problem, Problems, Source, decode_all, read_document};

/// Where an account is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// There is none yet.
    NotActivated,
    /// A first secret was issued and must be changed at the first access.
    Issued,
    /// In use.
    Active,
    /// An operator has stopped it for a while.
    Suspended,
    /// Ended, by the holder or with the document.
    Revoked,
}

impl AccountState {
    /// Its name in files and audit lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotActivated => "not_activated",
            Self::Issued => "issued",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    state: AccountState,
    secret: Option<Hashed>,
    earlier: Vec<Hashed>,
}

impl Default for Account {
    fn default() -> Self {
        Self::new(AccountState::NotActivated, None)
    }
}

impl Account {
    /// An account with the secret in force, when there is one.
    #[must_use]
    pub fn new(state: AccountState, secret: Option<Hashed>) -> Self {
        Self {
            state,
            secret,
            earlier: Vec::new(),
        }
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> AccountState {
        self.state
    }

    /// Whether this is the secret in force, whatever the state.
    #[must_use]
    pub fn matches(&self, secret: &Secret) -> bool {
        self.secret
            .as_ref()
            .is_some_and(|hashed| hashed.matches(secret))
    }

    /// Whether this is one of the last `depth` secrets, the one in force included.
    #[must_use]
    pub fn was_used(&self, secret: &Secret, depth: usize) -> bool {
        let known = self.secret.iter().chain(self.earlier.iter().rev());
        known.take(depth).any(|hashed| hashed.matches(secret))
    }

    /// The secret from now on; the one before stops working at this moment and not before.
    pub(super) fn set(&mut self, secret: Hashed, state: AccountState) {
        self.earlier.extend(self.secret.replace(secret));
        self.state = state;
    }

    pub(super) fn change(&mut self, state: AccountState) {
        self.state = state;
    }
}

/// What an account of a service is.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountKind {
    /// One line for people.
    pub title: String,
    /// By which facts its holder logs in.
    pub aliases: Vec<At<Field>>,
    /// The alphabet of its secrets, which says how they are compared.
    pub charset: Charset,
    /// The code of the second level, when there is one.
    pub second_factor: Option<SecondFactor>,
    /// What a holder must tell to end the account, when holders can.
    pub revocation: Option<Identify>,
}

/// The code that makes a login one of level 2.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// How it is sent.
    pub channel: Medium,
    /// Its decimal digits.
    pub len: At<u32>,
    /// How long it is good for.
    pub ttl: Period,
    /// Wrong ones until it is void.
    pub max_tries: u32,
}

/// The accounts there are, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accounts(BTreeMap<String, AccountKind>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "cie-accounts")]
    _version: u32,
    accounts: BTreeMap<String, AccountKind>,
}

impl Accounts {
    /// Reads files of accounts.
    ///
    /// # Errors
    /// Everything wrong with them.
    pub fn read(files: &[Arc<Source>]) -> Result<Self, Problems> {
        let mut all = BTreeMap::new();
        let mut problems = Problems::default();
        for source in files {
            match read_document(source, "cie-accounts") {
                Err(found) => problems.extend(found),
                Ok(root) => match decode_all::<File>(&root) {
                    Err(found) => found.into_iter().for_each(|it| problems.push(it)),
                    Ok(file) => all.extend(file.accounts),
                },
            }
        }
        for field in all.values().flat_map(|kind| &kind.aliases) {
            if let (false, Some(span)) = (field.finds(), &field.span) {
                let message = format!("nobody is found by `{}`", field.name());
                problems.push(Problem::new(Code::BadValue, message, span.clone()));
            }
        }
        match problems.has_errors() {
            true => Err(problems.sorted()),
            false => Ok(Self(all)),
        }
    }

    /// The accounts' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What an account of this name is.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&AccountKind> {
        self.0.get(name)
    }

    /// A secret in the form in which those of this account are kept.
    #[must_use]
    pub fn canonical(&self, name: &str, secret: &Secret) -> Secret {
        match self.0.get(name) {
            Some(kind) => kind.charset.canonical(secret),
            None => secret.clone(),
        }
    }
}
