//! From the steps of a file to the steps that are carried out: blocks put in, loops unrolled, variables filled in. What
//! is left is a plain list. A budget keeps a few lines from becoming a million steps.

mod flow;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::scenario::blocks::{ParsedBlock, arguments};
use crate::scenario::catalogue::Catalogue;
use crate::scenario::fill::{Ledger, Scope};
use crate::scenario::model::Step;
use crate::scenario::problem::{Code, Problem, Problems, nearest};
use crate::scenario::recover::decode_all;
use crate::scenario::source::Span;
use crate::scenario::steps::{FLOW_VERBS, decode_step};
use crate::scenario::tree::{Entry, Kind, Node};

/// Steps and turns of loops of one file, all cells of its matrix together.
pub const MAX_STEPS: usize = 50_000;
/// Loops and groups within each other.
const MAX_NESTING: usize = 8;

/// Expands the steps of one file.
pub(crate) struct Expander<'a> {
    catalogue: &'a Catalogue,
    blocks: BTreeMap<String, Option<Rc<ParsedBlock>>>,
    /// Everything found wrong so far.
    pub(crate) problems: Problems,
    /// Counts over the whole file.
    pub(crate) ledger: &'a Ledger,
    made: usize,
}

/// Where the expansion stands.
#[derive(Clone, Default)]
struct Around {
    path: Vec<String>,
    used_at: Option<Span>,
}

impl Around {
    fn inside(&self, name: String) -> Self {
        let mut path = self.path.clone();
        path.push(name);
        Self {
            path,
            used_at: self.used_at.clone(),
        }
    }
}

impl<'a> Expander<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue, ledger: &'a Ledger) -> Self {
        Self {
            catalogue,
            blocks: BTreeMap::new(),
            problems: Problems::default(),
            ledger,
            made: 0,
        }
    }

    /// The steps under `key` of a file.
    pub(crate) fn steps(&mut self, root: &Node, key: &str, scope: &Scope<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        match root.get(key) {
            Some(Node {
                kind: Kind::List(nodes),
                ..
            }) => self.list(nodes, scope, &Around::default(), &mut steps),
            Some(node) => self.problem(
                Code::WrongType,
                format!("`{key}` is a list of steps, found {}", node.describe()),
                &node.span,
            ),
            None => {}
        }
        steps
    }

    fn list(&mut self, nodes: &[Node], scope: &Scope<'_>, around: &Around, steps: &mut Vec<Step>) {
        for node in nodes {
            if !self.spend(&node.span) {
                return;
            }
            self.step(node, scope, around, steps);
        }
    }

    /// Counts a step or a turn of a loop; false when there were too many, which is said once.
    fn spend(&mut self, place: &Span) -> bool {
        self.made = self.made.saturating_add(1);
        if self.made == MAX_STEPS + 1 {
            let message =
                format!("the steps and loops of this file come to more than {MAX_STEPS} steps");
            self.problem(Code::Limit, message, place);
        }
        self.made <= MAX_STEPS
    }

    fn step(&mut self, node: &Node, scope: &Scope<'_>, around: &Around, steps: &mut Vec<Step>) {
        let flow = node
            .entries()
            .iter()
            .find(|entry| FLOW_VERBS.contains(&entry.key.text.as_str()));
        if let Some(entry) = flow {
            if around.path.len() >= MAX_NESTING {
                self.problem(
                    Code::Limit,
                    format!("more than {MAX_NESTING} loops and groups within each other"),
                    &entry.key.span,
                );
                return;
            }
            match entry.key.text.as_str() {
                "use" => self.use_block(node, entry, scope, around, steps),
                "for_each" => self.for_each(node, entry, scope, around, steps),
                "repeat" => self.repeat(node, entry, scope, around, steps),
                _ => self.group(node, entry, scope, around, steps),
            }
            return;
        }
        let mut problems = Vec::new();
        let filled = scope.fill(node, &mut problems);
        if problems.is_empty() {
            match decode_step(&filled) {
                Ok(mut step) => {
                    step.path.clone_from(&around.path);
                    step.used_at.clone_from(&around.used_at);
                    steps.push(step);
                }
                Err(found) => problems = found,
            }
        }
        problems
            .into_iter()
            .for_each(|problem| self.problems.push(problem));
    }

    fn use_block(
        &mut self,
        node: &Node,
        entry: &Entry,
        scope: &Scope<'_>,
        around: &Around,
        steps: &mut Vec<Step>,
    ) {
        if around.used_at.is_some() {
            let problem = Problem::new(
                Code::Block,
                "a block uses no other blocks",
                entry.key.span.clone(),
            );
            self.problems
                .push(problem.help("write the steps out, or use both blocks in the scenario"));
            return;
        }
        self.only_keys(node, entry, &["with", "note"]);
        let Some(name) = self.filled_text(&entry.value, scope) else {
            return;
        };
        let Some(block) = self.block(&name, &entry.value.span) else {
            return;
        };
        let given = match node.get("with") {
            Some(with) => match self.fill(with, scope) {
                Some(with) => Some(with),
                None => return,
            },
            None => None,
        };
        match arguments(&block, given.as_ref(), &entry.value.span) {
            Ok(values) => {
                let scope = Scope::of_block(self.ledger, values);
                let inside = Around {
                    used_at: Some(entry.value.span.clone()),
                    ..around.inside(name)
                };
                if let Some(Node {
                    kind: Kind::List(nodes),
                    ..
                }) = block.root.get("steps")
                {
                    self.list(nodes, &scope, &inside, steps);
                }
            }
            Err(problems) => problems
                .into_iter()
                .for_each(|problem| self.problems.push(problem)),
        }
    }

    /// A block by name, read once.
    fn block(&mut self, name: &str, place: &Span) -> Option<Rc<ParsedBlock>> {
        if let Some(known) = self.blocks.get(name) {
            return known.clone();
        }
        let Some(source) = self.catalogue.blocks.get(name) else {
            let problem = Problem::new(
                Code::Block,
                format!("there is no block `{name}`"),
                place.clone(),
            );
            let known = self.catalogue.blocks.keys().map(String::as_str);
            let help = match nearest(name, known.clone()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
            };
            self.problems.push(problem.help(help));
            return None;
        };
        let parsed = match ParsedBlock::read(&Arc::clone(source)) {
            Ok(block) => Some(Rc::new(block)),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        };
        self.blocks.insert(name.to_owned(), parsed.clone());
        parsed
    }

    /// The steps under `do`.
    fn body<'n>(&mut self, node: &'n Node, entry: &Entry, keys: &[&str]) -> Option<&'n [Node]> {
        self.only_keys(node, entry, keys);
        match node.get("do") {
            Some(Node {
                kind: Kind::List(nodes),
                ..
            }) => Some(nodes),
            Some(other) => {
                self.problem(
                    Code::WrongType,
                    format!("`do` is a list of steps, found {}", other.describe()),
                    &other.span,
                );
                None
            }
            None => {
                self.problem(
                    Code::MissingField,
                    format!("`{}` needs `do` with its steps", entry.key.text),
                    &entry.key.span,
                );
                None
            }
        }
    }

    fn only_keys(&mut self, node: &Node, verb: &Entry, allowed: &[&str]) {
        for entry in node
            .entries()
            .iter()
            .filter(|entry| entry.key.text != verb.key.text)
        {
            if !allowed.contains(&entry.key.text.as_str()) {
                let message = format!("`{}` does not go with `{}`", entry.key.text, verb.key.text);
                let problem = Problem::new(Code::UnknownField, message, entry.key.span.clone());
                self.problems.push(problem.help(format!(
                    "besides `{}` there may be: {}",
                    verb.key.text,
                    allowed.join(", ")
                )));
            }
        }
    }

    fn filled_text(&mut self, node: &Node, scope: &Scope<'_>) -> Option<String> {
        let filled = self.fill(node, scope)?;
        self.decode(&filled)
    }

    fn fill(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Node> {
        let mut problems = Vec::new();
        let filled = scope.fill(node, &mut problems);
        let fine = problems.is_empty();
        problems
            .into_iter()
            .for_each(|problem| self.problems.push(problem));
        fine.then_some(filled)
    }

    fn decode<T: serde::de::DeserializeOwned>(&mut self, node: &Node) -> Option<T> {
        match decode_all(node) {
            Ok(value) => Some(value),
            Err(problems) => {
                problems
                    .into_iter()
                    .for_each(|problem| self.problems.push(problem));
                None
            }
        }
    }

    fn problem(&mut self, code: Code, message: String, span: &Span) {
        self.problems
            .push(Problem::new(code, message, span.clone()));
    }
}
