//! Secure messaging of the document, both ciphers, against worked examples; and the deviations a judge makes on purpose.

use cie_conformance::terminal::emrtd::{
    ActiveKey, BasicAccess, DocumentError, Domain, ExchangeFault, Password, Round, commands,
};
use cie_conformance::terminal::{LeObject, SecureMessaging, SessionKeys};
use cie_crypto::random::Seeded;
use cie_crypto::suite::Suite;
use cie_emulator::wire::{CommandBuf, Le, StatusWord};
use rstest::rstest;
use serde_json::Value;

use crate::document::{BAC, CITIZEN, PACE, appendix_g, cie_run, script, text};
use crate::vectors::field;

/// Row by row: plain command, the protected one, the answer, what it holds.
fn exchanges(keys: &SessionKeys, source: &Value, rows: [(&CommandBuf, &str, &str, &str); 3]) {
    let mut session = SecureMessaging::new(keys, 0);
    for (plain, sent, back, data) in rows {
        let bytes = session
            .protect(plain.view(), LeObject::AsPlain, None)
            .unwrap();
        assert_eq!(bytes, field(source, sent), "{sent}");
        let answer = session
            .unprotect(plain.header.ins, &field(source, back))
            .unwrap();
        assert_eq!(answer.data, hex::decode(data).unwrap(), "{back}");
        assert_eq!(answer.sw, StatusWord::NO_ERROR);
    }
}

#[rstest]
#[case::aes128(Suite::Aes128, "aes128")]
#[case::aes192(Suite::Aes192, "aes192")]
#[case::aes256(Suite::Aes256, "aes256")]
fn secure_messaging_with_aes(#[case] suite: Suite, #[case] which: &str) {
    let secret = field(&PACE["ecdh_gm_aes128"], "k_x");
    let keys = SessionKeys::of_document(suite, &secret);
    let source = &CITIZEN[which];
    let name = which.replace("aes", "aes_");
    assert_eq!(keys.encryption(), field(source, &format!("{name}_ksenc")));
    assert_eq!(
        keys.authentication(),
        field(source, &format!("{name}_ksmac"))
    );
    let by_id = CommandBuf::new(0, 0xB0, 0x9E, 0).le(Le::Exactly(4));
    let odd = CommandBuf::new(0, 0xB1, 0x00, 0x1E)
        .data([0x54, 0x01, 0x00])
        .le(Le::Exactly(6));
    exchanges(
        &keys,
        source,
        [
            (
                &commands::select_document(),
                "select_aid_p2_0c_no_do97",
                "rsp_9000",
                "",
            ),
            (
                &by_id,
                "read_binary_sfi_1e_le_04",
                "rsp_60185f01",
                "60185F01",
            ),
            (&odd, "b1_sfi_1e_do54_0_le_06", "rsp", "530460185F01"),
        ],
    );
}

#[test]
fn secure_messaging_of_the_worked_basic_access_session() {
    let information = text(&BAC, "mrz_information_ascii");
    let password = Password::from_machine_readable_zone(&information).unwrap();
    let mut run = BasicAccess::new(&password);
    run.take_challenge(&field(&BAC, "rnd_ic")).unwrap();
    let mut random = script([field(&BAC, "rnd_ifd"), field(&BAC, "k_ifd")]);
    run.command(None, &mut random).unwrap();
    let answer = [field(&BAC, "eic"), field(&BAC, "mic")].concat();
    let (keys, counter) = run.take(&answer).unwrap();
    let mut session = SecureMessaging::new(&keys, counter);
    let rows = [
        (
            commands::select_file(0x011E),
            "select_ef_com_00a4020c02011e",
            "response",
            "",
        ),
        (
            CommandBuf::new(0, 0xB0, 0, 0).le(Le::Exactly(4)),
            "read_4_bytes_00b0000004",
            "response_60145f01",
            "60145F01",
        ),
        (
            CommandBuf::new(0, 0xB0, 0, 4).le(Le::Exactly(0x12)),
            "read_18_bytes_at_4_00b0000412",
            "response_04303130365f36063034303030305c026175",
            "04303130365F36063034303030305C026175",
        ),
    ];
    for (plain, sent, back, data) in rows {
        let bytes = session
            .protect(plain.view(), LeObject::AsPlain, None)
            .unwrap();
        assert_eq!(bytes, field(&BAC, sent));
        let answer = session
            .unprotect(plain.header.ins, &field(&BAC, back))
            .unwrap();
        assert_eq!(answer.data, hex::decode(data).unwrap());
    }
}

#[rstest]
#[case::short(ExchangeFault::Short, 64)]
#[case::long(ExchangeFault::Long, 66)]
#[case::small_x(ExchangeFault::SmallX, 65)]
#[case::large_y(ExchangeFault::LargeY, 65)]
#[case::off_curve(ExchangeFault::OffCurve, 65)]
fn deviations_do_what_they_say(#[case] fault: ExchangeFault, #[case] length: usize) {
    let run = appendix_g("ecdh_gm_aes128", "0.4.0.127.0.7.2.2.4.2.2", 13);
    let command = run
        .pace()
        .command(Round::Map, Some(fault), &mut Seeded::new(3))
        .unwrap();
    assert_eq!(command.data.len(), length + 4);
    let point = &command.data[4..];
    match fault {
        ExchangeFault::SmallX => assert_eq!(point[..2], [0x04, 0x00]),
        ExchangeFault::LargeY => assert_eq!(point[33], 0xA9),
        _ => assert_eq!(point[0], 0x04),
    }
    let Domain::Curve(generator) = Domain::standardised(13).unwrap() else {
        panic!("13 is a curve");
    };
    let on_curve = cie_crypto::ec::Point::decode(generator.curve(), point).is_ok();
    let good = matches!(fault, ExchangeFault::SmallX | ExchangeFault::LargeY);
    assert_eq!(on_curve, good);
    let number = cie_run().pace().command(
        Round::Map,
        Some(ExchangeFault::OffCurve),
        &mut Seeded::new(3),
    );
    assert!(matches!(number, Err(DocumentError::Terminals(_))));
}

#[test]
fn active_authentication_of_a_real_chip() {
    let file = include_str!("../../../fixtures/vectors/emrtd-active-authentication.json");
    let vectors: Value = serde_json::from_str(file).unwrap();
    let recorded = &vectors["recorded"];
    let key = ActiveKey::parse(&field(recorded, "dg15")).unwrap();
    let (challenge, signature) = (field(recorded, "rnd_ifd"), field(recorded, "signature"));
    key.verify(&challenge, &signature, None).unwrap();
    let mut other = challenge;
    other[0] ^= 1;
    let refused = key.verify(&other, &signature, None);
    assert!(matches!(refused, Err(DocumentError::Broken { .. })));
    assert!(key.verify(&other, &signature[1..], None).is_err());
}
