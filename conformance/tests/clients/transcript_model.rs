//! The transcripts held against the model of the client: asked to do the same, it says the same, line by line.

use cie_emulator::persona::SodVariant;
use rstest::rstest;

use crate::atr::family_by_multiset;
use crate::cards::{PIN, card_of, sample, with};
use crate::desktop::Desktop;
use crate::desktop_enrolment::{compare, reads};
use crate::security_object::Mismatch;
use crate::transcript::{Step, read};
use crate::transcript_replay::{CERTIFICATE, SECURITY_OBJECT, command, is_read};

/// A recorded command as the model's script has it, `…` for what is drawn anew.
fn line(step: &Step) -> Option<String> {
    let way = match step {
        Step::PowerOn | Step::Jump(_) => return None,
        Step::Reset => return Some("(reset)".into()),
        Step::Plain(_) => "p",
        Step::Protected(..) => "sm",
    };
    let recorded = command(step);
    let shown = match (recorded.header, recorded.data.len()) {
        ([0x10, 0x22, 0x41, 0xA6], _) => 15,
        ([0x00, 0x22, 0x41, 0xA6], _) | ([0x00, 0x82, ..], _) | ([0x00, 0x88, ..], 8) => 5,
        ([0x10, 0x82, ..], _) => 13,
        _ => usize::MAX,
    };
    let bytes = recorded.command();
    let mut text = hex::encode_upper(&bytes[..bytes.len().min(shown)]);
    if shown < bytes.len() {
        text.push('…');
    }
    Some(format!(
        "{way} {text} -> {} {:04X}",
        recorded.answer.len(),
        recorded.sw
    ))
}

/// A transcript as the model must speak it with a card whose signed files have other lengths.
fn expected(steps: &[Step], sod: SodVariant) -> Vec<String> {
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        at += 1;
        let signed = match step {
            Step::Plain(command) | Step::Protected(command, _) => match command.selects() {
                Some(SECURITY_OBJECT) => Some(("p 00A40204021006", "p ", with(sod).ef_sod.len())),
                Some(CERTIFICATE) => {
                    Some(("sm 00A40204021003", "sm ", with(sod).ef_cert_cie.len()))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some((select, way, size)) = signed {
            lines.extend(reads(select, way, size));
            at += steps[at..].iter().take_while(|step| is_read(step)).count();
        } else {
            lines.extend(line(step));
        }
    }
    lines
}

fn connected(chip: &str, sod: SodVariant) -> Desktop {
    Desktop::connect(
        Box::new(card_of(with(sod), chip, "default")),
        family_by_multiset,
    )
    .unwrap()
}

#[rstest]
#[case::master_file_pss("desktop-bit4id2-pss-enrol", "bit4id2", SodVariant::Pss)]
#[case::application_v0("desktop-gemalto-sha256-enrol", "gemalto", SodVariant::V0)]
fn the_model_enrols_as_recorded(#[case] name: &str, #[case] chip: &str, #[case] sod: SodVariant) {
    let mut client = connected(chip, sod);
    client.enrol(PIN, Mismatch::Stops).unwrap();
    compare(&client.reader.script(), &expected(&read(name), sod));
}

#[rstest]
#[case::master_file_pss("desktop-bit4id2-pss-login-sign", "bit4id2", SodVariant::Pss)]
#[case::application_v0("desktop-gemalto-sha256-login-sign", "gemalto", SodVariant::V0)]
fn the_model_logs_in_and_signs_as_recorded(
    #[case] name: &str,
    #[case] chip: &str,
    #[case] sod: SodVariant,
) {
    let mut client = connected(chip, sod);
    client.enrol(PIN, Mismatch::Stops).unwrap();
    let mut later = connected(chip, sod);
    later.enrolment = client.enrolment;
    later.matches().unwrap();
    later.open_session().unwrap();
    later.login("5678").unwrap();
    let steps = read(name);
    let data = steps.iter().rev().find_map(|step| match step {
        Step::Protected(command, _) => Some(command.data.clone()),
        _ => None,
    });
    let data = data.unwrap();
    let signature = later.sign("5678", &data).unwrap();
    let key = sample().signature_key.public();
    assert_eq!(
        cie_crypto::pkcs1::recover_type1(key, &signature).unwrap(),
        data
    );
    compare(&later.reader.script(), &expected(&steps, sod));
}
