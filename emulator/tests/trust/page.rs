//! The page on security names the tests that prove its promises: each of them is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_page_names_exists() {
    let page = include_str!("../../SECURITY.md");
    let mut functions = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for folder in ["emulator", "conformance"] {
        collect(&root.join(folder), &mut functions);
    }
    let mut named = 0;
    let promises: Vec<&str> = page
        .split("\n\n")
        .filter(|part| part.contains("Proved by"))
        .collect();
    for promise in &promises {
        let (_, proofs) = promise.split_once("Proved by").unwrap();
        for name in proofs.split('`').skip(1).step_by(2) {
            assert!(
                functions.contains(name),
                "the page names {name}, and there is no such test"
            );
            named += 1;
        }
    }
    assert!(promises.len() > 6 && named > 25, "{named}");
    println!(
        "trust: security page: {named} tests named for {} promises, all of them there",
        promises.len()
    );
}

/// Names of functions that carry a test's attribute.
fn collect(folder: &Path, functions: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() && entry.file_name() != "target" {
            collect(&path, functions);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for (attribute, rest) in ["#[test]", "#[rstest]"].iter().flat_map(|mark| {
                text.match_indices(mark)
                    .map(|(at, mark)| (mark, &text[at..]))
            }) {
                let name = rest
                    .strip_prefix(attribute)
                    .and_then(|rest| rest.split_once("fn "));
                let name = name
                    .and_then(|(_, rest)| rest.split_once('('))
                    .map(|(name, _)| name);
                functions.extend(name.map(str::to_owned));
            }
        }
    }
}
