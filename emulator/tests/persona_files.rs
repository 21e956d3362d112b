//! Persona files: errors point at the line to change, and what a file leaves out is filled in from the seed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use cie_emulator::persona::{CodesSource, Persona, PersonaError, SodVariant};
use rstest::rstest;

const GOOD: &str = r#"persona: 1
id: test
title: A test
seed: 7
holder:
  surname: verdi
  given_names: Anna
  sex: F
  birth_date: 1975-06-30
  birth_place: { name: Bari, cadastral_code: A662 }
document:
  number: CA12345BC
  issued: 2024-01-01
  expires: 2034-06-30
codes: seeded
sod: pss
"#;

#[test]
fn what_is_left_out_is_computed() {
    let persona = Persona::from_yaml("good.yaml", GOOD).unwrap();
    assert_eq!(persona.holder.surname.as_str(), "VERDI");
    assert!(
        persona
            .holder
            .fiscal_code
            .unwrap()
            .as_str()
            .starts_with("VRDNNA75H70A662")
    );
    assert!(persona.sn_icc.matches(persona.nis));
    assert_eq!(
        (persona.codes, persona.sod),
        (CodesSource::Seeded, SodVariant::Pss)
    );
    let again = Persona::from_yaml("good.yaml", GOOD).unwrap();
    assert_eq!(again, persona);
    let other = GOOD.replace("seed: 7", "seed: 8");
    assert_ne!(
        Persona::from_yaml("good.yaml", &other).unwrap().nis,
        persona.nis
    );
}

#[rstest]
#[case::version("persona: 1", "persona: 2", 1, 10, "persona format 2 is not known")]
#[case::unknown_field("title: A test", "titel: A test", 3, 1, "unknown field `titel`")]
#[case::name("Anna", "Ann4", 7, 16, "`Ann4` is not a name")]
#[case::sex("sex: F", "sex: X", 8, 8, "X")]
#[case::date("1975-06-30", "1975-06-31", 9, 15, "`1975-06-31` is not a date")]
#[case::place("A662", "A66", 10, 46, "`A66` is not a cadastral code")]
#[case::number(
    "CA12345BC",
    "AA12345BC",
    12,
    11,
    "`AA12345BC` is not a CIE document number"
)]
#[case::expiry(
    "2034-06-30",
    "2023-06-30",
    14,
    12,
    "the card expires before it is issued"
)]
#[case::codes("seeded", "random", 15, 8, "random")]
#[case::duplicate("sod: pss", "sod: pss\nsod: v0", 17, 1, "sod")]
#[case::nis(
    "sod: pss",
    "sod: pss\nidentifiers: { nis: \"123\" }",
    17,
    21,
    "`123` is not a NIS"
)]
#[case::icc(
    "sod: pss",
    "sod: pss\nidentifiers:\n  sn_icc: 5A0A8038001234567890124F",
    18,
    11,
    "must spell the NIS"
)]
#[case::can(
    "  number:",
    "  can: 12345\n  number:",
    12,
    8,
    "is not a card access number"
)]
#[case::protocols("  number:", "  protocols: newest\n  number:", 12, 14, "newest")]
#[case::document_sod("  number:", "  sod: md5\n  number:", 12, 8, "md5")]
#[case::wrong_hash(
    "  number:",
    "  wrong_hash_of: 15\n  number:",
    12,
    18,
    "no data group 15; choose one of 1, 2, 3, 11, 12, 14"
)]
#[case::homocody("  sex: F", "  sex: F\n  homocody: 8", 9, 13, "write 1 to 7")]
#[case::homocody_of_none(
    "  sex: F",
    "  sex: F\n  fiscal_code: none\n  homocody: 1",
    10,
    13,
    "leave out one of the two"
)]
#[case::padding(
    "sod: pss",
    "sod: pss\ncertificate_padding: 5000",
    17,
    22,
    "at most 4096"
)]
#[case::fiscal(
    "  sex: F",
    "  sex: F\n  fiscal_code: VRDNNA75H70A662A",
    9,
    16,
    "is not a fiscal code"
)]
fn an_error_names_file_line_and_column(
    #[case] good: &str,
    #[case] bad: &str,
    #[case] line: u64,
    #[case] column: u64,
    #[case] about: &str,
) {
    let text = GOOD.replacen(good, bad, 1);
    let error = Persona::from_yaml("bad.yaml", &text).unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.starts_with(&format!("bad.yaml:{line}:{column}: ")),
        "{shown}"
    );
    assert!(shown.contains(about), "{shown}");
}

#[test]
fn a_missing_field_is_named() {
    let text = GOOD.replace("sod: pss\n", "");
    let error = Persona::from_yaml("bad.yaml", &text).unwrap_err();
    assert!(matches!(&error, PersonaError::Load { file, .. } if file == "bad.yaml"));
    assert!(error.to_string().contains("sod"), "{error}");
}

#[test]
fn the_snippet_shows_the_line_for_people() {
    let text = GOOD.replace("CA12345BC", "AA12345BC");
    match Persona::from_yaml("bad.yaml", &text) {
        Err(PersonaError::Load { snippet, .. }) => {
            assert!(
                snippet.contains("number: AA12345BC") && snippet.contains('^'),
                "{snippet}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_is_loaded_from_disk_or_its_absence_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.yaml");
    let missing = Persona::load(&path).unwrap_err();
    assert!(matches!(missing, PersonaError::Read { .. }));
    assert!(missing.to_string().contains("mine.yaml"));
    std::fs::write(&path, GOOD).unwrap();
    assert_eq!(
        Persona::load(&path).unwrap(),
        Persona::from_yaml("x", GOOD).unwrap()
    );
}

proptest::proptest! {
    #[test]
    fn any_text_is_loaded_or_refused(text in "\\PC{0,200}") {
        if let Err(error) = Persona::from_yaml("any.yaml", &text) {
            proptest::prop_assert!(error.to_string().starts_with("any.yaml:"));
        }
    }
}
