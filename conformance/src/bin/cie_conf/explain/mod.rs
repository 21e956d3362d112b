//! `cie-conf explain`: a requirement, a scenario, a status word or a command in words.

mod card_words;
mod requirement;
mod scenario;

use cie_conformance::report::model::ExitCode;
use cie_conformance::requirements::is_item_id;
use cie_conformance::suite::{Suite, select};
use clap::Args;

use crate::failure::Failure;
use crate::output;
use crate::suite::SuiteDir;

/// Says what a requirement, a scenario, a status word or a command means
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf explain CIE-PIN-003             the demand, its source, how sure it is, and who tests it
  cie-conf explain S0-12                   an item of the articles, and what became of it
  cie-conf explain pin/lock-then-unblock   what a scenario does, step by step
  cie-conf explain 63C2 '6A8?'             status words in words
  cie-conf explain 00200081                a command in words")]
pub(crate) struct Explain {
    #[command(flatten)]
    suite: SuiteDir,
    /// Ids of requirements or scenarios, status words, commands
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

impl Explain {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let suite = self.suite.read()?;
        let mut parts = Vec::new();
        for id in &self.ids {
            parts.push(explain(&suite, id)?);
        }
        output::print(&parts.join("\n"))?;
        Ok(ExitCode::Success)
    }
}

fn explain(suite: &Suite, id: &str) -> Result<String, Failure> {
    if let Some(words) = card_words::of(id) {
        return Ok(words);
    }
    if let Some(requirement) = suite.requirements().get(&id.to_ascii_uppercase()) {
        return requirement::words(suite, requirement);
    }
    if let Some(item) = suite.requirements().item(&id.to_ascii_uppercase()) {
        return requirement::item(suite, item);
    }
    let shown = id.to_ascii_uppercase();
    if is_item_id(&shown) && suite.requirements().items().next().is_some() {
        return Err(requirement::unknown_item(suite, &shown));
    }
    if shown.starts_with("CIE-") {
        return Err(requirement::unknown(suite, id));
    }
    let selection = select(suite, &[id.to_owned()])?;
    let scenarios = selection.cases.chunk_by(|a, b| a.id == b.id);
    let words: Vec<String> = scenarios
        .map(|cases| scenario::words(suite, cases))
        .collect();
    Ok(words.join("\n"))
}
