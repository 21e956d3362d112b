//! All output of whole runs, searched for the codes, passwords and keys of the cards in them. The sample codes of the manual
//! (12345678 and 87654321) are public and stand in names and help texts on purpose; everything else is looked for.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use cie_emulator::persona::{Persona, personalise};

use crate::PROGRAM;
use crate::bounded::Said;
use crate::forms::{Form, Scan, contains, of_code, of_key, of_text};

/// The persona of cases that name none.
const PERSONA: &str = "adult-seeded";
/// The day against which validity is judged.
const DAY: [&str; 2] = ["--today", "2026-01-01"];

/// Secrets that no output may hold: codes, access numbers and private keys of every persona whose codes were drawn.
fn secrets() -> Vec<Form> {
    let mut forms = Vec::new();
    for id in Persona::builtin_ids() {
        let persona = Persona::builtin(id).unwrap();
        let card = personalise(&persona).unwrap();
        let digits = String::from_utf8(card.pin.reveal().to_vec()).unwrap();
        if digits == "12345678" {
            continue;
        }
        let puk = String::from_utf8(card.puk.reveal().to_vec()).unwrap();
        forms.extend(of_code(&format!("PIN of {id}"), &digits));
        forms.extend(of_code(&format!("PUK of {id}"), &puk));
        let can = String::from_utf8(card.document.keys.can.secret().to_vec()).unwrap();
        forms.extend(of_text(&format!("CAN of {id}"), &can, true));
        for key in [&card.signature_key, &card.device_key, &card.services_key] {
            for prime in key.reveal_primes().unwrap() {
                let name = format!("a prime of a private key of {id}");
                forms.extend(of_key(&name, &prime[..16]));
            }
        }
    }
    assert!(forms.len() > 100, "personas with drawn codes");
    forms
}

/// The password of BAC. What is read of a synthetic document may be told when it is asked for, so this one only counts where
/// nothing was asked for.
fn zone() -> Vec<Form> {
    let card = personalise(&Persona::builtin(PERSONA).unwrap()).unwrap();
    of_text("MRZ information", &card.document.mrz.information(), false)
}

/// With as much memory as it wants: a whole run with four reports is no hostile file.
fn conf(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder);
    let done = command.stdin(Stdio::null()).output().unwrap();
    Said {
        code: done.status.code(),
        out: done.stdout,
        err: done.stderr,
    }
}

/// The whole suite with all reports at once: the same bytes every time. Durations are left out, since one of six digits is an
/// access number now and then.
#[test]
fn a_whole_run_tells_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (forms, mut scan) = (secrets(), Scan::default());
    let reports = ["json", "junit", "tap", "html"];
    let options = reports.map(|format| format!("--report={format}=report.{format}"));
    let mut arguments = vec!["run", "--persona", PERSONA, "--show", "all", "-j", "2"];
    arguments.extend(DAY);
    arguments.extend(options.iter().map(String::as_str));
    let said = conf(folder.path(), &arguments);
    assert_eq!(said.code, Some(0), "{}", String::from_utf8_lossy(&said.err));
    scan.clean("what people see", said.all().as_bytes(), &forms);
    for format in reports {
        let report = fs::read(folder.path().join(format!("report.{format}"))).unwrap();
        scan.clean(format, &report, &forms);
    }
    scan.told("secrets of a whole run", forms.len());
}

/// The whole suite recorded as it is recorded for others, with capture and scenario.
#[test]
fn a_whole_recording_tells_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (mut forms, mut scan) = (secrets(), Scan::default());
    forms.extend(zone());
    let mut arguments = vec![
        "record",
        "--persona",
        PERSONA,
        "--out",
        "t.jsonl",
        "--pcap",
        "t.pcap",
        "--show",
        "all",
    ];
    arguments.extend(DAY);
    let said = conf(folder.path(), &arguments);
    assert_eq!(said.code, Some(0), "{}", String::from_utf8_lossy(&said.err));
    scan.clean("what people see", said.all().as_bytes(), &forms);
    for name in ["t.jsonl", "t.pcap"] {
        scan.clean(name, &fs::read(folder.path().join(name)).unwrap(), &forms);
    }
    scan.told("secrets of a whole recording", forms.len());
}

/// Cases that fail on purpose, so that every step with a code is explained: differences, commands, hints.
const FAILING: &str = "\
cie-scenario: 1
id: bad
title: every answer to a code is expected wrong
requirements: [CIE-PIN-001]
mode: drive
hazard: blocks_pin
steps:
  - use: open-device-authentication
  - verify: { reference: pin, value: right }
    expect: { sw: \"6A80\" }
  - verify: { reference: puk, value: right }
    expect: { sw: \"6A80\" }
  - verify: { reference: pin, value: wrong }
    expect: { sw: \"9000\" }
finally:
  - restore: pin
";

#[test]
fn failures_are_explained_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.yaml"), FAILING).unwrap();
    let (forms, mut scan) = (secrets(), Scan::default());
    let reports = ["json", "junit", "tap", "html"];
    for format in reports {
        let option = format!("--report={format}=-");
        let mut arguments = vec![
            "run",
            "bad.yaml",
            "--persona",
            PERSONA,
            "--show",
            "all",
            &option,
        ];
        arguments.extend(DAY);
        let said = conf(folder.path(), &arguments);
        assert_eq!(said.code, Some(1), "{}", said.all());
        scan.clean(format, said.all().as_bytes(), &forms);
    }
    scan.told("secrets of failing cases", forms.len());
}

/// The exceptions, each by the name of the option that asks for it: the whole of a synthetic card, codes too.
#[test]
fn what_is_asked_for_by_name_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let card = personalise(&Persona::builtin(PERSONA).unwrap()).unwrap();
    let pin = of_code("PIN", std::str::from_utf8(card.pin.reveal()).unwrap());
    let record = |name: &str, more: &[&str]| {
        let base = [
            "record",
            "pin",
            "--persona",
            PERSONA,
            "--show",
            "none",
            "--out",
            name,
        ];
        let said = conf(folder.path(), &[&base[..], more].concat());
        assert_eq!(said.code, Some(0), "{}", said.all());
        fs::read(folder.path().join(name)).unwrap()
    };
    let kept = record("kept.jsonl", &["--keep-all"]);
    assert!(!contains(&kept, &pin), "--keep-all keeps no codes");
    let revealed = record("all.jsonl", &["--keep-all", "--reveal-secrets"]);
    assert!(contains(&revealed, &pin), "--reveal-secrets reveals them");
}
