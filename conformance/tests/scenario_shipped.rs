//! The scenarios, blocks, requirements and schemas that come with the program are in order, and agree with each other.

use std::path::Path;

use cie_conformance::requirements::{Account, Evidence, Item, Level, Requirements};
use cie_conformance::scenario::embedded::{read_folder, scenario_files};
use cie_conformance::scenario::{
    Catalogue, Source, block_schema, layout, lint, load, scenario_schema,
};
use rstest::rstest;

fn catalogue() -> Catalogue {
    Catalogue::embedded().expect("in order")
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

#[test]
fn every_scenario_loads_without_a_word() {
    let catalogue = catalogue();
    let files = scenario_files();
    assert!(!files.is_empty(), "no scenario is embedded");
    let said: Vec<String> = files
        .iter()
        .map(|file| lint(file, &catalogue).render(false))
        .filter(|said| !said.is_empty())
        .collect();
    assert!(said.is_empty(), "{}", said.join("\n\n"));
}

#[test]
fn every_id_is_its_own() {
    let catalogue = catalogue();
    let mut names: Vec<String> = Vec::new();
    for file in scenario_files() {
        let loaded = load(&file, &catalogue).expect("in order");
        names.extend(
            loaded
                .cases
                .iter()
                .map(cie_conformance::scenario::Case::name),
        );
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "two cases share a name");
}

#[rstest]
#[case::scenarios(false, "cie-scenario-1.schema.json", scenario_schema())]
#[case::blocks(true, "cie-block-1.schema.json", block_schema())]
fn every_file_names_its_schema_and_fits_it(
    #[case] blocks: bool,
    #[case] name: &str,
    #[case] schema: String,
) {
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("a schema is JSON");
    let validator = jsonschema::draft7::new(&schema).expect("a valid schema");
    let root = fixtures().join("scenarios");
    let files = read_folder(&root, blocks).expect("the shipped files");
    assert!(!files.is_empty());
    for file in files {
        let first = file.text().lines().next().unwrap_or_default();
        let path = first
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap_or_else(|| panic!("{file:?} names no schema"));
        let path = Path::new(file.name())
            .parent()
            .expect("a folder")
            .join(path);
        assert!(
            path.ends_with(format!("conformance/schema/{name}")),
            "{file:?} names {}",
            path.display()
        );
        assert!(
            path.exists(),
            "{file:?} names a schema that is not at {}",
            path.display()
        );
        let document: serde_json::Value = serde_yaml::from_str(file.text()).expect("YAML");
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{file:?}\n{}", errors.join("\n"));
    }
}

#[rstest]
#[case::scenario("cie-scenario-1.schema.json", scenario_schema())]
#[case::block("cie-block-1.schema.json", block_schema())]
fn the_schema_in_the_checkout_is_that_of_the_types(#[case] name: &str, #[case] schema: String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schema")
        .join(name);
    if std::env::var_os("CIE_UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &schema).expect("the schema can be written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    assert!(
        read(&stored) == read(&schema),
        "{name} is stale: CIE_UPDATE_SCHEMA=1 cargo test -p cie-conformance --test scenario_shipped"
    );
}

#[rstest]
#[case::two_verbs("steps: [{ select: ias, wait: 1s }]", false)]
#[case::no_verb("steps: [{ expect: { sw: '9000' } }]", false)]
#[case::unknown_field("steps: [{ select: { aplication: ias } }]", false)]
#[case::bad_status("steps: [{ select: ias, expect: { sw: '90' } }]", false)]
#[case::number_for_text("steps: [{ read_file: 1001 }]", false)]
#[case::loop_without_steps("steps: [{ repeat: 3 }]", false)]
#[case::a_note_alone("steps: [{ note: why }]", true)]
#[case::a_capture_with_a_verb("steps: [{ get_challenge: {}, capture: first, note: why }]", true)]
#[case::a_bare_verb("steps: [close]", true)]
#[case::variables(
    "steps: [{ read_binary: { file: '${file}', length: '${n}', odd: '${odd}' }, expect: { sw: '63C${n}' } }]",
    true
)]
#[case::all_chips("matrix: { chip: all }\nsteps: []", true)]
fn the_schema_tells_right_from_wrong(#[case] rest: &str, #[case] fits: bool) {
    let schema: serde_json::Value =
        serde_json::from_str(&scenario_schema()).expect("a schema is JSON");
    let validator = jsonschema::draft7::new(&schema).expect("a valid schema");
    let text =
        format!("cie-scenario: 1\nid: a\ntitle: b\nrequirements: [C]\nhazard: none\n{rest}\n");
    let document: serde_json::Value = serde_yaml::from_str(&text).expect("YAML");
    assert_eq!(validator.is_valid(&document), fits);
}

#[test]
fn the_requirements_name_what_exists() {
    let catalogue = catalogue();
    let requirements = Requirements::embedded().expect("in order");
    assert!(
        requirements.len() >= 90,
        "{} requirements",
        requirements.len()
    );
    for requirement in requirements.iter() {
        let id = &requirement.id;
        assert!(!requirement.source.is_empty(), "{id} has no source");
        assert!(requirement.text.ends_with('.'), "{id} is no sentence");
        if let Some(parameter) = &requirement.parameter {
            assert!(
                catalogue.parameters.contains(parameter),
                "{id}: no parameter {parameter}"
            );
        }
        if let cie_conformance::scenario::model::Chips::These(chips) = &requirement.chips {
            assert!(
                chips.iter().all(|chip| catalogue.chips.contains(chip)),
                "{id}: {chips:?}"
            );
        }
    }
    let first = requirements
        .get("CIE-PIN-003")
        .expect("a well-known requirement");
    assert_eq!((first.level, first.evidence), (Level::Must, Evidence::A));
}

#[test]
fn an_open_question_is_a_parameter_or_a_should() {
    let requirements = Requirements::embedded().expect("in order");
    for requirement in requirements
        .iter()
        .filter(|requirement| requirement.evidence == Evidence::Open)
    {
        let settled = requirement.parameter.is_some() || requirement.level == Level::Should;
        assert!(
            settled,
            "{} is a MUST that no source settles and no parameter varies",
            requirement.id
        );
    }
}

/// The two articles have 77 items, and each of them is accounted for: cited, or with its reason, or told to be open.
#[test]
fn every_item_of_the_articles_is_accounted_for() {
    let requirements = Requirements::embedded().expect("in order");
    let ids: Vec<&str> = requirements.items().map(|item| item.id.as_str()).collect();
    let wanted = |article: &str, last: u32| -> Vec<String> {
        let numbers = 1..=last;
        numbers
            .map(|number| format!("{article}-{number:02}"))
            .collect()
    };
    assert_eq!(ids, [wanted("S0", 41), wanted("S3", 36)].concat());
    let catalogue = catalogue();
    let mut cited = std::collections::BTreeSet::new();
    for file in scenario_files() {
        for case in load(&file, &catalogue).expect("in order").cases {
            cited.extend(case.requirements().map(str::to_owned));
        }
    }
    let mut counts = [0_usize; 3];
    for item in requirements.items() {
        let Item { id, text, .. } = item;
        assert!(text.ends_with('.'), "{id} is no sentence");
        let place = match (cited.contains(id), &item.account) {
            (true, _) => 0,
            (false, Account::Reason(reason)) => {
                assert!(reason.split(' ').count() >= 3, "{id}: {reason}");
                1
            }
            (false, Account::Open(_)) => 2,
            (false, Account::Citations) => {
                panic!("{id} has neither a scenario nor a reason: {text}")
            }
        };
        counts[place] += 1;
    }
    let [cited, reasoned, open] = counts;
    println!(
        "trust: articles: {} items, {cited} cited by scenarios, {reasoned} left to a written reason, {open} open",
        ids.len()
    );
    assert!(cited >= 20 && reasoned >= 10, "{counts:?}");
}

#[rstest]
#[case::unknown_field(
    "S0-01: { lines: '1', text: x, disposition: [fact], source: y }",
    "unknown field `source`"
)]
#[case::unknown_article(
    "S4-01: { lines: '1', text: x, disposition: [fact] }",
    "no id of an item"
)]
#[case::no_number(
    "S0-1: { lines: '1', text: x, disposition: [fact] }",
    "no id of an item"
)]
#[case::unknown_disposition(
    "S0-01: { lines: '1', text: x, disposition: [dropped] }",
    "none of the values"
)]
#[case::no_disposition(
    "S0-01: { lines: '1', text: x, disposition: [] }",
    "does not say what became of it"
)]
#[case::reason_and_open(
    "S0-01: { lines: '1', text: x, disposition: [fact], reason: y, open: z }",
    "has a reason and is open"
)]
fn a_bad_list_of_items_is_refused(#[case] item: &str, #[case] words: &str) {
    let text = format!("cie-articles: 1\narticles: {{ S0: t }}\nitems:\n  {item}\n");
    let problems = Requirements::read(&[Source::new("a.yaml", text)]).expect_err("refused");
    assert!(problems.render(false).contains(words), "{problems}");
    assert!(problems.render(false).contains("a.yaml:"), "{problems}");
}

#[rstest]
#[case::unknown_field(
    "cie-requirements: 1\ntopic: A\ntitle: t\nrequirements: {}\nextra: x\n",
    "unknown field `extra`"
)]
#[case::foreign_id(
    "cie-requirements: 1\ntopic: A\ntitle: t\nrequirements:\n  CIE-B-001: { level: MUST, text: x, source: [y], evidence: A }\n",
    "no id of the topic A"
)]
#[case::bad_level(
    "cie-requirements: 1\ntopic: A\ntitle: t\nrequirements:\n  CIE-A-001: { level: MAY, text: x, source: [y], evidence: A }\n",
    "none of the values"
)]
#[case::newer("cie-requirements: 7\n", "newer than this release")]
fn a_bad_catalogue_is_refused(#[case] text: &str, #[case] words: &str) {
    let problems = Requirements::read(&[Source::new("a.yaml", text)]).expect_err("refused");
    assert!(problems.render(false).contains(words), "{problems}");
}

#[test]
fn shipped_files_have_the_canonical_layout() {
    for blocks in [false, true] {
        for file in read_folder(&fixtures().join("scenarios"), blocks).expect("the shipped files") {
            let laid_out = layout(&file).expect("in order");
            assert_eq!(laid_out, file.text(), "{file:?}");
        }
    }
}
