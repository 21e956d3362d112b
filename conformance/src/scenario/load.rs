//! A file becomes cases, or a list of everything that is wrong with it. Syntax ends the reading; everything after that is
//! collected: structure, header, steps, names that mean nothing, a hazard that is too low.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::case::Case;
use super::catalogue::Catalogue;
use super::expand::Expander;
use super::fill::Scope;
use super::hazard;
use super::model::{Scenario, Step};
use super::problem::{Code, Problem, Problems, nearest};
use super::recover::decode_all;
use super::source::{Source, Span};
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
    check_structure(&root, &mut problems);
    if !check_version(&root, "cie-scenario", &mut problems) {
        return Err(problems.sorted());
    }
    let used = RefCell::new(BTreeSet::new());
    let mut expander = Expander::new(catalogue, &used);
    let mut cases = Vec::new();
    for cell in cells(&root, catalogue, &mut problems) {
        if let Some(case) = case(&root, cell, &mut expander, &mut problems) {
            check_case(&case, catalogue, &mut problems);
            cases.push(case);
        }
    }
    problems.extend(std::mem::take(&mut expander.problems));
    let problems = problems.sorted();
    if problems.has_errors() {
        return Err(problems);
    }
    let mut warnings = problems;
    unused(&root, &used.borrow(), &mut warnings);
    Ok(Loaded {
        cases,
        warnings: warnings.sorted(),
    })
}

/// Everything that is wrong with a file or worth saying about it; nothing when it is in order.
pub fn lint(source: &Arc<Source>, catalogue: &Catalogue) -> Problems {
    match load(source, catalogue) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    }
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
        .fold(Scope::new(Some(expander.used)), |scope, (name, value)| {
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

/// The file without its steps, variables filled in everywhere but where they are made.
fn header_of(root: &Node, scope: &Scope<'_>, problems: &mut Vec<Problem>) -> Node {
    let entries = root.entries().iter().map(|entry| {
        let value = match entry.key.text.as_str() {
            "steps" | "finally" => match &entry.value.kind {
                Kind::List(_) => Node {
                    kind: Kind::List(Vec::new()),
                    span: entry.value.span.clone(),
                },
                // The expansion reports what is no list.
                Kind::Scalar(_) | Kind::Map(_) => Node {
                    kind: Kind::List(Vec::new()),
                    span: entry.value.span.clone(),
                },
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

/// Names that must mean something, and the hazard.
fn check_case(case: &Case, catalogue: &Catalogue, problems: &mut Problems) {
    let scenario = &case.scenario;
    check_id(case, problems);
    for id in &scenario.requirements {
        if !catalogue.requirements.contains(&id.value) {
            let known = catalogue.requirements.iter().map(String::as_str);
            problems.push(unknown(
                Code::UnknownRequirement,
                "requirement",
                &id.value,
                id.span.as_ref(),
                case,
                known,
            ));
        }
    }
    if scenario.requirements.is_empty() {
        let span = Span::whole(&case.source);
        problems.push(Problem::new(
            Code::BadValue,
            "a scenario cites at least one requirement",
            span,
        ));
    }
    if let Some(chip) = scenario
        .card
        .chip
        .as_ref()
        .filter(|chip| !catalogue.chips.contains(&chip.value))
    {
        let known = catalogue.chips.iter().map(String::as_str);
        problems.push(unknown(
            Code::UnknownChip,
            "chip profile",
            &chip.value,
            chip.span.as_ref(),
            case,
            known,
        ));
    }
    if let Some(persona) = scenario
        .card
        .persona
        .as_ref()
        .filter(|persona| !catalogue.personas.contains(&persona.value))
    {
        let known = catalogue.personas.iter().map(String::as_str);
        problems.push(unknown(
            Code::UnknownPersona,
            "persona",
            &persona.value,
            persona.span.as_ref(),
            case,
            known,
        ));
    }
    if let super::model::Chips::These(chips) = &scenario.applies_to.chips {
        for chip in chips.iter().filter(|chip| !catalogue.chips.contains(chip)) {
            let known = catalogue.chips.iter().map(String::as_str);
            let place = find_text(&case.source, chip);
            problems.push(unknown(
                Code::UnknownChip,
                "chip profile",
                chip,
                place.as_ref(),
                case,
                known,
            ));
        }
    }
    check_hazard(case, problems);
    check_captures(case, problems);
}

fn unknown<'n>(
    code: Code,
    what: &str,
    name: &str,
    span: Option<&Span>,
    case: &Case,
    known: impl Iterator<Item = &'n str> + Clone,
) -> Problem {
    let span = span.cloned().unwrap_or_else(|| Span::whole(&case.source));
    let problem = Problem::new(code, format!("there is no {what} `{name}`"), span);
    match nearest(name, known.clone()) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None if known.clone().count() <= 20 => problem.help(format!(
            "there are: {}",
            known.collect::<Vec<_>>().join(", ")
        )),
        None => problem,
    }
}

/// The first place of a word in the file, for values that do not keep theirs.
fn find_text(source: &Arc<Source>, word: &str) -> Option<Span> {
    source
        .text()
        .find(word)
        .map(|at| Span::new(source, at..at + word.len()))
}

/// The id is the file's path below the folder of scenarios, so that it can be typed and found.
fn check_id(case: &Case, problems: &mut Problems) {
    let path = case.source.name().replace('\\', "/");
    let path = path
        .strip_suffix(".yaml")
        .or_else(|| path.strip_suffix(".yml"))
        .unwrap_or(&path);
    let expected = path
        .rsplit_once("scenarios/")
        .map_or(path, |(_, below)| below);
    let fits = expected == case.id
        || expected
            .strip_suffix(&case.id)
            .is_some_and(|before| before.ends_with('/') && !path.contains("scenarios/"));
    if !fits && let Some(span) = &case.scenario.id.span {
        let problem = Problem::new(
            Code::Id,
            format!("the id `{}` is not the path of the file", case.id),
            span.clone(),
        );
        problems.push(problem.help(format!("write `id: {expected}`, or move the file")));
    }
}

fn check_hazard(case: &Case, problems: &mut Problems) {
    let declared = &case.scenario.hazard;
    let (implied, step) = hazard::implied(case.steps.iter().chain(&case.finally));
    if declared.value >= implied {
        return;
    }
    let span = declared
        .span
        .clone()
        .unwrap_or_else(|| Span::whole(&case.source));
    let mut problem = Problem::new(
        Code::Hazard,
        format!(
            "the hazard is declared as `{}`, but the steps imply `{implied}`",
            declared.value
        ),
        span,
    );
    if let Some(step) = step {
        let place = step
            .used_at
            .clone()
            .unwrap_or_else(|| step.verb_span.clone());
        problem = problem.related(place, "this step reaches it");
    }
    problems.push(problem.help(format!("write `hazard: {implied}`")));
}

/// Every capture that is used was made by an earlier step.
fn check_captures(case: &Case, problems: &mut Problems) {
    let mut made: BTreeSet<&str> = BTreeSet::new();
    for step in case.steps.iter().chain(&case.finally) {
        let of_action = step
            .action
            .captures()
            .into_iter()
            .map(|name| (name, Some(&step.verb_span)));
        for (name, span) in of_action.chain(step.expect.captures()) {
            if !made.contains(name) {
                let span = span.unwrap_or(&step.verb_span).clone();
                let problem = Problem::new(
                    Code::UnknownCapture,
                    format!("nothing was captured as `{name}` before this step"),
                    span,
                );
                problems.push(match nearest(name, made.iter().copied()) {
                    Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                    None => problem.help(format!(
                        "add `capture: {name}` to the step whose answer is meant"
                    )),
                });
            }
        }
        made.extend(captured(step));
    }
}

fn captured(step: &Step) -> Option<&str> {
    match (&step.action, &step.capture) {
        (super::model::Action::Capture(capture), _) | (_, Some(capture)) => Some(&capture.name),
        _ => None,
    }
}

/// Variables that nothing uses.
fn unused(root: &Node, used: &BTreeSet<String>, warnings: &mut Problems) {
    for place in ["vars", "matrix"] {
        for entry in root.get(place).map(Node::entries).unwrap_or_default() {
            if !used.contains(&entry.key.text) {
                let message = format!("the variable `{}` is not used", entry.key.text);
                warnings.push(Problem::new(Code::Unused, message, entry.key.span.clone()));
            }
        }
    }
}
