//! Files of policies, accounts and people: the shipped ones are in order and fit their schema, every unknown word in one is
//! refused at its place, and what is said of bad ones is kept as text.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cie_conformance::issuer::Registry;
use cie_conformance::issuer::account::Accounts;
use cie_conformance::issuer::policy::{Policies, account_files, policy_files, policy_schema};
use cie_conformance::issuer::registry::people_files;
use cie_conformance::scenario::{Problems, Source};
use proptest::prelude::{Just, ProptestConfig, prop, prop_oneof, proptest};
use rstest::rstest;

use crate::world::policies;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-policies")
}

fn accounts() -> Accounts {
    Accounts::read(&account_files()).expect("the accounts")
}

fn read(file: &Arc<Source>) -> Result<(), Problems> {
    match file.text().contains("cie-people") {
        true => Registry::read(std::slice::from_ref(file), &accounts()).map(|_| ()),
        false => Policies::read(std::slice::from_ref(file), accounts()).map(|_| ()),
    }
}

#[test]
fn the_shipped_files_are_in_order() {
    let names: Vec<String> = policies().iter().map(|it| it.id.value.clone()).collect();
    let mut expected = crate::play::POLICIES;
    expected.sort_unstable();
    assert_eq!(names, expected);
    for policy in policies().iter() {
        let historical = policy.id.value.starts_with("inps");
        assert_eq!(
            policy.status.name() == "historical",
            historical,
            "{}",
            policy.id.value
        );
        assert!(
            !policy.source.is_empty(),
            "{} has no source",
            policy.id.value
        );
    }
    assert_eq!(crate::world::people().iter().count(), 7);
}

#[test]
fn the_schema_is_the_one_of_the_types_and_every_policy_names_and_fits_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/cie-policy-1.schema.json");
    if std::env::var_os("INSTA_UPDATE").is_some() {
        std::fs::write(&path, policy_schema()).expect("a schema");
    }
    let written = std::fs::read_to_string(&path).expect("the schema");
    assert_eq!(
        written,
        policy_schema(),
        "write it anew with INSTA_UPDATE=always"
    );
    let schema: serde_json::Value = serde_json::from_str(&written).expect("JSON");
    let validator = jsonschema::draft7::new(&schema).expect("a valid schema");
    for file in policy_files() {
        let first = file.text().lines().next().unwrap_or_default();
        assert!(
            first.ends_with("../../conformance/schema/cie-policy-1.schema.json"),
            "{file:?}"
        );
        let document: serde_json::Value = serde_yaml::from_str(file.text()).expect("YAML");
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|it| it.to_string())
            .collect();
        assert!(errors.is_empty(), "{file:?}: {errors:?}");
    }
}

/// E13: every key of every shipped file, misspelt, is an error in its line; none is passed over.
#[test]
fn e13_no_unknown_key_is_passed_over() {
    let mut tried = 0;
    for file in policy_files().into_iter().chain(people_files()) {
        for (number, line) in file.text().lines().enumerate() {
            for (at, _) in line
                .match_indices(": ")
                .chain(line.ends_with(':').then(|| (line.len() - 1, ":")))
            {
                let before = line.get(..at).unwrap_or_default();
                let word = before
                    .rsplit(|it: char| !(it.is_ascii_alphanumeric() || it == '_' || it == '-'))
                    .next()
                    .unwrap_or_default();
                let quoted = before.matches('"').count() % 2 == 1;
                if word.is_empty()
                    || quoted
                    || before.contains('#')
                    || before.trim_start().starts_with("- article")
                {
                    continue;
                }
                let start = at - word.len();
                let bad = format!("{}qq{}", &line[..start], &line[start..]);
                let lines = file.text().lines().enumerate();
                let text: String = lines.map(|(it, line)| if it == number { bad.clone() } else { line.to_owned() } + "\n").collect();
                let mutated = Source::new(file.name(), text);
                let said = match file.name().starts_with("people") {
                    true => Registry::read(&[mutated], &accounts()).map(|_| ()),
                    false => Policies::read(&[mutated], accounts()).map(|_| ()),
                };
                let said = said.expect_err(&bad);
                let here = said.iter().any(|problem| {
                    // What a file must begin with is missed at its first line.
                    let missed = problem.message.contains("does not say");
                    problem.span.line() == number + 1 || missed
                });
                assert!(here, "{}:{}: {bad}: {said}", file.name(), number + 1);
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried}");
    println!("trust: issuer files: {tried} misspelt keys, every one refused");
}

#[rstest]
#[case::unknown_gate("unknown-gate")]
#[case::unknown_field("unknown-field")]
#[case::bad_times("bad-times")]
#[case::bad_numbers("bad-numbers")]
#[case::bad_order("bad-order")]
#[case::revisions("revisions")]
#[case::unknown_account("unknown-account")]
#[case::no_version("no-version")]
#[case::other_name("other-name")]
#[case::real_people("real-people")]
#[case::real_addresses("real-addresses")]
#[case::unknown_people("unknown-people")]
fn says(#[case] name: &str) {
    let text = std::fs::read_to_string(folder().join(format!("{name}.yaml"))).expect("a bad file");
    let problems = read(&Source::new(format!("{name}.yaml"), text)).expect_err(name);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, problems.render(false)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// G4: people come from files that say that they are invented, with addresses that reach nobody, and from no other.
    #[test]
    fn g4_only_invented_people_are_read(
        says in prop::option::of(prop_oneof![Just("true".to_owned()), "[a-z0-9]{1,8}"]),
        domain in prop_oneof![Just("example.org".to_owned()), "[a-z]{2,8}[.](it|com|net|org|eu)"],
    ) {
        let invented = says.as_deref() == Some("true");
        let says = says.map(|says| format!("synthetic: {says}\n")).unwrap_or_default();
        let text = format!(
            "cie-people: 1\n{says}people:\n  - persona: adult-default\n    contacts: {{ email: somebody@{domain} }}\n"
        );
        let reserved = ["example.com", "example.net", "example.org"].contains(&domain.as_str());
        let read = Registry::read(&[Source::new("people.yaml", text.clone())], &accounts());
        assert_eq!(read.is_ok(), invented && reserved, "{text}");
    }
}
