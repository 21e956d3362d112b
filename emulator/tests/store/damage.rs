//! Whatever stands in a file: a card, or an error; never another card, never a panic, and the file is not touched.

use crate::stored;
use cie_emulator::store::{self, Fault};
use proptest::prelude::*;
use rstest::rstest;
use std::fs;
use std::path::Path;

fn fault(path: &Path) -> Fault {
    let before = fs::read(path).unwrap();
    let read = store::read(path).err().unwrap();
    let opened = store::open(path).err().unwrap();
    assert_eq!(read.to_string(), opened.to_string());
    assert!(fs::read(path).unwrap() == before, "the file was touched");
    opened.fault
}

#[rstest]
#[case::nothing(b"")]
#[case::text(b"persona: 1\nid: somebody\n")]
#[case::database(b"redb\x1A\x0A\xA9\x0D\x0A rest")]
#[case::almost(b"CIE-CARD\n\x1a\n\0\0\0\x01")]
fn other_files_are_not_cards(#[case] contents: &[u8]) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("card.cie");
    fs::write(&path, contents).unwrap();
    assert!(matches!(fault(&path), Fault::NotACard));
}

#[test]
fn directories_and_missing_files() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(
        store::open(directory.path()).err().unwrap().fault,
        Fault::NotACard
    ));
    let missing = store::open(&directory.path().join("card.cie"))
        .err()
        .unwrap();
    assert!(
        missing.to_string().ends_with("is the name right?"),
        "{missing}"
    );
}

#[test]
fn every_shorter_and_longer_file_is_damaged() {
    let (_directory, path, _) = stored("adult-default");
    let whole = fs::read(&path).unwrap();
    for length in [12, 16, 64, 95, 96, 4096, 8192, 12_288, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(fault(&path), Fault::Damaged(_)), "{length}");
    }
    fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert!(matches!(fault(&path), Fault::Damaged(_)));
}

#[test]
fn a_newer_format_is_named() {
    let (_directory, path, _) = stored("adult-default");
    let mut bytes = fs::read(&path).unwrap();
    bytes[15] = 2;
    let digest = cie_emulator::crypto::hash::sha256(&[&bytes[..64]]);
    bytes[64..96].copy_from_slice(&digest);
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(fault(&path), Fault::Newer { found: 2 }));
}

/// One wrong bit at a time, everywhere it matters and in a sample of the contents.
#[test]
fn no_wrong_bit_makes_another_card() {
    let (_directory, path, _) = stored("adult-default");
    let good = fs::read(&path).unwrap();
    let places = (0..96)
        .chain(4096..4400)
        .chain(8192..8500)
        .chain((12_288..good.len()).step_by(997));
    let (mut refused, mut unharmed) = (0, 0);
    for place in places {
        let mut bytes = good.clone();
        bytes[place] ^= 1 << (place % 8);
        fs::write(&path, &bytes).unwrap();
        match store::read(&path) {
            Err(error) => {
                assert!(
                    matches!(error.fault, Fault::NotACard | Fault::Damaged(_)),
                    "{place}: {error}"
                );
                refused += 1;
            }
            Ok(found) => {
                // One of two records: the other says the same of a fresh card.
                assert!((4096..12_288).contains(&place), "{place}");
                assert_eq!(found.memory.credentials.pin_left, 3);
                unharmed += 1;
            }
        }
    }
    assert!(
        refused > 96 && unharmed > 100,
        "{refused} refused, {unharmed} unharmed"
    );
}

#[test]
fn without_any_record_there_is_no_card() {
    let (_directory, path, _) = stored("adult-default");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4100] ^= 1;
    bytes[8200] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(fault(&path), Fault::Damaged(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..20_000), magic: bool) {
        if magic && bytes.len() >= 12 {
            bytes[..12].copy_from_slice(b"CIE-CARD\r\n\x1a\n");
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("card.cie");
        fs::write(&path, &bytes).unwrap();
        prop_assert!(store::read(&path).is_err());
    }
}
