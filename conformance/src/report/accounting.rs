//! How every item of the articles is accounted for: by the scenarios that cite it, by a written reason, or not yet. It counts
//! citations like coverage does; it does not judge whether a reason is a good one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::coverage::{Citation, Citations};
use super::model::{ItemInfo, Verdict};
use super::text::{Paint, printable};

/// One item and what cites it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemRow {
    /// The item.
    #[serde(flatten)]
    pub item: ItemInfo,
    /// How it is accounted for.
    pub status: ItemStatus,
    /// The gravest verdict of the citing scenarios that ran.
    pub verdict: Option<Verdict>,
    /// The scenarios that cite it, by id.
    pub citations: Vec<Citation>,
}

/// How an item is accounted for. The order is the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// By nothing: no scenario cites it, and it carries no reason.
    Unaccounted,
    /// Not yet, and it says what it waits for.
    Open,
    /// By at least one scenario.
    Cited,
    /// By its reason alone.
    Reasoned,
}

impl ItemStatus {
    /// Whether something remains to be done.
    #[must_use]
    pub const fn lacks_something(self) -> bool {
        matches!(self, Self::Unaccounted | Self::Open)
    }
}

/// How many items there are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Cited by a scenario.
    pub cited: usize,
    /// Left to a written reason.
    pub reasoned: usize,
    /// Waiting.
    pub open: usize,
    /// Neither.
    pub unaccounted: usize,
}

impl Accounts {
    /// Counts.
    #[must_use]
    pub fn of(rows: &[ItemRow]) -> Self {
        let mut counts = Self::default();
        for row in rows {
            match row.status {
                ItemStatus::Unaccounted => counts.unaccounted += 1,
                ItemStatus::Open => counts.open += 1,
                ItemStatus::Cited => counts.cited += 1,
                ItemStatus::Reasoned => counts.reasoned += 1,
            }
        }
        counts
    }

    /// How many in all.
    #[must_use]
    pub const fn total(self) -> usize {
        self.cited + self.reasoned + self.open + self.unaccounted
    }
}

/// The rows of all items: those that lack something first, then by id.
pub(super) fn rows(items: &[ItemInfo], cited: &Citations) -> Vec<ItemRow> {
    let row = |item: &ItemInfo| {
        let citations = cited
            .get(&item.id)
            .into_iter()
            .flat_map(BTreeMap::values)
            .cloned();
        ItemRow::new(item, citations.collect())
    };
    let mut rows: Vec<ItemRow> = items.iter().map(row).collect();
    let key = |row: &ItemRow| {
        let place = if row.status.lacks_something() {
            row.status
        } else {
            ItemStatus::Cited
        };
        (place, row.item.id.clone())
    };
    rows.sort_by_cached_key(key);
    rows
}

impl ItemRow {
    fn new(item: &ItemInfo, citations: Vec<Citation>) -> Self {
        let status = match (citations.is_empty(), &item.reason, &item.open) {
            (false, _, _) => ItemStatus::Cited,
            (true, Some(_), _) => ItemStatus::Reasoned,
            (true, None, Some(_)) => ItemStatus::Open,
            (true, None, None) => ItemStatus::Unaccounted,
        };
        let verdict = citations
            .iter()
            .flat_map(|citation| citation.verdicts.values().copied())
            .max();
        Self {
            item: item.clone(),
            status,
            verdict,
            citations,
        }
    }

    fn render(&self, paint: Paint, out: &mut String) {
        let item = &self.item;
        let became: Vec<&str> = item.disposition.iter().map(|one| one.label()).collect();
        let lacks = match self.status {
            ItemStatus::Unaccounted => {
                format!("  {}", paint.bad("neither a scenario nor a reason"))
            }
            ItemStatus::Open => format!("  {}", paint.bad("open")),
            ItemStatus::Cited | ItemStatus::Reasoned => String::new(),
        };
        let _ = writeln!(
            out,
            "{}  {}  {}{lacks}",
            paint.strong(&printable(&item.id)),
            paint.dim(&format!("line {}", printable(&item.lines))),
            became.join(", ")
        );
        let _ = writeln!(out, "    {}", printable(&item.text));
        if let Some(reason) = &item.reason {
            let _ = writeln!(out, "    because {}", printable(reason));
        }
        if let (Some(open), ItemStatus::Open) = (&item.open, self.status) {
            let _ = writeln!(out, "    waits for {}", printable(open));
        }
        for citation in &self.citations {
            citation.render(paint, out);
        }
    }
}

/// The table for a terminal, one item a block, and the sum; nothing when there are no articles.
pub(super) fn render(rows: &[ItemRow], paint: Paint, shown: impl Fn(&ItemRow) -> bool) -> String {
    let mut out = String::new();
    if rows.is_empty() {
        return out;
    }
    for row in rows.iter().filter(|row| shown(row)) {
        row.render(paint, &mut out);
    }
    let counts = Accounts::of(rows);
    let _ = writeln!(
        out,
        "{} items of the articles: {} cited by scenarios, {} left to a written reason, {} open, {} unaccounted for",
        counts.total(),
        counts.cited,
        counts.reasoned,
        counts.open,
        counts.unaccounted
    );
    out
}
