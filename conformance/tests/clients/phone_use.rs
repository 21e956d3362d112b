//! Logins of the phone families, on every chip, on strict cards and behind short answers.

use cie_conformance::target::{Alteration, Tampering, When};
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::pkcs1;
use cie_emulator::chip::{self, DhDialect, RootSelection};
use cie_emulator::persona::SodVariant;
use rstest::rstest;

use crate::atr::EfAtrType;
use crate::cards::{PIN, PUK, card, card_of, sample, with};
use crate::desktop_enrolment::compare;
use crate::phone::{Generation, PhoneAllReads, Told, status_text};
use crate::strict_phone::{self, EfAtrPhone, StrictDerPhone};
use crate::{Stop, certificate, security_object};

fn digest_info(algorithm: HashAlgorithm) -> Vec<u8> {
    [
        algorithm.digest_info_prefix(),
        &algorithm.digest(&[b"a handshake"]),
    ]
    .concat()
}

fn is_of(signature: &[u8], data: &[u8]) {
    assert_eq!(
        pkcs1::recover_type1(sample().signature_key.public(), signature).unwrap(),
        data
    );
}

fn all_reads(chip: &str, profile: &str, generation: Generation) -> Result<(), Stop> {
    let mut phone = PhoneAllReads::connect(card(chip, profile), generation)?;
    let (told, certificate) = phone.login(PIN)?;
    assert_eq!(told, Told::Verified);
    assert_eq!(certificate, sample().ef_cert_cie);
    for algorithm in [HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
        let data = digest_info(algorithm);
        is_of(&phone.sign(&data)?, &data);
    }
    Ok(())
}

fn strict_der(chip: &str, profile: &str) -> Result<(), Stop> {
    let mut phone = StrictDerPhone::connect(card(chip, profile))?;
    phone.session()?;
    assert_eq!(phone.verify(PIN)?, strict_phone::Told::Verified);
    let file = phone.certificate()?;
    assert_eq!(certificate::fiscal_code(&file)?, "RSSMRA80A01H501U");
    for algorithm in [
        HashAlgorithm::Sha1,
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ] {
        let data = digest_info(algorithm);
        is_of(&phone.sign(&data)?, &data);
    }
    Ok(())
}

fn ef_atr(chip: &str, profile: &str) -> Result<(), Stop> {
    let mut phone = EfAtrPhone::connect(card(chip, profile))?;
    phone.session()?;
    phone.verify(0x81, PIN)?;
    assert_eq!(
        certificate::name_by_search(&phone.certificate()?)?,
        "MARIO ROSSI"
    );
    let data = digest_info(HashAlgorithm::Sha256);
    is_of(&phone.sign(&data)?, &data);
    phone.change(PIN, "31415926")?;
    phone.unblock(PUK, PIN)
}

/// What a card that speaks one dialect answers to the other.
fn other_dialect(chip: &str, by_master_file: bool, combined: bool) -> Option<u16> {
    let dialects = chip::chip(chip).unwrap().dialects;
    let root = dialects.root == RootSelection::MasterFile;
    let parameters = dialects.dh_parameters == DhDialect::Combined;
    match (root == by_master_file, parameters == combined) {
        (false, _) => Some(0x6A82),
        (true, false) => Some(0x6A88),
        (true, true) => None,
    }
}

on_every_chip! {
    fn phone_all_reads_positional_logs_in(chip) {
        all_reads(chip, "default", Generation::Positional).unwrap();
    }

    fn phone_all_reads_by_tag_logs_in(chip) {
        all_reads(chip, "default", Generation::ByTag).unwrap();
    }

    fn phone_all_reads_rewritten_logs_in(chip) {
        all_reads(chip, "default", Generation::Rewritten).unwrap();
    }

    fn strict_der_phone_logs_in(chip) {
        strict_der(chip, "default").unwrap();
    }

    fn ef_atr_phone_logs_in_and_changes_codes(chip) {
        ef_atr(chip, "default").unwrap();
    }

    /// It asks for one parameter at a time and never looks whether its SELECT was understood: only where parameters come all at
    /// once it has nothing to parse.
    fn phone_all_reads_fails_on_strict_cards_with_combined_parameters_only(chip) {
        let combined_only = chip::chip(chip).unwrap().dialects.dh_parameters == DhDialect::Combined;
        for generation in [Generation::Positional, Generation::ByTag, Generation::Rewritten] {
            let expected = match combined_only {
                true => Err(Stop::Parse("an object is cut short")),
                false => Ok(()),
            };
            assert_eq!(all_reads(chip, "strict", generation), expected);
        }
    }

    /// It falls back on the master file, so that only the parameters can stop it.
    fn strict_der_phone_fails_on_strict_cards_with_combined_parameters_only(chip) {
        let expected = match chip::chip(chip).unwrap().dialects.dh_parameters {
            DhDialect::Combined => Err(Stop::Status(0x6A88)),
            DhDialect::Separate => Ok(()),
        };
        assert_eq!(strict_der(chip, "strict"), expected);
    }

    fn ef_atr_phone_fails_on_strict_cards_of_the_other_dialect(chip) {
        let phone = EfAtrPhone::connect(card(chip, "strict")).unwrap();
        let expected = match other_dialect(chip, phone.by_master_file(), phone.combined()) {
            Some(sw) => Err(Stop::Status(sw)),
            None => Ok(()),
        };
        assert_eq!(ef_atr(chip, "strict"), expected);
    }

    fn strict_der_phone_works_behind_short_answers(chip) {
        strict_der(chip, "short-answers").unwrap();
    }

    fn ef_atr_phone_works_behind_short_answers(chip) {
        ef_atr(chip, "short-answers").unwrap();
    }

    /// `6100` loses the data for one generation, all but the end of them for the other.
    fn phone_all_reads_cannot_live_with_short_answers(chip) {
        for generation in [Generation::Positional, Generation::ByTag, Generation::Rewritten] {
            let result = all_reads(chip, "short-answers", generation);
            assert!(matches!(result, Err(Stop::Parse(_))), "{generation:?}: {result:?}");
        }
    }

    /// Padded files end in zeros, which the strict parser strips before it reads.
    fn phones_read_padded_files(chip) {
        strict_der(chip, "pad_files=true").unwrap();
        ef_atr(chip, "pad_files=true").unwrap();
    }

    fn strict_der_phone_authenticates_to_services(chip) {
        for sod in [SodVariant::V0, SodVariant::Pss] {
            let mut phone = StrictDerPhone::connect(Box::new(card_of(with(sod), chip, "short-answers"))).unwrap();
            let [number, key, object, signature] = phone.services(b"a challenge of the back end").unwrap();
            assert_eq!(number, b"123456789012");
            let key = crate::agreement::public_key(&key, crate::agreement::Parser::Strict).unwrap();
            assert_eq!(pkcs1::recover_type1(&key, &signature).unwrap(), b"a challenge of the back end");
            let (algorithm, digest) = security_object::digest_of(&object, 0xA1).unwrap();
            assert_eq!(digest, algorithm.digest(&[&number]));
        }
    }

    fn ef_atr_phone_recovers_the_puk(chip) {
        let mut phone = EfAtrPhone::connect(card(chip, "default")).unwrap();
        let [signature, key, object] = phone.recovery(&[7; 32]).unwrap();
        let key = crate::agreement::public_key(&key, crate::agreement::Parser::Positional).unwrap();
        assert_eq!(pkcs1::recover_type1(&key, &signature).unwrap(), [7; 32]);
        assert_eq!(object, sample().ef_sod);
    }

    /// The family that EF.ATR shows.
    fn ef_atr_tells_the_family(chip) {
        let expected = match chip {
            "nxp" => EfAtrType::Nxp,
            "gemalto" => EfAtrType::Gemalto,
            "gemalto2" => EfAtrType::Gemalto2,
            "stm" | "stm2" | "stm3" => EfAtrType::St,
            _ => EfAtrType::Actalis,
        };
        assert_eq!(StrictDerPhone::connect(card(chip, "default")).unwrap().chip().unwrap(), Some(expected));
        assert_eq!(EfAtrPhone::connect(card(chip, "default")).unwrap().chip, Some(expected));
    }
}

/// SELECT, domain parameters, DH and device authentication: no Le anywhere in the templates, odd or even exponent alike.
#[test]
fn phone_login_word_for_word() {
    let mut phone = PhoneAllReads::connect(card("stm", "default"), Generation::Positional).unwrap();
    phone.login(PIN).unwrap();
    let mut expected: Vec<String> = [
        "p 00A4040C0DA0000000308000000009816001 -> 0 9000",
        "p 00A4040406A00000000039 -> 0 9000",
        "p 00A40204021001 -> 0 9000",
        "p 00B000000C -> 12 9000",
        "p 00A4040C0DA0000000308000000009816001 -> 0 9000",
        "p 00A4040C06A00000000039 -> 0 9000",
        "p 00CB3FFF0C4D0A7008BFA10104A3029700 -> 274 9000",
        "p 00CB3FFF0C4D0A7008BFA10104A3029800 -> 274 9000",
        "p 00CB3FFF0C4D0A7008BFA10104A3029900 -> 42 9000",
        "p 00A40204021004 -> 0 9000",
        "p 00B0000000 -> 231 9000",
        "p 00B000E700 -> 39 9000",
        "p 00B0010E00 -> 0 6B00",
        "p 00CB3FFF0B4D097007BFA004037F4980 -> 560 9000",
        "p 102241A6FF80019B83018191820100… -> 0 9000",
        "p 002241A60B… -> 0 9000",
        "p 00CB3FFF064D04A6029100 -> 264 9000",
        "sm 002281B606800141830184 -> 0 9000",
        "sm 102A00AEE77F2182015D5F37820100… -> 0 9000",
        "sm 002A00AE7B… -> 0 9000",
        "sm 002281A40E830C000000002000000000000001 -> 0 9000",
        "sm 0084000008 -> 8 9000",
        "sm 10820000E72000000000000001… -> 0 9000",
        "sm 0082000021… -> 0 9000",
        "sm 002241A40684018280019B -> 0 9000",
        "sm 0088000008… -> 264 9000",
        "sm 00200081083132333435363738 -> 0 9000",
        "sm 00A40204021003 -> 0 9000",
    ]
    .map(str::to_owned)
    .to_vec();
    let size = sample().ef_cert_cie.len();
    for offset in (0..size).step_by(231) {
        expected.push(format!(
            "sm 00B0{offset:04X}00 -> {} 9000",
            (size - offset).min(231)
        ));
    }
    expected.push(format!("sm 00B0{size:04X}00 -> 0 6B00"));
    compare(&phone.reader.script(), &expected);
}

/// Each error must come inside secure messaging, and the status must survive how the family reads it.
#[test]
fn phone_all_reads_tells_tries_and_then_blocked() {
    let mut phone = PhoneAllReads::connect(card("nxp", "default"), Generation::Positional).unwrap();
    for expected in [Told::Left(2), Told::Left(1), Told::Blocked, Told::Blocked] {
        let (told, certificate) = phone.login("00000000").unwrap();
        assert_eq!(told, expected);
        // 6982 ends the loop of this family silently; nothing came.
        assert!(certificate.is_empty());
    }
}

#[rstest]
#[case(0x9000, "9000")]
#[case(0x63C2, "ffc2")]
#[case(0x6982, "ff82")]
#[case(0x6B00, "6b00")]
fn signed_bytes_make_these_texts(#[case] sw: u16, #[case] text: &str) {
    assert_eq!(status_text(sw), text);
}

#[test]
fn strict_der_phone_tells_tries_and_then_blocked() {
    use strict_phone::Told;
    let mut phone = StrictDerPhone::connect(card("stm2", "default")).unwrap();
    phone.session().unwrap();
    assert_eq!(phone.verify("123456781234"), Ok(Told::WrongLength));
    for expected in [
        Told::Wrong(2),
        Told::Wrong(1),
        Told::Wrong(0),
        Told::Blocked,
    ] {
        assert_eq!(phone.verify("00000000"), Ok(expected));
    }
    assert_eq!(phone.certificate(), Err(Stop::Status(0x6982)));
}

#[test]
fn ef_atr_phone_sees_the_status_of_wrong_codes() {
    let mut phone = EfAtrPhone::connect(card("gemalto", "default")).unwrap();
    for sw in [0x63C2, 0x63C1, 0x63C0, 0x6983] {
        phone.session().unwrap();
        assert_eq!(phone.verify(0x81, "00000000"), Err(Stop::Status(sw)));
    }
    for sw in [0x63C9, 0x63C8] {
        assert_eq!(phone.unblock("00000000", PIN), Err(Stop::Status(sw)));
    }
    phone.unblock(PUK, "16180339").unwrap();
    phone.session().unwrap();
    phone.verify(0x81, "16180339").unwrap();
}

/// Why no error may leave the channel bare: the family that opens every body crashes, the other two only stop.
#[test]
fn a_bare_status_word_crashes_a_phone() {
    let bare = |at| {
        let when = When::Protected(at);
        Box::new(Tampering::new(
            card("stm", "default"),
            when,
            Alteration::BareStatus,
        ))
    };
    let mut phone = PhoneAllReads::connect(bare(9), Generation::Positional).unwrap();
    let crash = Stop::Crash("a protected answer without a body");
    assert_eq!(phone.login("00000000"), Err(crash.clone()));
    let mut phone = StrictDerPhone::connect(bare(9)).unwrap();
    phone.session().unwrap();
    assert_eq!(phone.verify("00000000"), Err(crash));
    let mut phone = EfAtrPhone::connect(bare(9)).unwrap();
    phone.session().unwrap();
    assert_eq!(phone.verify(0x81, "00000000"), Err(Stop::Status(0x63C2)));
}
