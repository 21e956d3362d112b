//! The checks of contents: good cards pass, and each thing that can be wrong is found under its name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cie_conformance::terminal::checks::personalisation::{self, Personalisation};
use cie_conformance::terminal::checks::security_object::{self, SecurityObject, Variant};
use cie_conformance::terminal::checks::{Findings, certificate};
use cie_conformance::terminal::ias::DomainParameters;
use cie_crypto::dh::Group;
use cie_crypto::rsa::PublicKey;
use cie_emulator::persona::{CardData, Persona, personalise};
use proptest::prelude::*;
use rstest::rstest;

use super::card::der_object;

fn data(persona: &Persona) -> CardData {
    personalise(persona).unwrap()
}

static SAMPLE: LazyLock<CardData> =
    LazyLock::new(|| data(&Persona::builtin("adult-default").unwrap()));

fn ef_dh() -> Vec<u8> {
    let group = Group::rfc5114_2048_256();
    let objects = [(0x97, group.g()), (0x98, group.p()), (0x99, group.q())];
    let objects: Vec<u8> = objects
        .iter()
        .flat_map(|(tag, value)| der_object(&[*tag], value))
        .collect();
    der_object(
        &[0x70],
        &der_object(&[0xBF, 0xA1, 0x01], &der_object(&[0xA3], &objects)),
    )
}

fn contents(card: &CardData) -> Personalisation {
    let files = [
        (0xD003, card.ef_sn_icc.to_vec()),
        (0xD004, ef_dh()),
        (0x1001, card.ef_id_servizi.to_vec()),
        (0x1002, card.ef_seriale.to_vec()),
        (0x1003, card.ef_cert_cie.clone()),
        (0x1004, card.ef_int_kpub.clone()),
        (0x1005, card.ef_servizi_int_kpub.clone()),
        (0x1006, card.ef_sod.clone()),
    ];
    Personalisation {
        files: files.into_iter().collect(),
        parameters: Some(DomainParameters::from_answer(&ef_dh()).unwrap()),
        proven_serial: Some(card.sn_icc),
        signature_key: Some(PublicKey::from_pkcs1_der(&card.ef_cie_kpub).unwrap()),
    }
}

fn wrong(findings: &Findings) -> Vec<&'static str> {
    findings.wrong().map(|finding| finding.id).collect()
}

#[test]
fn every_built_in_card_passes() {
    for id in Persona::builtin_ids() {
        let card = data(&Persona::builtin(id).unwrap());
        let findings = personalisation::check(&contents(&card));
        let wrong: Vec<_> = findings.wrong().map(ToString::to_string).collect();
        assert!(wrong.is_empty(), "{id}: {wrong:#?}");
        assert!(findings.all_ok());
    }
}

#[test]
fn nothing_read_is_not_all_well() {
    assert!(!personalisation::check(&Personalisation::default()).all_ok());
}

type Change = fn(&mut Personalisation);

fn file(card: &mut Personalisation, id: u16) -> &mut Vec<u8> {
    card.files.get_mut(&id).unwrap()
}

#[rstest]
#[case::number_in_1001("services-id-serial", |card: &mut Personalisation| file(card, 0x1001)[11] = b'9')]
#[case::letters_in_1001("services-id-format", |card: &mut Personalisation| file(card, 0x1001)[0] = b'A')]
#[case::long_1001("services-id-format", |card: &mut Personalisation| file(card, 0x1001).push(b'1'))]
#[case::sn_icc_header("sn-icc-format", |card: &mut Personalisation| file(card, 0xD003)[0] = 0x5B)]
#[case::sn_icc_short("sn-icc-format", |card: &mut Personalisation| file(card, 0xD003).truncate(11))]
#[case::sn_icc_letters("sn-icc-digits", |card: &mut Personalisation| file(card, 0xD003)[5] = 0xAB)]
#[case::proven("sn-icc-proven", |card: &mut Personalisation| card.proven_serial = Some([0; 8]))]
#[case::document_number("document-number-format", |card: &mut Personalisation| file(card, 0x1002)[3] = 0)]
#[case::device_key("device-key-file", |card: &mut Personalisation| file(card, 0x1004)[0] = 0x31)]
#[case::device_key_end("device-key-end", |card: &mut Personalisation| *file(card, 0x1004).last_mut().unwrap() = 0)]
#[case::services_key_more("services-key-file", |card: &mut Personalisation| file(card, 0x1005).push(7))]
#[case::same_keys("distinct-keys", |card: &mut Personalisation| *file(card, 0x1005) = card.files[&0x1004].clone())]
#[case::parameters("dh-file", |card: &mut Personalisation| file(card, 0xD004)[0] = 0x71)]
#[case::certificate("certificate-parses", |card: &mut Personalisation| file(card, 0x1003)[0] = 0x31)]
#[case::certificate_more("certificate-padding", |card: &mut Personalisation| file(card, 0x1003).push(7))]
#[case::certificate_key("certificate-key-matches", |card: &mut Personalisation| {
    card.signature_key = Some(PublicKey::from_pkcs1_der(&card.files[&0x1005]).unwrap());
})]
#[case::sod("sod-structure", |card: &mut Personalisation| file(card, 0x1006)[4] = 0x31)]
#[case::sod_more("sod-padding", |card: &mut Personalisation| file(card, 0x1006).push(7))]
#[case::sod_signature("sod-signature", |card: &mut Personalisation| *file(card, 0x1006).last_mut().unwrap() ^= 1)]
#[case::sod_hash("sod-hash", |card: &mut Personalisation| file(card, 0x1002)[0] = b'D')]
fn what_is_wrong_is_found(#[case] id: &str, #[case] change: Change) {
    let mut card = contents(&SAMPLE);
    change(&mut card);
    let findings = personalisation::check(&card);
    assert!(wrong(&findings).contains(&id), "{:?}", wrong(&findings));
}

#[test]
fn zeros_behind_files_are_tolerated() {
    let mut card = contents(&SAMPLE);
    for id in [0x1003, 0x1004, 0x1006] {
        file(&mut card, id).extend([0; 40]);
    }
    assert_eq!(wrong(&personalisation::check(&card)), Vec::<&str>::new());
}

#[rstest]
#[case::sha256(Variant::Sha256)]
#[case::pss(Variant::PssSha512)]
fn both_variants_are_in_circulation_and_read(#[case] variant: Variant) {
    let cards = Persona::builtin_ids().map(|id| data(&Persona::builtin(id).unwrap()));
    let found = cards.filter_map(|card| SecurityObject::parse(&card.ef_sod).ok());
    assert!(found.into_iter().any(|object| object.variant == variant));
}

#[test]
fn a_changed_byte_of_the_security_object_never_passes() {
    let card = &SAMPLE;
    let files: BTreeMap<u8, Vec<u8>> = [
        (0xA1, card.ef_id_servizi.to_vec()),
        (0xA2, card.ef_seriale.to_vec()),
        (0xA3, card.ef_cert_cie.clone()),
        (0xA4, card.ef_int_kpub.clone()),
        (0xA5, card.ef_servizi_int_kpub.clone()),
        (0x1B, ef_dh()),
    ]
    .into();
    let object = SecurityObject::parse(&card.ef_sod).unwrap();
    let covered = [&object.lds, &object.signature, &object.message_digest];
    for part in covered {
        let at = card
            .ef_sod
            .windows(part.len())
            .position(|window| window == &part[..])
            .unwrap();
        let mut sod = card.ef_sod.clone();
        sod[at + part.len() - 1] ^= 1;
        assert!(!security_object::check(&sod, &files).1.all_ok());
    }
    assert!(security_object::check(&card.ef_sod, &files).1.all_ok());
}

#[test]
fn a_certificate_of_version_1_without_names_is_found() {
    // Version, subject and extensions are cut out of a good one by their positions: [0] version, 5th name, [3] extensions.
    let der = &SAMPLE.ef_cert_cie;
    let (outer, _) = cie_emulator::wire::tlv::Tlv::read(der).unwrap();
    let parts: Vec<_> = outer.children().map(Result::unwrap).collect();
    let body: Vec<_> = parts[0].children().map(Result::unwrap).collect();
    let names = body
        .iter()
        .enumerate()
        .filter(|(at, _)| ![0, 7].contains(at));
    let content: Vec<u8> = names
        .flat_map(|(at, part)| match at {
            5 => vec![0x30, 0x00],
            _ => part.raw.to_vec(),
        })
        .collect();
    let tbs = der_object(&[0x30], &content);
    let forged = der_object(&[0x30], &[&tbs, parts[1].raw, parts[2].raw].concat());
    let (_, findings) = certificate::check(&forged, None);
    let expected = [
        "certificate-version",
        "certificate-given-name",
        "certificate-surname",
        "certificate-document-serial",
        "certificate-common-name",
        "certificate-key-usage",
    ];
    assert_eq!(wrong(&findings), expected);
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let card = Personalisation {
            files: [0xD003, 0xD004, 0x1001, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006]
                .map(|id| (id, bytes.clone())).into(),
            ..Personalisation::default()
        };
        prop_assert!(!personalisation::check(&card).all_ok());
    }

    #[test]
    fn a_flipped_bit_of_a_security_object_is_judged_without_a_panic(at in 0_usize..1400, bit in 0_u8..8) {
        let mut card = contents(&SAMPLE);
        let file = file(&mut card, 0x1006);
        let at = at % file.len();
        file[at] ^= 1 << bit;
        prop_assert!(personalisation::check(&card).iter().count() > 10);
    }
}
