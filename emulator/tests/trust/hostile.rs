//! Files that strangers could give to the card: stored cards, exports, personas, tokens, scripts. Each call has one gibibyte
//! of address space and ends with a sentence.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use cie_emulator::crypto::hash::sha256;
use rstest::rstest;

use crate::PROGRAM;
use crate::bounded::{Said, call, holes, pipe};
use crate::strangers::{laughs, tell_cases, with_file};

fn card(folder: &Path, arguments: &[&str]) -> Said {
    call(PROGRAM, folder, arguments, Stdio::null())
}

/// Every command that takes a file.
const READERS: [&[&str]; 8] = [
    &["show", "--card", "FILE"],
    &["apdu", "--card", "FILE", "00A40000"],
    &["fsck", "FILE"],
    &["export", "FILE", "--out", "out.json"],
    &["import", "FILE", "--out", "out.cie"],
    &["serve", "--card", "FILE"],
    &["new", "--persona", "FILE"],
    &["show", "--persona", "FILE"],
];

fn every_reader(name: &str, prepare: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    prepare(&path);
    with_file(&READERS, &format!("./{name}"), |arguments| {
        let said = card(folder.path(), arguments);
        assert!(
            matches!(said.code, Some(1..=3)),
            "{arguments:?}: {}",
            said.all()
        );
        assert!(said.all().contains(name), "{arguments:?}: {}", said.all());
        assert!(!said.all().contains("panicked"), "{}", said.all());
    });
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is left behind: {left:?}");
}

#[test]
fn a_file_of_ten_gigabytes_is_refused_by_its_length() {
    every_reader("huge.yaml", |path| holes(path, 10_000_000_000));
}

#[test]
fn a_pipe_that_never_answers_is_not_waited_for() {
    every_reader("pipe.yaml", pipe);
}

#[test]
fn an_endless_device_is_no_file() {
    every_reader("zero.yaml", |path| symlink("/dev/zero", path).unwrap());
}

#[test]
fn a_folder_is_no_file() {
    every_reader("folder.yaml", |path| fs::create_dir(path).unwrap());
}

/// A card file whose header claims other sizes than there are, with every digest right.
#[rstest]
#[case::all_there_is(u64::MAX)]
#[case::ten_gigabytes(10_000_000_000)]
#[case::nothing(0)]
fn a_card_that_claims_a_size(#[case] length: u64) {
    let folder = tempfile::tempdir().unwrap();
    let made = card(folder.path(), &["new", "--out", "card.cie"]);
    assert_eq!(made.code, Some(0), "{}", made.all());
    let path = folder.path().join("card.cie");
    let mut bytes = fs::read(&path).unwrap();
    bytes[16..24].copy_from_slice(&length.to_be_bytes());
    let digest = sha256(&[&bytes[..64]]);
    bytes[64..96].copy_from_slice(&digest);
    fs::write(&path, &bytes).unwrap();
    for arguments in [&["show", "--card", "card.cie"][..], &["fsck", "card.cie"]] {
        let said = card(folder.path(), arguments);
        assert!(said.all().contains("and should have"), "{}", said.all());
        assert!(matches!(said.code, Some(1..=3)), "{}", said.all());
    }
    assert_eq!(fs::read(&path).unwrap(), bytes, "left as it was");
}

#[rstest]
#[case::nested("[".repeat(2_000_000))]
#[case::nested_maps("{\"a\":".repeat(1_000_000))]
#[case::newer("{\"cie-card-export\":99}".to_owned())]
#[case::binary("\u{0}".repeat(1_000_000))]
fn an_export_of_a_stranger(#[case] text: String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.json"), text).unwrap();
    let said = card(folder.path(), &["import", "bad.json", "--out", "out.cie"]);
    assert!(matches!(said.code, Some(1..=3)), "{}", said.all());
    assert!(said.all().contains("bad.json"), "{}", said.all());
    assert!(!folder.path().join("out.cie").exists());
}

/// Personas that would be large, run something, or read something.
#[rstest]
#[case::billion_laughs(laughs(""))]
#[case::nested("[".repeat(100_000))]
#[case::nested_maps("{a: ".repeat(100_000))]
#[case::long_name(format!("persona: 1\nid: {}\n", "x".repeat(900_000)))]
#[case::too_long("x".repeat(2_000_000))]
#[case::many_documents("---\na: 1\n".repeat(50_000))]
#[case::include_tag("persona: 1\nid: !include secret.txt\n".to_owned())]
#[case::python_tag("!!python/object/apply:os.system [\"touch made\"]\n".to_owned())]
fn a_persona_of_a_stranger(#[case] text: String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.yaml"), text).unwrap();
    fs::write(folder.path().join("secret.txt"), "top-secret").unwrap();
    for arguments in [
        &["new", "--persona", "bad.yaml"][..],
        &["show", "--persona", "bad.yaml"],
    ] {
        let said = card(folder.path(), arguments);
        said.refused(2, "bad.yaml");
        assert!(!said.all().contains("top-secret"));
        assert!(
            said.all().len() < 20_000,
            "an error is not as long as the file"
        );
    }
    assert!(!folder.path().join("made").exists());
}

#[rstest]
#[case::huge("it is longer than 1024 bytes", |path: &Path| holes(path, 10_000_000_000))]
#[case::pipe("it is a pipe", pipe)]
fn a_token_file_that_is_none(#[case] words: &str, #[case] prepare: fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    prepare(&path);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let arguments = [
        "serve",
        "--via",
        "vpcd:1",
        "--control",
        "127.0.0.1:0",
        "--control-token-file",
        "token",
    ];
    let said = card(folder.path(), &arguments);
    assert!(matches!(said.code, Some(1..=3)), "{}", said.all());
    assert!(said.all().contains(words), "{}", said.all());
}

#[test]
fn a_script_without_an_end_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let zero = fs::File::open("/dev/zero").unwrap();
    call(PROGRAM, folder.path(), &["apdu"], zero.into())
        .refused(2, "line 1 is longer than 1048576 bytes");
}

/// What is written replaces a link and does not follow it.
#[rstest]
#[case::card(&["new", "--out", "link", "--force"])]
#[case::file(&["show", "--file", "1003", "--out", "link", "--force"])]
fn nothing_is_written_through_a_link(#[case] arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "precious").unwrap();
    symlink("mine", folder.path().join("link")).unwrap();
    // Replaced or refused; never followed.
    let said = card(folder.path(), arguments);
    assert!(!said.all().contains("panicked"), "{}", said.all());
    let mine = fs::read_to_string(folder.path().join("mine")).unwrap();
    assert_eq!(mine, "precious");
}

/// How much of these cases there is, for the page on trust.
#[test]
fn the_numbers() {
    tell_cases("card", include_str!("hostile.rs"), 20);
}
