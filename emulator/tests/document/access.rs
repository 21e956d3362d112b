//! BAC, reading and secure messaging: what gives access, what it opens, and what ends it.

use super::cards::Document;
use super::hex;
use super::reader::{Reader, SELECT_CIE, SELECT_IAS, SELECT_LDS};
use cie_emulator::apps::emrtd::Domain;
use cie_emulator::crypto::suite::Suite;
use proptest::prelude::*;
use rstest::rstest;

fn lds() -> Reader {
    let mut reader = Reader::cie();
    reader.ok(SELECT_LDS);
    reader
}

fn open() -> Reader {
    let mut reader = lds();
    assert_eq!(reader.bac(), 0x9000);
    reader
}

const FILES: [(&str, u8, &str); 7] = [
    ("011E", 0x1E, "60"),
    ("011D", 0x1D, "77"),
    ("0101", 0x01, "61"),
    ("010B", 0x0B, "6B"),
    ("010C", 0x0C, "6C"),
    ("010E", 0x0E, "6E"),
    ("011C", 0x1C, "42"),
];

/// Units B and O: before access every file may be selected, and none be read.
#[test]
fn nothing_is_read_before_access() {
    let mut reader = lds();
    for (id, short, _) in FILES.into_iter().chain([("0103", 3, "63")]) {
        assert_eq!(reader.sw(&format!("00B0{:02X}0000", 0x80 | short)), 0x6982);
        assert_eq!(reader.sw(&format!("00A4020C02{id}")), 0x9000);
        assert_eq!(reader.raw(&hex("00B0000001")), (vec![], 0x6982));
        assert_eq!(
            reader.raw(&hex(&format!("00B100{short:02X}0354010006"))),
            (vec![], 0x6982)
        );
    }
    for missing in [
        "00B0820000",
        "00B08F0000",
        "00A4020C020102",
        "00A4020C020202",
    ] {
        assert_eq!(reader.sw(missing), 0x6A82);
    }
}

#[test]
fn a_profile_that_refuses_to_select() {
    let mut reader = Reader::new(Document::cie().with("document_select_refuses=true").card());
    reader.ok("00A4020C02011C");
    reader.ok(SELECT_LDS);
    assert_eq!(reader.sw("00A4020C02011E"), 0x6982);
    assert_eq!(reader.bac(), 0x9000);
    assert_eq!(reader.sm("00A4020C02011E").1, 0x9000);
}

/// Units D and E: after access every file but the fingerprints.
#[test]
fn everything_but_fingerprints_is_read_after_access() {
    let mut reader = open();
    for (id, short, tag) in FILES {
        assert_eq!(reader.sm(&format!("00A4020C02{id}")), (vec![], 0x9000));
        let (first, sw) = reader.sm("00B0000001");
        assert_eq!((hex::encode_upper(first).as_str(), sw), (tag, 0x9000));
        assert_eq!(
            reader.sm(&format!("00B0{:02X}0001", 0x80 | short)).1,
            0x9000
        );
        assert_eq!(reader.sm(&format!("00B100{short:02X}0354010003")).1, 0x9000);
    }
    assert_eq!(reader.sm("00B0830006"), (vec![], 0x6982));
    assert_eq!(reader.sm("00A4020C020103"), (vec![], 0x9000));
    assert_eq!(reader.sm("00B0000006"), (vec![], 0x6982));
    // Refusals did not end the session (D_23 among them).
    assert_eq!(reader.sm("00A4020C020202"), (vec![], 0x6A82));
    assert_eq!(reader.sm("00B09E0001"), (vec![0x60], 0x9000));
}

#[rstest]
#[case::exactly_what_is_there("00B081005F", 95, 0x9000)]
#[case::more_than_is_there("00B08100DF", 95, 0x9000)]
#[case::all_there_is("00B0810000", 95, 0x9000)]
#[case::the_last_byte("00B0815E01", 1, 0x9000)]
#[case::the_last_byte_and_more("00B0815E80", 1, 0x9000)]
#[case::at_the_end("00B0815F01", 0, 0x6B00)]
#[case::beyond_the_end("00B081FF00", 0, 0x6B00)]
#[case::as_much_as_fits("00B09D0000", 231, 0x9000)]
#[case::more_than_fits("00B09D00FF", 231, 0x9000)]
#[case::the_highest_offset("00B07FFF01", 0, 0x6986)]
#[case::without_le("00B08100", 0, 0x6700)]
#[case::extended("00B09D00000400", 1024, 0x9000)]
#[case::extended_more_than_the_chip_gives("00B09D00000B00", 2019, 0x9000)]
#[case::extended_all("00B09D00000000", 2019, 0x9000)]
#[case::odd("00B1001D0354010000", 231, 0x9000)]
#[case::odd_one_byte("00B100010354010003", 3, 0x9000)]
#[case::odd_four_bytes("00B100010354010006", 6, 0x9000)]
#[case::odd_too_short("00B100010354010001", 0, 0x6700)]
#[case::odd_at_the_end("00B1000103 54015F 06", 0, 0x6B00)]
#[case::odd_three_byte_offset("00B1001D05 5403000100 06", 6, 0x9000)]
#[case::odd_other_object("00B100010353010006", 0, 0x6A80)]
#[case::odd_no_object("00B10001015406", 0, 0x6A80)]
fn read_binary_inside_a_session(#[case] command: &str, #[case] length: usize, #[case] sw: u16) {
    let mut reader = open();
    let (data, found) = reader.sm(command);
    assert_eq!((data.len(), found), (length, sw));
}

#[test]
fn one_less_fits_with_aes() {
    let mut reader = Reader::new(Document::offering(13, Suite::Aes128).card());
    assert_eq!(
        reader.pace(&Domain::from_id(13).unwrap(), Suite::Aes128),
        0x9000
    );
    reader.sm(SELECT_LDS);
    let command = hex("00B09D0000");
    let command = cie_emulator::wire::Command::parse(&command).unwrap().into();
    let protected = reader.channel.as_mut().unwrap().protect(&command);
    let answer = reader.card.transmit(&protected).to_vec();
    let (data, sw) = reader.channel.as_mut().unwrap().open(&answer).unwrap();
    assert_eq!((data.len(), sw), (223, 0x9000));
    assert!(answer.len() <= 258);
}

#[test]
fn the_warning_of_another_profile() {
    let mut reader = Reader::new(Document::cie().with("document_end_warning=true").card());
    assert_eq!(reader.raw(&hex("00A4020C02011C")).1, 0x9000);
    assert_eq!(reader.raw(&hex("00B00000FF")).1, 0x6282);
    assert_eq!(reader.raw(&hex("00B0000000")).1, 0x9000);
}

/// Unit C: challenges and proofs of BAC.
#[test]
fn a_challenge_is_good_for_one_proof() {
    let mut reader = lds();
    let first = reader.ok("0084000008");
    let second = reader.ok("0084000008");
    assert_ne!(first, second);
    let (stale, _) = reader.bac_proof(super::cards::MRZ, &first);
    assert_eq!(reader.raw(&stale), (vec![], 0x6300));
    let (right, _) = reader.bac_proof(super::cards::MRZ, &second);
    assert_eq!(
        reader.raw(&right),
        (vec![], 0x6300),
        "the challenge is used up"
    );
    assert_eq!(reader.bac(), 0x9000);
}

#[rstest]
#[case::no_challenge(false, 0, 0x6300)]
#[case::checksum(true, 39, 0x6300)]
#[case::cryptogram(true, 0, 0x6300)]
fn wrong_proofs(#[case] challenge: bool, #[case] byte: usize, #[case] sw: u16) {
    let mut reader = lds();
    let random = if challenge {
        reader.ok("0084000008")
    } else {
        vec![0; 8]
    };
    let (mut command, _) = reader.bac_proof(super::cards::MRZ, &random);
    command[5 + byte] ^= u8::from(challenge);
    assert_eq!(reader.raw(&command), (vec![], sw));
    assert_eq!(reader.bac(), 0x9000, "nothing is blocked");
}

#[test]
fn another_holders_mrz() {
    let mut reader = lds();
    for _ in 0..20 {
        assert_eq!(reader.bac_with("L898902C<369080619406236"), 0x6300);
    }
    assert_eq!(reader.bac(), 0x9000);
}

#[rstest]
#[case::short_challenge("0084000004", 0x6700)]
#[case::long_challenge("0084000010", 0x6700)]
#[case::no_le("00840000", 0x6700)]
#[case::other_parameters("0084010008", 0x6A86)]
#[case::short_proof("008200000800000000000000000", 0x6700)]
#[case::unknown_instruction("00CA000000", 0x6D00)]
#[case::unknown_class("8084000008", 0x6E00)]
#[case::protected_without_session("0CB09E000D9701068E08000000000000000000", 0x6985)]
#[case::active_authentication("0088000008 0000000000000000 00", 0x6D00)]
fn plain_commands_of_the_application(#[case] command: &str, #[case] sw: u16) {
    let command = if command.len() % 2 == 1 {
        format!("{command}0")
    } else {
        command.to_owned()
    };
    assert_eq!(lds().sw(&command), sw);
}

#[rstest]
#[case::nothing_selected(&[])]
#[case::master_file(&["00A4000C023F00"])]
#[case::after_card_access(&["00A4020C02011C", "00B0000004"])]
#[case::application(&[SELECT_LDS])]
#[case::after_ias_the_application(&[SELECT_IAS, SELECT_LDS])]
fn bac_from_everywhere(#[case] before: &[&str]) {
    let mut reader = Reader::cie();
    for command in before {
        reader.ok(command);
    }
    assert_eq!(reader.bac(), 0x9000);
    assert_eq!(reader.sm(SELECT_LDS), (vec![], 0x9000));
    assert_eq!(reader.sm("00B09E0001"), (vec![0x60], 0x9000));
}

#[test]
fn bac_of_other_profiles() {
    let mut reader = Reader::new(Document::cie().with("bac=false").card());
    reader.ok(SELECT_LDS);
    assert_eq!(reader.bac(), 0x6985);
    let mut reader = Reader::new(Document::cie().with("bac_anywhere=false").card());
    assert_eq!(reader.bac(), 0x6982);
    reader.ok(SELECT_LDS);
    assert_eq!(reader.bac(), 0x9000);
}

/// ICAO 9303-11 §9.8.6, and C_12 to C_18: what ends a session, with which words; afterwards nothing is left of it.
#[rstest]
#[case::no_checksum("0CA4020C0B8709016375432908C044F600", 0x6987)]
#[case::no_checksum_on_read("0CB09E000397010600", 0x6987)]
#[case::wrong_checksum("0CB09E000D9701068E08000000000000000000", 0x6988)]
#[case::not_objects("0CB09E0003FFFFFF00", 0x6988)]
#[case::objects_twice("0CB09E00109701069701068E08000000000000000000", 0x6988)]
#[case::other_class("80B09E0006", 0x6E00)]
#[case::malformed("0CB09E0005", 0x6987)]
fn errors_of_secure_messaging(#[case] command: &str, #[case] sw: u16) {
    let mut reader = open();
    assert_eq!(reader.raw(&hex(command)), (vec![], sw));
    session_is_over(&mut reader);
}

fn session_is_over(reader: &mut Reader) {
    let proven = reader.card.state().document;
    assert_eq!(proven, Default::default());
    let mut fork = reader.fork();
    assert!(matches!(fork.sm_bare("00B09E0006"), 0x6985 | 0x6882));
    fork.ok(SELECT_LDS);
    assert_eq!(fork.sw("00B09E0006"), 0x6982);
    assert_eq!(fork.bac(), 0x9000);
}

#[test]
fn a_replay_ends_the_session() {
    let mut reader = open();
    let command = hex("00B09E0001");
    let command = cie_emulator::wire::Command::parse(&command).unwrap().into();
    let protected = reader.channel.as_mut().unwrap().protect(&command);
    assert_eq!(reader.raw(&protected).1, 0x9000);
    assert_eq!(reader.raw(&protected), (vec![], 0x6988));
    session_is_over(&mut reader);
}

/// P_80: the object that names the file was left out, the checksum is right.
#[rstest]
#[case::file("00A4020C")]
#[case::application("00A4040C")]
fn select_of_nothing(#[case] command: &str) {
    let mut reader = open();
    assert_eq!(reader.sm_bare(command), 0x6987);
    session_is_over(&mut reader);
}

/// Q11: a plain command ends the session and is executed.
#[rstest]
#[case::select_file("00A4020C02011E", 0x9000)]
#[case::select_application(SELECT_LDS, 0x9000)]
#[case::read("00B09E0006", 0x6982)]
#[case::read_current("00B0000006", 0x6986)]
#[case::challenge("0084000008", 0x9000)]
#[case::master_file("00A40000", 0x9000)]
fn plain_commands_end_the_session(#[case] command: &str, #[case] sw: u16) {
    let mut reader = open();
    assert_eq!(reader.sw(command), sw);
    session_is_over(&mut reader);
}

#[test]
fn errors_in_plain_that_do_not_count() {
    let profile = "document_errors=plain_keep_session";
    let mut reader = Reader::new(Document::cie().with(profile).card());
    reader.ok(SELECT_LDS);
    assert_eq!(reader.bac(), 0x9000);
    assert_eq!(reader.sm_bare("00B0830006"), 0x6982);
    // The response was not counted, so a reader that did not count it either goes on.
    assert_eq!(reader.sm("00B09E0001"), (vec![0x60], 0x9000));
}

#[rstest]
#[case::default("select", 0x6982, true)]
#[case::read("read", 0x9000, true)]
#[case::nothing("nothing", 0x6982, false)]
fn card_access_with_nothing_selected(
    #[case] setting: &str,
    #[case] read: u16,
    #[case] select: bool,
) {
    let setting = format!("card_access_unselected={setting}");
    let mut reader = Reader::new(Document::cie().with(&setting).card());
    assert_eq!(reader.sw("00B09C0000"), read);
    let mut reader = Reader::new(Document::cie().with(&setting).card());
    assert_eq!(reader.sw("00A4020C02011C") == 0x9000, select);
}

/// One short identifier, two files: who comes from IAS finds the serial number, everybody else EF.CardAccess.
#[rstest]
#[case::master_file(&["00A4000C023F00"], "31")]
#[case::master_file_without_data(&["00A40000"], "31")]
#[case::from_the_document(&[SELECT_LDS, "00A4000C"], "31")]
#[case::ias(&[SELECT_IAS], "5A")]
#[case::from_ias(&[SELECT_IAS, "00A4000C023F00"], "5A")]
#[case::from_the_cie_directory(&[SELECT_IAS, SELECT_CIE, "00A40000"], "5A")]
#[case::from_the_document_after_ias(&[SELECT_IAS, SELECT_LDS, "00A40000"], "31")]
fn short_identifier_1c(#[case] before: &[&str], #[case] tag: &str) {
    let mut reader = Reader::cie();
    for command in before {
        reader.ok(command);
    }
    assert_eq!(hex::encode_upper(reader.ok("00B09C0001")), tag);
    // By their identifiers both are there.
    for (id, tag) in [("011C", "31"), ("D003", "5A")] {
        assert_eq!(reader.sw(&format!("00A4020C02{id}")), 0x9000);
        assert_eq!(hex::encode_upper(reader.ok("00B0000001")), tag);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is done to a protected command, the session is gone, and nothing that was proven is left.
    #[test]
    fn a_spoiled_command_ends_the_session(at in 0_usize..40, flip in 1_u8..=255, cut in 0_usize..3) {
        static OPEN: std::sync::OnceLock<std::sync::Mutex<Reader>> = std::sync::OnceLock::new();
        let mut reader = OPEN.get_or_init(|| std::sync::Mutex::new(open())).lock().unwrap().fork();
        let command = hex("00A4020C02011E");
        let command = cie_emulator::wire::Command::parse(&command).unwrap().into();
        let mut protected = reader.channel.as_mut().unwrap().protect(&command);
        // The final Le is not covered by the checksum.
        let last = protected.len() - 1;
        protected[at % last] ^= flip;
        protected.truncate(last + 1 - cut);
        let class = protected[0];
        let answer = reader.raw(&protected);
        prop_assert!(answer.0.is_empty());
        // Another class byte may make it a plain command, which ends the session too.
        prop_assert!(answer.1 != 0x9000 || class & 0x0C == 0, "{answer:02X?}");
        session_is_over(&mut reader);
    }
}
