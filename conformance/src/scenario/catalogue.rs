//! What a scenario may refer to by name: chips, personas, requirements, blocks. Loading is given a catalogue and knows
//! nothing of where its entries come from: the binary's embedded fixtures, a checkout, or a test's own list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::source::Source;

/// The names in reach of scenarios.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Ids of chip profiles, in the order in which `all` expands.
    pub chips: Vec<String>,
    /// Ids of personas.
    pub personas: Vec<String>,
    /// Ids of behaviour profiles.
    pub presets: Vec<String>,
    /// Names of the parameters of behaviour.
    pub parameters: Vec<String>,
    /// Ids of requirements, and of the items of articles.
    pub requirements: BTreeSet<String>,
    /// Block files by name.
    pub blocks: BTreeMap<String, Arc<Source>>,
}

impl Catalogue {
    /// Names given one by one, for tests and tools.
    pub fn of(chips: &[&str], personas: &[&str], requirements: &[&str]) -> Self {
        let owned = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        Self {
            chips: owned(chips),
            personas: owned(personas),
            requirements: owned(requirements).into_iter().collect(),
            ..Self::default()
        }
    }

    /// Adds a block file under its name.
    #[must_use]
    pub fn with_block(mut self, name: impl Into<String>, source: Arc<Source>) -> Self {
        self.blocks.insert(name.into(), source);
        self
    }
}
