//! The policies that come with the program, so that it works far from its checkout.

use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::Policies;
use crate::issuer::account::Accounts;
use crate::scenario::embedded::collect;
use crate::scenario::{Problems, Source};

static POLICIES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/policies");

/// Folder of what accounts are, below that of policies.
const ACCOUNTS: &str = "policies/accounts/";

/// The policy files that come with the program. Their names begin with `policies/`.
#[must_use]
pub fn policy_files() -> Vec<Arc<Source>> {
    files(|name| !name.starts_with(ACCOUNTS))
}

/// The files that say what accounts there are.
#[must_use]
pub fn account_files() -> Vec<Arc<Source>> {
    files(|name| name.starts_with(ACCOUNTS))
}

fn files(wanted: impl Fn(&str) -> bool) -> Vec<Arc<Source>> {
    let mut files = Vec::new();
    collect(&POLICIES, "policies/", &mut files);
    files.retain(|file| wanted(file.name()));
    files
}

impl Policies {
    /// The policies that come with the program.
    ///
    /// # Errors
    /// What is wrong with them; the tests see to it that nothing is.
    pub fn embedded() -> Result<Self, Problems> {
        let accounts = Accounts::read(&account_files())?;
        Self::read(&policy_files(), accounts)
    }
}
