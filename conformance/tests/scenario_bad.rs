//! Every error message of the loader, kept as text: one file of bad scenarios, one golden text beside it.
//! `INSTA_UPDATE=always cargo test -p cie-conformance --test scenario_bad` writes the texts anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cie_conformance::scenario::embedded::read_folder;
use cie_conformance::scenario::{Catalogue, Source, lint};
use rstest::rstest;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-scenarios")
}

fn read(name: &str) -> Arc<Source> {
    let text = std::fs::read_to_string(folder().join(name)).expect("a bad scenario");
    Source::new(name, text)
}

fn catalogue() -> Catalogue {
    let blocks = read_folder(&folder().join("blocks"), true).expect("blocks");
    let named = blocks.iter().map(|file| {
        let name = file.name().rsplit('/').next().expect("a file name");
        Source::new(format!("blocks/{name}"), file.text())
    });
    let requirements = ["CIE-PIN-001", "CIE-PIN-010", "CIE-SM-001"];
    let mut catalogue = Catalogue::of(
        &["gemalto", "gemalto2", "nxp", "stm3"],
        &["adult-default"],
        &requirements,
    );
    catalogue.presets = vec!["strict".into()];
    catalogue.parameters = vec!["pin_tries".into(), "puk_tries".into()];
    catalogue.with_blocks(named.collect())
}

#[rstest]
#[case::alias_bomb("alias-bomb")]
#[case::bad_values("bad-values")]
#[case::blocks("blocks")]
#[case::captures("captures")]
#[case::duplicate_key("duplicate-key")]
#[case::empty("empty")]
#[case::flow("flow")]
#[case::hazard_blocks("hazard-blocks")]
#[case::hazard_bricks("hazard-bricks")]
#[case::hazard_pin("hazard-pin")]
#[case::hazard_writes("hazard-writes")]
#[case::header("header")]
#[case::issuer("issuer")]
#[case::merge_key("merge-key")]
#[case::missing_fields("missing-fields")]
#[case::names("names")]
#[case::newer_version("newer-version")]
#[case::no_verb("no-verb")]
#[case::no_version("no-version")]
#[case::not_a_mapping("not-a-mapping")]
#[case::syntax("syntax")]
#[case::tab("tab")]
#[case::together("together")]
#[case::too_deep("too-deep")]
#[case::too_many_steps("too-many-steps")]
#[case::two_documents("two-documents")]
#[case::two_verbs("two-verbs")]
#[case::unknown_field("unknown-field")]
#[case::unknown_verb("unknown-verb")]
#[case::unquoted("unquoted")]
#[case::variables("variables")]
#[case::wrong_type("wrong-type")]
fn says(#[case] name: &str) {
    let problems = lint(&read(&format!("{name}.yaml")), &catalogue());
    assert!(problems.has_errors(), "{name} was accepted");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, problems.render(false)));
}

#[test]
fn every_bad_scenario_has_its_case() {
    let own = include_str!("scenario_bad.rs");
    for file in read_folder(&folder(), false).expect("the folder") {
        let name = file
            .name()
            .rsplit('/')
            .next()
            .expect("a file name")
            .trim_end_matches(".yaml");
        assert!(own.contains(&format!("(\"{name}\")")), "no case for {name}");
    }
}
