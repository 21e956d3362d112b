//! Which requirement is shown by which scenario, and what came of it. It counts citations; it does not judge whether a
//! scenario deserves its citation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use super::accounting::{self, ItemRow};
use super::model::{ItemInfo, Level, Polarity, RequirementInfo, RunResult, ScenarioInfo, Verdict};
use super::text::{Paint, printable};

/// Coverage of a catalogue of requirements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// One row per requirement: MUSTs that lack a positive or a negative scenario first, then by id.
    pub rows: Vec<Row>,
    /// Requirements that are cited but not in the catalogue, by id.
    pub unknown: Vec<String>,
    /// The items of the articles: those that lack something first, then by id. Empty without articles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemRow>,
}

/// One requirement and what cites it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The requirement.
    #[serde(flatten)]
    pub requirement: RequirementInfo,
    /// What a MUST lacks.
    pub gap: Gap,
    /// The gravest verdict of the citing scenarios that ran.
    pub verdict: Option<Verdict>,
    /// The scenarios that cite it, by id.
    pub citations: Vec<Citation>,
}

/// Per requirement and scenario: the citation.
pub(super) type Citations = BTreeMap<String, BTreeMap<String, Citation>>;

/// One scenario that cites a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// The scenario's id.
    pub scenario: String,
    /// What it shows.
    pub polarity: Polarity,
    /// The last verdict per kind of target, gravest over the matrix. Empty when it did not run.
    pub verdicts: BTreeMap<String, Verdict>,
}

/// What is missing around a MUST. A SHOULD has no gap, and a case of a published catalogue needs one scenario only. The order is
/// the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// No scenario at all.
    Uncited,
    /// No scenario that shows the demand met.
    NoPositive,
    /// No scenario that shows a breach refused.
    NoNegative,
    /// Nothing is missing.
    None,
}

impl Gap {
    /// What is missing, in words; empty for [`Gap::None`].
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Uncited => "no scenario",
            Self::NoPositive => "no positive scenario",
            Self::NoNegative => "no negative scenario",
            Self::None => "",
        }
    }
}

impl Coverage {
    /// Coverage of one run, by the catalogue it carries.
    #[must_use]
    pub fn of(run: &RunResult) -> Self {
        let input = &run.coverage;
        Self::new(&input.requirements, &input.scenarios, &[run]).with_items(
            &input.items,
            &input.scenarios,
            &[run],
        )
    }

    /// Coverage of a catalogue by known scenarios and by the cases of any number of runs, oldest first: for the same kind of
    /// target a later verdict replaces an earlier one.
    #[must_use]
    pub fn new(
        requirements: &[RequirementInfo],
        scenarios: &[ScenarioInfo],
        runs: &[&RunResult],
    ) -> Self {
        let cited = citations(scenarios, runs);
        let known: BTreeSet<&str> = requirements
            .iter()
            .map(|requirement| requirement.id.as_str())
            .collect();
        let unknown = cited
            .keys()
            .filter(|id| !known.contains(id.as_str()))
            .cloned()
            .collect();
        let row = |requirement: &RequirementInfo| Row::new(requirement, cited.get(&requirement.id));
        let mut rows: Vec<Row> = requirements.iter().map(row).collect();
        rows.sort_by(|a, b| (a.gap, &a.requirement.id).cmp(&(b.gap, &b.requirement.id)));
        Self {
            rows,
            unknown,
            items: Vec::new(),
        }
    }

    /// The same with the items of the articles, by the same scenarios and runs.
    #[must_use]
    pub fn with_items(
        mut self,
        items: &[ItemInfo],
        scenarios: &[ScenarioInfo],
        runs: &[&RunResult],
    ) -> Self {
        self.items = accounting::rows(items, &citations(scenarios, runs));
        let known: BTreeSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
        self.unknown.retain(|id| !known.contains(id.as_str()));
        self
    }

    /// How many MUSTs there are and how many of them have a positive and a negative scenario.
    #[must_use]
    pub fn musts(&self) -> (usize, usize) {
        let musts = self
            .rows
            .iter()
            .filter(|row| row.requirement.level == Level::Must);
        let covered = musts.clone().filter(|row| row.gap == Gap::None).count();
        (musts.count(), covered)
    }

    /// The whole table for a terminal, one requirement a block.
    #[must_use]
    pub fn render(&self, paint: Paint) -> String {
        self.render_where(paint, |_| true) + &accounting::render(&self.items, paint, |_| true)
    }

    /// The same without the requirements that lack nothing.
    #[must_use]
    pub fn render_gaps(&self, paint: Paint) -> String {
        self.render_where(paint, |row| row.gap != Gap::None)
            + &accounting::render(&self.items, paint, |row| row.status.lacks_something())
    }

    fn render_where(&self, paint: Paint, shown: impl Fn(&Row) -> bool) -> String {
        let mut out = String::new();
        for row in self.rows.iter().filter(|row| shown(row)) {
            row.render(paint, &mut out);
        }
        for id in &self.unknown {
            let _ = writeln!(
                out,
                "{}  {}",
                printable(id),
                paint.bad("cited, but not in the catalogue")
            );
        }
        let (musts, covered) = self.musts();
        let catalogued = self
            .rows
            .iter()
            .any(|row| is_catalogued(&row.requirement.id));
        let note = match catalogued {
            true => "; a case of a published catalogue has one of the two",
            false => "",
        };
        let _ = writeln!(
            out,
            "{covered} of {musts} MUST requirements have a positive and a negative scenario{note}"
        );
        out
    }
}

/// Whether an id is that of a published catalogue of test cases: each of those shows one side by itself.
fn is_catalogued(id: &str) -> bool {
    id.starts_with(crate::requirements::CATALOGUE)
}

impl Row {
    fn new(requirement: &RequirementInfo, citations: Option<&BTreeMap<String, Citation>>) -> Self {
        let citations: Vec<Citation> = citations
            .into_iter()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect();
        let has =
            |shown: fn(Polarity) -> bool| citations.iter().any(|citation| shown(citation.polarity));
        let gap = match (
            requirement.level,
            has(Polarity::is_positive),
            has(Polarity::is_negative),
        ) {
            (Level::Should, _, _) | (Level::Must, true, true) => Gap::None,
            (Level::Must, true, _) | (Level::Must, _, true) if is_catalogued(&requirement.id) => {
                Gap::None
            }
            (Level::Must, false, false) => Gap::Uncited,
            (Level::Must, false, true) => Gap::NoPositive,
            (Level::Must, true, false) => Gap::NoNegative,
        };
        let verdict = citations
            .iter()
            .flat_map(|citation| citation.verdicts.values().copied())
            .max();
        Self {
            requirement: requirement.clone(),
            gap,
            verdict,
            citations,
        }
    }

    fn render(&self, paint: Paint, out: &mut String) {
        let RequirementInfo {
            id,
            level,
            text,
            source,
        } = &self.requirement;
        let level = match level {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
        };
        let gap = if self.gap == Gap::None {
            String::new()
        } else {
            format!("  {}", paint.bad(self.gap.label()))
        };
        let _ = writeln!(
            out,
            "{}  {level}  {}{gap}",
            paint.strong(&printable(id)),
            paint.dim(&printable(source))
        );
        let _ = writeln!(out, "    {}", printable(text));
        for citation in &self.citations {
            citation.render(paint, out);
        }
    }
}

impl Citation {
    pub(super) fn render(&self, paint: Paint, out: &mut String) {
        let sign = match self.polarity {
            Polarity::Positive => '+',
            Polarity::Negative => '-',
            Polarity::Both => '±',
        };
        let said = self.verdicts.iter().map(|(target, verdict)| {
            format!(
                "{} {}",
                printable(target),
                paint.verdict(*verdict, verdict.label())
            )
        });
        let said: Vec<String> = said.collect();
        let said = if said.is_empty() {
            paint.dim("not run")
        } else {
            said.join(", ")
        };
        let _ = writeln!(out, "    {sign} {}  {said}", printable(&self.scenario));
    }
}

/// Who cites what.
fn citations(scenarios: &[ScenarioInfo], runs: &[&RunResult]) -> Citations {
    let mut cited = Citations::new();
    let mut cite =
        |requirement: &str, scenario: &str, polarity, verdict: Option<(&str, Verdict)>| {
            let of_requirement = cited.entry(requirement.to_owned()).or_default();
            let citation = of_requirement
                .entry(scenario.to_owned())
                .or_insert_with(|| Citation {
                    scenario: scenario.to_owned(),
                    polarity,
                    verdicts: BTreeMap::new(),
                });
            if let Some((target, verdict)) = verdict {
                citation.verdicts.insert(target.to_owned(), verdict);
            }
        };
    for scenario in scenarios {
        for requirement in &scenario.requirements {
            cite(requirement, &scenario.id, scenario.polarity, None);
        }
    }
    for run in runs {
        let mut gravest: BTreeMap<&str, Verdict> = BTreeMap::new();
        for case in &run.cases {
            let verdict = gravest.entry(&case.id).or_default();
            *verdict = (*verdict).max(case.verdict);
        }
        for case in &run.cases {
            let verdict = gravest
                .get(case.id.as_str())
                .map(|&verdict| (run.target.kind.as_str(), verdict));
            for requirement in &case.requirements {
                cite(requirement, &case.id, case.polarity, verdict);
            }
        }
    }
    cited
}

#[cfg(test)]
mod tests;
