//! Every promise of the issuer and of its clients has a test of its name: `e3_…`, `r7_r8_…`, `g1_and_g2_…`. One that is renamed or
//! lost is missed here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Engine, PUK, password, PIN of the institute, PosteID, outbox, registry, clients: a letter and how many there are.
const PROMISES: [(char, u32); 8] = [
    ('e', 13),
    ('r', 10),
    ('w', 7),
    ('n', 7),
    ('q', 3),
    ('o', 4),
    ('g', 4),
    ('k', 4),
];

/// The promises that the name of a test begins with.
fn promises(name: &str) -> BTreeSet<String> {
    let is_promise = |word: &&str| {
        let number = word.get(1..).unwrap_or_default();
        word.starts_with(|it: char| PROMISES.iter().any(|(letter, _)| *letter == it))
            && !number.is_empty()
            && number.bytes().all(|digit| digit.is_ascii_digit())
    };
    let words = name.split('_');
    let words = words.take_while(|word| *word == "and" || is_promise(word));
    words.filter(is_promise).map(str::to_owned).collect()
}

/// The names of the tests in a file: functions under `#[test]` or `#[rstest]`.
fn tests(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        marked |= line == "#[test]" || line == "#[rstest]";
        if let Some(rest) = line.strip_prefix("fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            names.extend(marked.then(|| name.to_owned()));
            marked = false;
        }
    }
    names
}

#[test]
fn every_promise_has_a_test_of_its_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    for part in ["issuer", "issuer_card", "client_models"] {
        for file in std::fs::read_dir(folder.join(part)).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for promise in tests(&text).iter().flat_map(|name| promises(name)) {
                *kept.entry(promise).or_default() += 1;
            }
        }
    }
    let all = PROMISES
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")));
    let all: BTreeSet<String> = all.collect();
    let missing: Vec<&String> = all.iter().filter(|it| !kept.contains_key(*it)).collect();
    assert!(missing.is_empty(), "without a test: {missing:?}");
    let unknown: Vec<&String> = kept.keys().filter(|it| !all.contains(*it)).collect();
    assert!(
        unknown.is_empty(),
        "tests of promises that nobody made: {unknown:?}"
    );
    let tests: usize = kept.values().sum();
    println!(
        "trust: promises: {} promises of the issuer and its clients, {tests} tests of their names",
        all.len()
    );
}
