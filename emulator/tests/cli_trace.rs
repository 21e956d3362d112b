//! A whole session under trace: the commands of a recorded terminal against a synthetic card that has the recorded device
//! key, so that key agreement, device authentication and PIN really happen. The trace tells each step, and what
//! passes is what passes without it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use cie_emulator::Card;
use cie_emulator::apps::ias::TerminalCa;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::crypto::random::{Scripted, Seeded};
use cie_emulator::crypto::rsa::{PrivateKey, PublicKey};
use cie_emulator::persona::{Persona, personalise};
use cie_emulator::phy::Transceiver;
use cie_emulator::phy::trace::{Event, Exchange, Passage, Trace};
use serde_json::Value;
use std::sync::{Arc, mpsc};

fn vector(name: &str) -> Value {
    let path = format!("{}/../fixtures/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn card(recording: &Value) -> Card {
    let ca = vector("ias-terminal-ca.json");
    let persona = Persona::builtin("adult-default").unwrap();
    let profile = Profile::with_settings(["rrc_needs_puk=false"]).unwrap();
    let mut image = personalise(&persona)
        .unwrap()
        .into_image(chip("gemalto").unwrap(), profile)
        .unwrap();
    let [modulus, exponent] = ["ICC_N", "ICC_D"].map(|name| bytes(&recording[name]));
    image.ias.device = PrivateKey::from_modulus_and_exponent(&modulus, &exponent).unwrap();
    let [p, q, n, e] = ["p", "q", "N", "e"].map(|name| bytes(&ca[name]));
    image.ias.terminal_ca = TerminalCa {
        public: PublicKey::new(&n, &e).unwrap(),
        verify: PrivateKey::with_exponent(&p, &q, &e).unwrap(),
        ..image.ias.terminal_ca
    };
    image.ias.serial_number = [0x00, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34];
    let script = ["x_icc", "challenge", "prnd2"].map(|name| bytes(&recording[name]));
    Card::new(
        Arc::new(image),
        Box::new(Scripted::new(script, Seeded::new(0))),
    )
}

/// The commands of the recorded terminal, from the selection of the application on.
fn commands(recording: &Value) -> Vec<Vec<u8>> {
    let template = [
        hex::decode("80019B83018191820100").unwrap(),
        bytes(&recording["ifdpub"]),
    ]
    .concat();
    let (first, last) = template.split_at(255);
    let plain = [
        hex::decode("00A4040C06A00000000039").unwrap(),
        [&[0x10, 0x22, 0x41, 0xA6, 0xFF], first].concat(),
        [&[0x00, 0x22, 0x41, 0xA6, 0x0B], last].concat(),
        hex::decode("00CB3FFF064D04A6029100").unwrap(),
    ];
    let protected = recording["log"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| bytes(&row[4]));
    plain.into_iter().chain(protected).collect()
}

#[test]
fn a_session_is_told_and_not_changed() {
    let recording = vector("ias-session.json");
    let mut alone = card(&recording);
    let (sender, events) = mpsc::channel();
    let mut traced = Trace::new(card(&recording), move |event| drop(sender.send(event)));
    assert_eq!(alone.power_on().as_bytes(), traced.power_on());
    for command in commands(&recording) {
        assert_eq!(alone.transmit(&command), traced.transmit(&command));
    }

    let exchanges: Vec<Exchange> = events
        .try_iter()
        .filter_map(|event| match event {
            Event::Exchange(exchange) => Some(exchange),
            Event::PowerOn(_) | Event::PowerOff | Event::Reset(..) => None,
        })
        .collect();
    let told: Vec<(&str, Vec<String>)> = exchanges
        .iter()
        .map(|exchange| {
            (
                exchange.description.split(',').next().unwrap(),
                exchange.changes(),
            )
        })
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    let told: Vec<(&str, Vec<&str>)> = told
        .iter()
        .map(|(name, changes)| (*name, changes.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(told, expected());
    let protected = |exchange: &&Exchange| {
        matches!(
            exchange.passage(),
            Passage::Protected | Passage::ProtectedChained
        )
    };
    assert_eq!(exchanges.iter().filter(protected).count(), 18);
}

/// What changed in the card, in order; exchanges that changed nothing are left out.
fn expected() -> Vec<(&'static str, Vec<&'static str>)> {
    const AGREEMENT: &str = "MANAGE SECURITY ENVIRONMENT: SET for key agreement";
    const CERTIFICATE: &str = "PERFORM SECURITY OPERATION: VERIFY CERTIFICATE";
    const OPEN: &str = "command chain open: the last link is awaited";
    const CLOSED: &str = "command chain closed";
    vec![
        (
            "SELECT the CIE application (A00000000039)",
            vec!["selected: CIE"],
        ),
        (AGREEMENT, vec![OPEN]),
        (AGREEMENT, vec![CLOSED]),
        (
            "GET DATA: the card's public value",
            vec!["secure messaging on, send sequence counter 0000000000000001"],
        ),
        (CERTIFICATE, vec![OPEN]),
        (CERTIFICATE, vec![CLOSED]),
        ("EXTERNAL AUTHENTICATE", vec![OPEN]),
        (
            "EXTERNAL AUTHENTICATE",
            vec!["terminal authenticated", CLOSED],
        ),
        (
            "INTERNAL AUTHENTICATE",
            vec!["secure messaging goes on with send sequence counter F3E822082FF7ACE2"],
        ),
        ("VERIFY PIN", vec!["PIN verified"]),
        (
            "VERIFY PIN",
            vec!["PIN: 2 tries left, 3 before", "PIN no longer verified"],
        ),
        ("SELECT", vec!["selected: EF.Cert_CIE (1003) in CIE"]),
        (
            "RESET RETRY COUNTER of the PIN",
            vec!["PIN: 3 tries left, 2 before"],
        ),
    ]
}
