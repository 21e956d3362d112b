//! What comes out of loading: one case for each cell of a scenario's matrix, with nothing left to look up. Runner,
//! guard, list and coverage work on cases only.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::model::{
    AppliesTo, CardSetup, Hazard, Mode, Polarity, Requires, Scenario, Step, Target,
};
use super::source::Source;

/// A scenario in one cell of its matrix, ready to be carried out.
#[derive(Clone, Debug)]
pub struct Case {
    /// The scenario's id: `pin/lock-then-unblock`.
    pub id: String,
    /// Values of the matrix in the order of the file: `[("chip", "gemalto")]`; empty without a matrix.
    pub cell: Vec<(String, String)>,
    /// Everything above the steps, with variables filled in.
    pub scenario: Scenario,
    /// The worst that declaration and steps together say.
    pub hazard: Hazard,
    /// The steps, in order, without flow.
    pub steps: Vec<Step>,
    /// The steps that are carried out whatever happened.
    pub finally: Vec<Step>,
    /// The file.
    pub source: Arc<Source>,
}

impl Case {
    /// The name in reports and on the command line: `pin/lock-then-unblock[chip=gemalto]`.
    pub fn name(&self) -> String {
        if self.cell.is_empty() {
            return self.id.clone();
        }
        let cell: Vec<String> = self
            .cell
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{}[{}]", self.id, cell.join(","))
    }

    /// The scenario's title.
    pub fn title(&self) -> &str {
        &self.scenario.title
    }

    /// Ids of the requirements it tests.
    pub fn requirements(&self) -> impl Iterator<Item = &str> {
        self.scenario.requirements.iter().map(|id| id.as_str())
    }

    /// The persona, chip and profile asked for.
    pub fn card(&self) -> &CardSetup {
        &self.scenario.card
    }

    /// What must be so before the first step.
    pub fn requires(&self) -> &Requires {
        &self.scenario.requires
    }

    /// Chips and targets it applies to.
    pub fn applies_to(&self) -> &AppliesTo {
        &self.scenario.applies_to
    }

    /// True when it makes sense on this target, with this chip where the chip is known.
    pub fn applies(&self, target: Target, chip: Option<&str>) -> bool {
        let applies_to = self.applies_to();
        applies_to.target(target) && chip.is_none_or(|chip| applies_to.chips.contains(chip))
    }

    /// Which side is under test.
    pub fn mode(&self) -> Mode {
        self.scenario.mode
    }

    /// Whether it shows the right thing working or the wrong thing refused. When the scenario does not say: refused if
    /// every requirement is tested by a refusal, both if there are refusals and tampering besides success.
    pub fn polarity(&self) -> Polarity {
        if let Some(said) = &self.scenario.polarity {
            return said.value;
        }
        let deciding = self
            .steps
            .iter()
            .filter(|step| step.action.has_answer() || step.action.has_reply())
            .filter(|step| step.used_at.is_none());
        let (refusals, successes): (Vec<&Step>, Vec<&Step>) =
            deciding.partition(|step| step.expect.is_refusal());
        match (refusals.is_empty(), successes.is_empty()) {
            (true, _) => Polarity::Positive,
            (false, true) => Polarity::Negative,
            (false, false) => Polarity::Both,
        }
    }

    /// A number that stays the same for the same name, whatever the seed, the order or the machine: for `hash:1/4`.
    pub fn stable_hash(&self) -> u64 {
        let digest = Sha256::digest(self.name().as_bytes());
        digest
            .iter()
            .take(8)
            .fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }
}
