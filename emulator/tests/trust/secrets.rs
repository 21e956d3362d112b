//! All output of the card's program, searched for the codes, passwords and keys of the card in it. The exceptions are the
//! outputs whose purpose is to hold them: receipt and letter, the stored card, the export, and what is asked for by name.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use cie_emulator::persona::{CardData, Persona, personalise};

use crate::PROGRAM;
use crate::bounded::{Said, call};
use crate::forms::{Form, Scan, contains, of_code, of_key, of_text};

const PERSONA: &str = "adult-seeded";

fn data() -> CardData {
    personalise(&Persona::builtin(PERSONA).unwrap()).unwrap()
}

fn codes(data: &CardData) -> Vec<Form> {
    let digits = |code: &[u8]| String::from_utf8(code.to_vec()).unwrap();
    let mut forms = of_code("PIN", &digits(data.pin.reveal()));
    forms.extend(of_code("PUK", &digits(data.puk.reveal())));
    forms
}

fn secrets(data: &CardData) -> Vec<Form> {
    let mut forms = codes(data);
    let can = String::from_utf8(data.document.keys.can.secret().to_vec()).unwrap();
    forms.extend(of_text("CAN", &can, true));
    let information = data.document.mrz.information();
    forms.extend(of_text("MRZ information", &information, false));
    for key in [&data.signature_key, &data.device_key, &data.services_key] {
        for prime in key.reveal_primes().unwrap() {
            forms.extend(of_key("a prime of a private key", &prime[..16]));
        }
    }
    forms
}

fn card(folder: &Path, arguments: &[&str]) -> Said {
    call(PROGRAM, folder, arguments, Stdio::null())
}

/// Everything that looks at a card or at its file, right and wrong, with codes sent in clear, whole and in pieces.
#[test]
fn no_command_tells_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let data = data();
    let forms = secrets(&data);
    let made = card(
        folder.path(),
        &["new", "--persona", PERSONA, "--out", "card.cie"],
    );
    assert_eq!(made.code, Some(0), "{}", made.all());
    let exported = card(folder.path(), &["export", "card.cie", "--out", "card.json"]);
    assert_eq!(exported.code, Some(0), "{}", exported.all());
    let damaged: Vec<u8> = fs::read(folder.path().join("card.cie")).unwrap();
    fs::write(
        folder.path().join("short.cie"),
        &damaged[..damaged.len() / 2],
    )
    .unwrap();
    let text = fs::read_to_string(folder.path().join("card.json")).unwrap();
    fs::write(
        folder.path().join("bad.json"),
        text.replace("\"pin", "\"pim"),
    )
    .unwrap();
    fs::write(folder.path().join("short.json"), &text[..text.len() / 2]).unwrap();
    let pin = hex::encode_upper(data.pin.reveal());
    let puk = hex::encode_upper(data.puk.reveal());
    let verify = format!("0020008108{pin}");
    let verify_puk = format!("0020008208{puk}");
    let change = format!("0024008110{pin}{puk}");
    let link = format!("1020008104{}", &pin[..8]);
    let rest = format!("0020008104{}", &pin[8..]);
    let bare = format!("00200081{pin}");
    let half_a_byte = format!("0020008108{pin}0");
    let sent = [
        "00A4040C06A00000000039",
        &verify,
        &verify_puk,
        &change,
        &link,
        &rest,
        &bare,
    ];
    let stored = ["--card", "card.cie"];
    let with = |command: &[&str], more: &[&str]| -> Vec<String> {
        [command, more]
            .concat()
            .iter()
            .map(|it| (*it).to_owned())
            .collect()
    };
    let calls = [
        with(&["show"], &stored),
        with(&["show", "--json"], &stored),
        with(&["show", "--persona", PERSONA], &[]),
        with(&["show", "--document"], &stored),
        with(&["apdu"], &[&stored[..], &sent].concat()),
        with(&["apdu", "--json", "--tlv"], &[&stored[..], &sent].concat()),
        with(&["apdu"], &[&stored[..], &[&half_a_byte]].concat()),
        with(&["fsck", "card.cie"], &[]),
        with(&["fsck", "--json", "card.cie"], &[]),
        with(&["fsck", "short.cie"], &[]),
        with(&["show", "--card", "short.cie"], &[]),
        with(&["export", "short.cie", "--out", "x.json"], &[]),
        with(&["import", "bad.json", "--out", "x.cie"], &[]),
        with(&["import", "short.json", "--out", "x.cie"], &[]),
        with(&["import", "card.json", "--out", "card.cie"], &[]),
        with(&["new", "--persona", PERSONA, "--out", "card.cie"], &[]),
        with(&["personas"], &[]),
    ];
    let mut scan = Scan::default();
    for arguments in &calls {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = card(folder.path(), &arguments);
        let document = arguments.contains(&"--document");
        let forms = if document {
            codes(&data)
        } else {
            secrets(&data)
        };
        // A new card's receipt and letter hold halves, never a whole code; the data page holds its own zone.
        scan.clean(&arguments.join(" "), said.all().as_bytes(), &forms);
    }
    scan.clean("what `new` tells", made.all().as_bytes(), &forms);
    scan.told("secrets of the card's commands", forms.len());
}

/// The exceptions: halves on two sheets, everything in the two files that are secrets themselves, and what is asked for.
#[test]
fn what_is_meant_to_hold_codes_holds_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = data();
    let codes = codes(&data);
    let said = card(
        folder.path(),
        &["new", "--persona", PERSONA, "--out", "card.cie"],
    );
    for half in [
        data.pin.first_half(),
        data.pin.second_half(),
        data.puk.first_half(),
        data.puk.second_half(),
    ] {
        assert!(
            said.all().contains(half.reveal_str()),
            "a half on its sheet"
        );
    }
    card(folder.path(), &["export", "card.cie", "--out", "card.json"]);
    for name in ["card.cie", "card.json"] {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.path().join(name);
        assert!(
            contains(&fs::read(&path).unwrap(), &codes),
            "{name} is a secret"
        );
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name} is the owner's");
    }
    let verify = format!("0020008108{}", hex::encode_upper(data.pin.reveal()));
    let shown = card(folder.path(), &["apdu", "--reveal-secrets", &verify]);
    assert!(
        contains(shown.all().as_bytes(), &codes),
        "--reveal-secrets reveals"
    );
}
