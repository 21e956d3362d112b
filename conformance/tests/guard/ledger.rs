//! The ledger on disk: what it keeps, what it refuses to overwrite, and that nothing is counted twice or not at all.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use cie_conformance::guard::{
    CardIdentity, CardKey, FileLedger, Ledger, LedgerError, Life, default_path,
};
use cie_conformance::scenario::model::{CodeName, Hazard};
use rstest::rstest;

use crate::card::{Bench, Card, NIS, POLICY, PUK, risk, setup_with, verify};

fn keys() -> Vec<CardKey> {
    CardIdentity::default().with_nis(NIS).keys()
}

fn ledger(folder: &tempfile::TempDir) -> FileLedger {
    FileLedger::new(folder.path().join("state/cie-conf/ledger.json"))
}

#[test]
fn what_is_counted_is_there_for_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = ledger(&folder);
    assert_eq!(first.life(&keys()), Ok(Life::default()));
    first.charge(&keys(), Some(5)).unwrap();
    first.charge(&keys(), Some(5)).unwrap();
    first.refund(&keys()).unwrap();
    first.note_pin(&keys(), Some(2)).unwrap();
    let life = Life {
        wrong_puks: 1,
        refused_pin_left: Some(2),
    };
    assert_eq!(ledger(&folder).life(&keys()), Ok(life));
}

#[test]
fn the_file_is_private_and_names_no_card() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = ledger(&folder);
    ledger.charge(&keys(), None).unwrap();
    let text = fs::read_to_string(ledger.path()).unwrap();
    let key = keys().first().unwrap().to_hex();
    assert_eq!(
        text,
        format!(
            "{{\n  \"format\": 1,\n  \"cards\": {{\n    \"{key}\": {{\n      \"wrong_puks\": 1\n    }}\n  }}\n}}\n"
        )
    );
    assert!(!text.contains(NIS));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(ledger.path()) & 0o777, 0o600);
        assert_eq!(mode(ledger.path().parent().unwrap()) & 0o777, 0o700);
    }
}

#[test]
fn the_limit_is_the_ledgers() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = ledger(&folder);
    for _ in 0..5 {
        ledger.charge(&keys(), Some(5)).unwrap();
    }
    let error = ledger.charge(&keys(), Some(5)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "5 wrong PUKs have been sent to this card in its life and no more are; take another card, or give this one up with --sacrificial"
    );
    assert_eq!(ledger.life(&keys()).unwrap().wrong_puks, 5);
}

#[test]
fn a_card_counts_as_one_under_all_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = ledger(&folder);
    let nis = CardIdentity::default().with_nis(NIS);
    let chip = CardIdentity::default().with_chip_serial([1, 2, 3]);
    let both = nis.clone().with_chip_serial([1, 2, 3]);
    ledger.charge(&nis.keys(), None).unwrap();
    ledger.charge(&both.keys(), None).unwrap();
    assert_eq!(ledger.life(&chip.keys()).unwrap().wrong_puks, 2);
    let other = CardIdentity::default().with_nis("999999999999");
    assert_eq!(ledger.life(&other.keys()), Ok(Life::default()));
}

#[rstest]
#[case::cut_short("{\"format\":1,\"cards\":{")]
#[case::empty("")]
#[case::not_a_ledger("[]")]
#[case::no_format("{\"cards\":{}}")]
#[case::format_0("{\"format\":0,\"cards\":{}}")]
#[case::a_bad_key("{\"format\":1,\"cards\":{\"123456789012\":{\"wrong_puks\":1}}}")]
#[case::a_negative_count("{\"format\":1,\"cards\":{\"KEY\":{\"wrong_puks\":-1}}}")]
#[case::an_unknown_field("{\"format\":1,\"cards\":{\"KEY\":{\"wrong_puks\":1,\"right\":2}}}")]
fn a_damaged_file_is_refused_and_left_alone(#[case] text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.json");
    let text = text.replace("KEY", &keys().first().unwrap().to_hex());
    fs::write(&path, &text).unwrap();
    let mut ledger = FileLedger::new(&path);
    for error in [
        ledger.life(&keys()).unwrap_err(),
        ledger.charge(&keys(), Some(5)).unwrap_err(),
        ledger.refund(&keys()).unwrap_err(),
        ledger.note_pin(&keys(), Some(1)).unwrap_err(),
    ] {
        let words = error.to_string();
        let start = format!("the ledger {} is damaged: ", path.display());
        assert!(words.starts_with(&start), "{words}");
        assert!(words.ends_with(
            ". It says how many wrong PUKs your cards have had and is not overwritten; bring back a copy of it, or move it away if you know that no card in it had any"
        ), "{words}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_newer_file_is_left_to_a_newer_release() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.json");
    fs::write(&path, "{\"format\":2,\"lives\":[]}").unwrap();
    let error = FileLedger::new(&path).charge(&keys(), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the ledger {} has format 2, this release reads 1; use the release that wrote it",
            path.display()
        )
    );
}

#[test]
fn a_place_that_cannot_be_written_counts_nothing_and_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let ledger = FileLedger::new(file.join("ledger.json"));
    let mut bench = Bench::new(Card::new(POLICY), setup_with("burns_puk", Box::new(ledger)));
    bench.guard.begin_case(risk(Hazard::BurnsPuk));
    let refusal = bench.send(&verify(CodeName::Puk, PUK)).unwrap_err();
    let words = refusal.to_string();
    assert!(
        words.contains("; nothing that it must count is sent without it"),
        "{words}"
    );
    assert_eq!(bench.card.log.len(), 1, "only the question was sent");
}

#[test]
fn many_writers_lose_no_count() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut ledger = ledger(&folder);
                for _ in 0..10 {
                    ledger.charge(&keys(), None).unwrap();
                }
            });
        }
    });
    assert_eq!(ledger(&folder).life(&keys()).unwrap().wrong_puks, 40);
}

#[test]
fn a_wrong_puk_is_written_before_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(
        Card::new(POLICY),
        setup_with("burns_puk", Box::new(ledger(&folder))),
    );
    bench.guard.begin_case(risk(Hazard::BurnsPuk));
    bench.send(&verify(CodeName::Puk, PUK)).unwrap();
    assert_eq!(ledger(&folder).life(&keys()).unwrap().wrong_puks, 0);
    let wrong = verify(CodeName::Puk, "86420974");
    // The question, and then the permit: nothing is sent by it.
    bench.card.verified = Default::default();
    bench.guard.new_session();
    let (card, guard) = (&mut bench.card, &mut bench.guard);
    guard
        .clear_way(&wrong.view(), true, |question| {
            Ok::<_, LedgerError>(card.transmit(question, true))
        })
        .unwrap();
    assert_eq!(bench.card.wrong_puks, 0);
    assert_eq!(ledger(&folder).life(&keys()).unwrap().wrong_puks, 1);
}

#[rstest]
#[case::state(Some("/s"), Some("/h"), Ok("/s/cie-conf/ledger.json"))]
#[case::home(None, Some("/h"), Ok("/h/.local/state/cie-conf/ledger.json"))]
#[case::relative(Some("s"), Some("/h"), Ok("/h/.local/state/cie-conf/ledger.json"))]
#[case::neither(
    None,
    None,
    Err("there is no place for the ledger: set XDG_STATE_HOME or HOME, or give a path")
)]
fn where_it_lives(
    #[case] state: Option<&str>,
    #[case] home: Option<&str>,
    #[case] place: Result<&str, &str>,
) {
    let found = default_path(|name| {
        match name {
            "XDG_STATE_HOME" => state,
            "HOME" => home,
            _ => None,
        }
        .map(OsString::from)
    });
    let found = found.map_err(|error| error.to_string());
    assert_eq!(found, place.map(PathBuf::from).map_err(str::to_owned));
}
