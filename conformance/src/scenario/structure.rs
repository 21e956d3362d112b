//! Checks that hold for every file before its meaning is looked at: no key twice, no merge keys, a format version that
//! this release reads.

use std::collections::HashMap;
use std::sync::Arc;

use super::model::FORMAT_VERSION;
use super::problem::{Code, Problem, Problems};
use super::source::{Source, Span};
use super::tree::{Entry, Kind, Node};

/// Reads a file up to its meaning: syntax, structure, format version under `key`.
///
/// # Errors
/// Everything wrong so far.
pub(crate) fn read_document(source: &Arc<Source>, key: &str) -> Result<Node, Problems> {
    let root = Node::parse(source).map_err(|problem| Problems::from(*problem))?;
    let mut problems = Problems::default();
    let root = check_structure(root, &mut problems);
    if check_version(&root, key, &mut problems) && !problems.has_errors() {
        Ok(root)
    } else {
        Err(problems.sorted())
    }
}

/// Reports duplicate and merge keys anywhere in the tree, and gives the tree without them, so that they are reported once.
pub(crate) fn check_structure(node: Node, problems: &mut Problems) -> Node {
    let kind = match node.kind {
        Kind::Scalar(scalar) => Kind::Scalar(scalar),
        Kind::List(items) => {
            let items = items.into_iter();
            Kind::List(items.map(|item| check_structure(item, problems)).collect())
        }
        Kind::Map(entries) => Kind::Map(check_keys(entries, problems)),
    };
    Node {
        kind,
        span: node.span,
    }
}

fn check_keys(entries: Vec<Entry>, problems: &mut Problems) -> Vec<Entry> {
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut kept = Vec::with_capacity(entries.len());
    for Entry { key, value } in entries {
        if key.text == "<<" {
            let message = "mappings are not merged with `<<`";
            let problem = Problem::new(Code::MergeKey, message, key.span);
            problems
                .push(problem.help("write the keys out, or make a block of the steps that repeat"));
            continue;
        }
        if let Some(first) = seen.get(&key.text) {
            let message = format!("the key `{}` is given twice", key.text);
            let problem = Problem::new(Code::DuplicateKey, message, key.span);
            problems.push(
                problem
                    .label("again")
                    .related(first.clone(), "first given here"),
            );
            continue;
        }
        seen.insert(key.text.clone(), key.span.clone());
        kept.push(Entry {
            key,
            value: check_structure(value, problems),
        });
    }
    kept
}

/// Reports a missing, malformed or newer format version. False when the rest of the file cannot be read.
pub(crate) fn check_version(root: &Node, key: &str, problems: &mut Problems) -> bool {
    let Kind::Map(_) = &root.kind else {
        let message = format!(
            "a file of this kind is a mapping that begins with `{key}: {FORMAT_VERSION}`, found {}",
            root.describe()
        );
        problems.push(Problem::new(
            Code::WrongType,
            message,
            Span::whole(root.span.source()),
        ));
        return false;
    };
    let Some(version) = root.get(key) else {
        let problem = Problem::new(
            Code::Version,
            format!("the file does not say its format: `{key}` is missing"),
            Span::whole(root.span.source()),
        );
        problems.push(problem.help(format!("begin with `{key}: {FORMAT_VERSION}`")));
        return false;
    };
    match version.text().and_then(|text| text.parse::<u32>().ok()) {
        Some(FORMAT_VERSION) => true,
        Some(newer) if newer > FORMAT_VERSION => {
            let release = env!("CARGO_PKG_VERSION");
            let message = format!(
                "format version {newer} is newer than this release, {release}, which reads version {FORMAT_VERSION}"
            );
            let problem = Problem::new(Code::Version, message, version.span.clone());
            // Each format version comes with the minor release of its number.
            problems.push(problem.help(format!("the first release that reads it is 0.{newer}.0")));
            false
        }
        _ => {
            let problem = Problem::new(
                Code::Version,
                format!("{} is no format version", version.describe()),
                version.span.clone(),
            );
            problems.push(problem.help(format!("write `{key}: {FORMAT_VERSION}`")));
            false
        }
    }
}
