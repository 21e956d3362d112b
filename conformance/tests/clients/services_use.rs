//! The services programs on every chip; those that insist on the name of the application cannot use strict cards of the other way.

use cie_conformance::target::{Reset, Target, TargetError, TargetKind};
use cie_emulator::chip::{self, RootSelection};
use cie_emulator::persona::SodVariant;
use rstest::rstest;

use crate::Stop;
use crate::cards::{card, card_of, sample, with};
use crate::desktop_enrolment::compare;
use crate::loops::ReadLoop;
use crate::reader::Answer;
use crate::security_object;
use crate::services::{Dumper, Evidence, Services};

/// What all of them must have found, and what back ends check: both digests in the security object.
fn found(evidence: &Evidence) {
    assert_eq!(evidence.number, b"123456789012");
    for (number, content) in [(0xA1, &evidence.number), (0xA5, &evidence.key_file)] {
        let (algorithm, digest) =
            security_object::digest_of(&evidence.security_object, number).unwrap();
        assert_eq!(digest, algorithm.digest(&[content]), "digest {number:02X}");
    }
    // A bare RSAPublicKey, the key of the card.
    assert_eq!(&evidence.key().unwrap(), sample().services_key.public());
    assert_eq!(evidence.key_file.len(), 270);
    assert_eq!(evidence.signature.len(), 256);
}

/// The name is refused where a strict card selects by master file.
fn by_name(chip: &str) -> Option<Stop> {
    let root = chip::chip(chip).unwrap().dialects.root;
    (root == RootSelection::MasterFile).then_some(Stop::Status(0x6A82))
}

fn services(chip: &str, profile: &str) -> Services {
    Services::connect(card(chip, profile), true).unwrap()
}

on_every_chip! {
    fn services_by_short_id(chip) {
        for profile in ["default", "short-answers"] {
            assert_eq!(services(chip, profile).short_id_number().unwrap(), b"123456789012");
        }
        assert_eq!(services(chip, "strict").short_id_number().err(), by_name(chip));
    }

    fn services_desktop_exact_reads(chip) {
        for (sod, profile) in [(SodVariant::V0, "default"), (SodVariant::Pss, "short-answers")] {
            let card = Box::new(card_of(with(sod), chip, profile));
            let evidence = Services::connect(card, true).unwrap().desktop().unwrap();
            found(&evidence);
            evidence.check_unpadded().unwrap();
        }
        assert_eq!(services(chip, "strict").desktop().err(), by_name(chip));
    }

    /// No Le with the challenge, so that a card with short answers is out of its reach.
    fn services_all_reads(chip) {
        let evidence = services(chip, "default").all_reads().unwrap();
        found(&evidence);
        evidence.check_tail().unwrap();
        assert_eq!(services(chip, "strict").all_reads().err(), by_name(chip));
        assert_eq!(services(chip, "short-answers").all_reads().err(), Some(Stop::Status(0x6100)));
    }

    fn services_small_device(chip) {
        for profile in ["default", "short-answers"] {
            let evidence = services(chip, profile).small_device().unwrap();
            found(&evidence);
            evidence.check_tail().unwrap();
        }
        assert_eq!(services(chip, "strict").small_device().err(), by_name(chip));
    }

    /// Its steps of four bytes end beyond a file that is neither padded nor a multiple of them long: known from the field.
    fn services_small_device_scans_ef_atr(chip) {
        let content = &chip::chip(chip).unwrap().ef_atr;
        match services(chip, "default").scan_ef_atr() {
            Ok(found) => {
                assert_eq!(chip, "gemalto");
                assert!(content.starts_with(&found) && found.ends_with(&[0x82, 0x02, 0x90, 0x00]));
            }
            stopped => {
                assert_ne!((content.len() - 33) % 4, 0);
                assert_eq!(stopped, Err(Stop::Status(0x6282)));
            }
        }
    }

    fn services_rewritten_phone(chip) {
        for profile in ["default", "short-answers"] {
            let evidence = services(chip, profile).rewritten_phone("perché no").unwrap();
            found(&evidence);
            evidence.check_unpadded().unwrap();
        }
        assert_eq!(services(chip, "strict").rewritten_phone("x").err(), by_name(chip));
    }

    /// It knows cards that answer `6100`; on others it asks for what was already sent.
    fn dumper_reads_everything_that_is_free(chip) {
        let mut dumper = Dumper::connect(card(chip, "get_response=internal_authenticate")).unwrap();
        let free = |dumper: &mut Dumper, ids: &[&str]| {
            ids.iter().map(|id| dumper.file(id).unwrap()).collect::<Vec<_>>()
        };
        let root = free(&mut dumper, &["2F00", "2F01", "D003", "D004"]);
        assert_eq!(root[1], chip::chip(chip).unwrap().ef_atr);
        assert_eq!((&root[2][..], &root[3]), (&sample().ef_sn_icc[..], &sample().ef_dh));
        dumper.cie().unwrap();
        let cie = free(&mut dumper, &["1001", "1004", "1005", "1006"]);
        assert_eq!(cie[3], sample().ef_sod);
        for secret in ["1002", "1003"] {
            assert_eq!(dumper.file(secret), Err(Stop::Status(0x6982)));
        }
        assert_eq!(dumper.file("1000"), Err(Stop::Status(0x6A82)));
        for tag in ["BFA004", "BFA101", "BF8102"] {
            assert_eq!(dumper.object(tag), Ok(0x6A88));
        }
        let signature = dumper.signature(&[0x47; 51]).unwrap();
        let [number, _, key_file, security_object] = <[Vec<u8>; 4]>::try_from(cie).unwrap();
        let evidence = Evidence { number, key_file, security_object, challenge: vec![0x47; 51], signature };
        found(&evidence);
        evidence.check_pattern().unwrap();
        let mut other = Dumper::connect(card(chip, "default")).unwrap();
        other.cie().unwrap();
        assert_eq!(other.signature(&[0x33; 40]), Err(Stop::Status(0x6D00)));
    }
}

#[test]
fn services_word_for_word() {
    let mut program = services("gemalto", "default");
    program.all_reads().unwrap();
    let select = [
        "p 00A4040C0DA0000000308000000009816001 -> 0 9000",
        "p 00A4040C06A00000000039 -> 0 9000",
    ];
    let size = sample().ef_sod.len();
    let mut expected: Vec<String> = [
        &select[..],
        &[
            "p 00A40204021001 -> 0 9000",
            "p 00B0000000 -> 12 9000",
            "p 00B0000C00 -> 0 6B00",
            "p 00A40204021005 -> 0 9000",
            "p 00B0000000 -> 231 9000",
            "p 00B000E700 -> 39 9000",
            "p 00B0010E00 -> 0 6B00",
            "p 002241A406800102840183 -> 0 9000",
            "p 0088000010… -> 256 9000",
        ],
        &select,
        &["p 00A40204021006 -> 0 9000"],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect();
    for offset in (0..size).step_by(231) {
        expected.push(format!(
            "p 00B0{offset:04X}00 -> {} 9000",
            (size - offset).min(231)
        ));
    }
    expected.push(format!("p 00B0{size:04X}00 -> 0 6B00"));
    compare(&program.reader.script(), &expected);
}

/// Reads that were recorded from cards: by short identifier with Le 00, and with odd instruction up to the warning at the end.
#[test]
fn recorded_reads() {
    let mut program = services("actalis", "default");
    program.short_id_number().unwrap();
    let mut read = |digits: &str| {
        let Answer { data, sw } = program.reader.raw(&hex::decode(digits).unwrap()).unwrap();
        (data, sw)
    };
    let (first, second) = (read("00B0850000"), read("00B085E700"));
    assert_eq!(
        (first.0.len(), first.1, second.0.len(), second.1),
        (231, 0x9000, 39, 0x9000)
    );
    assert_eq!([first.0, second.0].concat(), sample().ef_servizi_int_kpub);
    let (mut content, mut last) = (Vec::new(), 0x9000);
    while last == 0x9000 {
        let (data, sw) = read(&format!("00B10006045402{:04X}E7", content.len()));
        let header = match data[1] {
            0x81 => 3,
            _ => 2,
        };
        if sw == 0x9000 {
            assert_eq!((data.len(), &data[..3]), (231, &[0x53, 0x81, 0xE4][..]));
        }
        content.extend_from_slice(&data[header..]);
        last = sw;
    }
    assert_eq!((last, content), (0x6282, sample().ef_sod.clone()));
}

/// A way to the card that loses Le, as protocols of old readers do; then a card may answer `6100`.
struct WithoutLe(Box<dyn Target>);

impl Target for WithoutLe {
    fn kind(&self) -> TargetKind {
        self.0.kind()
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.0.reset(reset)
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        let case_4 = command
            .get(4)
            .is_some_and(|lc| command.len() == 6 + usize::from(*lc));
        self.0
            .transmit(&command[..command.len() - usize::from(case_4)], response)
    }
}

#[rstest]
#[case::accepts_6100("get_response=internal_authenticate", 1)]
#[case::needs_none("default", 0)]
fn the_rewritten_phone_accepts_6100(#[case] profile: &str, #[case] fetched: usize) {
    let card = Box::new(WithoutLe(card("gemalto", profile)));
    let mut program = Services::connect(card, false).unwrap();
    program
        .rewritten_phone("challenge")
        .unwrap()
        .check_unpadded()
        .unwrap();
    let script = program.reader.script();
    let asked = script
        .iter()
        .filter(|line| line.starts_with("p 00C0000000 -> 256 9000"))
        .count();
    assert_eq!(asked, fetched);
}

/// The same way stops the program that takes 61xx for an error.
#[test]
fn the_desktop_services_program_refuses_6100() {
    let card = Box::new(WithoutLe(card(
        "gemalto",
        "get_response=internal_authenticate",
    )));
    assert_eq!(
        Services::connect(card, true).unwrap().desktop().err(),
        Some(Stop::Status(0x6100))
    );
}

/// Any number of times, in plain, without any code, whatever length up to 245 bytes.
#[test]
fn the_services_key_signs_again_and_again() {
    let mut program = services("stm3", "default");
    program.short_id_number().unwrap();
    for length in [1_usize, 8, 12, 16, 32, 51, 245, 246] {
        program.reader.plain_hex("002241A406800102840183").unwrap();
        let command = [
            &[0x00, 0x88, 0x00, 0x00, length as u8][..],
            &vec![0x5A; length],
        ]
        .concat();
        let answer = program.reader.raw(&command).unwrap();
        let expected = if length > 245 {
            (0, 0x6700)
        } else {
            (256, 0x9000)
        };
        assert_eq!((answer.data.len(), answer.sw), expected, "{length} bytes");
    }
}

/// A card of these tests that ends files in ways that cards must not.
fn ends_with(last: &'static [(usize, u16)]) -> impl FnMut(u16, u8) -> Result<Answer, Stop> {
    let mut answers = last.iter();
    move |_, _| {
        let (length, sw) = *answers.next().unwrap_or(&last[last.len() - 1]);
        Ok(Answer {
            data: vec![0x30; length],
            sw,
        })
    }
}

/// Why the card ends its files as it does: each loop with each end.
#[rstest]
#[case::exact_needs_6282_or_6b00(ReadLoop::Exact(0x80), &[(128, 0x9000), (14, 0x6282)], Ok(142))]
#[case::exact_stops_at_6b00(ReadLoop::Exact(0x80), &[(128, 0x9000), (0, 0x6B00)], Ok(128))]
#[case::exact_never_ends_on_9000_without_data(ReadLoop::Exact(0x80), &[(128, 0x9000), (0, 0x9000)], Err(Stop::Endless))]
#[case::strict_ends_on_9000_without_data(ReadLoop::ExactUnlessEmpty(0xFF), &[(255, 0x9000), (0, 0x9000)], Ok(255))]
#[case::exact_refuses_other_ends(ReadLoop::Exact(0x80), &[(128, 0x9000), (0, 0x6A86)], Err(Stop::Status(0x6A86)))]
#[case::dropping_loses_what_comes_with_6282(ReadLoop::AllDropping, &[(231, 0x9000), (39, 0x6282)], Ok(231))]
#[case::dropping_needs_9000_to_the_end(ReadLoop::AllDropping, &[(231, 0x9000), (39, 0x9000), (0, 0x6B00)], Ok(270))]
#[case::keeping_lives_with_both(ReadLoop::AllKeeping, &[(231, 0x9000), (39, 0x6282)], Ok(270))]
fn ends_of_files(
    #[case] how: ReadLoop,
    #[case] answers: &'static [(usize, u16)],
    #[case] expected: Result<usize, Stop>,
) {
    assert_eq!(
        how.run(ends_with(answers)).map(|content| content.len()),
        expected
    );
}
