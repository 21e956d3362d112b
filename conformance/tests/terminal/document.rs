//! The document's protocols against the worked examples of ICAO 9303-11 appendices D and G, byte for byte, and against the
//! published runs of the profile that real cards were seen with.

use std::sync::LazyLock;

use cie_conformance::terminal::emrtd::security_infos::SecurityInfos;
use cie_conformance::terminal::emrtd::{
    BasicAccess, ChipAuthentication, DocumentError, Pace, PaceInfo, Password, Protocol, Round,
    identifier,
};
use cie_conformance::terminal::{LeObject, SecureMessaging};
use cie_crypto::random::{Scripted, Seeded};
use cie_crypto::suite::Suite;
use cie_emulator::wire::{CommandBuf, Le, StatusWord, tlv};
use rstest::rstest;
use serde_json::Value;

use crate::vectors::field;

macro_rules! vectors {
    ($name:ident, $file:literal) => {
        pub(crate) static $name: LazyLock<Value> = LazyLock::new(|| {
            serde_json::from_str(include_str!(concat!("../../../fixtures/vectors/", $file)))
                .unwrap()
        });
    };
}
vectors!(BAC, "emrtd-bac.json");
vectors!(PACE, "emrtd-pace.json");
vectors!(CITIZEN, "emrtd-citizen.json");
vectors!(CIE, "emrtd-cie-profile.json");

pub(crate) fn script(entries: impl IntoIterator<Item = Vec<u8>>) -> Scripted {
    Scripted::new(entries, Seeded::new(1))
}

/// Keys are printed with odd parity in some places: DES does not look at those bits.
fn same_des_key(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a | 1 == b | 1)
}

pub(crate) fn text(source: &Value, name: &str) -> String {
    source[name].as_str().unwrap().to_owned()
}

struct Access<'a> {
    source: &'a Value,
    information: String,
    names: [&'static str; 7],
}

fn specimen() -> Access<'static> {
    Access {
        source: &BAC,
        information: text(&BAC, "mrz_information_ascii"),
        names: [
            "rnd_ic", "rnd_ifd", "k_ifd", "command", "ksenc", "ksmac", "ssc",
        ],
    }
}

fn citizen() -> Access<'static> {
    let source = &CITIZEN["bac"];
    let information = text(&CITIZEN["data"], "mrz_information");
    Access {
        source,
        information,
        names: [
            "rnd_ic",
            "rnd_ifd",
            "k_ifd",
            "external_authenticate",
            "ksenc",
            "ksmac",
            "ssc0",
        ],
    }
}

#[rstest]
#[case::appendix_d(specimen())]
#[case::synthetic_citizen(citizen())]
fn basic_access(#[case] access: Access<'_>) {
    let value = |at: usize| field(access.source, access.names[at]);
    let password = Password::from_machine_readable_zone(&access.information).unwrap();
    let mut run = BasicAccess::new(&password);
    run.take_challenge(&value(0)).unwrap();
    let mut random = script([value(1), value(2)]);
    let command = run.command(None, &mut random).unwrap();
    assert_eq!(command.to_bytes().unwrap(), value(3));
    let answer = match access.source["response"].as_str() {
        Some(response) if response.len() == 84 => {
            let mut answer = field(access.source, "response");
            answer.truncate(40);
            answer
        }
        _ => [field(access.source, "eic"), field(access.source, "mic")].concat(),
    };
    let (keys, counter) = run.take(&answer).unwrap();
    assert!(same_des_key(keys.encryption(), &value(4)));
    assert!(same_des_key(keys.authentication(), &value(5)));
    assert_eq!(counter.to_be_bytes().to_vec(), value(6));

    let mut spoiled = answer;
    spoiled[3] ^= 1;
    assert!(matches!(
        run.take(&spoiled),
        Err(DocumentError::Broken { .. })
    ));
}

#[test]
fn static_keys_of_a_machine_readable_zone() {
    let data = &CITIZEN["data"];
    let lines = ["mrz_line_1", "mrz_line_2", "mrz_line_3"].map(|line| text(data, line));
    let whole = Password::from_machine_readable_zone(&lines.join("\n")).unwrap();
    assert_eq!(
        whole,
        Password::from_machine_readable_zone(&text(data, "mrz_information")).unwrap()
    );
    let access = BasicAccess::new(&whole);
    assert!(same_des_key(
        access.keys().encryption(),
        &field(data, "bac_kenc")
    ));
    assert!(same_des_key(
        access.keys().authentication(),
        &field(data, "bac_kmac")
    ));
    let can = Password::from_card_access_number(b"123456");
    for (suite, name) in [
        (Suite::Aes128, "pace_k_pi_aes128"),
        (Suite::Aes192, "pace_k_pi_aes192"),
        (Suite::Aes256, "pace_k_pi_aes256"),
    ] {
        assert_eq!(
            whole.nonce_key(suite).to_vec(),
            field(data, &format!("{name}_mrz"))
        );
        assert_eq!(
            can.nonce_key(suite).to_vec(),
            field(data, &format!("{name}_can_123456"))
        );
    }
    assert_eq!((whole.reference(), can.reference()), (1, 2));
    assert!(Password::from_machine_readable_zone("too short").is_err());
    assert_eq!(format!("{can:?}"), "Password(2)");
}

/// A PACE run as vectors tell it: names of z, own mapping and ephemeral keys, the card's, the tokens.
pub(crate) struct Run<'a> {
    source: &'a Value,
    protocol: &'static str,
    parameters: u8,
    password: Password,
    names: [&'static str; 11],
}

const APPENDIX_G: [&str; 11] = [
    "z",
    "map_private_pcd",
    "map_public_pcd",
    "map_public_picc",
    "eph_private_pcd",
    "eph_public_pcd",
    "eph_public_picc",
    "ksenc",
    "ksmac",
    "t_pcd",
    "t_picc",
];
const CIE_RUN: [&str; 11] = [
    "z_16_bytes",
    "x1_map_pcd",
    "a1_g_x1_do81",
    "b1_g_y1_do82",
    "x2_eph_pcd",
    "a2_g_x2_do83",
    "b2_g_y2_do84",
    "ksenc_parity_raw",
    "ksmac_parity_raw",
    "t_pcd_do85",
    "t_picc_do86",
];

pub(crate) fn appendix_g(
    which: &'static str,
    protocol: &'static str,
    parameters: u8,
) -> Run<'static> {
    let information = text(&PACE["ecdh_gm_aes128"], "mrz_information");
    Run {
        source: &PACE[which],
        protocol,
        parameters,
        password: Password::from_machine_readable_zone(&information).unwrap(),
        names: APPENDIX_G,
    }
}

pub(crate) fn cie_run() -> Run<'static> {
    Run {
        source: &CIE["pace"],
        protocol: "0.4.0.127.0.7.2.2.4.1.1",
        parameters: 2,
        password: Password::from_card_access_number(b"123456"),
        names: CIE_RUN,
    }
}

fn answer(tag: u32, value: &[u8]) -> Vec<u8> {
    tlv::object(0x7C, &tlv::object(tag, value))
}

impl Run<'_> {
    fn value(&self, at: usize) -> Vec<u8> {
        let written = text(self.source, self.names[at]);
        let first = written.split(" / ").next().unwrap();
        hex::decode(first).unwrap()
    }

    pub(crate) fn pace(&self) -> Pace {
        let protocol = identifier(self.protocol).unwrap();
        let Some(Protocol::Pace(mapping, _)) = Protocol::from_identifier(&protocol) else {
            panic!("no PACE");
        };
        let info = PaceInfo {
            protocol,
            mapping,
            version: 2,
            parameters: Some(self.parameters),
        };
        Pace::new(&info, None, false, self.password.clone()).unwrap()
    }

    /// Everything up to the tokens.
    fn agreed(&self) -> Pace {
        let mut pace = self.pace();
        let mut random = script([self.value(1), self.value(4)]);
        let mut round =
            |pace: &mut Pace, round: Round, own: Option<(u32, Vec<u8>)>, back: Vec<u8>| {
                let command = pace.command(round, None, &mut random).unwrap();
                assert_eq!(command.header.cla, 0x10);
                match own {
                    Some((tag, value)) => assert_eq!(command.data, answer(tag, &value)),
                    None => assert_eq!(command.data, [0x7C, 0x00]),
                }
                pace.take(round, &back).unwrap();
            };
        round(
            &mut pace,
            Round::EncryptedNonce,
            None,
            answer(0x80, &self.value(0)),
        );
        let own = Some((0x81, self.value(2)));
        round(&mut pace, Round::Map, own, answer(0x82, &self.value(3)));
        let own = Some((0x83, self.value(5)));
        round(
            &mut pace,
            Round::KeyAgreement,
            own,
            answer(0x84, &self.value(6)),
        );
        pace
    }
}

#[rstest]
#[case::g1_ecdh(appendix_g("ecdh_gm_aes128", "0.4.0.127.0.7.2.2.4.2.2", 13))]
#[case::g2_dh(appendix_g("dh_gm_aes128", "0.4.0.127.0.7.2.2.4.1.2", 0))]
#[case::seen_on_real_cards(cie_run())]
fn pace(#[case] run: Run<'_>) {
    let mut pace = run.agreed();
    let keys = pace.keys().unwrap();
    assert!(same_des_key(keys.encryption(), &run.value(7)));
    assert!(same_des_key(keys.authentication(), &run.value(8)));
    let token = pace
        .command(Round::MutualAuthentication, None, &mut Seeded::new(1))
        .unwrap();
    assert_eq!(token.header.cla, 0x00);
    assert_eq!(token.data, answer(0x85, &run.value(9)));
    pace.take(Round::MutualAuthentication, &answer(0x86, &run.value(10)))
        .unwrap();
    let mut wrong = run.value(10);
    wrong[0] ^= 0x80;
    let refused = pace.take(Round::MutualAuthentication, &answer(0x86, &wrong));
    assert!(matches!(refused, Err(DocumentError::Broken { .. })));
}

#[test]
fn pace_begins_as_real_readers_begin_it() {
    let command = cie_run().pace().begin().to_bytes().unwrap();
    assert_eq!(command, field(&CIE["pace"], "mse_set_at"));
}

#[test]
fn an_eight_byte_nonce_is_taken_with_triple_des() {
    let source = &CIE["nonce8_can"];
    let mut run = cie_run();
    let mut pace = run.pace();
    let mut random = script([run.value(1), run.value(4)]);
    pace.take(Round::EncryptedNonce, &answer(0x80, &field(source, "z")))
        .unwrap();
    pace.command(Round::Map, None, &mut random).unwrap();
    pace.take(Round::Map, &answer(0x82, &run.value(3))).unwrap();
    let own = pace
        .command(Round::KeyAgreement, None, &mut random)
        .unwrap();
    let first = field(source, "a2_first_8_bytes");
    assert_eq!(
        own.data[8..16],
        first[..],
        "7C820104 83820100, then the key"
    );
    run.protocol = "0.4.0.127.0.7.2.2.4.1.2";
    let refused = run
        .pace()
        .take(Round::EncryptedNonce, &answer(0x80, &field(source, "z")));
    assert!(refused.is_err(), "AES has blocks of 16 bytes");
}

#[test]
fn a_card_that_reflects_is_refused() {
    let run = appendix_g("ecdh_gm_aes128", "0.4.0.127.0.7.2.2.4.2.2", 13);
    let mut pace = run.pace();
    let mut random = script([run.value(1)]);
    pace.take(Round::EncryptedNonce, &answer(0x80, &run.value(0)))
        .unwrap();
    pace.command(Round::Map, None, &mut random).unwrap();
    let refused = pace.take(Round::Map, &answer(0x82, &run.value(2)));
    assert!(matches!(refused, Err(DocumentError::Broken { .. })));
    let off_curve = {
        let mut point = run.value(3);
        point[40] ^= 1;
        point
    };
    assert!(pace.take(Round::Map, &answer(0x82, &off_curve)).is_err());
    assert!(pace.take(Round::Map, &answer(0x83, &run.value(3))).is_err());
}

#[test]
fn chip_authentication_with_the_group_of_real_cards() {
    let source = &CIE["chip_authentication"];
    let offer = SecurityInfos::parse(&field(source, "dg14")).unwrap();
    assert_eq!(offer.terminal_authentication, Some(1));
    assert_eq!(offer.pace.len(), 1);
    assert_eq!(offer.chip_keys[0].public, field(source, "pk_picc_in_dg14"));
    let mut run = ChipAuthentication::new(&offer, None).unwrap();
    assert!(run.by_key_agreement_template());
    let set = run
        .set_key_agreement(None, &mut script([field(source, "sk_pcd")]))
        .unwrap();
    assert_eq!(set.data, tlv::object(0x91, &field(source, "pk_pcd")));
    let compressed = run.compressed_key().unwrap();
    assert_eq!(compressed, field(source, "sha_1_pk_pcd_ta_compression"));
    let keys = run.keys().unwrap();
    assert!(same_des_key(keys.encryption(), &field(source, "new_ksenc")));
    assert!(same_des_key(
        keys.authentication(),
        &field(source, "new_ksmac")
    ));

    // Under the session of the worked PACE run, after its SELECT.
    let pace = cie_run().agreed();
    let mut session = SecureMessaging::new(pace.keys().unwrap(), 2);
    let protect = |session: &mut SecureMessaging, command: &CommandBuf| {
        session
            .protect(command.view(), LeObject::AsPlain, None)
            .unwrap()
    };
    let sent = protect(&mut session, &set);
    assert_eq!(sent, field(source, "mse_kat_sm_ext_ssc_3"));
    let back = session
        .unprotect(0x22, &field(source, "rsp_under_old_keys_ssc_4"))
        .unwrap();
    assert_eq!(back.sw, StatusWord::NO_ERROR);
    let mut session = SecureMessaging::new(&keys, 0);
    let read = CommandBuf::new(0, 0xB0, 0x81, 0).le(Le::Exactly(6));
    let sent = protect(&mut session, &read);
    assert_eq!(sent, field(source, "first_cmd_ssc_1_read_sfi_01_le_06"));
    let back = session
        .unprotect(0xB0, &field(source, "rsp_615d5f1f5a43"))
        .unwrap();
    assert_eq!(back.data, hex::decode("615D5F1F5A43").unwrap());

    // The other form: the protocol first, then the key.
    let mut session = SecureMessaging::new(pace.keys().unwrap(), 2);
    let sent = protect(&mut session, &run.set_protocol(None));
    assert_eq!(sent, field(source, "mse_at_800a04007f00070202030101"));
    session.unprotect(0x22, &field(source, "rsp")).unwrap();
    let key = run
        .general_authenticate(None, &mut script([field(source, "sk_pcd")]))
        .unwrap();
    let sent = protect(&mut session, &key);
    assert_eq!(sent, field(source, "ga_7c_80_pke_ext"));
    let back = session
        .unprotect(0x86, &field(source, "rsp_7c00_old_keys"))
        .unwrap();
    run.check_answer(&back.data).unwrap();
}
