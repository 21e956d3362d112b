//! EF.SOD as the desktop client reads it: a walker by position, written from observed client behaviour and not from our
//! builder, that compares every tag and checks every digest and signature in the client's order. It is stricter than the
//! client in one point: a wrong digest is refused in both generations.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod walk;

use std::collections::BTreeMap;

use cie_emulator::crypto::hash::HashAlgorithm;
use cie_emulator::persona::{CardData, Persona, SodVariant, Trust, personalise};
use cie_emulator::wire::tlv::{self, Tlv};
use der::Encode;
use rstest::rstest;
use walk::{SHA_256, SHA_512, walk};
/// The files as a client trims them: fixed lengths for the two texts, the first TLV object for the others.
fn trimmed(card: &CardData) -> BTreeMap<u8, Vec<u8>> {
    let object = |bytes: &[u8]| Tlv::read(bytes).unwrap().0.raw.to_vec();
    BTreeMap::from([
        (0xA1, card.ef_id_servizi[..12].to_vec()),
        (0xA2, card.ef_seriale[..9].to_vec()),
        (0xA3, object(&card.ef_cert_cie)),
        (0xA4, object(&card.ef_int_kpub)),
        (0xA5, object(&card.ef_servizi_int_kpub)),
        (0x1B, object(&card.ef_dh)),
    ])
}

fn card(seed: u64, variant: SodVariant) -> CardData {
    let mut persona = Persona::generate(seed).unwrap();
    persona.sod = variant;
    personalise(&persona).unwrap()
}

#[rstest]
#[case::default("adult-default", SodVariant::V0)]
#[case::seeded("adult-seeded", SodVariant::V0)]
#[case::pss("adult-sod-pss", SodVariant::Pss)]
fn built_in_cards_pass_every_rule(#[case] id: &str, #[case] variant: SodVariant) {
    let card = personalise(&Persona::builtin(id).unwrap()).unwrap();
    let walked = walk(&card.ef_sod, &trimmed(&card)).unwrap();
    assert_eq!(walked.variant, variant);
    assert_eq!(walked.numbers, [0xA5, 0x1B, 0xA4, 0xA3, 0xA2, 0xA1]);
}

#[rstest]
#[case::v0(SodVariant::V0)]
#[case::pss(SodVariant::Pss)]
fn cards_of_any_seed_pass_every_rule(#[case] variant: SodVariant) {
    for seed in 0..12 {
        let card = card(seed, variant);
        let walked = walk(&card.ef_sod, &trimmed(&card)).unwrap();
        assert_eq!(walked.numbers.len(), 6, "seed {seed}");
    }
}

/// `(head of the LDS security object, bytes after the last digest)` as they stand on real cards.
#[rstest]
#[case::v0(
    SodVariant::V0,
    "020100300B06096086480165030402013081EA30250201A50420",
    ""
)]
#[case::pss(
    SodVariant::Pss,
    "020101300B0609608648016503040203308201AA30450201A50440",
    "300E1304303130371306303430303030"
)]
fn the_lds_security_object_is_written_as_on_cards(
    #[case] variant: SodVariant,
    #[case] head: &str,
    #[case] tail: &str,
) {
    let card = card(5, variant);
    let sod = hex::encode_upper(&card.ef_sod);
    let start = sod
        .find(head)
        .unwrap_or_else(|| panic!("{head} is not in {sod}"));
    // Up to the certificates, the next part of the signed data.
    let rest = &sod[start..];
    let last = hex::encode_upper(match variant {
        SodVariant::V0 => HashAlgorithm::Sha256.digest(&[&card.ef_id_servizi]),
        SodVariant::Pss => HashAlgorithm::Sha512.digest(&[&card.ef_id_servizi]),
    });
    let after = &rest[rest.find(&last).unwrap() + last.len()..];
    assert!(
        after.starts_with(&format!("{tail}A082")),
        "{}",
        &after[..60]
    );
}

#[rstest]
#[case::v0(SodVariant::V0, SHA_256)]
#[case::pss(SodVariant::Pss, SHA_512)]
fn hash_algorithms_have_no_parameters(#[case] variant: SodVariant, #[case] hash: &str) {
    let sod = hex::encode_upper(card(5, variant).ef_sod);
    // In the signed data, the LDS security object, the signer info, and twice in PSS parameters; the document signer's
    // certificate of the PSS generation comes from another encoder and may add a NULL.
    let bare = sod.matches(&format!("300B0609{hash}")).count();
    assert!(bare >= 3, "{bare}");
    assert!(
        !sod.split("A082")
            .next()
            .unwrap()
            .contains(&format!("0609{hash}0500"))
    );
}

#[rstest]
#[case::signed_with_sha_256(SodVariant::V0)]
#[case::signed_with_pss(SodVariant::Pss)]
fn the_document_signer_in_it_is_the_published_one(#[case] variant: SodVariant) {
    let sod = card(9, variant).ef_sod;
    let certificate = Trust::embedded()
        .unwrap()
        .document_signer(variant)
        .to_der()
        .unwrap();
    assert!(
        sod.windows(certificate.len())
            .any(|window| window == certificate)
    );
}

#[rstest]
#[case::v0(SodVariant::V0)]
#[case::pss(SodVariant::Pss)]
fn number_and_services_identifier_stand_in_it_by_digest(#[case] variant: SodVariant) {
    let persona = Persona {
        sod: variant,
        ..Persona::generate(21).unwrap()
    };
    let card = personalise(&persona).unwrap();
    let hash = match variant {
        SodVariant::V0 => HashAlgorithm::Sha256,
        SodVariant::Pss => HashAlgorithm::Sha512,
    };
    for (number, text) in [
        (0xA1, persona.nis.as_str()),
        (0xA2, persona.document_number.as_str()),
    ] {
        let digest = hash.digest(&[text.as_bytes()]);
        let entry = [tlv::object(0x02, &[number]), tlv::object(0x04, &digest)].concat();
        let entry = tlv::object(0x30, &entry);
        assert!(
            card.ef_sod
                .windows(entry.len())
                .any(|window| window == entry)
        );
    }
}

/// The walker must notice: every byte it depends on, changed, is refused.
#[rstest]
#[case::v0(SodVariant::V0)]
#[case::pss(SodVariant::Pss)]
fn a_changed_byte_is_noticed(#[case] variant: SodVariant) {
    let card = card(3, variant);
    let files = trimmed(&card);
    let certificate = Trust::embedded()
        .unwrap()
        .document_signer(variant)
        .to_der()
        .unwrap();
    let start = card
        .ef_sod
        .windows(certificate.len())
        .position(|window| window == certificate)
        .unwrap();
    // Inside the certificate only version, key and names matter to a client: nothing checks the certificate's own signature.
    let outside = |index: &usize| !(start..start + certificate.len()).contains(index);
    let mut unnoticed = Vec::new();
    for index in (0..card.ef_sod.len()).filter(outside) {
        let mut changed = card.ef_sod.clone();
        changed[index] ^= 0x01;
        if walk(&changed, &files).is_ok() {
            unnoticed.push(index);
        }
    }
    // What the client leaves unread in the signature algorithm: the NULL; mask generation and salt length.
    let unread = match variant {
        SodVariant::V0 => 2,
        SodVariant::Pss => 33,
    };
    assert_eq!(unnoticed.len(), unread, "{unnoticed:?}");
}

#[rstest]
#[case::nis(0xA1)]
#[case::document_number(0xA2)]
#[case::certificate(0xA3)]
#[case::device_key(0xA4)]
#[case::services_key(0xA5)]
#[case::dh_parameters(0x1B)]
fn a_changed_file_is_noticed(#[case] number: u8) {
    for variant in [SodVariant::V0, SodVariant::Pss] {
        let card = card(4, variant);
        let mut files = trimmed(&card);
        files.get_mut(&number).unwrap()[8] ^= 0x01;
        let refused = walk(&card.ef_sod, &files).err();
        assert!(refused.is_some_and(|rule| rule.starts_with("digest of a file")));
    }
}
