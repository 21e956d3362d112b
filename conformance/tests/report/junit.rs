//! The JUnit file against the structure that the common schemas agree on, read by another XML library than the one that wrote it:
//! which element may stand where, which attributes are required, and that the counts are true.

use cie_conformance::report::junit;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::sample;

/// Element, its parent, the attributes it must have, the attributes it may have besides.
const STRUCTURE: [(&str, &str, &[&str], &[&str]); 10] = [
    (
        "testsuites",
        "",
        &["tests", "failures", "errors"],
        &["name", "skipped", "time"],
    ),
    (
        "testsuite",
        "testsuites",
        &["name", "tests", "failures", "errors"],
        &["disabled", "skipped", "time"],
    ),
    ("properties", "testsuite", &[], &[]),
    ("property", "properties", &["name", "value"], &[]),
    ("testcase", "testsuite", &["name", "classname"], &["time"]),
    ("failure", "testcase", &["message", "type"], &[]),
    ("error", "testcase", &["message", "type"], &[]),
    ("skipped", "testcase", &[], &["message", "type"]),
    ("system-out", "testcase", &[], &[]),
    ("system-err", "testcase", &[], &[]),
];

#[derive(Default)]
struct Counts {
    testcases: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

fn attributes(element: &BytesStart<'_>) -> Vec<(String, String)> {
    let pairs = element.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let name = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        (name, String::from_utf8(attribute.value.to_vec()).unwrap())
    });
    pairs.collect()
}

fn check_element(element: &BytesStart<'_>, parent: &str, counts: &mut Counts) -> String {
    let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
    let rule = STRUCTURE.iter().find(|(known, ..)| *known == name);
    let (_, wanted_parent, required, optional) =
        rule.unwrap_or_else(|| panic!("<{name}> is not JUnit"));
    assert_eq!(parent, *wanted_parent, "<{name}> stands in the wrong place");
    let given = attributes(element);
    for attribute in *required {
        assert!(
            given.iter().any(|(name, _)| name == attribute),
            "<{name}> lacks {attribute}"
        );
    }
    for (attribute, _) in &given {
        let known =
            required.contains(&attribute.as_str()) || optional.contains(&attribute.as_str());
        assert!(known, "<{name}> has an unknown attribute {attribute}");
    }
    match name.as_str() {
        "testcase" => counts.testcases += 1,
        "failure" => counts.failures += 1,
        "error" => counts.errors += 1,
        "skipped" => counts.skipped += 1,
        _ => {}
    }
    name
}

#[test]
fn the_structure_is_the_one_of_the_common_schemas_and_the_counts_are_true() {
    let xml = junit::render(&sample::run()).unwrap();
    let mut reader = Reader::from_str(&xml);
    let (mut open, mut counts) = (Vec::<String>::new(), Counts::default());
    let mut said = Vec::new();
    loop {
        let parent = open.last().cloned().unwrap_or_default();
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                if parent.is_empty() {
                    said = attributes(&element);
                }
                open.push(check_element(&element, &parent, &mut counts));
            }
            Event::Empty(element) => {
                check_element(&element, &parent, &mut counts);
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let stated = |name: &str| {
        said.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.parse::<usize>().unwrap())
    };
    assert_eq!(
        (
            counts.testcases,
            counts.failures,
            counts.errors,
            counts.skipped
        ),
        (7, 1, 2, 2)
    );
    assert_eq!(
        (stated("tests"), stated("failures"), stated("errors")),
        (Some(7), Some(1), Some(2))
    );
}
