//! `fsck`: sound cards are found sound, and each thing that can be wrong is found.

use crate::stored;
use crate::support::Terminal;
use cie_emulator::chip::chips;
use cie_emulator::persona::Persona;
use cie_emulator::store::{self, Existing, Report, Verdict};
use rstest::rstest;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn wrong(report: &Report) -> Vec<&str> {
    let wrong = report
        .findings
        .iter()
        .filter(|f| f.verdict == Verdict::Wrong);
    wrong.map(|finding| finding.what).collect()
}

#[test]
fn every_fresh_card_is_sound() {
    let chips = chips()
        .unwrap()
        .iter()
        .map(|chip| format!("chip={},pad_files=true", chip.id));
    for words in Persona::builtin_ids().map(str::to_owned).chain(chips) {
        let (_directory, path, _) = stored(&words);
        let report = store::check(&path).unwrap();
        assert!(report.is_sound(), "{words}: {report:#?}");
        // A card that is wrong on purpose is as it was ordered.
        let ordered = words == "wrong-document-hash";
        let notes = report
            .findings
            .iter()
            .filter(|f| f.verdict == Verdict::Note);
        let notes: Vec<_> = notes.map(|finding| finding.what).collect();
        assert_eq!(
            notes,
            ["document EF.SOD"][..usize::from(ordered)],
            "{words}"
        );
    }
}

#[test]
fn a_card_in_use_is_checked_too() {
    let (_directory, path, _) = stored("adult-default");
    let terminal = Terminal::new(store::open(&path).unwrap().into_card().unwrap());
    let report = store::check(&path).unwrap();
    assert!(report.is_sound());
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.what == "use" && f.verdict == Verdict::Note)
    );
    drop(terminal);
    assert!(
        store::check(&path)
            .unwrap()
            .findings
            .iter()
            .all(|f| f.what != "use")
    );
}

#[rstest]
#[case::header(20, "structure")]
#[case::contents(20_000, "structure")]
fn damage_is_wrong(#[case] place: usize, #[case] what: &str) {
    let (_directory, path, _) = stored("adult-default");
    let mut bytes = fs::read(&path).unwrap();
    bytes[place] ^= 0x40;
    fs::write(&path, bytes).unwrap();
    let report = store::check(&path).unwrap();
    assert_eq!(wrong(&report), [what]);
    assert!(!report.is_sound());
}

#[rstest]
#[case::mine(0o600, Verdict::Sound)]
#[case::mine_alone_and_run(0o700, Verdict::Sound)]
#[case::group(0o640, Verdict::Note)]
#[case::others(0o604, Verdict::Note)]
#[case::others_may_write(0o602, Verdict::Note)]
fn who_else_can_reach_it(#[case] mode: u32, #[case] verdict: Verdict) {
    let (_directory, path, _) = stored("adult-default");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let report = store::check(&path).unwrap();
    let access = report.findings.iter().find(|f| f.what == "access").unwrap();
    assert_eq!(access.verdict, verdict);
    assert!(
        access.text.contains(&format!("(mode {mode:04o})")),
        "{}",
        access.text
    );
}

#[test]
fn what_is_in_it_is_said_in_words() {
    let (_directory, path, _) = stored("adult-default,pin_tries=5");
    drop(store::open(&path).unwrap().into_card().unwrap());
    let report = store::check(&path).unwrap();
    let said = |what| {
        &*report
            .findings
            .iter()
            .find(|f| f.what == what)
            .unwrap()
            .text
    };
    assert_eq!(
        said("card"),
        "MARIO ROSSI, CA00000AA, on gemalto; taken into use 1 times"
    );
    assert_eq!(said("counters"), "PIN 5 of 5, PUK 10 of 10");
    assert_eq!(
        said("memory"),
        "both records can be read; number 2 counts, nothing was written since it was made"
    );
}

#[test]
fn an_unreadable_record_is_a_note() {
    let (_directory, path, _) = stored("adult-default");
    let mut bytes = fs::read(&path).unwrap();
    bytes[8200] ^= 0x40;
    fs::write(&path, bytes).unwrap();
    let report = store::check(&path).unwrap();
    assert!(report.is_sound());
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.what == "memory" && f.verdict == Verdict::Note)
    );
}

fn files(value: &mut Value) -> &mut Value {
    &mut value["card"]["files"]
}

fn contents<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    files(value)
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .flat_map(|df| df["files"].as_array_mut().unwrap())
        .find(|ef| ef["name"] == name)
        .map(|ef| &mut ef["contents"])
        .unwrap()
}

/// Cards that are well stored and do not agree with themselves.
#[rstest]
#[case::other_key(|card: &mut Value| card["card"]["ias"]["device"] = card["card"]["ias"]["services"].clone(), &["keys"])]
#[case::certified_key(|card: &mut Value| card["card"]["ias"]["signature"] = card["card"]["ias"]["services"].clone(), &["keys", "certificate"])]
#[case::certificate(|card: &mut Value| *contents(card, "EF.Cert_CIE") = "3000".into(), &["certificate", "EF.SOD"])]
#[case::nis(|card: &mut Value| *contents(card, "EF.ID_Servizi") = "313131".into(), &["numbers", "EF.SOD"])]
#[case::number(|card: &mut Value| *contents(card, "EF.Seriale") = "313131".into(), &["numbers", "EF.SOD"])]
#[case::serial(|card: &mut Value| card["card"]["ias"]["serial_number"] = "0011223344556677".into(), &["numbers"])]
#[case::group(|card: &mut Value| *contents(card, "EF.DH") = "7000".into(), &["EF.SOD"])]
#[case::data_group(|card: &mut Value| *contents(card, "EF.DG11") = "6B00".into(), &["document EF.SOD"])]
#[case::no_sod(|card: &mut Value| *contents(card, "EF.SOD") = "".into(), &["EF.SOD"])]
fn disagreement_is_wrong(#[case] spoil: fn(&mut Value), #[case] expected: &[&str]) {
    let (directory, path, _) = stored("adult-default");
    let mut value: Value = serde_json::from_str(&store::export(&path).unwrap()).unwrap();
    spoil(&mut value);
    let document = directory.path().join("card.json");
    fs::write(&document, value.to_string()).unwrap();
    store::import(&document, &path, Existing::Replaced).unwrap();
    assert_eq!(wrong(&store::check(&path).unwrap()), expected);
}
