//! `cie-conf issuer list`: the recoveries there are, each with its dates, where it is offered and what it asks for.

use cie_conformance::issuer::policy::{Gate, Policies, Policy, Revision};
use cie_conformance::report::model::ExitCode;
use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{self, plural};

/// Lists the recoveries: id, status, title, channels, gates, dates
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf issuer list          everything in the program
  cie-conf issuer list --json   the same, for programs")]
pub(crate) struct List {
    /// Prints JSON: one object for each policy
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    title: String,
    status: &'static str,
    account: Option<String>,
    channels: Vec<&'static str>,
    gates: Vec<&'static str>,
    revisions: Vec<Dates>,
}

/// A version of a policy in time; the days are those of Rome.
#[derive(Serialize)]
struct Dates {
    id: String,
    from: Option<String>,
    until: Option<String>,
    /// Whom it is open to; nothing for everybody.
    eligible: Option<Vec<String>>,
    /// Where they differ from the policy's.
    gates: Option<Vec<&'static str>>,
}

impl List {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let policies = Policies::embedded()?;
        let entries: Vec<Entry> = policies.iter().map(|policy| Entry::of(policy)).collect();
        if self.json {
            output::print_json(&entries)?;
        } else {
            let blocks: String = entries.iter().map(Entry::block).collect();
            let count = plural(entries.len(), "procedure");
            output::print(&format!("{blocks}\n{count}\n"))?;
        }
        Ok(ExitCode::Success)
    }
}

impl Entry {
    fn of(policy: &Policy) -> Self {
        Self {
            id: policy.id.value.clone(),
            title: policy.title.clone(),
            status: policy.status.name(),
            account: (policy.account.as_ref()).map(|account| account.name.value.clone()),
            channels: policy
                .channels
                .iter()
                .map(|channel| channel.name())
                .collect(),
            gates: policy.gates.iter().map(Gate::name).collect(),
            revisions: policy.revisions.iter().map(|it| Dates::of(it)).collect(),
        }
    }

    fn block(&self) -> String {
        let mut block = format!(
            "{}  {}\n    {}\n    by {}: {}\n",
            self.id,
            self.status,
            self.title,
            self.channels.join(", "),
            self.gates.join(", ")
        );
        for revision in &self.revisions {
            block += &format!("    {}\n", revision.line());
        }
        block
    }
}

impl Dates {
    fn of(revision: &Revision) -> Self {
        let categories = revision.eligible.as_ref();
        Self {
            id: revision.id.value.clone(),
            from: revision.from.as_ref().map(|day| day.to_string()),
            until: revision.until.as_ref().map(|day| day.to_string()),
            eligible: categories.map(|them| them.iter().map(|it| it.name().to_owned()).collect()),
            gates: (revision.gates.as_ref()).map(|gates| gates.iter().map(Gate::name).collect()),
        }
    }

    fn line(&self) -> String {
        let mut line = self.id.clone();
        if let Some(from) = &self.from {
            line += &format!(" from {from}");
        }
        if let Some(until) = &self.until {
            line += &format!(" until {until}");
        }
        if let Some(eligible) = &self.eligible {
            line += &format!(", only for {}", eligible.join(", "));
        }
        if let Some(gates) = &self.gates {
            line += &format!(": {}", gates.join(", "));
        }
        line
    }
}
