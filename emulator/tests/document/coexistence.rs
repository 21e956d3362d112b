//! Both applications on one card: who answers, what a SELECT of the other ends, a phone's way from the document to the
//! services key, and a document that does not care what happened to PIN and PUK.

use super::cards::Document;
use super::hex;
use super::reader::{Base, Reader, SELECT_CIE, SELECT_IAS, SELECT_LDS};
use cie_emulator::Card;
use cie_emulator::apps::emrtd::{Domain, Procedure};
use cie_emulator::card::Memory;
use cie_emulator::crypto::pkcs1;
use cie_emulator::crypto::random::Seeded;
use cie_emulator::crypto::suite::Suite;
use cie_emulator::store::InMemory;
use rstest::rstest;

fn domain() -> Domain {
    Domain::from_id(2).unwrap()
}

/// The newest phone clients: PACE with the CAN, the document, then in plain the services key with the same card.
#[rstest]
#[case::master_file_without_data("00A40000")]
#[case::master_file("00A40000023F00")]
fn pace_then_the_services_key(#[case] back: &str) {
    let mut reader = Reader::cie();
    reader.ok("00A4020C02011C");
    assert_eq!(reader.ok("00B00000FF").len(), 22);
    assert_eq!(reader.pace(&domain(), Suite::TripleDes), 0x9000);
    assert_eq!(reader.sm(SELECT_LDS), (vec![], 0x9000));
    for (file, tag) in [("0101", 0x61), ("010B", 0x6B), ("011D", 0x77)] {
        assert_eq!(reader.sm(&format!("00A4020C02{file}")), (vec![], 0x9000));
        assert_eq!(reader.sm("00B0000001"), (vec![tag], 0x9000));
    }
    reader.ok(back);
    assert_eq!(reader.card.state().document, Default::default());
    reader.ok(SELECT_IAS);
    reader.ok(SELECT_CIE);
    assert_eq!(reader.ok("00B081000C").len(), 12);
    assert_eq!(reader.ok("00B0850000").len(), 231);
    reader.ok("002241A406800102840183");
    let signature = reader.ok("0088000008 3132333435363738 00");
    let key = super::cards::SAMPLE.services_key.public();
    assert_eq!(pkcs1::recover_type1(key, &signature).unwrap(), b"12345678");
}

/// What was proven inside the document ends with its selection; what was proven to the card does not.
#[rstest]
#[case::ias(SELECT_IAS)]
#[case::cie(SELECT_CIE)]
fn leaving_for_ias_under_secure_messaging(#[case] other: &str) {
    let mut reader = Reader::cie();
    reader.ok(SELECT_LDS);
    assert_eq!(reader.bac(), 0x9000);
    assert_eq!(reader.sm(other), (vec![], 0x9000));
    assert_eq!(reader.card.state().document.access, None);
    assert_eq!(reader.sm(SELECT_LDS), (vec![], 0x9000));
    assert_eq!(
        reader.sm("00B09E0001"),
        (vec![], 0x6982),
        "the channel stays, access does not"
    );

    let mut reader = Reader::cie();
    assert_eq!(reader.pace(&domain(), Suite::TripleDes), 0x9000);
    assert_eq!(reader.sm(other), (vec![], 0x9000));
    assert_eq!(reader.card.state().document.access, Some(Procedure::Pace));
    assert_eq!(reader.sm(SELECT_LDS), (vec![], 0x9000));
    assert_eq!(reader.sm("00B09E0001"), (vec![0x60], 0x9000));
}

/// The master file is nobody's.
#[test]
fn the_master_file_under_secure_messaging() {
    let mut reader = Reader::cie();
    reader.ok(SELECT_LDS);
    assert_eq!(reader.bac(), 0x9000);
    assert_eq!(reader.sm("00A4000C023F00"), (vec![], 0x9000));
    assert_eq!(reader.sm("00B09C0001"), (vec![0x31], 0x9000));
    assert_eq!(reader.sm(SELECT_LDS), (vec![], 0x9000));
    assert_eq!(reader.sm("00B09E0001"), (vec![0x60], 0x9000));
}

/// A session of the document is none of IAS: no PIN, no signature, no private file.
#[rstest]
#[case::verify("0020008108 3132333435363738", 0x6982)]
#[case::certificate("00B0830001", 0x6982)]
#[case::document_number("00B0820001", 0x6982)]
#[case::external_authenticate("0082000009 000000000000000000", 0x6985)]
#[case::services_number("00B081000C", 0x9000)]
#[case::general_authenticate("00860000027C0000", 0x6D00)]
#[case::pace("0022C1A40F800A04007F00070202040101830102", 0x6A86)]
fn ias_inside_a_session_of_the_document(#[case] command: &str, #[case] sw: u16) {
    let mut reader = Reader::cie();
    assert_eq!(reader.pace(&domain(), Suite::TripleDes), 0x9000);
    assert_eq!(reader.sm(SELECT_CIE), (vec![], 0x9000));
    assert_eq!(reader.sm(command).1, sw);
}

#[test]
fn the_signature_key_is_not_opened_by_pace() {
    let mut reader = Reader::cie();
    assert_eq!(reader.pace(&domain(), Suite::TripleDes), 0x9000);
    reader.sm(SELECT_CIE);
    assert_eq!(reader.sm("002241A406800102840181"), (vec![], 0x9000));
    assert_eq!(reader.sm("0088000008 3132333435363738"), (vec![], 0x6982));
}

/// The document's commands are not those of the CIE directory, and the other way round.
#[rstest]
#[case::get_data(SELECT_LDS, "00CB3FFF0A 4D087006BFA10102A380", 0x6D00)]
#[case::verify(SELECT_LDS, "0020008108 3132333435363738", 0x6D00)]
#[case::key_81(SELECT_LDS, "002241A406800102840181", 0x6A88)]
#[case::ias_certificate(SELECT_LDS, "002A00AE0100", 0x6A86)]
#[case::key_83(SELECT_CIE, "002241A406800102840183", 0x9000)]
#[case::pace(SELECT_CIE, "0022C1A40F800A04007F00070202040101830102", 0x6A86)]
#[case::general_authenticate(SELECT_CIE, "10860000027C0000", 0x6D00)]
#[case::pace_in_the_document(SELECT_LDS, "0022C1A40F800A04007F00070202040101830102", 0x9000)]
#[case::pace_from_the_root_of_ias(SELECT_IAS, "0022C1A40F800A04007F00070202040101830102", 0x9000)]
#[case::bac_is_not_of_ias(
    SELECT_IAS,
    "0082000028 00000000000000000000000000000000000000000000000000000000000000000000000000000000",
    0x6982
)]
fn who_answers(#[case] select: &str, #[case] command: &str, #[case] sw: u16) {
    let mut reader = Reader::cie();
    reader.ok(select);
    assert_eq!(reader.sw(command), sw);
}

/// A card that is no document answers as it always did.
#[rstest]
#[case::select(SELECT_LDS, 0x6A82)]
#[case::pace("0022C1A40F800A04007F00070202040101830102", 0x6A86)]
#[case::general_authenticate("00860000027C0000", 0x6D00)]
#[case::card_access("00A4020C02011C", 0x6A82)]
fn a_card_without_a_document(#[case] command: &str, #[case] sw: u16) {
    let image = Document::cie().image();
    let data = super::cards::SAMPLE.clone();
    let mut bare = data
        .into_image(image.chip.clone(), image.profile.clone())
        .unwrap();
    bare.emrtd = None;
    bare.files = without_document(&bare.files);
    let mut card = Card::new(bare.into(), Box::new(Seeded::new(1)));
    card.power_on();
    assert_eq!(Reader::new(card).sw(command), sw);
}

fn without_document(files: &cie_emulator::files::FileTree) -> cie_emulator::files::FileTree {
    let mut all = files.dedicated_files().to_vec();
    all.retain(|df| {
        !df.df_names
            .iter()
            .any(|name| name == &cie_emulator::apps::emrtd::AID)
    });
    for df in &mut all {
        df.files.retain(|ef| ef.file_id.0 != 0x011C);
    }
    cie_emulator::files::FileTree::new(all).unwrap()
}

/// Document survival: with the same random bytes on both sides, a card in any state of PIN and PUK answers every command of
/// the document exactly as a fresh one does, to the byte.
#[rstest]
#[case::exhausted_with_the_pin("puk_exhaustion=auth_locked")]
#[case::exhausted_alone("puk_exhaustion=puk_object_only")]
fn the_document_survives_every_state_of_pin_and_puk(#[case] profile: &str) {
    // The curve is quick; what PACE agrees on has no part in this.
    let image = Document::offering(13, Suite::Aes128).with(profile).image();
    let transcript = |pin_left, puk_left| {
        let mut credentials = image.factory.clone();
        credentials.pin_left = pin_left;
        credentials.puk_left = puk_left;
        let memory = Memory { credentials };
        let random = Box::new(Seeded::new(12));
        let mut card = Card::with_memory(image.clone(), memory, random, Box::new(InMemory));
        card.power_on();
        let before = card.memory().clone();
        let mut reader = Reader::new(card);
        let answers = the_whole_document(&mut reader);
        assert_eq!(reader.card.memory(), &before);
        answers
    };
    let fresh = transcript(3, 10);
    assert!(fresh.len() > 40);
    for pin_left in 0..=3 {
        for puk_left in 0..=10 {
            assert_eq!(
                transcript(pin_left, puk_left),
                fresh,
                "{pin_left} and {puk_left}"
            );
        }
    }
}

/// Everything a reader of documents does, and the bytes of every answer.
fn the_whole_document(reader: &mut Reader) -> Vec<Vec<u8>> {
    reader.log = Some(Vec::new());
    reader.ok("00A4020C02011C");
    reader.ok("00B0000016");
    let curve = Domain::from_id(13).unwrap();
    assert_eq!(reader.pace(&curve, Suite::Aes128), 0x9000);
    reader.sm(SELECT_LDS);
    for short in [0x1E, 0x1D, 1, 3, 11, 12, 14, 0x1C] {
        reader.sm(&format!("00B0{:02X}0000", 0x80 | short));
    }
    let pair = Base::of(&domain()).pair(vec![5; 32]);
    let command = cie_emulator::wire::CommandBuf::new(0, 0x22, 0x41, 0xA6)
        .data(cie_emulator::wire::tlv::object(0x91, &pair.public));
    assert_eq!(reader.sm_command(&command.extended()), (vec![], 0x9000));
    reader.ok(SELECT_LDS);
    assert_eq!(reader.bac(), 0x9000);
    for file in [
        "011E", "011D", "0101", "0103", "010B", "010C", "010E", "011C", "0102",
    ] {
        reader.sm(&format!("00A4020C02{file}"));
        reader.sm("00B0000000");
    }
    assert_eq!(
        reader.pace_with(&curve, Suite::Aes128, b"000000", 2),
        0x6300
    );
    reader.raw(&hex("00B09C0000"));
    reader.log.take().unwrap()
}
