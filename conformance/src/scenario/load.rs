//! A file becomes cases, or a list of everything that is wrong with it. Syntax ends the reading; everything after that is
//! collected: structure, header, steps, names that mean nothing, a hazard that is too low.

use std::sync::Arc;

use super::case::Case;
use super::catalogue::Catalogue;
use super::check::check;
use super::expand::Expander;
use super::fill::{Ledger, Scope};
use super::hazard;
use super::model::Scenario;
use super::problem::{Code, Problem, Problems, nearest};
use super::recover::decode_all;
use super::source::Source;
use super::structure::{check_structure, check_version};
use super::tree::{Entry, Kind, Node};

/// Cells a matrix may have.
const MAX_CELLS: usize = 1_000;

/// A scenario that can be run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// One case per cell of the matrix, in the order of the file.
    pub cases: Vec<Case>,
    /// What is worth saying although it can be run.
    pub warnings: Problems,
}

/// Reads a scenario.
///
/// # Errors
/// Every problem found, in the order of the file; warnings among them.
pub fn load(source: &Arc<Source>, catalogue: &Catalogue) -> Result<Loaded, Problems> {
    let root = Node::parse(source).map_err(|problem| Problems::from(*problem))?;
    let mut problems = Problems::default();
    let root = check_structure(root, &mut problems);
    if !check_version(&root, "cie-scenario", &mut problems) {
        return Err(problems.sorted());
    }
    let ledger = Ledger::default();
    let mut expander = Expander::new(catalogue, &ledger);
    let mut cases = Vec::new();
    for cell in cells(&root, catalogue, &mut problems) {
        if let Some(case) = case(&root, cell, &mut expander, &mut problems) {
            check(&case, catalogue, &mut problems);
            cases.push(case);
        }
    }
    problems.extend(std::mem::take(&mut expander.problems));
    let problems = problems.sorted();
    if problems.has_errors() {
        return Err(problems);
    }
    let mut warnings = problems;
    unused(&root, &ledger, &mut warnings);
    Ok(Loaded {
        cases,
        warnings: warnings.sorted(),
    })
}

type Cell = Vec<(String, String)>;

/// The combinations of the matrix's values; one empty cell without a matrix.
fn cells(root: &Node, catalogue: &Catalogue, problems: &mut Problems) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![Vec::new()];
    let Some(matrix) = root.get("matrix") else {
        return cells;
    };
    for entry in matrix.entries() {
        let Some(values) = axis(entry, catalogue, problems) else {
            continue;
        };
        let grown = cells.iter().flat_map(|cell| {
            values.iter().map(|value| {
                let mut cell = cell.clone();
                cell.push((entry.key.text.clone(), value.clone()));
                cell
            })
        });
        cells = grown.take(MAX_CELLS + 1).collect();
    }
    if cells.len() > MAX_CELLS {
        problems.push(Problem::new(
            Code::Limit,
            format!("the matrix has more than {MAX_CELLS} cells"),
            matrix.span.clone(),
        ));
        cells.truncate(1);
    }
    cells
}

fn axis(entry: &Entry, catalogue: &Catalogue, problems: &mut Problems) -> Option<Vec<String>> {
    if entry.key.text == "chip" && entry.value.text() == Some("all") {
        return Some(catalogue.chips.clone());
    }
    match decode_all::<Vec<String>>(&entry.value) {
        Ok(values) if values.is_empty() => {
            problems.push(Problem::new(
                Code::BadValue,
                "an axis without values has no cells",
                entry.value.span.clone(),
            ));
            None
        }
        Ok(values) => Some(values),
        Err(found) => {
            found.into_iter().for_each(|problem| problems.push(problem));
            None
        }
    }
}

/// One cell of a scenario, or nothing when its header cannot be read.
fn case(
    root: &Node,
    cell: Cell,
    expander: &mut Expander<'_>,
    problems: &mut Problems,
) -> Option<Case> {
    let mut found = Vec::new();
    let matrix = cell
        .iter()
        .fold(Scope::new(expander.ledger), |scope, (name, value)| {
            scope.with(name, value)
        });
    let mut scope = matrix.clone();
    for entry in root.get("vars").map(Node::entries).unwrap_or_default() {
        let filled = matrix.fill(&entry.value, &mut found);
        match decode_all::<String>(&filled) {
            Ok(value) => scope = scope.with(&entry.key.text, value),
            Err(more) => found.extend(more),
        }
    }
    let header = header_of(root, &scope, &mut found);
    missing(root, &mut found);
    let scenario = match decode_all::<Scenario>(&header) {
        Ok(scenario) => Some(scenario),
        Err(more) => {
            found.extend(more);
            None
        }
    };
    let steps = expander.steps(root, "steps", &scope);
    let finally = expander.steps(root, "finally", &scope);
    let fine = found.is_empty();
    found.into_iter().for_each(|problem| problems.push(problem));
    let scenario = scenario.filter(|_| fine)?;
    let (implied, _) = hazard::implied(steps.iter().chain(&finally));
    let hazard = implied.max(scenario.hazard.value);
    Some(Case {
        id: scenario.id.value.clone(),
        cell,
        hazard,
        steps,
        finally,
        source: Arc::clone(root.span.source()),
        scenario,
    })
}

/// Every key that must be there and is not; the decoder would stop at the first.
fn missing(root: &Node, problems: &mut Vec<Problem>) {
    let given = || root.entries().iter().map(|entry| entry.key.text.as_str());
    for key in ["id", "title", "requirements", "hazard", "steps"] {
        if given().any(|given| given == key) || nearest(key, given()).is_some() {
            continue;
        }
        let message = format!("the field `{key}` is missing");
        problems.push(Problem::new(Code::MissingField, message, root.span.clone()));
    }
}

/// The file without its steps, variables filled in everywhere but where they are made.
fn header_of(root: &Node, scope: &Scope<'_>, problems: &mut Vec<Problem>) -> Node {
    let entries = root.entries().iter().map(|entry| {
        let value = match entry.key.text.as_str() {
            // The expansion reads them, and reports what is no list.
            "steps" | "finally" => Node {
                kind: Kind::List(Vec::new()),
                span: entry.value.span.clone(),
            },
            "matrix" => matrix_of(&entry.value),
            "vars" => Node {
                kind: Kind::Map(Vec::new()),
                span: entry.value.span.clone(),
            },
            _ => scope.fill(&entry.value, problems),
        };
        Entry {
            key: entry.key.clone(),
            value,
        }
    });
    Node {
        kind: Kind::Map(entries.collect()),
        span: root.span.clone(),
    }
}

/// The axes that are lists; `chip: all` and wrong ones are dealt with where cells are made.
fn matrix_of(matrix: &Node) -> Node {
    match &matrix.kind {
        Kind::Map(entries) => {
            let lists = entries.iter().filter(|entry| {
                matches!(&entry.value.kind, Kind::List(_))
                    && decode_all::<Vec<String>>(&entry.value).is_ok()
            });
            Node {
                kind: Kind::Map(lists.cloned().collect()),
                span: matrix.span.clone(),
            }
        }
        Kind::Scalar(_) | Kind::List(_) => matrix.clone(),
    }
}

/// Variables that nothing uses.
fn unused(root: &Node, ledger: &Ledger, warnings: &mut Problems) {
    for place in ["vars", "matrix"] {
        for entry in root.get(place).map(Node::entries).unwrap_or_default() {
            if !ledger.is_used(&entry.key.text) {
                let message = format!("the variable `{}` is not used", entry.key.text);
                warnings.push(Problem::new(Code::Unused, message, entry.key.span.clone()));
            }
        }
    }
}
