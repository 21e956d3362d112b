//! Where codes come from, which source wins, and that no error shows one.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

use cie_conformance::guard::{SecretError, Secrets};
use cie_conformance::report::Masker;
use cie_conformance::scenario::model::CodeName;
use rstest::rstest;

use crate::card::code;

fn nothing(_: &str) -> Option<OsString> {
    None
}

/// A file with this content that only its owner may read.
fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

#[test]
fn an_option_beats_the_file_and_the_file_beats_the_environment() {
    let environment = |name: &str| {
        Some(OsString::from(match name {
            "CIE_CONF_PIN" => "11111112",
            "CIE_CONF_PUK" => "22222223",
            "CIE_CONF_CAN" => "123456",
            _ => return None,
        }))
    };
    let file = file("# the lab's card\n\npin = 33333334\n");
    let all = Secrets::gather(["pin=55555556"], Some(file.path()), environment).unwrap();
    assert_eq!(all.get(CodeName::Pin), Some(&code("55555556")));
    assert_eq!(all.get(CodeName::Puk), Some(&code("22222223")));
    assert_eq!(all.password("can"), Some("123456"));
    let two = Secrets::gather([], Some(file.path()), environment).unwrap();
    assert_eq!(two.get(CodeName::Pin), Some(&code("33333334")));
    let none = Secrets::gather([], None, nothing).unwrap();
    assert_eq!(none, Secrets::none());
}

/// A value that stands in a file of its own, which process lists do not show.
#[test]
fn an_option_may_name_a_private_file() {
    let file = file("33333334\n");
    let option = format!("pin=@{}", file.path().display());
    let secrets = Secrets::gather([option.as_str()], None, nothing).unwrap();
    assert_eq!(secrets.get(CodeName::Pin), Some(&code("33333334")));
    let missing = Secrets::gather(["pin=@/no/such/file"], None, nothing).unwrap_err();
    assert!(missing.to_string().contains("/no/such/file"), "{missing}");
}

#[rstest]
#[case::too_short(
    "pin=1357246",
    "the PIN from --secret is not one: a code has 8 digits, this has 7 characters"
)]
#[case::half(
    "puk=8642",
    "the PUK from --secret is not one: a code has 8 digits, this has 4 characters"
)]
#[case::letters(
    "pin=1357246x",
    "the PIN from --secret is not one: a code has decimal digits only; character 8 is something else"
)]
#[case::no_name(
    "13572468",
    "--secret: expected pin=… or puk=… with eight digits each, can=… with six, or mrz=…"
)]
#[case::can(
    "can=13572",
    "the can from --secret is not one: can has six digits, mrz all lines of the zone without breaks (90, 88 or 72 characters)"
)]
#[case::another_name(
    "pan=135724",
    "--secret: expected pin=… or puk=… with eight digits each, can=… with six, or mrz=…"
)]
fn options_that_are_none(#[case] option: &str, #[case] message: &str) {
    let error = Secrets::gather([option], None, nothing).unwrap_err();
    assert_eq!(error.to_string(), message);
    let value = option.split('=').next_back().unwrap();
    assert!(!message.contains(value) && !format!("{error:?}").contains(value));
}

#[test]
fn the_environment_is_named_and_not_its_value() {
    let environment = |name: &str| (name == "CIE_CONF_PUK").then(|| OsString::from("864209 75"));
    assert_eq!(
        Secrets::gather([], None, environment)
            .unwrap_err()
            .to_string(),
        "the PUK from the environment (CIE_CONF_PUK) is not one: a code has 8 digits, this has 9 characters"
    );
}

#[test]
fn a_line_of_the_file_is_named() {
    let file = file("# codes\npin=13572468\npin=13572469\n");
    let error = Secrets::gather([], Some(file.path()), nothing).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}:3: the PIN is given twice; leave one",
            file.path().display()
        )
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = file("pin=13572468\n");
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = Secrets::gather([], Some(file.path()), nothing).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} can be read by others, and codes stand in it: chmod 600",
            file.path().display()
        )
    );
}

#[test]
fn a_file_that_is_not_there() {
    let path = PathBuf::from("/nowhere/secrets");
    let error = Secrets::gather([], Some(&path), nothing).unwrap_err();
    assert!(matches!(error, SecretError::Unreadable { .. }), "{error}");
    let words = error.to_string();
    assert!(words.starts_with("the secrets in /nowhere/secrets could not be read: "));
}

#[test]
fn secrets_are_shown_nowhere() {
    let secrets = Secrets::none()
        .with(CodeName::Pin, code("13572468"))
        .with(CodeName::Puk, code("86420975"));
    let shown = format!("{secrets:?}");
    assert!(!shown.contains("13572468") && !shown.contains("86420975"));
    let mut masker = Masker::new();
    secrets.mask_in(&mut masker);
    assert_eq!(
        masker.mask("0020008108 3133353732343638, PUK 86420975"),
        "0020008108 ••••••••••••••••, PUK ••••••••"
    );
}
