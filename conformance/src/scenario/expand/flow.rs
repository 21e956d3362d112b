//! Groups and loops: the steps under `do`, under a title, once for each value, or several times.

use super::{Around, Expander};
use crate::scenario::fill::Scope;
use crate::scenario::model::Step;
use crate::scenario::problem::Code;
use crate::scenario::tree::{Entry, Node};

impl Expander<'_> {
    pub(super) fn group(
        &mut self,
        node: &Node,
        entry: &Entry,
        scope: &Scope<'_>,
        around: &Around,
        steps: &mut Vec<Step>,
    ) {
        let Some(body) = self.body(node, entry, &["do", "note"]) else {
            return;
        };
        let Some(title) = self.filled_text(&entry.value, scope) else {
            return;
        };
        self.list(body, scope, &around.inside(title), steps);
    }

    pub(super) fn for_each(
        &mut self,
        node: &Node,
        entry: &Entry,
        scope: &Scope<'_>,
        around: &Around,
        steps: &mut Vec<Step>,
    ) {
        let Some(body) = self.body(node, entry, &["do", "note"]) else {
            return;
        };
        let Some(columns) = self.columns(&entry.value, scope) else {
            return;
        };
        let turns = columns.first().map_or(0, |(_, values)| values.len());
        for turn in 0..turns {
            if !self.spend(&entry.key.span) {
                return;
            }
            let row = columns
                .iter()
                .filter_map(|(name, values)| values.get(turn).map(|value| (name, value)));
            let label: Vec<String> = row
                .clone()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let scope = row.fold(scope.clone(), |scope, (name, value)| {
                scope.with(name, value)
            });
            self.list(body, &scope, &around.inside(label.join(",")), steps);
        }
    }

    /// The lists of `for_each`, by variable; all of one length, taken in step.
    fn columns(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Vec<(String, Vec<String>)>> {
        if node.entries().is_empty() {
            self.problem(
                Code::WrongType,
                format!(
                    "for_each takes `{{ name: [values] }}`, found {}",
                    node.describe()
                ),
                &node.span,
            );
            return None;
        }
        let mut columns: Vec<(String, Vec<String>)> = Vec::new();
        for entry in node.entries() {
            let filled = self.fill(&entry.value, scope)?;
            let values: Vec<String> = self.decode(&filled)?;
            let first = columns.first().map(|(_, values)| values.len());
            if first.is_some_and(|length| length != values.len()) {
                let message = format!(
                    "`{}` has {} values, the list before it {}",
                    entry.key.text,
                    values.len(),
                    first.unwrap_or_default()
                );
                self.problem(Code::BadValue, message, &entry.value.span);
                return None;
            }
            if values.is_empty() {
                self.problem(
                    Code::BadValue,
                    "a loop over nothing".to_owned(),
                    &entry.value.span,
                );
                return None;
            }
            columns.push((entry.key.text.clone(), values));
        }
        Some(columns)
    }

    pub(super) fn repeat(
        &mut self,
        node: &Node,
        entry: &Entry,
        scope: &Scope<'_>,
        around: &Around,
        steps: &mut Vec<Step>,
    ) {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Repeat {
            times: u32,
            index: Option<String>,
        }
        let Some(body) = self.body(node, entry, &["do", "note"]) else {
            return;
        };
        let Some(filled) = self.fill(&entry.value, scope) else {
            return;
        };
        let repeat = if filled.entries().is_empty() {
            self.decode::<u32>(&filled)
                .map(|times| Repeat { times, index: None })
        } else {
            self.decode::<Repeat>(&filled)
        };
        let Some(repeat) = repeat else { return };
        for turn in 0..repeat.times {
            if !self.spend(&entry.key.span) {
                return;
            }
            let scope = match &repeat.index {
                Some(name) => scope.with(name, turn.to_string()),
                None => scope.clone(),
            };
            self.list(
                body,
                &scope,
                &around.inside(format!("{} of {}", turn + 1, repeat.times)),
                steps,
            );
        }
    }
}
