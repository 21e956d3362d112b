//! Checks that hold for every file before its meaning is looked at: no key twice, no merge keys, a format version that
//! this release reads.

use super::model::FORMAT_VERSION;
use super::problem::{Code, Problem, Problems};
use super::source::Span;
use super::tree::{Kind, Node};

/// Reports duplicate and merge keys anywhere in the tree.
pub(crate) fn check_structure(node: &Node, problems: &mut Problems) {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(items) => items
            .iter()
            .for_each(|item| check_structure(item, problems)),
        Kind::Map(entries) => {
            let mut seen: std::collections::HashMap<&str, &Span> = std::collections::HashMap::new();
            for entry in entries {
                let key = &entry.key;
                if key.text == "<<" {
                    let problem = Problem::new(
                        Code::MergeKey,
                        "mappings are not merged with `<<`",
                        key.span.clone(),
                    );
                    problems.push(
                        problem
                            .help("write the keys out, or make a block of the steps that repeat"),
                    );
                } else if let Some(first) = seen.insert(&key.text, &key.span) {
                    let problem = Problem::new(
                        Code::DuplicateKey,
                        format!("the key `{}` is given twice", key.text),
                        key.span.clone(),
                    );
                    problems.push(
                        problem
                            .label("again")
                            .related(first.clone(), "first given here"),
                    );
                }
                check_structure(&entry.value, problems);
            }
        }
    }
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
