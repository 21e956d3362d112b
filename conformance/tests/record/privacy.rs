//! A trace of everything a citizen does, of any citizen: nothing of the person, the codes or the keys stands in it, in any form.

use cie_conformance::run::{EmbeddedCards, Provider, Setup};
use cie_conformance::scenario::Case;
use cie_conformance::target::TargetKind;
use cie_crypto::random::Seeded;
use cie_emulator::card::Image;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::persona::{CardData, Persona, personalise};
use cie_emulator::phy::trace::file::{Redaction, schema};
use proptest::prelude::*;
use rstest::rstest;
use std::sync::Arc;

use crate::support::{embedded, exchanges, recorded, text};

/// Logins, files read whole, signatures, codes changed and blocked, spoiled commands, and what is no command.
const LIFE: [&str; 9] = [
    "pin/right-pin-opens[chip=stm3]",
    "pin/change",
    "pin/verify-in-clear",
    "puk/half-a-puk",
    "puk/forgotten-pin",
    "read/holder-data-with-pin",
    "sod/hashes",
    "services/login-of-a-service",
    "personalisation/two-halves",
];

/// Everything that must not be found: text, and bytes.
fn secrets(data: &CardData) -> Vec<Vec<u8>> {
    let holder = &data.holder;
    let mut found: Vec<Vec<u8>> = vec![
        data.pin.reveal().to_vec(),
        data.puk.reveal().to_vec(),
        data.nis.to_vec(),
        data.document_number.as_bytes().to_vec(),
        data.sn_icc.to_vec(),
        holder.surname.as_str().into(),
        holder.given_names.as_str().into(),
        holder.birth_date.compact().into_bytes(),
    ];
    found.extend(holder.fiscal_code.iter().map(|code| code.as_str().into()));
    let image = image(data);
    // Sixteen bytes from the middle of each key are found wherever the key is.
    for key in [&image.ias.signature, &image.ias.device, &image.ias.services] {
        let modulus = key.public().modulus().to_vec();
        found.push(modulus[modulus.len() / 2..][..16].to_vec());
    }
    for file in image
        .files
        .dedicated_files()
        .iter()
        .flat_map(|df| &df.files)
    {
        let personal = (0x1001..=0x1007).contains(&file.file_id.0);
        if personal && file.contents.len() >= 200 {
            found.push(file.contents[100..116].to_vec());
        }
    }
    found.retain(|secret| secret.len() >= 5);
    found
}

fn image(data: &CardData) -> Image {
    let chip = chip("bit4id2").unwrap();
    data.clone()
        .into_image(chip, Profile::with_settings([]).unwrap())
        .unwrap()
}

/// The forms in which bytes can stand in text: as text, in hexadecimal, digits as BCD (the same as text) and as hexadecimal text.
fn forms(secret: &[u8]) -> Vec<String> {
    let mut forms = vec![hex::encode_upper(secret)];
    if secret.iter().all(u8::is_ascii_graphic) {
        let text = String::from_utf8(secret.to_vec()).unwrap();
        forms.push(hex::encode_upper(hex::encode_upper(secret)));
        forms.push(text.to_uppercase());
    }
    forms
}

fn assert_clean(trace: &str, data: &CardData) {
    let trace = trace.to_uppercase();
    for secret in secrets(data) {
        for form in forms(&secret) {
            assert!(!trace.contains(&form), "{form} stands in the trace");
        }
    }
}

#[rstest]
#[case::adult("adult-default")]
#[case::seeded("adult-seeded")]
#[case::pss("adult-sod-pss")]
fn a_redacted_trace_tells_nothing_of_the_person(#[case] persona: &str) {
    let recording = embedded("bit4id2", persona, &LIFE[..], Redaction::AllowList);
    assert!(exchanges(&recording).len() > 200);
    let data = personalise(&Persona::builtin(persona).unwrap()).unwrap();
    assert_clean(&text(&recording), &data);
}

#[test]
fn the_same_search_finds_them_in_a_whole_trace() {
    let recording = embedded("bit4id2", "adult-default", &LIFE[..], Redaction::Nothing);
    let data = personalise(&Persona::builtin("adult-default").unwrap()).unwrap();
    let trace = text(&recording).to_uppercase();
    let found = secrets(&data)
        .iter()
        .filter(|secret| forms(secret).iter().any(|form| trace.contains(form)))
        .count();
    assert!(found >= 5, "{found} of {}", secrets(&data).len());
}

#[test]
fn codes_are_left_out_of_a_whole_trace_unless_asked_for_loudly() {
    let pin = hex::encode_upper("12345678");
    let cases = ["pin/verify-in-clear"];
    let kept = text(&embedded(
        "bit4id2",
        "adult-default",
        &cases,
        Redaction::CodesOnly,
    ));
    assert!(!kept.contains(&pin) && kept.contains("<pin:8>"));
    let revealed = text(&embedded(
        "bit4id2",
        "adult-default",
        &cases,
        Redaction::Nothing,
    ));
    assert!(revealed.contains(&format!("0020008108{pin}")));
}

#[test]
fn the_inside_of_secure_messaging_stands_beside_what_passed() {
    let recording = embedded("bit4id2", "adult-default", &LIFE[..1], Redaction::AllowList);
    let verify = exchanges(&recording)
        .into_iter()
        .find(|exchange| exchange.words.starts_with("VERIFY PIN"))
        .unwrap();
    let inner = verify.inner.as_ref().unwrap();
    assert_eq!(inner.command.to_string(), "0020008108<pin:8>");
    assert_eq!(inner.response.to_string(), "9000");
    let wire = verify.command.to_string();
    assert_eq!(wire, "0C2000811D871101<cryptogram:16>8E08<checksum:8>00");
    let protected = exchanges(&recording)
        .into_iter()
        .filter(|exchange| exchange.command.to_string().starts_with("0C"));
    assert!(protected.clone().count() > 10);
    assert!(
        protected
            .into_iter()
            .all(|exchange| exchange.inner.is_some())
    );
}

#[test]
fn every_line_meets_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for redaction in [Redaction::AllowList, Redaction::Nothing] {
        let recording = embedded("bit4id2", "adult-default", &LIFE[..4], redaction);
        for line in text(&recording).lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(validator.is_valid(&value), "{line}");
        }
    }
    assert!(!validator.is_valid(&serde_json::json!({ "event": "exchange" })));
}

/// Cards of a citizen who was made up just now.
struct Anyone {
    makers: EmbeddedCards,
    image: Arc<Image>,
}

impl Provider for Anyone {
    fn kind(&self) -> TargetKind {
        TargetKind::Emulator
    }

    fn describe(&self) -> String {
        "anyone".to_owned()
    }

    fn capacity(&self) -> usize {
        1
    }

    fn card(&self, case: &Case, seed: u64) -> Result<Setup, String> {
        let setup = self.makers.card(case, seed)?;
        let random = Box::new(Seeded::derived(seed, "card"));
        let card =
            cie_conformance::target::Embedded::new(Arc::clone(&self.image), random, "anyone");
        Ok(Setup {
            target: Box::new(card),
            ..setup
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, ..ProptestConfig::default() })]

    /// Any citizen, any seed: the steps may fail, as the terminal takes the card for another, but nothing comes through.
    #[test]
    fn nobody_can_be_recognised(seed in any::<u64>()) {
        let data = personalise(&Persona::generate(seed).unwrap()).unwrap();
        let anyone = Anyone { makers: EmbeddedCards::new("bit4id2"), image: Arc::new(image(&data)) };
        let recording = recorded(&anyone, &LIFE[..], Redaction::AllowList);
        prop_assert!(exchanges(&recording).len() > 50);
        assert_clean(&text(&recording), &data);
    }
}
