//! Checks on a finished case: names that must mean something, an id that is the file's path, captures made before they
//! are used, a hazard that is not below what the steps imply.

use std::collections::BTreeSet;

use super::case::Case;
use super::catalogue::Catalogue;
use super::hazard;
use super::model::{Action, Chips, Step};
use super::problem::{Code, Problem, Problems, nearest};
use super::source::Span;

/// Reports everything wrong with a case that its types allow.
pub(crate) fn check(case: &Case, catalogue: &Catalogue, problems: &mut Problems) {
    check_id(case, problems);
    check_requirements(case, catalogue, problems);
    check_card(case, catalogue, problems);
    check_hazard(case, problems);
    check_captures(case, problems);
    super::issuer::check(case, problems);
}

/// A kind of name with those that exist.
struct Names<'a> {
    code: Code,
    what: &'static str,
    known: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn new(code: Code, what: &'static str, known: impl IntoIterator<Item = &'a String>) -> Self {
        let known = known.into_iter().map(String::as_str).collect();
        Self { code, what, known }
    }

    fn check(&self, name: &str, span: Option<&Span>, case: &Case, problems: &mut Problems) {
        if self.known.contains(&name) {
            return;
        }
        let span = span.cloned().unwrap_or_else(|| place_of(case, name));
        let problem = Problem::new(
            self.code,
            format!("there is no {} `{name}`", self.what),
            span,
        );
        problems.push(match nearest(name, self.known.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None if self.known.len() <= 20 => {
                problem.help(format!("there are: {}", self.known.join(", ")))
            }
            None => problem,
        });
    }
}

/// The first place of a word in the file, for values that do not keep theirs.
fn place_of(case: &Case, word: &str) -> Span {
    match case.source.text().find(word) {
        Some(at) => Span::new(&case.source, at..at + word.len()),
        None => Span::whole(&case.source),
    }
}

/// The id is the file's path below the folder of scenarios, so that it can be typed and found.
fn check_id(case: &Case, problems: &mut Problems) {
    let path = case.source.name().replace('\\', "/");
    let path = path
        .strip_suffix(".yaml")
        .or_else(|| path.strip_suffix(".yml"))
        .unwrap_or(&path);
    let (below, known_root) = match path.rsplit_once("scenarios/") {
        Some((_, below)) => (below, true),
        None => (path, false),
    };
    let is_end = || {
        below
            .strip_suffix(&case.id)
            .is_some_and(|before| before.ends_with('/'))
    };
    if below == case.id || (!known_root && is_end()) {
        return;
    }
    if let Some(span) = &case.scenario.id.span {
        let message = format!("the id `{}` is not the path of the file", case.id);
        let problem = Problem::new(Code::Id, message, span.clone());
        problems.push(problem.help(format!("write `id: {below}`, or move the file")));
    }
}

fn check_requirements(case: &Case, catalogue: &Catalogue, problems: &mut Problems) {
    let names = Names::new(
        Code::UnknownRequirement,
        "requirement",
        &catalogue.requirements,
    );
    for id in &case.scenario.requirements {
        names.check(id, id.span.as_ref(), case, problems);
    }
    if case.scenario.requirements.is_empty() {
        let message = "a scenario cites at least one requirement";
        problems.push(Problem::new(
            Code::BadValue,
            message,
            Span::whole(&case.source),
        ));
    }
}

fn check_card(case: &Case, catalogue: &Catalogue, problems: &mut Problems) {
    let card = &case.scenario.card;
    let chips = Names::new(Code::UnknownChip, "chip family", &catalogue.chips);
    let personas = Names::new(Code::UnknownPersona, "persona", &catalogue.personas);
    let presets = Names::new(
        Code::UnknownProfile,
        "behaviour profile",
        &catalogue.presets,
    );
    for (names, name) in [
        (&chips, &card.chip),
        (&personas, &card.persona),
        (&presets, &card.preset),
    ] {
        if let Some(name) = name {
            names.check(name, name.span.as_ref(), case, problems);
        }
    }
    let only = case.steps.iter().filter_map(|step| step.only.as_ref());
    for listed in only
        .map(|only| &only.chips)
        .chain([&case.scenario.applies_to.chips])
    {
        if let Chips::These(listed) = listed {
            for chip in listed {
                chips.check(chip, None, case, problems);
            }
        }
    }
    let parameters = Names::new(
        Code::UnknownProfile,
        "parameter of behaviour",
        &catalogue.parameters,
    );
    for (name, value) in card.profile.iter().chain(&case.scenario.requires.profile) {
        parameters.check(name, value.span.as_ref(), case, problems);
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
    let message = format!(
        "the hazard is declared as `{}`, but the steps imply `{implied}`",
        declared.value
    );
    let mut problem = Problem::new(Code::Hazard, message, span);
    if let Some(step) = step {
        let place = step.used_at.as_ref().unwrap_or(&step.verb_span);
        problem = problem.related(place.clone(), "this step reaches it");
    }
    problems.push(problem.help(format!("write `hazard: {implied}`")));
}

/// Every capture that is used was made by an earlier step.
fn check_captures(case: &Case, problems: &mut Problems) {
    let mut made: BTreeSet<&str> = BTreeSet::new();
    for step in case.steps.iter().chain(&case.finally) {
        let by_action = step.action.captures().into_iter();
        let by_action = by_action.map(|name| (name, Some(&step.verb_span)));
        for (name, span) in by_action.chain(step.expect.captures()) {
            if made.contains(name) {
                continue;
            }
            let span = span.unwrap_or(&step.verb_span).clone();
            let message = format!("nothing was captured as `{name}` before this step");
            let problem = Problem::new(Code::UnknownCapture, message, span);
            problems.push(match nearest(name, made.iter().copied()) {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None => problem.help(format!(
                    "add `capture: {name}` to the step whose answer is meant"
                )),
            });
        }
        made.extend(captured(step));
    }
}

/// The name a step captures under. A step may both capture by its verb and be used by its own expectation.
fn captured(step: &Step) -> Option<&str> {
    match (&step.action, &step.capture) {
        (Action::Capture(capture), _) | (_, Some(capture)) => Some(&capture.name),
        _ => None,
    }
}
