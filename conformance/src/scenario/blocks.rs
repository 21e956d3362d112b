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
use super::tree::{Entry, Node};

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
    if let Some(node) = given.filter(|node| node.entries().is_empty()) {
        let message = format!(
            "`with` is a mapping from parameters to values, found {}",
            node.describe()
        );
        problems.push(Problem::new(Code::WrongType, message, node.span.clone()));
    }
    for entry in given.map(Node::entries).unwrap_or_default() {
        match argument(&block.block, entry) {
            Ok(value) => {
                values.insert(entry.key.text.clone(), value);
            }
            Err(found) => problems.extend(found),
        }
    }
    for (key, parameter) in &block.block.parameters {
        if given.is_some_and(|given| given.get(key).is_some()) {
            continue;
        }
        if let Some(default) = &parameter.value.default {
            values.insert(key.clone(), default.value.clone());
            continue;
        }
        let message = format!(
            "block `{}` needs the parameter `{key}`",
            block.block.id.value
        );
        let problem = Problem::new(Code::Block, message, place.clone());
        problems.push(problem.help(format!("add `with: {{ {key}: … }}`")));
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(problems)
    }
}

/// One value that is given, if it is of its parameter's type.
fn argument(block: &Block, entry: &Entry) -> Result<String, Vec<Problem>> {
    let (name, key) = (&block.id.value, &entry.key);
    let Some(parameter) = block.parameters.get(&key.text) else {
        let message = format!("block `{name}` has no parameter `{}`", key.text);
        let problem = Problem::new(Code::Block, message, key.span.clone());
        let known = block.parameters.keys().map(String::as_str);
        let help = match nearest(&key.text, known.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("its parameters: {}", known.collect::<Vec<_>>().join(", ")),
        };
        return Err(vec![problem.help(help)]);
    };
    let value = decode_all::<String>(&entry.value)?;
    match fits(&parameter.value, &value) {
        Ok(()) => Ok(value),
        Err(why) => {
            let message = format!("`{}` of block `{name}`: {why}", key.text);
            Err(vec![Problem::new(
                Code::BadValue,
                message,
                entry.value.span.clone(),
            )])
        }
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
