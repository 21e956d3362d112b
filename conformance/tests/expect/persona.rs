//! A synthetic card whose certificate and security object are judged; made once.

use std::sync::OnceLock;

use cie_conformance::scenario::model::{KeyReference, PublicKeySource};
use cie_crypto::rsa::PublicKey;
use cie_emulator::persona::{CardData, Persona, Trust, personalise};

use crate::bench::Bench;

const PERSONA: &str = "
persona: 1
id: bench
title: the card on the bench
seed: 7
holder:
  surname: VERDI
  given_names: Anna
  sex: F
  birth_date: 1975-06-30
  birth_place: { name: Bari, cadastral_code: A662 }
document:
  number: CA12345BC
  issued: 2024-01-01
  expires: 2034-06-30
codes: seeded
sod: v0
";

/// The contents of the card; `pss` chooses the newer generation of its security object.
pub(crate) fn card(pss: bool) -> &'static CardData {
    static CARDS: [OnceLock<CardData>; 2] = [OnceLock::new(), OnceLock::new()];
    let (cell, text) = match pss {
        false => (&CARDS[0], PERSONA.to_owned()),
        true => (&CARDS[1], PERSONA.replace("sod: v0", "sod: pss")),
    };
    cell.get_or_init(|| {
        let persona = Persona::from_yaml("bench.yaml", &text).expect("a persona");
        personalise(&persona).expect("a card")
    })
}

/// The name of a certificate of the trust store.
pub(crate) fn trusted(name: &str) -> PublicKeySource {
    PublicKeySource::Trust(name.to_owned())
}

/// A bench with these data, the card's keys `sign` and `services`, and the keys of the trust store `sub-ca` and `csca`.
pub(crate) fn bench(data: &[u8]) -> Bench {
    let trust = Trust::embedded().expect("the trust store");
    let bench = Bench {
        data: data.to_vec(),
        ..Bench::default()
    };
    let country = trust.country_signer().tbs_certificate();
    let country = country
        .subject_public_key_info()
        .subject_public_key
        .raw_bytes();
    let keys = card(false);
    bench
        .key(
            trusted("sub-ca"),
            trust.citizen_issuer_key().public().clone(),
        )
        .key(
            trusted("csca"),
            PublicKey::from_pkcs1_der(country).expect("a key"),
        )
        .key(
            PublicKeySource::Key(KeyReference::Sign),
            keys.signature_key.public().clone(),
        )
        .key(
            PublicKeySource::Key(KeyReference::Services),
            keys.services_key.public().clone(),
        )
}
