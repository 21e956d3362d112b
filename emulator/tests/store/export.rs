//! Export and import: the same card, or a word about where the document is wrong.

use crate::stored;
use crate::support::Terminal;
use cie_emulator::persona::Persona;
use cie_emulator::store::{self, Existing, Fault};
use rstest::rstest;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn there_and_back_is_the_same_card() {
    for words in Persona::builtin_ids() {
        let (directory, path, _) = stored(words);
        let document = directory.path().join("card.json");
        let copy = directory.path().join("copy.cie");
        store::export_to(&path, &document, Existing::Refused).unwrap();
        store::import(&document, &copy, Existing::Refused).unwrap();
        assert!(
            *store::export(&path).unwrap() == *store::export(&copy).unwrap(),
            "{words}"
        );
        assert!(
            fs::read(&path).unwrap() == fs::read(&copy).unwrap(),
            "{words}"
        );
    }
}

#[test]
fn what_was_used_up_stays_used_up() {
    let (directory, path, _) = stored("adult-default");
    let mut terminal = Terminal::new(store::open(&path).unwrap().into_card().unwrap());
    terminal.authenticate();
    assert_eq!(terminal.verify(0x81, b"00000000"), 0x63C2);
    // Also while it is in use.
    let document = directory.path().join("card.json");
    store::export_to(&path, &document, Existing::Refused).unwrap();
    drop(terminal);
    let copy = directory.path().join("copy.cie");
    store::import(&document, &copy, Existing::Refused).unwrap();
    let (before, after) = (store::read(&path).unwrap(), store::read(&copy).unwrap());
    assert_eq!(after.memory, before.memory);
    assert_eq!(after.memory.credentials.pin_left, 2);
    assert_eq!((after.uses, after.last), (before.uses, before.last));
}

#[test]
fn only_its_owner_can_read_it_and_it_says_what_is_in_it() {
    let (directory, path, _) = stored("adult-default");
    let document = directory.path().join("card.json");
    store::export_to(&path, &document, Existing::Refused).unwrap();
    assert_eq!(
        fs::metadata(&document).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text = fs::read_to_string(&document).unwrap();
    assert!(text.starts_with(
        "{\n  \"cie-card-export\": 1,\n  \"warning\": \"contains private keys, PIN and PUK in clear"
    ));
    let again = store::export_to(&path, &document, Existing::Refused);
    assert!(matches!(again.unwrap_err().fault, Fault::Exists));
}

#[rstest]
#[case::nothing(|_: String| String::new(), "this is not an export of `cie-card export`: EOF while parsing a value at line 1 column 0")]
#[case::other(|_: String| "{\"a\": 1}".to_owned(), "missing field `cie-card-export` at line 1 column 8")]
#[case::newer(|text: String| text.replace("\"cie-card-export\": 1", "\"cie-card-export\": 2"), "this is an export of version 2")]
#[case::field(|text: String| text.replace("\"uses\"", "\"users\""), "unknown field `users`, expected one of")]
#[case::cut(|text: String| text[..text.len() / 2].to_owned(), "EOF while parsing")]
#[case::tries(|text: String| text.replace("\"pin_left\": 3", "\"pin_left\": 4"), "memory.pin_left: 4 tries are left and the card has 3 at most")]
#[case::pin(|text: String| text.replace("\"pin\": \"12345678\"", "\"pin\": \"1234567\""), "a code has 8 digits, this has 7 characters")]
#[case::name(|text: String| text.replace("EF.DH", "EF.HD"), "no file of a CIE is called \"EF.HD\"")]
#[case::parameter(|text: String| text.replace("\"rrc_00\"", "\"rrc_01\""), "no profile parameter is called \"rrc_01\"")]
#[case::persona(|text: String| text.replace("\"birth_date\": \"1980", "\"birth_date\": \"1980-"), "persona")]
fn a_wrong_document_makes_no_card(#[case] spoil: fn(String) -> String, #[case] expected: &str) {
    let (directory, path, _) = stored("adult-default");
    let good = store::export(&path).unwrap().to_string();
    let bad = spoil(good.clone());
    assert_ne!(good, bad);
    let document = directory.path().join("bad.json");
    fs::write(&document, bad).unwrap();
    let card = directory.path().join("copy.cie");
    let message = store::import(&document, &card, Existing::Refused)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("bad.json: ") && message.contains(expected),
        "{message}"
    );
    assert!(!message.contains("12345678") && !card.exists());
}

/// Room for the largest card in hexadecimal digits, and no more: what is longer is refused by its length.
#[test]
fn how_long_a_document_may_be() {
    let (directory, path, _) = stored("adult-default");
    let document = directory.path().join("long.json");
    let import = || {
        store::import(
            &document,
            &directory.path().join("copy.cie"),
            Existing::Replaced,
        )
    };
    let text = store::export(&path).unwrap();
    fs::write(&document, format!("{}{}", " ".repeat(17 << 20), *text)).unwrap();
    import().unwrap();
    fs::File::create(&document)
        .unwrap()
        .set_len((48 << 20) + 1)
        .unwrap();
    let refused = import().unwrap_err().to_string();
    assert!(
        refused.contains("long.json: the export cannot be read: it is longer than 50331648 bytes"),
        "{refused}"
    );
}

/// Another group than the usual one is taken as it is, and is a group or none.
#[test]
fn groups_are_checked() {
    let (directory, path, _) = stored("adult-default");
    let good = store::export(&path).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&good).unwrap();
    let p = &mut value["card"]["ias"]["dh"]["p"];
    let mut digits = p.as_str().unwrap().to_owned();
    digits.replace_range(digits.len() - 1.., "0");
    *p = digits.into();
    let document = directory.path().join("bad.json");
    fs::write(&document, value.to_string()).unwrap();
    let copy = directory.path().join("copy.cie");
    let refused = store::import(&document, &copy, Existing::Refused).unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("its data make no card: ias.dh: "), "{said}");
}

/// A key whose numbers do not belong together is found when the document is read, not when a signature fails.
#[test]
fn keys_are_checked() {
    let (directory, path, _) = stored("adult-default");
    let good = store::export(&path).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&good).unwrap();
    let p = value["card"]["ias"]["device"]["p"].clone();
    value["card"]["ias"]["device"]["q"] = p;
    let document = directory.path().join("bad.json");
    fs::write(&document, value.to_string()).unwrap();
    let refused = store::import(
        &document,
        &directory.path().join("copy.cie"),
        Existing::Refused,
    );
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("its data make no card: ias.device: ")
    );
}
