//! Block files: steps for reuse with typed parameters, one level deep. A block is checked by itself, and the values it is
//! given are checked where they are given, so that a mistake is reported in the file that holds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::{Block, Parameter, ParameterKind};
use super::problem::{Code, Problem, Problems, nearest};
use super::recover::decode_all;
use super::source::{Source, Span};
use super::structure::{check_structure, check_version};
use super::text::{FileId, HexBytes, StatusMask};
use super::tree::Node;

/// A block that was read.
pub(crate) struct ParsedBlock {
    pub(crate) block: Block,
    pub(crate) root: Node,
}

impl ParsedBlock {
    /// Reads a block file, its steps still unread.
    pub(crate) fn read(source: &Arc<Source>) -> Result<Self, Problems> {
        let root = Node::parse(source).map_err(|problem| Problems::from(*problem))?;
        let mut problems = Problems::default();
        let root = check_structure(root, &mut problems);
        if !check_version(&root, "cie-block", &mut problems) {
            return Err(problems);
        }
        match decode_all::<Block>(&root) {
            Ok(block) if !problems.has_errors() => Ok(Self { block, root }),
            outcome => {
                outcome
                    .err()
                    .into_iter()
                    .flatten()
                    .for_each(|problem| problems.push(problem));
                Err(problems)
            }
        }
    }
}

/// The values of a block's parameters, given or by default.
pub(crate) fn arguments(
    block: &ParsedBlock,
    given: Option<&Node>,
    place: &Span,
) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut values = BTreeMap::new();
    let parameters = &block.block.parameters;
    let name = &block.block.id.value;
    if let Some(node) = given.filter(|node| node.entries().is_empty()) {
        let message = format!(
            "`with` is a mapping from parameters to values, found {}",
            node.describe()
        );
        problems.push(Problem::new(Code::WrongType, message, node.span.clone()));
    }
    for entry in given.map(Node::entries).unwrap_or_default() {
        let Some(parameter) = parameters.get(&entry.key.text) else {
            let problem = Problem::new(
                Code::Block,
                format!("block `{name}` has no parameter `{}`", entry.key.text),
                entry.key.span.clone(),
            );
            let known = parameters.keys().map(String::as_str);
            problems.push(match nearest(&entry.key.text, known.clone()) {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None => problem.help(format!(
                    "its parameters: {}",
                    known.collect::<Vec<_>>().join(", ")
                )),
            });
            continue;
        };
        match decode_all::<String>(&entry.value) {
            Ok(value) => match fits(&parameter.value, &value) {
                Ok(()) => {
                    values.insert(entry.key.text.clone(), value);
                }
                Err(why) => problems.push(Problem::new(
                    Code::BadValue,
                    format!("`{}` of block `{name}`: {why}", entry.key.text),
                    entry.value.span.clone(),
                )),
            },
            Err(found) => problems.extend(found),
        }
    }
    for (key, parameter) in parameters {
        if values.contains_key(key) || given.is_some_and(|given| given.get(key).is_some()) {
            continue;
        }
        match &parameter.value.default {
            Some(default) => {
                values.insert(key.clone(), default.value.clone());
            }
            None => {
                let problem = Problem::new(
                    Code::Block,
                    format!("block `{name}` needs the parameter `{key}`"),
                    place.clone(),
                );
                problems.push(problem.help(format!("add `with: {{ {key}: … }}`")));
            }
        }
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(problems)
    }
}

/// Whether a value is of the parameter's type.
fn fits(parameter: &Parameter, value: &str) -> Result<(), String> {
    match &parameter.kind {
        ParameterKind::Text => Ok(()),
        ParameterKind::Hex => value.parse::<HexBytes>().map(|_| ()),
        ParameterKind::Number => value
            .parse::<u32>()
            .map(|_| ())
            .map_err(|_| format!("\"{value}\" is no whole number")),
        ParameterKind::Digits
            if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Ok(())
        }
        ParameterKind::Digits => Err(format!("\"{value}\" is not made of digits")),
        ParameterKind::Sw => value.parse::<StatusMask>().map(|_| ()),
        ParameterKind::File => value.parse::<FileId>().map(|_| ()),
        ParameterKind::OneOf(allowed) if allowed.iter().any(|one| one == value) => Ok(()),
        ParameterKind::OneOf(allowed) => {
            Err(format!("\"{value}\" is none of {}", allowed.join(", ")))
        }
    }
}
