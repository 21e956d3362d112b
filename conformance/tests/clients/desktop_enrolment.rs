//! Enrolment by the desktop family, on every chip and with both security objects.

use cie_conformance::target::{Alteration, Tampering, When};
use cie_emulator::persona::SodVariant;
use rstest::rstest;

use crate::atr::{NXP, family_by_multiset, family_by_search};
use crate::cards::{PIN, PUK, card, card_of, sample, with};
use crate::desktop::{Desktop, Verdict};
use crate::security_object::{Digests, Generation, Mismatch, verify};
use crate::{Stop, certificate};

/// A family that the desktop table does not list.
const UNKNOWN: &str = "actalis-b946";

fn enrolled(chip: &str, sod: SodVariant, profile: &str) -> Result<Desktop, Stop> {
    let card = Box::new(card_of(with(sod), chip, profile));
    let mut client = Desktop::connect(card, family_by_multiset)?;
    client.enrol(PIN, Mismatch::Printed)?;
    Ok(client)
}

fn check(chip: &str, result: Result<Desktop, Stop>) {
    if chip == UNKNOWN {
        assert_eq!(result.err(), Some(Stop::NotRecognised));
        return;
    }
    let enrolment = result.unwrap().enrolment.unwrap();
    assert_eq!(enrolment.name, "123456789012");
    assert_eq!(enrolment.shown_name, "MARIO ROSSI");
    assert_eq!(enrolment.shown_serial, "CA00000AA");
}

on_every_chip! {
    fn desktop_exact_reads_enrols_with_the_older_security_object(chip) {
        check(chip, enrolled(chip, SodVariant::V0, "default"));
    }

    fn desktop_exact_reads_enrols_with_the_newer_security_object(chip) {
        check(chip, enrolled(chip, SodVariant::Pss, "default"));
    }

    /// Its dialects are the families' own, so a card without tolerance suits it.
    fn desktop_exact_reads_enrols_on_a_strict_card(chip) {
        check(chip, enrolled(chip, SodVariant::V0, "strict"));
    }

    /// It fetches what 61xx announces and repeats after 6Cxx.
    fn desktop_exact_reads_enrols_behind_short_answers(chip) {
        check(chip, enrolled(chip, SodVariant::Pss, "short-answers"));
    }

    /// Zero bytes behind certificate and keys are trimmed before anything is hashed.
    fn desktop_exact_reads_enrols_with_padded_files(chip) {
        check(chip, enrolled(chip, SodVariant::Pss, "pad_files=true"));
    }

    /// The two ways to look at an ATR find the same family.
    fn both_ways_of_recognition_agree(chip) {
        let atr = card(chip, "default").power_on().unwrap();
        assert_eq!(family_by_multiset(&atr), family_by_search(&atr));
        assert_eq!(family_by_search(&atr).is_none(), chip == UNKNOWN);
    }

    /// The families that are compared as "at least" are those that select by master file.
    fn the_chip_table_has_the_dialects_that_the_desktop_family_speaks(chip) {
        let row = cie_emulator::chip::chip(chip).unwrap();
        let atr = card(chip, "default").power_on().unwrap();
        let Some(family) = family_by_multiset(&atr) else { return assert_eq!(chip, UNKNOWN) };
        let by_master_file = row.dialects.root == cie_emulator::chip::RootSelection::MasterFile;
        assert_eq!(family >= NXP, by_master_file);
        let combined = row.dialects.dh_parameters == cie_emulator::chip::DhDialect::Combined;
        assert_eq!(family == 1, combined);
    }
}

/// What an enrolment is made of in plain, in the form `command -> bytes status`; files of other lengths read longer or shorter.
#[rstest]
#[case::master_file("bit4id2", "00A40000", &[
    "p 00CB3FFF0C4D0A7008BFA10104A3029700 -> 274 9000",
    "p 00CB3FFF0C4D0A7008BFA10104A3029800 -> 274 9000",
    "p 00CB3FFF0C4D0A7008BFA10104A3029900 -> 42 9000",
])]
#[case::application("gemalto", "00A4040C0DA0000000308000000009816001", &[
    "p 00CB3FFF0A4D087006BFA10102A380 -> 568 9000",
])]
fn enrolment_word_for_word(#[case] chip: &str, #[case] root: &str, #[case] parameters: &[&str]) {
    let client = enrolled(chip, SodVariant::V0, "default").unwrap();
    let root = format!("p {root} -> 0 9000");
    let mut expected: Vec<String> = [
        "(reset)",
        &root,
        "p 00A4020402D003 -> 0 9000",
        "p 00B0000080 -> 12 6282",
        "p 00A4040C06A00000000039 -> 0 9000",
        "p 00A40204021004 -> 0 9000",
        "p 00B0000080 -> 128 9000",
        "p 00B0008080 -> 128 9000",
        "p 00B0010080 -> 14 6282",
        "p 002241A406800102840183 -> 0 9000",
        "p 008800000C313233343536373839303132 -> 256 9000",
        "p 00A40204021001 -> 0 9000",
        "p 00B0000080 -> 12 6282",
    ]
    .map(str::to_owned)
    .to_vec();
    expected.extend(reads("p 00A40204021006", "p ", sample().ef_sod.len()));
    expected.extend(reads("p 00A40204021005", "p ", 270));
    expected.push(root.clone());
    expected.extend(reads("p 00A4020402D004", "p ", 568));
    expected.extend([&root, "p 00A4040C06A00000000039 -> 0 9000"].map(str::to_owned));
    expected.extend(parameters.iter().map(|line| (*line).to_owned()));
    expected.extend(reads("p 00A40204021004", "p ", 270));
    expected.push("p 00CB3FFF0B4D097007BFA004037F4980 -> 560 9000".into());
    expected.extend(
        [
            "p 102241A6FF80019B83018191820100… -> 0 9000",
            "p 002241A60B… -> 0 9000",
            "p 00CB3FFF064D04A6029100 -> 264 9000",
            "sm 002281B60680014183018400 -> 0 9000",
            "sm 102A00AEE77F2182015D5F37820100… -> 0 9000",
            "sm 002A00AE7B… -> 0 9000",
            "sm 002281A40E830C000000002000000000000001 -> 0 9000",
            "sm 0084000008 -> 8 9000",
            "sm 10820000E72000000000000001… -> 0 9000",
            "sm 0082000021… -> 0 9000",
            "sm 002241A40684018280019B -> 0 9000",
            "sm 0088000008… -> 264 9000",
            "sm 00200081083132333435363738 -> 0 9000",
        ]
        .map(str::to_owned),
    );
    expected.extend(reads("sm 00A40204021002", "sm ", 9));
    expected.extend(reads(
        "sm 00A40204021003",
        "sm ",
        sample().ef_cert_cie.len(),
    ));
    expected.push("(reset)".into());
    compare(&client.reader.script(), &expected);
}

/// SELECT and the reads of 128 bytes of a file with this size.
pub(crate) fn reads(select: &str, way: &str, size: usize) -> Vec<String> {
    let mut lines = vec![format!("{select} -> 0 9000")];
    for offset in (0..=size).step_by(128) {
        let (length, sw) = match size - offset {
            0 => (0, "6B00"),
            rest @ 1..128 => (rest, "6282"),
            _ => (128, "9000"),
        };
        lines.push(format!("{way}00B0{offset:04X}80 -> {length} {sw}"));
    }
    lines
}

/// Line by line; `…` stands for bytes that are drawn anew each time.
pub(crate) fn compare(said: &[String], expected: &[String]) {
    for (n, (said, expected)) in said.iter().zip(expected).enumerate() {
        let same = match expected.split_once('…') {
            None => said == expected,
            Some((head, tail)) => said.starts_with(head) && said.ends_with(tail),
        };
        assert!(
            same,
            "line {n}: the client sent {said}, its family sends {expected}"
        );
    }
    assert_eq!(said.len(), expected.len());
}

#[rstest]
#[case::older(SodVariant::V0, Generation::V0)]
#[case::newer(SodVariant::Pss, Generation::Pss)]
fn the_minidriver_stops_at_what_others_print(
    #[case] sod: SodVariant,
    #[case] expected: Generation,
) {
    let mut client = Desktop::connect(
        Box::new(card_of(with(sod), "gemalto", "default")),
        family_by_search,
    )
    .unwrap();
    client.enrol(PIN, Mismatch::Stops).unwrap();
    let data = with(sod);
    let mut files = Digests {
        services_number: &data.ef_id_servizi,
        serial: &data.ef_seriale,
        certificate: &data.ef_cert_cie,
        device_key: &data.ef_int_kpub,
        services_key: &data.ef_servizi_int_kpub,
        parameters: &data.ef_dh,
    };
    assert_eq!(verify(&data.ef_sod, &files, Mismatch::Stops), Ok(expected));
    files.serial = b"CA00000AB";
    let wrong = Err(Stop::Mismatch("a digest of the security object"));
    assert_eq!(verify(&data.ef_sod, &files, Mismatch::Stops), wrong);
    let printed = match expected {
        Generation::V0 => Ok(Generation::V0),
        Generation::Pss => wrong,
    };
    assert_eq!(verify(&data.ef_sod, &files, Mismatch::Printed), printed);
}

#[rstest]
#[case::older(SodVariant::V0)]
#[case::newer(SodVariant::Pss)]
fn a_flipped_bit_anywhere_in_signed_parts_is_found(#[case] sod: SodVariant) {
    let data = with(sod);
    let files = Digests {
        services_number: &data.ef_id_servizi,
        serial: &data.ef_seriale,
        certificate: &data.ef_cert_cie,
        device_key: &data.ef_int_kpub,
        services_key: &data.ef_servizi_int_kpub,
        parameters: &data.ef_dh,
    };
    let last = data.ef_sod.len() - 1;
    // The list of digests, and the signature at the end.
    for at in [100, 150, 200, last - 200, last] {
        let mut file = data.ef_sod.clone();
        file[at] ^= 1;
        assert!(verify(&file, &files, Mismatch::Stops).is_err(), "byte {at}");
    }
}

/// Some programs find the file of enrolment under the number of the card, others under the services number: they must be equal.
#[test]
fn the_services_number_is_the_number_of_the_card() {
    let client = enrolled("bit4id2", SodVariant::V0, "default").unwrap();
    assert_eq!(client.number.as_deref(), Some("123456789012"));
    assert_eq!(client.enrolment.unwrap().name, client.number.unwrap());
}

#[test]
fn the_same_card_gives_the_same_cache_key() {
    let key = |chip| {
        enrolled(chip, SodVariant::V0, "default")
            .unwrap()
            .enrolment
            .unwrap()
            .cache_key
    };
    assert_eq!(key("bit4id2"), key("gemalto"));
}

#[rstest]
#[case::wrong_pin("00000000", Verdict::Incorrect(Some(2)))]
#[case::too_short("1234", Verdict::Incorrect(None))]
#[case::too_long("1234567812345678", Verdict::Incorrect(None))]
fn enrolment_tells_a_wrong_pin(#[case] pin: &str, #[case] verdict: Verdict) {
    let mut client = Desktop::connect(card("gemalto", "default"), family_by_multiset).unwrap();
    assert_eq!(
        client.enrol(pin, Mismatch::Printed),
        Err(Stop::Code(verdict))
    );
    let tries = client.reader.target().state().unwrap().pin_tries;
    assert_eq!(tries, Some(if pin.len() == 8 { 2 } else { 3 }));
}

/// A status that enrolment only logs leaves its counter one behind: the card must take the next command for a wrong one.
#[rstest]
#[case(0x6982)]
#[case(0x6984)]
#[case(0x6985)]
#[case(0x6A88)]
#[case(0x6F00)]
fn enrolment_goes_on_after_an_odd_status_and_meets_6988(#[case] sw: u16) {
    let verify = When::Protected(9);
    let card = Tampering::new(
        card("gemalto", "default"),
        verify,
        Alteration::Replace(sw.to_be_bytes().to_vec()),
    );
    let mut client = Desktop::connect(Box::new(card), family_by_multiset).unwrap();
    assert_eq!(
        client.enrol(PIN, Mismatch::Printed),
        Err(Stop::Status(0x6988))
    );
    let said = client.reader.script();
    assert_eq!(
        said[said.len() - 2],
        format!("sm 00200081083132333435363738 -> 0 {sw:04X}")
    );
    assert!(said[said.len() - 1].starts_with("sm 00A40204021002"));
}

#[test]
fn a_blocked_pin_is_told_apart_from_a_wrong_one() {
    let mut client = Desktop::connect(card("gemalto", "default"), family_by_multiset).unwrap();
    let mut enrol = |pin| client.enrol(pin, Mismatch::Printed);
    for left in [2, 1, 0] {
        assert_eq!(
            enrol("00000000"),
            Err(Stop::Code(Verdict::Incorrect(Some(left))))
        );
    }
    assert_eq!(enrol(PIN), Err(Stop::Code(Verdict::Locked)));
    client.unblock_pin(PUK, "11223344").unwrap();
    client.enrol("11223344", Mismatch::Printed).unwrap();
}

#[test]
fn every_family_finds_its_part_of_the_certificate() {
    let file = enrolled("nxp", SodVariant::V0, "pad_files=true")
        .unwrap()
        .enrolment
        .unwrap()
        .certificate;
    assert_eq!(file.len() % 256, 0);
    assert_eq!(
        certificate::name_by_object_identifiers(&file).unwrap(),
        "MARIO ROSSI"
    );
    assert_eq!(certificate::name_by_search(&file).unwrap(), "MARIO ROSSI");
    assert_eq!(certificate::document_number(&file).unwrap(), "CA00000AA");
    assert_eq!(certificate::fiscal_code(&file).unwrap(), "RSSMRA80A01H501U");
    certificate::strict(&file).unwrap();
    assert_eq!(
        &certificate::key(&file).unwrap(),
        sample().signature_key.public()
    );
}
