//! libeac (OpenPACE) as the terminal: PACE with what EF.CardAccess offers, Chip and Terminal Authentication, files read through
//! its secure messaging. The program writes commands and reads answers as lines; this test carries them to the card.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cie_emulator::card::Card;
use cie_emulator::persona::{CVCA_REFERENCE, CardData};
use rstest::rstest;

use crate::{card_of, compile, file, told, wanted};

/// The program, compiled once.
fn program() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let program = folder.join("libeac_terminal");
        compile("libeac_terminal.c", &program, &["-leac", "-lcrypto"]);
        program
    })
}

/// Lets the program talk to the card, with keys of this seed; what it told at the end.
fn talk(card: &mut Card, seed: u32, arguments: &[String]) -> (bool, String) {
    let mut child = Command::new(program())
        .args(arguments)
        .arg(format!("seed={seed}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answers = child.stdin.take().unwrap();
    let mut output = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.starts_with('=') {
            output += &line;
            output.push('\n');
            continue;
        }
        let response = card.transmit(&hex::decode(&line).unwrap());
        // Its reading end is closed when the program has given up: its exit status tells.
        let _ = writeln!(answers, "{}", hex::encode_upper(response));
    }
    (child.wait().unwrap().success(), output)
}

#[rstest]
#[case::cie("adult-default", "id-PACE-DH-GM-3DES-CBC-CBC", &[])]
#[case::cie_short_nonce("adult-default", "id-PACE-DH-GM-3DES-CBC-CBC", &["pace_nonce=8"])]
#[case::modern("adult-modern", "id-PACE-ECDH-GM-AES-CBC-CMAC-128", &[])]
fn libeac_opens_pace_and_reads(
    #[values(1, 2, 3)] seed: u32,
    #[case] persona: &str,
    #[case] protocol: &str,
    #[case] settings: &[&str],
) {
    if !wanted("PACE with libeac") {
        return;
    }
    let (mut card, data) = card_of(persona, settings);
    let can = data.document.can.as_str().to_owned();
    let (success, output) = talk(&mut card, seed, &[can]);
    assert!(success, "{output}");
    let told = told(&output);
    let name = hex::decode(&told["protocol"]).unwrap();
    assert_eq!(String::from_utf8(name).unwrap(), protocol);
    assert_eq!(told["EF.COM"], file(&data, "EF.COM"));
}

#[test]
fn libeac_with_another_can_gets_nothing() {
    if !wanted("PACE with libeac and a wrong password") {
        return;
    }
    let (mut card, data) = card_of("adult-default", &[]);
    let right = data.document.can.as_str();
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    let (success, output) = talk(&mut card, 1, &[wrong.to_owned()]);
    assert!(!success);
    assert!(!output.contains("EF.COM"), "{output}");
}

/// A file in hexadecimal digits.
fn hex_of(path: &Path) -> String {
    hex::encode_upper(std::fs::read(path).unwrap())
}

fn run(program: &str, package: &str, arguments: &[&str], folder: &Path) {
    let output = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; apt-get install {package}"));
    assert!(output.status.success(), "{program}: {output:?}");
}

/// A chain below the published authority, made by OpenPACE's own tool: document verifier and terminal, with new keys.
fn chain(folder: &Path) -> Vec<String> {
    let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/trust/cvca-key.pem");
    let authority = authority.to_str().unwrap();
    let pkcs8 = ["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"];
    let arguments = [&pkcs8[..], &["-in", authority, "-out", "cvca.key"]].concat();
    run("openssl", "openssl", &arguments, folder);
    for key in ["dv.key", "is.key"] {
        let new = [
            "genpkey",
            "-algorithm",
            "RSA",
            "-outform",
            "DER",
            "-out",
            key,
        ];
        run("openssl", "openssl", &new, folder);
    }
    for (role, name, signer) in [
        ("cvca", "cvca", "cvca"),
        ("dv_domestic", "dv", "cvca"),
        ("terminal", "is", "dv"),
    ] {
        let holder = match name {
            "cvca" => CVCA_REFERENCE.to_owned(),
            name => format!("IT{}EMU00001", name.to_uppercase()),
        };
        let mut arguments = vec![
            format!("--role={role}"),
            "--type=is".to_owned(),
            format!("--chr={holder}"),
            "--issued=190101".to_owned(),
            "--expires=471231".to_owned(),
            "--scheme=RSA_v1_5_SHA_256".to_owned(),
            format!("--key={name}.key"),
            format!("--sign-with={signer}.key"),
            format!("--out-cert={name}.cv"),
            "--read-finger".to_owned(),
        ];
        if name != signer {
            arguments.push(format!("--sign-as={signer}.cv"));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run("cvc-create", "openpace", &arguments, folder);
    }
    let certificate = |name: &str| hex_of(&folder.join(name));
    vec![
        format!("ta_key={}", certificate("is.key")),
        "ta_chr=ITISEMU00001".to_owned(),
        format!(
            "ta_cert={CVCA_REFERENCE}:{},ITDVEMU00001:{}",
            certificate("dv.cv"),
            certificate("is.cv")
        ),
        "dg3".to_owned(),
    ]
}

/// Chip Authentication as the persona's card does it: command, protocol, domain parameters.
fn chip_authentication(persona: &str, data: &CardData) -> Vec<String> {
    let (form, protocol, parameters) = match persona {
        "adult-modern" => ("at", "id-CA-ECDH-AES-CBC-CMAC-128", 13),
        _ => ("kat", "id-CA-DH-3DES-CBC-CBC", 2),
    };
    let key = hex::encode_upper(&data.document.chip_public_key);
    vec![
        data.document.can.as_str().to_owned(),
        format!("ca={form}:{key}"),
        format!("ca_oid={protocol}"),
        format!("ca_parameters={parameters}"),
    ]
}

#[rstest]
#[case::cie("adult-default")]
#[case::modern("adult-modern")]
fn libeac_without_an_authority_reads_no_fingerprints(#[case] persona: &str) {
    if !wanted("Chip Authentication with libeac") {
        return;
    }
    let (mut card, data) = card_of(persona, &[]);
    let mut arguments = chip_authentication(persona, &data);
    arguments.push("dg3".to_owned());
    let (success, output) = talk(&mut card, 1, &arguments);
    assert_eq!(told(&output)["EF.DG1"], file(&data, "EF.DG1"));
    assert!(!success, "fingerprints without terminal authentication");
}

/// One number in 256 begins with a zero byte, and here every side must keep it (PKCS #3; BSI TR-03111 §3.1.2).
#[rstest]
#[case::cie("adult-default", None)]
#[case::cie_short_secret("adult-default", Some("secret"))]
#[case::cie_short_key("adult-default", Some("key"))]
#[case::modern("adult-modern", None)]
#[case::modern_short_secret("adult-modern", Some("secret"))]
#[case::modern_short_key("adult-modern", Some("key"))]
fn libeac_authenticates_the_chip_and_itself(#[case] persona: &str, #[case] short: Option<&str>) {
    if !wanted("Chip and Terminal Authentication with libeac") {
        return;
    }
    let (mut card, data) = card_of(persona, &[]);
    let mut arguments = chip_authentication(persona, &data);
    arguments.push("dg3".to_owned());
    arguments.extend(short.map(|what| format!("short={what}")));
    let folder = tempfile::tempdir().unwrap();
    arguments.extend(chain(folder.path()));
    let (success, output) = talk(&mut card, 1, &arguments);
    assert!(success, "{output}");
    let told = told(&output);
    for name in ["EF.DG1", "EF.DG3"] {
        assert_eq!(told[name], file(&data, name), "{name}");
    }
}
