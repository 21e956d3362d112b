//! A personalised card is complete and consistent with itself: the sample data set, determinism, and what clients compare.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::collections::BTreeSet;

use cie_emulator::crypto::dh::Group;
use cie_emulator::crypto::rsa::PrivateKey;
use cie_emulator::persona::{CardData, Persona, PersonaError, personalise};
use cie_emulator::wire::tlv::{Tag, Tlv};
use der::{Decode, Encode};
use proptest::prelude::*;
use rstest::rstest;
use x509_cert::Certificate;

fn card(id: &str) -> CardData {
    personalise(&Persona::builtin(id).unwrap()).unwrap()
}

fn generated(seed: u64) -> CardData {
    personalise(&Persona::generate(seed).unwrap()).unwrap()
}

/// Everything of a card that has bytes, under a name.
fn contents(card: &CardData) -> Vec<(&'static str, Vec<u8>)> {
    let json = |value: serde_json::Result<Vec<u8>>| value.unwrap();
    vec![
        ("EF.SN.ICC", card.ef_sn_icc.to_vec()),
        ("EF.ID_Servizi", card.ef_id_servizi.to_vec()),
        ("EF.Seriale", card.ef_seriale.to_vec()),
        ("EF.Cert_CIE", card.ef_cert_cie.clone()),
        ("EF.Int.Kpub", card.ef_int_kpub.clone()),
        ("EF.Servizi_Int.Kpub", card.ef_servizi_int_kpub.clone()),
        ("EF.SOD", card.ef_sod.clone()),
        ("EF.CIE.Kpub", card.ef_cie_kpub.clone()),
        ("SN.ICC", card.sn_icc.to_vec()),
        ("PIN", card.pin.reveal().to_vec()),
        ("PUK", card.puk.reveal().to_vec()),
        ("receipt", json(serde_json::to_vec(&card.receipt))),
        ("letter", json(serde_json::to_vec(&card.letter))),
    ]
}

#[test]
fn the_default_card_is_the_well_known_sample() {
    let card = card("adult-default");
    assert_eq!(
        hex::encode_upper(card.ef_sn_icc),
        "5A0A8038001234567890124F"
    );
    assert_eq!(card.ef_id_servizi, *b"123456789012");
    assert_eq!(card.ef_seriale, *b"CA00000AA");
    assert_eq!(hex::encode_upper(card.sn_icc), "001234567890124F");
    assert_eq!(
        (card.pin.reveal(), card.puk.reveal()),
        (b"12345678", b"87654321")
    );
    assert_eq!(
        card.holder.fiscal_code.unwrap().as_str(),
        "RSSMRA80A01H501U"
    );
    assert_eq!(
        hex::encode_upper(card.terminal_ca.holder_reference),
        "000000004954434945434131"
    );
    assert_eq!(
        hex::encode_upper(card.terminal_ca.holder_authorisation),
        "A0000000003901"
    );
}

#[test]
fn the_subject_of_the_certificate_stands_in_the_order_of_cards() {
    let certificate = Certificate::from_der(&card("adult-default").ef_cert_cie).unwrap();
    let subject: Vec<(String, String)> = certificate
        .tbs_certificate()
        .subject()
        .iter()
        .map(|attribute| {
            let value = String::from_utf8(attribute.value.value().to_vec()).unwrap();
            (attribute.oid.to_string(), value)
        })
        .collect();
    let expected = [
        ("2.5.4.6", "IT"),
        ("2.5.4.5", "IDCIT-CA00000AA"),
        ("2.5.4.4", "ROSSI"),
        ("2.5.4.42", "MARIO"),
        ("2.5.4.3", "RSSMRA80A01H501U"),
    ];
    let expected = expected.map(|(oid, value)| (oid.to_owned(), value.to_owned()));
    assert_eq!(subject, expected);
}

#[test]
fn ef_dh_is_the_combined_get_data_answer() {
    let file = card("adult-default").ef_dh;
    let group = Group::rfc5114_2048_256();
    assert_eq!(file.len(), 568);
    assert!(hex::encode_upper(&file).starts_with("70820234BFA10182022EA382022A97820100"));
    let outer = Tlv::read_only(&file, Tag(0x70)).unwrap();
    let parameters = Tlv::read_only(outer.value, Tag(0xBF_A101)).unwrap();
    let template = Tlv::read_only(parameters.value, Tag(0xA3)).unwrap();
    let found: Vec<_> = template
        .children()
        .map(|object| object.map(|object| (object.tag, object.value)).unwrap())
        .collect();
    let expected = vec![
        (Tag(0x97), group.g()),
        (Tag(0x98), group.p()),
        (Tag(0x99), group.q()),
    ];
    assert_eq!(found, expected);
}

#[rstest]
#[case::signature(0x1007)]
#[case::device(0x1004)]
#[case::services(0x1005)]
fn public_key_files_belong_to_the_private_keys(#[case] file_id: u16) {
    let card = card("adult-seeded");
    let (file, key): (&[u8], &PrivateKey) = match file_id {
        0x1004 => (&card.ef_int_kpub, &card.device_key),
        0x1005 => (&card.ef_servizi_int_kpub, &card.services_key),
        _ => (&card.ef_cie_kpub, &card.signature_key),
    };
    let head = hex::decode("3082010A0282010100").unwrap();
    let expected = [&head[..], key.public().modulus(), &[2, 3, 1, 0, 1]].concat();
    assert_eq!(file, expected);
    assert_eq!(file.len(), 270);
}

#[test]
fn the_certificate_is_of_the_signature_key() {
    let card = card("adult-default");
    let certificate = Certificate::from_der(&card.ef_cert_cie).unwrap();
    let info = certificate.tbs_certificate().subject_public_key_info();
    assert_eq!(info.subject_public_key.raw_bytes(), card.ef_cie_kpub);
    assert_eq!(certificate.to_der().unwrap(), card.ef_cert_cie);
}

#[test]
fn the_terminal_ca_opens_a_recorded_terminal_certificate() {
    let vectors = include_str!("../../fixtures/vectors/ias-session.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
    let bytes = |name: &str| hex::decode(vectors[name].as_str().unwrap()).unwrap();
    let (content, signature) = (bytes("cert_content"), bytes("sig"));
    let ca = card("adult-default").terminal_ca;
    let by_key = ca.verify.apply(&signature).unwrap();
    let by_exponent = ca.public.apply(&signature).unwrap();
    assert_eq!(by_key, by_exponent);
    assert_eq!((by_key[0], by_key[255]), (0x6A, 0xBC));
    assert_eq!(&by_key[1..223], &content[..222]);
    assert_eq!(&content[1..9], &ca.holder_reference[4..]);
    assert_eq!(&content[21..27], &ca.holder_authorisation[..6]);
    assert_eq!((ca.public.modulus().len(), ca.public.size()), (256, 256));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for id in Persona::builtin_ids() {
        assert_eq!(contents(&card(id)), contents(&card(id)), "{id}");
    }
    assert_eq!(contents(&generated(77)), contents(&generated(77)));
}

#[rstest]
#[case::neighbours(41, 42)]
#[case::far(1, u64::MAX)]
fn two_seeds_differ_in_every_key_and_code(#[case] one: u64, #[case] other: u64) {
    let (one, other) = (contents(&generated(one)), contents(&generated(other)));
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        assert_ne!(one, other, "{name}");
    }
}

#[test]
fn the_keys_of_a_card_and_of_its_neighbours_are_all_different() {
    let cards: Vec<CardData> = (100..111).map(generated).collect();
    let moduli: BTreeSet<&[u8]> = cards
        .iter()
        .flat_map(|card| [&card.signature_key, &card.device_key, &card.services_key])
        .map(|key| key.public().modulus())
        .collect();
    assert_eq!(moduli.len(), 33);
}

#[test]
fn a_persona_that_contradicts_itself_is_refused() {
    let mut persona = Persona::generate(1).unwrap();
    persona.nis = "000000000001".parse().unwrap();
    assert!(matches!(
        personalise(&persona),
        Err(PersonaError::Contradiction { .. })
    ));
    let mut persona = Persona::generate(1).unwrap();
    persona.expires = persona.issued;
    assert!(matches!(
        personalise(&persona),
        Err(PersonaError::Contradiction { .. })
    ));
}

#[test]
fn an_unknown_builtin_names_the_known_ones() {
    let message = Persona::builtin("nobody").unwrap_err().to_string();
    assert!(
        message.contains("adult-default, ") && message.contains("child, wrong-certificate-padding"),
        "{message}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_seed_gives_a_valid_card(seed: u64) {
        let persona = Persona::generate(seed).unwrap();
        prop_assert!(persona.holder.birth_date.plus_years(18).unwrap() <= persona.issued);
        prop_assert!(persona.issued.plus_years(10).unwrap() <= persona.expires);
        prop_assert!(persona.expires <= persona.issued.plus_years(11).unwrap());
        let card = personalise(&persona).unwrap();
        let serial = hex::encode_upper(&card.ef_sn_icc[5..11]);
        prop_assert_eq!(serial.as_bytes(), &card.ef_id_servizi[..]);
        for file in [&card.ef_cert_cie, &card.ef_int_kpub, &card.ef_servizi_int_kpub, &card.ef_sod, &card.ef_dh] {
            prop_assert_ne!(file.last(), Some(&0));
        }
        Certificate::from_der(&card.ef_cert_cie).unwrap();
    }
}

#[test]
fn files_are_listed_under_their_identifiers() {
    let card = card("adult-default");
    let listed: Vec<String> = card
        .files()
        .iter()
        .map(|(id, _)| format!("{id:04X}"))
        .collect();
    assert_eq!(
        listed,
        [
            "D003", "D004", "1001", "1002", "1003", "1004", "1005", "1006", "1007"
        ]
    );
    assert_eq!(card.files()[7], (0x1006, &card.ef_sod[..]));
    assert!(
        card.files()
            .iter()
            .all(|(_, content)| content.last() != Some(&0))
    );
}
