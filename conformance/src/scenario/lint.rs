//! What is wrong with one file, whichever kind it is: a scenario, or a block that is read by itself with a sample for each
//! of its parameters.

use std::sync::Arc;

use super::blocks::ParsedBlock;
use super::catalogue::Catalogue;
use super::expand::Expander;
use super::fill::{Ledger, Scope};
use super::load::load;
use super::model::{Parameter, ParameterKind};
use super::problem::{Code, Problem, Problems};
use super::source::Source;
use super::tree::Node;

/// Everything that is wrong with a scenario or block file or worth saying about it; nothing when it is in order.
pub fn lint(source: &Arc<Source>, catalogue: &Catalogue) -> Problems {
    let is_block = Node::parse(source).is_ok_and(|root| root.get("cie-block").is_some());
    if is_block {
        return block(source, catalogue).unwrap_or_else(|problems| problems);
    }
    match load(source, catalogue) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    }
}

fn block(source: &Arc<Source>, catalogue: &Catalogue) -> Result<Problems, Problems> {
    let block = ParsedBlock::read(source)?;
    let ledger = Ledger::default();
    let parameters = &block.block.parameters;
    let scope = parameters
        .iter()
        .fold(Scope::new(&ledger), |scope, (name, parameter)| {
            scope.with(name, sample(&parameter.value))
        });
    let mut expander = Expander::new(catalogue, &ledger);
    let steps = expander.steps(&block.root, "steps", &scope);
    let mut problems = std::mem::take(&mut expander.problems);
    check_id(&block, source, &mut problems);
    for place in steps.iter().filter_map(|step| step.used_at.clone()) {
        let message = "a block uses no other blocks";
        problems.push(Problem::new(Code::Block, message, place));
    }
    Ok(problems.sorted())
}

fn check_id(block: &ParsedBlock, source: &Arc<Source>, problems: &mut Problems) {
    let id = &block.block.id;
    let name = source.name().rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.strip_suffix(".yaml").unwrap_or(name);
    if let Some(span) = id.span.clone().filter(|_| id.value != name) {
        let message = format!("the id `{}` is not the name of the file", id.value);
        let problem = Problem::new(Code::Id, message, span);
        problems.push(problem.help(format!("write `id: {name}`, or rename the file")));
    }
}

/// A value that fits a parameter: its default, or the plainest of its type.
fn sample(parameter: &Parameter) -> String {
    if let Some(default) = &parameter.default {
        return default.value.clone();
    }
    match &parameter.kind {
        ParameterKind::Text => "text".to_owned(),
        ParameterKind::Hex => "00".to_owned(),
        ParameterKind::Number => "1".to_owned(),
        ParameterKind::Digits => "00000000".to_owned(),
        ParameterKind::Sw => "9000".to_owned(),
        ParameterKind::File => "1001".to_owned(),
        ParameterKind::OneOf(allowed) => allowed.first().cloned().unwrap_or_default(),
    }
}
